"""What does `verdict.issued` come to, in each row of the table?

What each of the four decisions brings about is asked in `test_resolutions`.
"""

import pytest

from schemas.events import VerdictDecision
from schemas.reasons import Reason
from services.rules.case import DisputeState
from services.rules.decide import decide
from services.rules.outcome import Outcome, Waiting
from services.rules.standing import Standing
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.unit.rules.cases import a_case, case_in_mediation, case_standing, relaunched_case


def test_a_verdict_for_an_unknown_dispute_is_deferred() -> None:
    decision = decide(case_standing(Standing.UNDISPUTED), verdict_issued())

    assert decision.outcome is Outcome.DEFERRED
    assert decision.waiting is Waiting.DISPUTE


def test_a_verdict_for_an_unknown_dispute_while_another_is_unresolved_is_deferred() -> None:
    decision = decide(case_standing(Standing.OTHER_UNRESOLVED), verdict_issued())

    assert decision.outcome is Outcome.DEFERRED
    assert decision.waiting is Waiting.DISPUTE


def test_a_verdict_for_an_unknown_dispute_of_a_closed_order_is_rejected() -> None:
    decision = decide(case_standing(Standing.CLOSED), verdict_issued())

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.ORDER_CLOSED


def test_a_verdict_for_an_open_dispute_is_deferred() -> None:
    decision = decide(case_standing(Standing.OPEN), verdict_issued())

    assert decision.outcome is Outcome.DEFERRED
    assert decision.waiting is Waiting.MEDIATOR


def test_a_verdict_from_the_mediator_in_charge_is_applied() -> None:
    decision = decide(case_in_mediation(), verdict_issued())

    assert decision.outcome is Outcome.APPLIED
    assert decision.case.disputes[0].state is DisputeState.RESOLVED


def test_a_verdict_from_another_mediator_is_deferred() -> None:
    decision = decide(case_in_mediation(), verdict_issued(mediator_id="mediator-2"))

    assert decision.outcome is Outcome.DEFERRED
    assert decision.waiting is Waiting.HANDOVER
    assert "mediator-1" in decision.explanation
    assert "mediator-2" in decision.explanation


def test_a_verdict_from_another_mediator_is_applied_after_the_handover() -> None:
    handed_over = a_case(
        order_disputed(), mediator_assigned(), mediator_assigned(mediator_id="mediator-2")
    )

    decision = decide(handed_over, verdict_issued(mediator_id="mediator-2"))

    assert decision.outcome is Outcome.APPLIED


def test_a_verdict_from_the_mediator_who_was_replaced_is_deferred() -> None:
    handed_over = a_case(
        order_disputed(), mediator_assigned(), mediator_assigned(mediator_id="mediator-2")
    )

    decision = decide(handed_over, verdict_issued(mediator_id="mediator-1"))

    assert decision.outcome is Outcome.DEFERRED
    assert decision.waiting is Waiting.HANDOVER


@pytest.mark.parametrize("refund_minor", [-1, 0, 9_500, 9_501])
def test_a_partial_refund_outside_the_price_is_rejected(refund_minor: int) -> None:
    verdict = verdict_issued(decision=VerdictDecision.PARTIAL_REFUND, refund_minor=refund_minor)

    decision = decide(case_in_mediation(), verdict)

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.REFUND_OUT_OF_RANGE
    assert "9500" in decision.explanation


@pytest.mark.parametrize("refund_minor", [1, 9_499])
def test_a_partial_refund_within_the_price_is_applied(refund_minor: int) -> None:
    verdict = verdict_issued(decision=VerdictDecision.PARTIAL_REFUND, refund_minor=refund_minor)

    decision = decide(case_in_mediation(), verdict)

    assert decision.outcome is Outcome.APPLIED


def test_a_partial_refund_outside_the_price_from_another_mediator_is_deferred() -> None:
    verdict = verdict_issued(
        decision=VerdictDecision.PARTIAL_REFUND, refund_minor=0, mediator_id="mediator-2"
    )

    decision = decide(case_in_mediation(), verdict)

    assert decision.outcome is Outcome.DEFERRED


def test_a_verdict_after_a_rejected_one_is_applied() -> None:
    before = case_in_mediation()
    wrong = verdict_issued(decision=VerdictDecision.PARTIAL_REFUND, refund_minor=0)

    after = decide(before, wrong).case
    decision = decide(after, verdict_issued())

    assert decision.outcome is Outcome.APPLIED


def test_a_second_verdict_is_rejected() -> None:
    second = verdict_issued(decision=VerdictDecision.PAY_SELLER)

    decision = decide(case_standing(Standing.RESOLVED), second)

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.VERDICT_FINAL
    assert "FULL_REFUND" in decision.explanation
    assert "PAY_SELLER" in decision.explanation


def test_a_second_verdict_after_a_relaunch_is_rejected() -> None:
    decision = decide(relaunched_case(), verdict_issued())

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.VERDICT_FINAL


def test_a_verdict_for_a_dispute_of_another_order_is_rejected() -> None:
    decision = decide(case_standing(Standing.ELSEWHERE), verdict_issued())

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.DISPUTE_CONFLICT
