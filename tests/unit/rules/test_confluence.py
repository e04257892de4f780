"""Does every delivery order of a history end in the same case and the same effects?

The promise of docs/rules.md. The three topics keep their own order and none among each other; any
event may be delivered again. Histories are causally valid: nobody decides or assigns what, in the
life of the order, is no longer theirs to decide or assign.
"""

from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import Event, VerdictDecision
from schemas.topics import INBOUND, Topic
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.unit.rules.delivery import deliver
from tests.unit.rules.histories import histories, opened_and_handed_over

D = VerdictDecision


def interleavings(history: list[Event]) -> Iterator[list[Event]]:
    """Every merge of the history's three topics that keeps the order of each."""
    disputed, assigned, verdicts = (
        [event for event in history if event.topic is topic] for topic in INBOUND
    )
    for first_two in merges(disputed, assigned):
        yield from merges(first_two, verdicts)


def merges(left: list[Event], right: list[Event]) -> Iterator[list[Event]]:
    total = len(left) + len(right)
    for places in combinations(range(total), len(left)):
        lefts, rights = iter(left), iter(right)
        yield [next(lefts if place in places else rights) for place in range(total)]


def as_delivered(history: list[Event], topics: list[Topic]) -> list[Event]:
    """The history in the order in which these topics deliver their next events."""
    queues = {topic: iter([e for e in history if e.topic is topic]) for topic in INBOUND}
    return [next(queues[topic]) for topic in topics]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """A history, and one delivery of it with duplicates."""
    history = draw(histories())
    delivered = as_delivered(history, draw(st.permutations([e.topic for e in history])))
    again = st.tuples(st.integers(1, len(delivered)), st.integers(0, len(delivered)))
    for place, earlier in sorted(draw(st.lists(again, max_size=6)), reverse=True):
        delivered.insert(place, delivered[earlier % place])
    return history, delivered


@settings(max_examples=300, deadline=None)
@given(deliveries())
def test_every_delivery_ends_as_the_history_itself_does(
    drawn: tuple[list[Event], list[Event]],
) -> None:
    history, delivered = drawn

    assert deliver(delivered) == deliver(history)


@pytest.mark.parametrize("decision", [d for d in VerdictDecision if d is not D.UNKNOWN])
def test_every_interleaving_of_a_handover_and_a_second_verdict_ends_the_same(
    decision: VerdictDecision,
) -> None:
    history = [
        *opened_and_handed_over("dispute-1"),
        verdict_issued(mediator_id="mediator-2", decision=decision),
        verdict_issued(mediator_id="mediator-2", name="another"),
    ]

    endings = [deliver(delivered) for delivered in interleavings(history)]

    assert len(endings) == 30
    assert all(ending == deliver(history) for ending in endings)
    assert deliver(history).parked == frozenset()


def test_every_interleaving_of_a_relaunch_and_a_second_dispute_ends_the_same() -> None:
    history = [
        *opened_and_handed_over("dispute-1"),
        verdict_issued(mediator_id="mediator-2", decision=D.RELAUNCH),
        verdict_issued(mediator_id="mediator-2", decision=D.PAY_SELLER),
        order_disputed(dispute_id="dispute-2"),
        mediator_assigned(dispute_id="dispute-2"),
        verdict_issued(dispute_id="dispute-2", decision=D.PARTIAL_REFUND),
    ]

    endings = [deliver(delivered) for delivered in interleavings(history)]

    assert len(endings) == 560
    assert all(ending == deliver(history) for ending in endings)
    assert deliver(history).case.closed
    assert deliver(history).parked == frozenset()


def test_a_verdict_that_comes_first_is_applied_last() -> None:
    history: list[Event] = [order_disputed(), mediator_assigned(), verdict_issued()]

    ending = deliver(list(reversed(history)))

    assert ending.case.closed
    assert ending.effects[-1].cause_event_id == history[-1].event_id
