"""Dead letters: messages that were refused, kept with their bytes untouched, and why.

A dead letter is known by where it was read and what it held, so the same message read again after a
crash is the same dead letter, and a message at the same place of another broker is another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Row, func, literal, select, tuple_, update

from schemas.events import Event
from schemas.reasons import Reason
from services.messages import Message, flatten, pair
from services.storage import binary
from services.storage.binary import Columns
from services.storage.raw_bytes import BytesArray
from services.storage.tables import dead_letters

_HEAVY = {"key", "value", "headers"}
_NAMESPACE = UUID("6f1d3c43-2f0b-5d2e-9f0c-5a7f0e2d6b11")
_KEEP = """
INSERT INTO dead_letters ({names}) VALUES ({values})
ON CONFLICT (dead_letter_id) DO UPDATE
SET attempts = dead_letters.attempts + 1, last_seen_at = excluded.last_seen_at
RETURNING attempts
"""


class Status(StrEnum):
    """Whether somebody still has to look at a dead letter."""

    OPEN = "OPEN"
    REPLAYED = "REPLAYED"
    DISCARDED = "DISCARDED"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which dead letters are meant: those that fit everything that is given."""

    topic: str | None = None
    reason: Reason | None = None
    order_id: str | None = None
    status: Status | None = None

    def conditions(self) -> list[Any]:
        """What must hold for a row."""
        wanted = {
            "topic": self.topic,
            "reason": self.reason and self.reason.value,
            "order_id": self.order_id,
            "status": self.status and self.status.value,
        }
        return [
            dead_letters.c[name] == value for name, value in wanted.items() if value is not None
        ]


ALL = Choice()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused message: the message, why, and whose it was as far as it could be read."""

    message: Message
    consumer_group: str
    reason: Reason
    explanation: str
    error_class: str
    seen_at: datetime
    event: Event | None = None
    dead_letter_id: UUID = field(init=False)
    """The same for the same bytes at the same place and time of a topic."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "dead_letter_id", _identity(self.message))


