"""Do the builders of the tests give the same events in every run, and different ones by default?"""

from uuid import UUID

from schemas.events import Event, Ground, VerdictDecision
from tests.builders import event_id, mediator_assigned, order_disputed, verdict_issued


def test_the_same_words_give_the_same_event() -> None:
    assert order_disputed() == order_disputed()
    assert event_id("first") == UUID("909eb22c-0f5d-5a2e-8826-73508d3f70f5")


def test_other_words_give_another_event() -> None:
    built: list[Event] = [
        order_disputed(),
        order_disputed(order_id="order-2"),
        order_disputed(name="again"),
        mediator_assigned(),
        verdict_issued(),
        verdict_issued(name="again"),
    ]

    assert len({event.event_id for event in built}) == len(built)


def test_an_event_id_may_be_given() -> None:
    given = event_id("given")

    assert verdict_issued(event_id=given).event_id == given


def test_a_verdict_stands_on_a_ground_that_supports_it() -> None:
    partial = verdict_issued(decision=VerdictDecision.PARTIAL_REFUND)

    assert (partial.ground, partial.refund_minor) == (Ground.WORK_PARTLY_CONFORMING, 4_000)
    assert verdict_issued().refund_minor is None
