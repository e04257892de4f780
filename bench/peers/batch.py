"""What a peer does with a batch: a user's SQLAlchemy Core, or what is inside this pipeline.

Rule: both leave the same rows. The plain one is what a good user writes in an afternoon: fastavro's
generic coders, executemany inserts, the inbox by ON CONFLICT DO NOTHING. It locks and loads nothing
and knows no rule, so it does less than the pipeline for the same rows.
"""

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5
from zlib import crc32

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.dialects.postgresql import insert

import schemas
from bench.job import Job
from consumers.order_disputed import CONSUMER
from schemas.codec import Codec
from services.clock import system_clock
from services.mediation import Mediation
from services.messages import Message
from services.rules.identity import EFFECT_NAMESPACE
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from services.storage.tables import cases, disputes, events, outbox

Handle = Callable[[Sequence[Message]], None]
Row = dict[str, Any]

_EFFECTS = ("order.frozen", "chat.locked")
_WHY = "The order was disputed: it is frozen, and its chat is locked."


@contextmanager
def handler(job: Job) -> Iterator[Handle]:
    """What this job asks for: the plain batch, or the pipeline's own SQL and codec."""
    if job.inside:
        with closing(Database(job.database_url)) as database:
            mediation = Mediation(
                PostgresStore(database), Codec(), group=CONSUMER.group, clock=system_clock
            )
            yield lambda messages: _hand_over(mediation, messages)
    else:
        with closing(PlainBatch(job.database_url)) as batch:
            yield batch.handle


def _hand_over(mediation: Mediation, messages: Sequence[Message]) -> None:
    CONSUMER.handler(mediation, messages)


class PlainBatch:
    """A batch of disputes of fresh orders in one transaction."""

    def __init__(self, url: str) -> None:
        """Open nothing yet."""
        self._engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        self._disputed = _Schema("order.disputed")
        self._effects = {topic: _Schema(topic) for topic in _EFFECTS}

    def handle(self, messages: Sequence[Message]) -> None:
        """Write the rows of those events that were not seen before."""
        now = datetime.now(UTC)  # noqa: TID251 - a user's program reads its own clock
        said = [(message, self._disputed.read(message.value or b"")) for message in messages]
        with self._engine.begin() as connection:
            fresh = _remember(connection, [_event(message, d, now) for message, d in said])
            new = [(message, d) for message, d in said if d["event_id"] in fresh]
            if not new:
                return
            effects = [e for m, d in new for e in self._effects_of(m, d, now)]
            connection.execute(insert(cases).on_conflict_do_nothing(), [_case(d) for _, d in new])
            connection.execute(disputes.insert(), [_dispute(d) for _, d in new])
            connection.execute(outbox.insert(), effects)
            connection.execute(text("NOTIFY mediation_outbox"))

    def close(self) -> None:
        """Disconnect."""
        self._engine.dispose()

    def _effects_of(self, message: Message, said: Row, now: datetime) -> list[Row]:
        return [
            self._effect(topic, sequence, message, said, now)
            for sequence, topic in enumerate(_EFFECTS, start=1)
        ]

    def _effect(self, topic: str, sequence: int, message: Message, said: Row, now: datetime) -> Row:
        id_ = uuid5(EFFECT_NAMESPACE, f"{said['event_id']}/{topic}")
        value = self._effects[topic].write(
            {
                "effect_id": id_,
                "sequence": sequence,
                "occurred_at": said["occurred_at"],
                "order_id": said["order_id"],
                "dispute_id": said["dispute_id"],
                "cause_event_id": said["event_id"],
            }
        )
        return {
            "slot": crc32(message.key or b"") % 16,
            "topic": topic,
            "key": message.key,
            "value": value,
            "headers": _headers(topic, id_, said),
            "created_at": now,
        }


class _Schema:
    def __init__(self, topic: str) -> None:
        file = Path(schemas.__file__).parent / "avro" / f"{topic}.v1.avsc"
        schema = json.loads(file.read_text())
        crc = fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")
        self._mark = b"\xc3\x01" + bytes.fromhex(crc)
        self._parsed = fastavro.parse_schema(schema)

    def read(self, value: bytes) -> Row:
        body = io.BytesIO(value)
        if body.read(10) != self._mark:
            raise ValueError("not the schema that is read here")
        record: Any = fastavro.schemaless_reader(body, self._parsed, None)
        return dict(record)

    def write(self, record: Row) -> bytes:
        body = io.BytesIO(self._mark)
        body.seek(0, io.SEEK_END)
        fastavro.schemaless_writer(body, self._parsed, record)
        return body.getvalue()


def _remember(connection: Connection, rows: list[Row]) -> set[UUID]:
    known_or_new = insert(events).on_conflict_do_nothing().returning(events.c.event_id)
    return set(connection.scalars(known_or_new, rows))


def _event(message: Message, said: Row, now: datetime) -> Row:
    value = message.value or b""
    return {
        "event_id": said["event_id"],
        "topic": message.topic,
        "partition": message.partition,
        "offset": message.offset,
        "order_id": said["order_id"],
        "dispute_id": said["dispute_id"],
        "occurred_at": said["occurred_at"],
        "received_at": now,
        "digest": hashlib.sha256(value).digest(),
        "value": value,
        "outcome": "applied",
        "explanation": _WHY,
    }


def _case(said: Row) -> Row:
    restrictions = {"frozen": True, "chat_locked": True, "reviews_blocked": False}
    return {"order_id": said["order_id"], **restrictions, "sequence": len(_EFFECTS)}


def _dispute(said: Row) -> Row:
    copied = ("dispute_id", "order_id", "opened_by", "buyer_id", "seller_id", "currency")
    amounts = ("captured_minor", "fees_minor", "commission_minor")
    return {name: said[name] for name in (*copied, *amounts)} | {
        "position": 1,
        "state": "OPEN",
        "opened_at": said["occurred_at"],
        "opened_by_event_id": said["event_id"],
    }


def _headers(topic: str, id_: UUID, said: Row) -> list[bytes]:
    headers = {
        "ce_id": str(id_),
        "ce_source": "/mediation",
        "ce_type": topic,
        "ce_time": said["occurred_at"].isoformat(timespec="milliseconds"),
        "ce_specversion": "1.0",
        "content-type": "application/avro",
        "traceparent": f"00-{said['event_id'].hex}-{id_.hex[:16]}-01",
    }
    return [part.encode() for pair in headers.items() for part in pair]