def add(connection: Connection, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Keep dead letters; returns those that are new. One seen before counts another attempt.

    One that was replayed, and whose event then waited in vain once more, is open again: a trigger
    sees to it.
    """
    each_once = {letter.dead_letter_id: letter for letter in letters}
    if not each_once:
        return []
    every = list(each_once.values())
    attempts = binary.insert_each(connection, _KEEP, dead_letters, _columns(every))
    return [letter for letter, (count,) in zip(every, attempts, strict=True) if count == 1]


def newest(connection: Connection, choice: Choice = ALL, *, limit: int) -> Sequence[Row[Any]]:
    """The newest dead letters, newest first, without their keys, values and headers."""
    newest_first = (dead_letters.c.first_seen_at.desc(), dead_letters.c.dead_letter_id)
    return connection.execute(
        select(*[column for column in dead_letters.c if column.name not in _HEAVY])
        .where(*choice.conditions())
        .order_by(*newest_first)
        .limit(limit)
    ).all()


def extent(connection: Connection, choice: Choice) -> tuple[int, datetime | None]:
    """How many dead letters these are, and since when there is the newest of them."""
    row = connection.execute(
        select(func.count(), func.max(dead_letters.c.first_seen_at)).where(*choice.conditions())
    ).one()
    return row[0], row[1]


def page(
    connection: Connection, choice: Choice, until: datetime, after: Row[Any] | None, limit: int
) -> Sequence[Row[Any]]:
    """Dead letters first seen up to `until`, in the order in which they came, from `after` on.

    Rows have what orders them, `dead_letter_id` last; the last row is the next page's `after`.
    """
    place = [dead_letters.c[name] for name in ("first_seen_at", "topic", "partition", "offset")]
    columns = [*place, dead_letters.c.dead_letter_id]
    statement = select(*columns).where(*choice.conditions(), dead_letters.c.first_seen_at <= until)
    if after is not None:
        place_of_it = (
            literal(each, column.type) for each, column in zip(after, columns, strict=True)
        )
        statement = statement.where(tuple_(*columns) > tuple_(*place_of_it))
    return connection.execute(statement.order_by(*columns).limit(limit)).all()


def get(connection: Connection, dead_letter_id: UUID) -> Row[Any] | None:
    """A dead letter with everything that is known of it; None if there is no such one."""
    return connection.execute(
        select(dead_letters).where(dead_letters.c.dead_letter_id == dead_letter_id)
    ).one_or_none()


def message_columns(messages: Sequence[Message]) -> dict[str, Sequence[Any]]:
    """The columns that keep messages as they were read, here and in `parked_events`."""
    return {
        "topic": [each.topic for each in messages],
        "partition": [each.partition for each in messages],
        "offset": [each.offset for each in messages],
        "timestamp_ms": [each.timestamp_ms for each in messages],
        "timestamp_type": [each.timestamp_type for each in messages],
        "key": [each.key for each in messages],
        "value": [each.value for each in messages],
        "headers": [BytesArray(flatten(each.headers)) for each in messages],
    }


def message_of(row: Row[Any]) -> Message:
    """The message of a dead letter, or of another row that keeps one, as it was read."""
    return Message(
        topic=row.topic,
        partition=row.partition,
        offset=row.offset,
        timestamp_ms=row.timestamp_ms,
        timestamp_type=row.timestamp_type,
        key=row.key,
        value=row.value,
        headers=pair(row.headers),
    )


def lock(connection: Connection, dead_letter_id: UUID) -> Status:
    """Lock a dead letter that exists until the transaction ends, and return its status by then.

    Whoever needs its order too has locked that first, as a consumer does.
    """
    return Status(
        connection.execute(
            select(dead_letters.c.status)
            .where(dead_letters.c.dead_letter_id == dead_letter_id)
            .with_for_update()
        ).scalar_one()
    )


def set_status(
    connection: Connection, dead_letter_id: UUID, status: Status, event: Event | None = None
) -> None:
    """Write what became of a locked dead letter, and whose it is if that can be read by now."""
    readable = {
        "event_id": event and event.event_id,
        "order_id": event and event.order_id,
        "dispute_id": event and event.dispute_id,
    }
    connection.execute(
        update(dead_letters)
        .where(dead_letters.c.dead_letter_id == dead_letter_id)
        .values(status=status.value, **(readable if event is not None else {}))
    )


def count_attempt(connection: Connection, dead_letter_id: UUID, now: datetime) -> None:
    """Count another attempt at a locked dead letter."""
    connection.execute(
        update(dead_letters)
        .where(dead_letters.c.dead_letter_id == dead_letter_id)
        .values(attempts=dead_letters.c.attempts + 1, last_seen_at=now)
    )


def _identity(message: Message) -> UUID:
    content, separator = sha256(), b""
    for part in (message.key, message.value, *flatten(message.headers)):
        content.update(separator + (b"-" if part is None else len(part).to_bytes(8, "big")))
        content.update(part or b"")
        separator = b"\x00"
    place = f"{message.topic}/{message.partition}/{message.offset}/{message.timestamp_ms}"
    return uuid5(_NAMESPACE, f"{place}/{content.hexdigest()}")


def _columns(letters: Sequence[DeadLetter]) -> Columns:
    events = [letter.event for letter in letters]
    seen_at = [letter.seen_at for letter in letters]
    return {
        "dead_letter_id": [letter.dead_letter_id for letter in letters],
        **message_columns([letter.message for letter in letters]),
        "consumer_group": [letter.consumer_group for letter in letters],
        "reason": [letter.reason.value for letter in letters],
        "explanation": [letter.explanation.replace("\x00", "\\0") for letter in letters],
        "error_class": [letter.error_class for letter in letters],
        "event_id": [each and each.event_id for each in events],
        "order_id": [each and each.order_id for each in events],
        "dispute_id": [each and each.dispute_id for each in events],
        "attempts": [1] * len(letters),
        "first_seen_at": seen_at,
        "last_seen_at": seen_at,
        "status": [Status.OPEN.value] * len(letters),
    }
