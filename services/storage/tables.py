"""The tables as Python sees them: names and types. Constraints live in the migrations, as SQL."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable, primary_key=primary_key)


def _minor(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _message_columns(*, may_be_empty: bool) -> list[Column[object]]:
    """The columns that keep a message as it was read; `headers` alternates names and values."""
    columns: list[Column[object]] = [
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("timestamp_ms", BigInteger, nullable=False),
        Column("timestamp_type", Text, nullable=False),
        Column("key", LargeBinary),
        Column("value", LargeBinary, nullable=may_be_empty),
        Column("headers", ARRAY(LargeBinary), nullable=False),
    ]
    return columns


cases = Table(
    "cases",
    metadata,
    _text("order_id", primary_key=True),
    Column("frozen", Boolean, nullable=False),
    Column("chat_locked", Boolean, nullable=False),
    Column("reviews_blocked", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

disputes = Table(
    "disputes",
    metadata,
    _text("dispute_id", primary_key=True),
    _text("order_id"),
    Column("position", Integer, nullable=False),
    _text("state"),
    _text("opened_by"),
    _text("buyer_id"),
    _text("seller_id"),
    _text("currency"),
    _minor("captured_minor"),
    _minor("fees_minor"),
    _minor("commission_minor"),
    _moment("opened_at"),
    Column("opened_by_event_id", Uuid, nullable=False),
    _text("mediator_id", nullable=True),
    _moment("assigned_at", nullable=True),
    Column("resolved_by_event_id", Uuid),
    _text("decision", nullable=True),
    _text("ground", nullable=True),
    _text("reasons", nullable=True),
    _moment("resolved_at", nullable=True),
    _minor("refund_minor", nullable=True),
    _minor("payout_minor", nullable=True),
    _minor("platform_minor", nullable=True),
    Column("set_aside", JSONB(none_as_null=True)),
)

settlements = Table(
    "settlements",
    metadata,
    Column("settlement_id", Uuid, primary_key=True),
    _text("dispute_id"),
    _text("kind"),
    _minor("amount_minor"),
    _text("currency"),
    _text("payee_id"),
    Column("event_id", Uuid, nullable=False),
    _moment("requested_at"),
)

events = Table(
    "events",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("arrival", BigInteger, Identity(always=True), nullable=False),
    _text("topic"),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    _text("order_id"),
    _text("dispute_id"),
    _moment("occurred_at"),
    _moment("received_at"),
    Column("digest", LargeBinary, nullable=False),
    Column("value", LargeBinary),
    _text("outcome"),
    _text("reason", nullable=True),
    _text("explanation"),
    _moment("pruned_at", nullable=True),
)

parked_events = Table(
    "parked_events",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("arrival", BigInteger, Identity(always=True), nullable=False),
    _text("order_id"),
    _text("waiting"),
    _moment("parked_at"),
    *_message_columns(may_be_empty=False),
    _moment("settled_at", nullable=True),
    _text("outcome", nullable=True),
    _text("reason", nullable=True),
    _text("explanation", nullable=True),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("dead_letter_id", Uuid, primary_key=True),
    *_message_columns(may_be_empty=True),
    _text("consumer_group"),
    _text("reason"),
    _text("explanation"),
    _text("error_class"),
    Column("event_id", Uuid),
    _text("order_id", nullable=True),
    _text("dispute_id", nullable=True),
    Column("attempts", Integer, nullable=False),
    _moment("first_seen_at"),
    _moment("last_seen_at"),
    _text("status"),
    _moment("pruned_at", nullable=True),
)

dead_letter_actions = Table(
    "dead_letter_actions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("dead_letter_id", Uuid, nullable=False),
    _text("action"),
    _moment("done_at"),
    _text("done_by"),
    Column("database_user", Text, nullable=False, server_default=text("session_user")),
    _text("why", nullable=True),
    Column("event_id", Uuid),
    _text("order_id", nullable=True),
    Column("after_arrival", BigInteger),
    _text("outcome", nullable=True),
    _text("reason", nullable=True),
    _text("explanation", nullable=True),
)

tallies = Table(
    "tallies",
    metadata,
    _text("figure"),
    Column("labels", ARRAY(Text), nullable=False),
    Column("amount", Numeric, nullable=False),
)

prunings = Table(
    "prunings",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _moment("done_at"),
    _text("done_by"),
    Column("database_user", Text, nullable=False, server_default=text("session_user")),
    _moment("older_than"),
    Column("orders", Integer, nullable=False),
    Column("events", Integer, nullable=False),
    Column("parked_events", Integer, nullable=False),
    Column("dead_letters", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

schema_compatibility = Table("schema_compatibility", metadata, _text("usable_from"))

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("slot", SmallInteger, nullable=False),
    _text("topic"),
    Column("key", LargeBinary),
    Column("value", LargeBinary),
    Column("headers", ARRAY(LargeBinary), nullable=False),
    _moment("created_at"),
)
