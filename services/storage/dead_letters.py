"""Dead letters as people look at them, and mend them; `refused` is where they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, literal, select, tuple_, update

from schemas.events import Event
from schemas.reasons import Reason
from services.messages import Message, pair
from services.storage.tables import dead_letters

_HEAVY = {"key", "value", "headers"}


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
