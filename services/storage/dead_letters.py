"""Dead letters: messages that were refused, kept with their bytes untouched, and why.

A dead letter is known by where it was read and what it held, so the same message read again after a
crash is the same dead letter, and a message at the same place of another broker is another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from schemas.events import Event
from schemas.reasons import Reason
from services.messages import Message, flatten
from services.storage.tables import dead_letters

_NAMESPACE = UUID("6f1d3c43-2f0b-5d2e-9f0c-5a7f0e2d6b11")


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

    @property
    def dead_letter_id(self) -> UUID:
        """The same for the same bytes at the same place and time of a topic."""
        message = self.message
        content = sha256(
            b"\x00".join(
                b"-" if part is None else len(part).to_bytes(8, "big") + part
                for part in (message.key, message.value, *flatten(message.headers))
            )
        ).hexdigest()
        place = f"{message.topic}/{message.partition}/{message.offset}/{message.timestamp_ms}"
        return uuid5(_NAMESPACE, f"{place}/{content}")


def add(connection: Connection, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Keep dead letters; returns those that are new. One seen before counts another attempt."""
    each_once = {letter.dead_letter_id: letter for letter in letters}
    if not each_once:
        return []
    statement = insert(dead_letters)
    seen = connection.execute(
        statement.on_conflict_do_update(
            index_elements=[dead_letters.c.dead_letter_id],
            set_={
                "attempts": dead_letters.c.attempts + 1,
                "last_seen_at": statement.excluded.last_seen_at,
            },
        ).returning(dead_letters.c.dead_letter_id, dead_letters.c.attempts),
        [_values(letter) for letter in each_once.values()],
    )
    new = {row.dead_letter_id for row in seen if row.attempts == 1}
    return [letter for id_, letter in each_once.items() if id_ in new]


def newest(
    connection: Connection,
    *,
    limit: int,
    topic: str | None = None,
    reason: Reason | None = None,
    order_id: str | None = None,
) -> Sequence[Row[Any]]:
    """The newest dead letters, newest first, without their keys, values and headers."""
    heavy = {"key", "value", "headers"}
    statement = select(*[column for column in dead_letters.c if column.name not in heavy])
    if topic is not None:
        statement = statement.where(dead_letters.c.topic == topic)
    if reason is not None:
        statement = statement.where(dead_letters.c.reason == reason.value)
    if order_id is not None:
        statement = statement.where(dead_letters.c.order_id == order_id)
    newest_first = (dead_letters.c.first_seen_at.desc(), dead_letters.c.dead_letter_id)
    return connection.execute(statement.order_by(*newest_first).limit(limit)).all()


def get(connection: Connection, dead_letter_id: UUID) -> Row[Any] | None:
    """A dead letter with everything that is known of it; None if there is no such one."""
    return connection.execute(
        select(dead_letters).where(dead_letters.c.dead_letter_id == dead_letter_id)
    ).one_or_none()


def _values(letter: DeadLetter) -> dict[str, Any]:
    message = letter.message
    return {
        "dead_letter_id": letter.dead_letter_id,
        "topic": message.topic,
        "partition": message.partition,
        "offset": message.offset,
        "timestamp_ms": message.timestamp_ms,
        "timestamp_type": message.timestamp_type,
        "key": message.key,
        "value": message.value,
        "headers": flatten(message.headers),
        "consumer_group": letter.consumer_group,
        "reason": letter.reason.value,
        "explanation": letter.explanation.replace("\x00", "\\0"),
        "error_class": letter.error_class,
        "event_id": letter.event and letter.event.event_id,
        "order_id": letter.event and letter.event.order_id,
        "dispute_id": letter.event and letter.event.dispute_id,
        "attempts": 1,
        "first_seen_at": letter.seen_at,
        "last_seen_at": letter.seen_at,
        "status": "OPEN",
    }
