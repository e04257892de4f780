"""What has been seen: the timeline of events, which is also the inbox, and the events that wait.

An event is known by its id. Rows of the timeline are only ever added; what became of a parked
event is written once, on its own row.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.events import Event
from schemas.reasons import Reason
from schemas.values import quick
from services.messages import Message, pair
from services.rules.outcome import Decision, Outcome, Waiting
from services.storage import binary
from services.storage.binary import Columns, Question, Rows
from services.storage.driver import AnyConnection, driver_cursor
from services.storage.refused import message_columns


@quick
@dataclass(frozen=True, slots=True)
class Entry:
    """An event on the timeline: what it was, where it came from, and its first outcome."""

    event: Event
    message: Message
    digest: bytes
    decision: Decision
    received_at: datetime


@quick
@dataclass(frozen=True, slots=True)
class Parked:
    """An event that came too early, waiting in order of arrival."""

    event_id: UUID
    order_id: str
    message: Message
    parked_at: datetime
    waiting: Waiting


@quick
@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a parked event."""

    event_id: UUID
    settled_at: datetime
    outcome: Outcome
    reason: Reason | None
    explanation: str


_KNOWN = "SELECT event_id, digest FROM events WHERE event_id = ANY({event_id})"
_WAITING = """
SELECT event_id, order_id, parked_at, waiting,
    topic, partition, "offset", timestamp_ms, timestamp_type, key, value, headers
FROM parked_events WHERE order_id = ANY({order_id}) AND settled_at IS NULL ORDER BY arrival
"""
_OVERDUE = """
SELECT order_id FROM parked_events
WHERE settled_at IS NULL AND topic = %s AND parked_at < %s
GROUP BY order_id ORDER BY min(parked_at) LIMIT %s
"""
_RECENTLY_REJECTED = """
SELECT rejected FROM (
    (
        SELECT received_at AS at, outcome = %(rejected)s AS rejected
        FROM events WHERE topic = %(topic)s ORDER BY arrival DESC LIMIT %(count)s
    ) UNION ALL (
        SELECT first_seen_at, true
        FROM dead_letters WHERE topic = %(topic)s AND event_id IS NULL
        ORDER BY first_seen_at DESC LIMIT %(count)s
    )
) AS both_kinds
ORDER BY at DESC LIMIT %(count)s
"""


def known_question(event_ids: Collection[UUID]) -> Question:
    """The content digest of each event among `event_ids` that was seen before, beside its id."""
    return Question(_KNOWN, {"event_id": list(event_ids)})


def known(connection: AnyConnection, event_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """The content digest of each event among `event_ids` that was seen before."""
    return dict(binary.ask(connection, [known_question(event_ids)])[0])


def remember(connection: AnyConnection, entries: Sequence[Entry]) -> None:
    """Add events to the timeline, and park those that were deferred."""
    if not entries:
        return
    binary.append(connection, "events", _entry_columns(entries))
    early = [entry for entry in entries if entry.decision.outcome is Outcome.DEFERRED]
    if early:
        binary.append(connection, "parked_events", parked_columns(early))


def waiting_question(order_ids: Collection[str]) -> Question:
    """The parked events of these orders that still wait, in order of arrival; for `parked_in`."""
    return Question(_WAITING, {"order_id": sorted(order_ids)})


def parked_in(rows: Rows) -> list[Parked]:
    """The parked events in an answer to `waiting_question`."""
    return [_parked(row) for row in rows]


def waiting(connection: AnyConnection, order_ids: Collection[str]) -> list[Parked]:
    """The parked events of these orders that still wait, in order of arrival."""
    return parked_in(binary.ask(connection, [waiting_question(order_ids)])[0])


def settle(connection: AnyConnection, settled: Sequence[Settled]) -> None:
    """Write what became of parked events. Each can be settled once."""
    if not settled:
        return
    columns: Columns = {
        "event_id": [each.event_id for each in settled],
        "settled_at": [each.settled_at for each in settled],
        "outcome": [each.outcome.value for each in settled],
        "reason": [each.reason and each.reason.value for each in settled],
        "explanation": [each.explanation for each in settled],
    }
    binary.update(connection, "parked_events", "event_id", columns)


def wait_longer(connection: AnyConnection, now_waiting: Mapping[UUID, Waiting]) -> None:
    """Write what parked events wait for now, where that has changed."""
    if now_waiting:
        columns: Columns = {
            "event_id": list(now_waiting),
            "waiting": [each.value for each in now_waiting.values()],
        }
        binary.update(connection, "parked_events", "event_id", columns)


def overdue(
    connection: AnyConnection, topic: str, parked_before: datetime, limit: int
) -> list[str]:
    """Orders with an event of `topic` parked before `parked_before`, oldest first."""
    with driver_cursor(connection) as cursor:
        cursor.execute(_OVERDUE, (topic, parked_before, limit))
        return [order_id for (order_id,) in cursor]


def recently_rejected(connection: AnyConnection, topic: str, count: int) -> list[bool]:
    """Of the last `count` messages of `topic`, oldest first: which became dead letters at once."""
    with driver_cursor(connection) as cursor:
        wanted = {"topic": topic, "count": count, "rejected": Outcome.REJECTED.value}
        cursor.execute(_RECENTLY_REJECTED, wanted)
        return [rejected for (rejected,) in cursor][::-1]


def _entry_columns(entries: Sequence[Entry]) -> Columns:
    happened = [entry.event for entry in entries]
    messages = [entry.message for entry in entries]
    decisions = [entry.decision for entry in entries]
    return {
        "event_id": [each.event_id for each in happened],
        "topic": [each.topic for each in messages],
        "partition": [each.partition for each in messages],
        "offset": [each.offset for each in messages],
        "order_id": [each.order_id for each in happened],
        "dispute_id": [each.dispute_id for each in happened],
        "occurred_at": [each.occurred_at for each in happened],
        "received_at": [entry.received_at for entry in entries],
        "digest": [entry.digest for entry in entries],
        "value": [each.value for each in messages],
        "outcome": [each.outcome.value for each in decisions],
        "reason": [each.reason and each.reason.value for each in decisions],
        "explanation": [each.explanation for each in decisions],
    }


def parked_columns(entries: Sequence[Entry]) -> Columns:
    """The columns of what waits; each of `entries` was deferred."""
    return {
        "event_id": [entry.event.event_id for entry in entries],
        "order_id": [entry.event.order_id for entry in entries],
        "waiting": [_waiting(entry).value for entry in entries],
        "parked_at": [entry.received_at for entry in entries],
        **message_columns([entry.message for entry in entries]),
    }


def _waiting(entry: Entry) -> Waiting:
    assert entry.decision.waiting is not None
    return entry.decision.waiting


def _parked(row: Sequence[Any]) -> Parked:
    event_id, order_id, parked_at, waiting_for = row[:4]
    topic, partition, offset, timestamp_ms, timestamp_type, key, value, headers = row[4:]
    return Parked(
        event_id=event_id,
        order_id=order_id,
        parked_at=parked_at,
        waiting=Waiting(waiting_for),
        message=Message(
            topic, partition, offset, timestamp_ms, key, value, pair(headers), timestamp_type
        ),
    )
