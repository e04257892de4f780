"""Builds the cases for the tests of the rules.

Rule: a case is what its events made of it. A case that no history leads to is never tested.
"""

from schemas.events import Event, VerdictDecision
from services.rules.case import Case
from services.rules.decide import decide
from services.rules.outcome import Outcome
from services.rules.standing import Standing
from tests.builders import mediator_assigned, order_disputed, verdict_issued


def a_case(*events: Event, elsewhere: frozenset[str] = frozenset()) -> Case:
    """The case of order-1 after these events, each of which must be applied."""
    case = Case("order-1", elsewhere=elsewhere)
    for event in events:
        decision = decide(case, event)
        assert decision.outcome is Outcome.APPLIED, decision.explanation
        case = decision.case
    return case


def open_case() -> Case:
    """dispute-1 waits for its mediator."""
    return a_case(order_disputed())


def case_in_mediation() -> Case:
    """mediator-1 is in charge of dispute-1."""
    return a_case(order_disputed(), mediator_assigned())


def resolved_case(decision: VerdictDecision = VerdictDecision.FULL_REFUND) -> Case:
    """mediator-1 has decided dispute-1."""
    return a_case(order_disputed(), mediator_assigned(), verdict_issued(decision=decision))


def relaunched_case() -> Case:
    """dispute-1 was a misunderstanding, and order-1 goes on."""
    return resolved_case(VerdictDecision.RELAUNCH)


def case_standing(standing: Standing, dispute_id: str = "dispute-1") -> Case:
    """A case in which this dispute stands in this row of the table."""
    another = order_disputed(dispute_id="another")
    assigned = mediator_assigned(dispute_id="another")
    closing = verdict_issued(dispute_id="another")
    opened = order_disputed(dispute_id=dispute_id)
    mediated = mediator_assigned(dispute_id=dispute_id)
    cases = {
        Standing.UNDISPUTED: a_case(),
        Standing.OTHER_UNRESOLVED: a_case(another),
        Standing.CLOSED: a_case(another, assigned, closing),
        Standing.OPEN: a_case(opened),
        Standing.IN_MEDIATION: a_case(opened, mediated),
        Standing.RESOLVED: a_case(opened, mediated, verdict_issued(dispute_id=dispute_id)),
        Standing.ELSEWHERE: a_case(elsewhere=frozenset({dispute_id})),
    }
    return cases[standing]
