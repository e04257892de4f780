"""Do the applied events of an order tell its effects again, exactly as they were?"""

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Event, VerdictDecision
from services.history import tell
from services.rules.case import Case
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.unit.rules.delivery import Pipeline

LIFE: tuple[Event, ...] = (
    order_disputed(),
    mediator_assigned(),
    mediator_assigned(mediator_id="mediator-2"),
    verdict_issued(mediator_id="mediator-2", decision=VerdictDecision.RELAUNCH),
    order_disputed(dispute_id="dispute-2"),
    mediator_assigned(dispute_id="dispute-2"),
    verdict_issued(dispute_id="dispute-2", decision=VerdictDecision.PARTIAL_REFUND),
)


@given(st.permutations(LIFE))
def test_whatever_the_order_of_arrival_the_same_effects_are_told(arrivals: list[Event]) -> None:
    pipeline = Pipeline(Case("order-1"))
    first_applied = []
    for event in arrivals:
        before = pipeline.case
        pipeline.receive(event)
        parked = event in pipeline.parked or pipeline.case == before
        first_applied.append(not parked)
    left = set(pipeline.parked)
    applied = [
        (event, not at_once)
        for event, at_once in zip(arrivals, first_applied, strict=True)
        if event not in left
    ]

    told = tell("order-1", applied)

    assert told.effects == tuple(pipeline.effects)
    assert told.case == pipeline.case


def test_an_order_of_which_nothing_was_applied_has_no_effects() -> None:
    assert tell("order-1", []).effects == ()
