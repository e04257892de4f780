"""The type of each column that is written a set at a time, in PostgreSQL's words.

Rule: a name has one type, whichever table it stands in. `tables` says the same by SQLAlchemy, and
the tests hold each of the two to the other.
"""

from typing import Final

_NAMES: Final = {
    "bigint": (
        "sequence captured_minor fees_minor commission_minor refund_minor payout_minor"
        " platform_minor amount_minor offset timestamp_ms"
    ),
    "boolean": "frozen chat_locked reviews_blocked",
    "bytea": "digest key value",
    "bytea[]": "headers",
    "integer": "attempts partition position",
    "jsonb": "set_aside",
    "smallint": "slot",
    "text": (
        "order_id dispute_id state opened_by buyer_id seller_id currency mediator_id decision"
        " ground reasons kind payee_id topic timestamp_type outcome reason explanation waiting"
        " consumer_group error_class status"
    ),
    "timestamp with time zone": (
        "opened_at assigned_at resolved_at requested_at occurred_at received_at parked_at"
        " settled_at first_seen_at last_seen_at created_at"
    ),
    "uuid": ("event_id dead_letter_id settlement_id opened_by_event_id resolved_by_event_id"),
}
TYPES: Final = {name: type_ for type_, names in _NAMES.items() for name in names.split()}


def type_of(name: str) -> str:
    """The type of a column of this name."""
    return TYPES[name]
