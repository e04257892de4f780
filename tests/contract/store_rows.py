"""What the tests of the store write: rows with a sensible default for all that does not matter."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from schemas.effects import PayoutRequested, RefundRequested
from schemas.events import Event
from schemas.reasons import Reason
from services.messages import Message, Outgoing
from services.rules.case import Case
from services.rules.decide import decide
from services.rules.outcome import Decision, Outcome, Waiting
from services.storage.inbox import Entry, Parked, Settled
from services.storage.outbox import SLOTS
from services.storage.refused import DeadLetter
from services.storage.store import OutboxSession, Transaction
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
ANY_SLOT = range(SLOTS)
_ORDER = "order-1"


def case_after(*events: Event, order_id: str = _ORDER) -> Case:
    """The case of an order that these events were applied to."""
    case = Case(order_id)
    for event in events:
        case = decide(case, event).case
    return case


def in_mediation() -> Case:
    return case_after(order_disputed(), mediator_assigned())


def resolved() -> Case:
    return case_after(order_disputed(), mediator_assigned(), verdict_issued())


def requests_of(*events: Event) -> list[RefundRequested | PayoutRequested]:
    """The money asked for by the last of these events."""
    effects = decide(case_after(*events[:-1]), events[-1]).effects
    return [each for each in effects if isinstance(each, RefundRequested | PayoutRequested)]


def the_refund() -> list[RefundRequested | PayoutRequested]:
    return requests_of(order_disputed(), mediator_assigned(), verdict_issued())


def message_of(event: Event) -> Message:
    return Deliveries().of(event, headers=(("who", b"me"), ("nothing", None)))


def entry(
    event: Event,
    outcome: Outcome = Outcome.APPLIED,
    *,
    reason: Reason | None = None,
    at: datetime = NOW,
    digest: bytes = b"d" * 32,
    explanation: str = "",
) -> Entry:
    """An event on the timeline; a deferred one waits for its dispute."""
    waiting = Waiting.DISPUTE if outcome is Outcome.DEFERRED else None
    if outcome is Outcome.REJECTED:
        reason = reason or Reason.VERDICT_FINAL
    decision = Decision(
        outcome, Case(event.order_id), reason=reason, waiting=waiting, explanation=explanation
    )
    return Entry(event, message_of(event), digest, decision, at)


def deferred(event: Event, at: datetime = NOW) -> Entry:
    return entry(event, Outcome.DEFERRED, at=at)


def settled(event: Event, outcome: Outcome = Outcome.APPLIED) -> Settled:
    reason = Reason.ORPHANED if outcome is Outcome.REJECTED else None
    return Settled(event.event_id, NOW, outcome, reason, "because")


def letter(value: bytes = b"junk", *, at: datetime = NOW, event: Event | None = None) -> DeadLetter:
    message = Deliveries().of_bytes("order.disputed", value)
    if event is not None:
        message = replace(message_of(event), offset=7)
    return DeadLetter(message, "group", Reason.UNDECODABLE, "because", "Error", at, event)


def outgoing(value: str, order_id: str = _ORDER) -> Outgoing:
    return Outgoing("topic", order_id.encode(), value.encode(), (("name", b"header"), ("no", None)))


def lock(transaction: Transaction, *order_ids: str) -> dict[str, Case]:
    """Lock these orders; their cases."""
    return transaction.load(order_ids, (), ()).cases


def waiting(transaction: Transaction, *order_ids: str) -> list[Parked]:
    """Lock these orders; their events that wait."""
    return transaction.load(order_ids, (), ()).waiting


def known(transaction: Transaction, *event_ids: UUID) -> dict[UUID, bytes]:
    """The digests of those of these events that were seen before; nothing is locked."""
    return transaction.load((), event_ids, ()).known


def write(transaction: Transaction, after: Case) -> None:
    """Lock an order and write this case in the place of what it was."""
    before = lock(transaction, after.order_id)[after.order_id]
    transaction.write_cases([(before, after)])


def said(session: OutboxSession, limit: int = 100) -> list[str]:
    """What is still to be published."""
    rows = session.pending(ANY_SLOT, limit)
    return [(row.outgoing.value or b"").decode() for row in rows]
