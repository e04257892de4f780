"""A transaction in which one dead letter is handled like a fresh message, and its history.

Rule: what was refused may be decided anew, and nothing else may. An event that was applied, found
to change nothing, or still waits is known here as it is to a consumer. The timeline keeps the first
outcome of an event for ever; what a replay made of it stands in `dead_letter_actions`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select, text
from sqlalchemy.dialects.postgresql import insert

from schemas.effects import PayoutRequested, RefundRequested
from schemas.events import Event
from schemas.reasons import Reason
from services.messages import Outgoing
from services.reading import Reading
from services.rules.outcome import Outcome
from services.storage import cases, inbox, outbox
from services.storage.postgres import PostgresTransaction
from services.storage.store import Loaded
from services.storage.tables import dead_letter_actions, events, parked_events


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody did about a dead letter.

    `outcome`, `reason` and `explanation` are those of a replay alone, and `event` is the event that
    it decided, if it came to that.
    """

    dead_letter_id: UUID
    action: str
    done_at: datetime
    done_by: str
    why: str | None = None
    event: Event | None = None
    outcome: Outcome | None = None
    reason: Reason | None = None
    explanation: str | None = None


@dataclass(frozen=True, slots=True)
class ReplayTransaction(PostgresTransaction):
    """`services.storage.store.Transaction` for the message of this reading.

    What it publishes, and what money it asks for, is also kept here, to be told.
    """

    connection: Connection
    reading: Reading
    published: list[Outgoing] = field(default_factory=list)
    requested: list[RefundRequested | PayoutRequested] = field(default_factory=list)

    def load(
        self, order_ids: Collection[str], event_ids: Collection[UUID], dispute_ids: Collection[str]
    ) -> Loaded:
        """As for a consumer, but what has the same content and was refused at last is not known.

        The same bytes are the same content, also if a release that knows more symbols of an enum
        reads more in them.
        """
        loaded = PostgresTransaction.load(self, order_ids, event_ids, dispute_ids)
        same_bytes = events.c.value == self.reading.message.value
        refused = self.connection.scalars(
            _last_outcomes().where(
                events.c.event_id.in_(list(loaded.known)),
                (events.c.digest == self.reading.digest) | same_bytes,
                _last_outcome == Outcome.REJECTED.value,
            )
        )
        known = {id_: loaded.known[id_] for id_ in loaded.known.keys() - set(refused)}
        return replace(loaded, known=known)

    def remember(self, entries: Sequence[inbox.Entry]) -> None:
        """As for a consumer; what is on the timeline already keeps its row, and may wait again."""
        seen = inbox.known(self.connection, [entry.event.event_id for entry in entries])
        inbox.remember(
            self.connection, [entry for entry in entries if entry.event.event_id not in seen]
        )
        again = [entry for entry in entries if entry.event.event_id in seen]
        early = [entry for entry in again if entry.decision.outcome is Outcome.DEFERRED]
        _wait_again(self.connection, early)

    def request_settlements(self, requests: Sequence[RefundRequested | PayoutRequested]) -> None:
        """As for a consumer."""
        self.requested.extend(requests)
        cases.settle(self.connection, requests)

    def publish_later(self, outgoing: Sequence[Outgoing], now: datetime) -> None:
        """As for a consumer."""
        self.published.extend(outgoing)
        outbox.add(self.connection, outgoing, now)

    def overtaken_by(self, event: Event) -> UUID | None:
        """An event on the same topic and dispute that occurred later, and was not refused."""
        return self.connection.scalar(
            _last_outcomes()
            .where(
                events.c.order_id == event.order_id,
                events.c.dispute_id == event.dispute_id,
                events.c.topic == event.topic.value,
                events.c.occurred_at > event.occurred_at,
                _last_outcome != Outcome.REJECTED.value,
            )
            .order_by(events.c.occurred_at.desc())
            .limit(1)
        )


def record(connection: Connection, action: Action) -> None:
    """Write down what was done; the order of its event, if it has one, is locked."""
    event = action.event
    newest = select(func.max(events.c.arrival)).where(
        events.c.order_id == (event and event.order_id)
    )
    connection.execute(
        dead_letter_actions.insert().values(
            dead_letter_id=action.dead_letter_id,
            action=action.action,
            done_at=action.done_at,
            done_by=action.done_by,
            why=action.why,
            event_id=event and event.event_id,
            order_id=event and event.order_id,
            after_arrival=newest.scalar_subquery(),
            outcome=action.outcome and action.outcome.value,
            reason=action.reason and action.reason.value,
            explanation=action.explanation and action.explanation.replace("\x00", "\\0"),
        )
    )


def actions_on(connection: Connection, dead_letter_id: UUID) -> Sequence[Row[Any]]:
    """What was done about a dead letter, oldest first."""
    return connection.execute(
        select(dead_letter_actions)
        .where(dead_letter_actions.c.dead_letter_id == dead_letter_id)
        .order_by(dead_letter_actions.c.id)
    ).all()


def replays_of(connection: Connection, order_id: str) -> Sequence[Row[Any]]:
    """Every replay of an event of this order, done or in vain, oldest first."""
    return connection.execute(
        select(dead_letter_actions)
        .where(
            dead_letter_actions.c.order_id == order_id, dead_letter_actions.c.outcome.is_not(None)
        )
        .order_by(dead_letter_actions.c.id)
    ).all()


def _wait_again(connection: Connection, entries: Sequence[inbox.Entry]) -> None:
    """Park events that are on the timeline already; what waited in vain before waits anew, last."""
    if not entries:
        return
    statement = insert(parked_events)
    anew: dict[str, Any] = {
        "arrival": text("DEFAULT"),
        "waiting": statement.excluded.waiting,
        "parked_at": statement.excluded.parked_at,
    } | dict.fromkeys(("settled_at", "outcome", "reason", "explanation"))
    columns = inbox.parked_columns(entries)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[parked_events.c.event_id], set_=anew),
        [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
    )


_SETTLED_BY_REPLAY = dead_letter_actions.alias("settled_by_replay")
_last_outcome: ColumnElement[str] = case(
    (_SETTLED_BY_REPLAY.c.outcome.is_not(None), _SETTLED_BY_REPLAY.c.outcome),
    (
        parked_events.c.event_id.is_not(None),
        func.coalesce(parked_events.c.outcome, Outcome.DEFERRED.value),
    ),
    else_=events.c.outcome,
)


def _last_outcomes() -> Select[UUID]:
    """The ids of events, with `_last_outcome` at hand.

    A replay that applied the event, or found that it changes nothing, is the last word. Else an
    event that was parked is what became of its last wait.
    """
    last_word = _SETTLED_BY_REPLAY.c.outcome.in_([Outcome.APPLIED.value, Outcome.IGNORED.value])
    return (
        select(events.c.event_id)
        .outerjoin(parked_events, parked_events.c.event_id == events.c.event_id)
        .outerjoin(
            _SETTLED_BY_REPLAY, (_SETTLED_BY_REPLAY.c.event_id == events.c.event_id) & last_word
        )
    )
