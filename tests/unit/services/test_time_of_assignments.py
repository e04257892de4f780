"""Do the moments from which the promise is counted stay as they are, whatever the clocks say?

Publishers are up to ten minutes ahead or behind, and so are our replicas, whose clocks run forwards
and backwards between batches; every batch is handled by a process that has just started.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.events import Event
from schemas.reasons import Reason
from services.mediation import Mediation
from services.rules.case import Case
from services.rules.outcome import Outcome
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.simulation.store import MemoryStore

LIMIT = timedelta(days=7)
CHANGES = [
    datetime(2017, 1, 1, tzinfo=UTC),  # after a leap second, at the turn of a year
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),  # Europe goes over to summer time
    datetime(2026, 10, 25, 1, 0, tzinfo=UTC),  # and back
]
SKEWS = st.integers(-600, 600).map(lambda seconds: timedelta(seconds=seconds))
SPANS = st.integers(0, 72 * 3600).map(lambda seconds: timedelta(seconds=seconds))


@dataclass(frozen=True, slots=True)
class Delivery:
    """A few events for a replica whose clock shows this."""

    events: list[Event]
    shown: datetime


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Two disputes, each mediated by up to three in turn; every clock of a publisher is wrong."""
    change = draw(st.sampled_from(CHANGES))
    events: list[Event] = []
    for number in range(2):
        whose = {"order_id": f"order-{number}", "dispute_id": f"dispute-{number}"}
        events.append(order_disputed(**whose, occurred_at=change + draw(SKEWS)))
        for mediator in range(draw(st.integers(0, 3))):
            at = change + draw(SPANS | st.just(timedelta())) + draw(SKEWS)
            name = f"mediator-{mediator}"
            events.append(mediator_assigned(**whose, mediator_id=name, occurred_at=at))
        if draw(st.booleans()):
            events.append(verdict_issued(**whose, mediator_id="mediator-0"))
    return events


@st.composite
def deliveries(draw: st.DrawFn) -> list[Delivery]:
    """A history in any order, some of it twice, in batches."""
    history = draw(histories())
    again = draw(st.lists(st.sampled_from(history), max_size=4))
    shuffled = draw(st.permutations([*history, *again]))
    size = draw(st.integers(1, len(shuffled)))
    return [
        Delivery(shuffled[at : at + size], CHANGES[1] + draw(SKEWS))
        for at in range(0, len(shuffled), size)
    ]


def mediation(store: MemoryStore, clock: SetClock) -> Mediation:
    return Mediation(store, Codec(), group="mediation.test", clock=clock, parking_limit=LIMIT)


def cases(store: MemoryStore) -> dict[str, Case]:
    with store.transaction() as transaction:
        return transaction.load(["order-0", "order-1"], (), ()).cases


def moments(store: MemoryStore) -> dict[str, tuple[datetime, datetime]]:
    """When each dispute that has a mediator was opened, and when it got the first one."""
    return {
        dispute.dispute_id: (dispute.opened_at, dispute.assigned_at)
        for case in cases(store).values()
        for dispute in case.disputes
        if dispute.assigned_at is not None
    }


@given(deliveries())
def test_from_what_a_latency_is_counted_never_changes_again(drawn: list[Delivery]) -> None:
    store, numbered, clock = MemoryStore(), Deliveries(), SetClock()
    known: dict[str, tuple[datetime, datetime]] = {}

    for batch in drawn:
        clock.now = batch.shown
        mediation(store, clock).handle(numbered.all(*batch.events))
        now = moments(store)
        assert now | known == now
        known = now


@given(deliveries())
def test_our_own_clocks_never_enter_a_case(drawn: list[Delivery]) -> None:
    skewed, steady, clock = MemoryStore(), MemoryStore(), SetClock()

    for store in (skewed, steady):
        numbered = Deliveries()
        for batch in drawn:
            clock.now = batch.shown if store is skewed else CHANGES[1]
            mediation(store, clock).handle(numbered.all(*batch.events))

    assert cases(skewed) == cases(steady)


@given(st.sampled_from(CHANGES), SKEWS, SKEWS, st.integers(-1_300, 1_300))
def test_an_event_is_given_up_early_by_no_more_than_the_clocks_differ_and_is_never_lost(
    change: datetime, parking: timedelta, expiring: timedelta, beyond: int
) -> None:
    store, numbered, clock = MemoryStore(), Deliveries(), SetClock()
    waited = LIMIT + timedelta(seconds=beyond)
    early = mediator_assigned()
    clock.now = change + parking
    mediation(store, clock).handle([numbered.of(early)])

    clock.now = change + waited + expiring
    given_up = mediation(store, clock).expire_parked("mediator.assigned")
    opened = mediation(store, clock).handle([numbered.of(order_disputed())])

    assert [each.reason for each in given_up] in ([], [Reason.ORPHANED])
    assert bool(given_up) == (waited + expiring - parking > LIMIT)
    applied = [each.event for each in opened if each.outcome is Outcome.APPLIED]
    assert (early in applied) == (not given_up)
