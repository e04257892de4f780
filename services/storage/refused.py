"""Dead letters: messages that were refused, kept with their bytes untouched, and why.

A dead letter is known by where it was read and what it held, so the same message read again after a
crash is the same dead letter, and a message at the same place of another broker is another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from schemas.events import Event
from schemas.reasons import Reason
from services.messages import Message, flatten
from services.storage import binary
from services.storage.binary import Columns
from services.storage.driver import AnyConnection
from services.storage.raw_bytes import BytesArray

_NAMESPACE = UUID("6f1d3c43-2f0b-5d2e-9f0c-5a7f0e2d6b11")
_KEEP = """
INSERT INTO dead_letters ({names}) VALUES ({values})
ON CONFLICT (dead_letter_id) DO UPDATE
SET attempts = dead_letters.attempts + 1, last_seen_at = excluded.last_seen_at
RETURNING attempts
"""


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


def add(connection: AnyConnection, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Keep dead letters; returns those that are new. One seen before counts another attempt.

    One that was replayed, and whose event then waited in vain once more, is open again: a trigger
    sees to it.
    """
    each_once = {letter.dead_letter_id: letter for letter in letters}
    if not each_once:
        return []
    every = list(each_once.values())
    attempts = binary.insert_each(connection, _KEEP, _columns(every))
    return [letter for letter, (count,) in zip(every, attempts, strict=True) if count == 1]


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
    }
