"""What has been seen: the timeline of events, which is also the inbox, and the events that wait.

An event is known by its id. Rows of the timeline are only ever added; what became of a parked
event is written once, on its own row.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, func, select, text, true, union_all, update
from sqlalchemy.dialects.postgresql import insert

from schemas.events import Event
from schemas.reasons import Reason
from services.messages import Message, flatten
from services.rules.outcome import Decision, Outcome, Waiting
from services.storage.dead_letters import message_of
from services.storage.tables import dead_letters, events, parked_events


@dataclass(frozen=True, slots=True)
class Entry:
    """An event on the timeline: what it was, where it came from, and its first outcome."""

    event: Event
    message: Message
    digest: bytes
    decision: Decision
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that came too early, waiting in order of arrival."""

    event_id: UUID
    order_id: str
    message: Message
    parked_at: datetime
    waiting: Waiting


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a parked event."""

    event_id: UUID
    settled_at: datetime
    outcome: Outcome
    reason: Reason | None
    explanation: str


def known(connection: Connection, event_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """The content digest of each event among `event_ids` that was seen before."""
    if not event_ids:
        return {}
    rows = connection.execute(
        select(events.c.event_id, events.c.digest).where(events.c.event_id.in_(list(event_ids)))
    )
    return {row.event_id: row.digest for row in rows}


def remember(connection: Connection, entries: Sequence[Entry]) -> None:
    """Add events to the timeline, and park those that were deferred."""
    if not entries:
        return
    connection.execute(events.insert(), [_entry_values(entry) for entry in entries])
    early = [entry for entry in entries if entry.decision.outcome is Outcome.DEFERRED]
    if early:
        connection.execute(parked_events.insert(), [_parked_values(entry) for entry in early])


def wait_again(connection: Connection, entries: Sequence[Entry]) -> None:
    """Park events that are on the timeline already; what waited in vain before waits anew, last."""
    if not entries:
        return
    statement = insert(parked_events)
    anew: dict[str, Any] = {
        "arrival": text("DEFAULT"),
        "waiting": statement.excluded.waiting,
        "parked_at": statement.excluded.parked_at,
    } | dict.fromkeys(("settled_at", "outcome", "reason", "explanation"))
    connection.execute(
        statement.on_conflict_do_update(index_elements=[parked_events.c.event_id], set_=anew),
        [_parked_values(entry) for entry in entries],
    )


def waiting(connection: Connection, order_ids: Collection[str]) -> list[Parked]:
    """The parked events of these orders that still wait, in order of arrival."""
    if not order_ids:
        return []
    rows = connection.execute(
        select(parked_events)
        .where(
            parked_events.c.order_id.in_(sorted(order_ids)), parked_events.c.settled_at.is_(None)
        )
        .order_by(parked_events.c.arrival)
    )
    return [_parked(row) for row in rows]


def settle(connection: Connection, settled: Sequence[Settled]) -> None:
    """Write what became of parked events. Each can be settled once."""
    if not settled:
        return
    connection.execute(
        update(parked_events).where(parked_events.c.event_id == bindparam("parked_id")),
        [
            {
                "parked_id": each.event_id,
                "settled_at": each.settled_at,
                "outcome": each.outcome.value,
                "reason": each.reason and each.reason.value,
                "explanation": each.explanation,
            }
            for each in settled
        ],
    )


def wait_longer(connection: Connection, now_waiting: Mapping[UUID, Waiting]) -> None:
    """Write what parked events wait for now, where that has changed."""
    if now_waiting:
        connection.execute(
            update(parked_events).where(parked_events.c.event_id == bindparam("parked_id")),
            [{"parked_id": id_, "waiting": each.value} for id_, each in now_waiting.items()],
        )


def overdue(connection: Connection, topic: str, parked_before: datetime, limit: int) -> list[str]:
    """Orders with an event of `topic` parked before `parked_before`, oldest first."""
    oldest = func.min(parked_events.c.parked_at)
    return list(
        connection.scalars(
            select(parked_events.c.order_id)
            .where(
                parked_events.c.settled_at.is_(None),
                parked_events.c.topic == topic,
                parked_events.c.parked_at < parked_before,
            )
            .group_by(parked_events.c.order_id)
            .order_by(oldest)
            .limit(limit)
        )
    )


def recently_rejected(connection: Connection, topic: str, count: int) -> list[bool]:
    """Of the last `count` messages of `topic`, oldest first: which became dead letters at once."""
    understood = (
        select(
            events.c.received_at.label("at"),
            (events.c.outcome == Outcome.REJECTED.value).label("rejected"),
        )
        .where(events.c.topic == topic)
        .order_by(events.c.arrival.desc())
        .limit(count)
        .subquery()
    )
    not_understood = (
        select(dead_letters.c.first_seen_at.label("at"), true().label("rejected"))
        .where(dead_letters.c.topic == topic, dead_letters.c.event_id.is_(None))
        .order_by(dead_letters.c.first_seen_at.desc())
        .limit(count)
        .subquery()
    )
    both = union_all(select(understood), select(not_understood)).subquery()
    newest_first = select(both.c.rejected).order_by(both.c.at.desc()).limit(count)
    return list(connection.scalars(newest_first))[::-1]


def timeline(connection: Connection, order_id: str) -> Sequence[Row[Any]]:
    """Every event of an order in order of arrival: its first outcome and, if parked, its last.

    Columns: event_id, arrival, topic, dispute_id, occurred_at, received_at, outcome, reason,
    explanation, value, waiting, settled_at, settled_outcome, settled_reason, settled_explanation.
    """
    unneeded = {"digest", "partition", "offset", "order_id"}
    columns = [
        *(column for column in events.c if column.name not in unneeded),
        parked_events.c.waiting,
        parked_events.c.settled_at,
        parked_events.c.outcome.label("settled_outcome"),
        parked_events.c.reason.label("settled_reason"),
        parked_events.c.explanation.label("settled_explanation"),
    ]
    return connection.execute(
        select(*columns)
        .outerjoin(parked_events, parked_events.c.event_id == events.c.event_id)
        .where(events.c.order_id == order_id)
        .order_by(events.c.arrival)
    ).all()


def _entry_values(entry: Entry) -> dict[str, Any]:
    return {
        "event_id": entry.event.event_id,
        "topic": entry.message.topic,
        "partition": entry.message.partition,
        "offset": entry.message.offset,
        "order_id": entry.event.order_id,
        "dispute_id": entry.event.dispute_id,
        "occurred_at": entry.event.occurred_at,
        "received_at": entry.received_at,
        "digest": entry.digest,
        "value": entry.message.value,
        "outcome": entry.decision.outcome.value,
        "reason": entry.decision.reason and entry.decision.reason.value,
        "explanation": entry.decision.explanation,
    }


def _parked_values(entry: Entry) -> dict[str, Any]:
    assert entry.decision.waiting is not None
    return {
        "event_id": entry.event.event_id,
        "order_id": entry.event.order_id,
        "waiting": entry.decision.waiting.value,
        "parked_at": entry.received_at,
        "topic": entry.message.topic,
        "partition": entry.message.partition,
        "offset": entry.message.offset,
        "timestamp_ms": entry.message.timestamp_ms,
        "timestamp_type": entry.message.timestamp_type,
        "key": entry.message.key,
        "value": entry.message.value,
        "headers": flatten(entry.message.headers),
    }


def _parked(row: Row[Any]) -> Parked:
    return Parked(
        event_id=row.event_id,
        order_id=row.order_id,
        parked_at=row.parked_at,
        waiting=Waiting(row.waiting),
        message=message_of(row),
    )
