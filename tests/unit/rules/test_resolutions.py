"""What does each of the four decisions bring about?"""

from schemas.effects import DisputeResolved, OrderClosed, PayoutRequested, RefundRequested
from schemas.events import EvidenceKind, Ground, VerdictDecision
from services.rules.case import Resolution
from services.rules.decide import decide
from services.rules.identity import SettlementKind, effect_id, settlement_id
from services.rules.outcome import Decision
from tests.builders import (
    DECIDED_AT,
    evidence,
    mediator_assigned,
    order_disputed,
    verdict_issued,
)
from tests.unit.rules.cases import a_case, case_in_mediation


def decided(decision: VerdictDecision) -> Decision:
    return decide(case_in_mediation(), verdict_issued(decision=decision))


def topics(decision: Decision) -> list[str]:
    return [effect.topic for effect in decision.effects]


def test_a_full_refund_closes_the_order_and_refunds_all_that_was_captured() -> None:
    decision = decided(VerdictDecision.FULL_REFUND)

    refund = decision.effects[2]
    assert topics(decision) == [
        "order.closed",
        "review.blocked",
        "refund.requested",
        "dispute.resolved",
    ]
    assert isinstance(refund, RefundRequested)
    assert (refund.amount_minor, refund.currency, refund.payee_id) == (10_000, "EUR", "buyer-1")


def test_a_partial_refund_closes_the_order_and_divides_the_price() -> None:
    decision = decided(VerdictDecision.PARTIAL_REFUND)

    _, _, refund, payout, _ = decision.effects
    assert topics(decision) == [
        "order.closed",
        "review.blocked",
        "refund.requested",
        "payout.requested",
        "dispute.resolved",
    ]
    assert isinstance(refund, RefundRequested)
    assert isinstance(payout, PayoutRequested)
    assert refund.amount_minor == 4_000
    assert payout.amount_minor == 5_500 - 579  # 1000 × 5500 / 9500 = 578.9…


def test_full_payment_closes_the_order_and_pays_the_seller() -> None:
    decision = decided(VerdictDecision.PAY_SELLER)

    payout = decision.effects[2]
    assert topics(decision) == [
        "order.closed",
        "review.blocked",
        "payout.requested",
        "dispute.resolved",
    ]
    assert isinstance(payout, PayoutRequested)
    assert (payout.amount_minor, payout.currency, payout.payee_id) == (8_500, "EUR", "seller-1")


def test_a_relaunch_reactivates_the_order_and_moves_no_money() -> None:
    decision = decided(VerdictDecision.RELAUNCH)

    resolved = decision.effects[2]
    assert topics(decision) == ["order.reactivated", "chat.unlocked", "dispute.resolved"]
    assert isinstance(resolved, DisputeResolved)
    assert (resolved.refund_minor, resolved.payout_minor) == (0, 0)


def test_a_relaunch_lifts_all_three_restrictions() -> None:
    case = decided(VerdictDecision.RELAUNCH).case

    assert (case.frozen, case.chat_locked, case.reviews_blocked) == (False, False, False)
    assert not case.closed


def test_a_closed_order_is_not_frozen_yet_keeps_its_chat_locked_and_its_reviews_blocked() -> None:
    case = decided(VerdictDecision.PAY_SELLER).case

    assert (case.frozen, case.chat_locked, case.reviews_blocked) == (False, True, True)
    assert case.closed


def test_the_order_is_closed_as_the_verdict_says() -> None:
    closed = decided(VerdictDecision.PARTIAL_REFUND).effects[0]

    assert isinstance(closed, OrderClosed)
    assert closed.decision is VerdictDecision.PARTIAL_REFUND


def test_the_decision_and_its_reasons_reach_both_parties() -> None:
    before = case_in_mediation()
    event = verdict_issued(decision=VerdictDecision.PARTIAL_REFUND)

    resolved = decide(before, event).effects[-1]

    assert resolved == DisputeResolved(
        effect_id=effect_id(event.event_id, "dispute.resolved"),
        sequence=before.sequence + 5,
        occurred_at=DECIDED_AT,
        order_id="order-1",
        dispute_id="dispute-1",
        cause_event_id=event.event_id,
        decision=VerdictDecision.PARTIAL_REFUND,
        ground=Ground.WORK_PARTLY_CONFORMING,
        reasons=event.reasons,
        refund_minor=4_000,
        payout_minor=4_921,
        currency="EUR",
        buyer_id="buyer-1",
        seller_id="seller-1",
    )


def test_the_resolution_remembers_the_verdict_and_who_got_what() -> None:
    event = verdict_issued(decision=VerdictDecision.PARTIAL_REFUND)

    (dispute,) = decide(case_in_mediation(), event).case.disputes

    assert dispute.resolution == Resolution(
        event_id=event.event_id,
        mediator_id="mediator-1",
        decision=VerdictDecision.PARTIAL_REFUND,
        ground=Ground.WORK_PARTLY_CONFORMING,
        reasons=event.reasons,
        resolved_at=DECIDED_AT,
        refund_minor=4_000,
        payout_minor=4_921,
        platform_minor=1_079,
    )


def test_evidence_from_outside_the_platform_is_set_aside() -> None:
    outside = evidence(kind=EvidenceKind.OFF_PLATFORM, reference="a phone call")
    event = verdict_issued(evidence=(evidence(), outside))

    (dispute,) = decide(case_in_mediation(), event).case.disputes

    assert dispute.resolution is not None
    assert dispute.resolution.set_aside == (outside,)


def test_settlements_are_identified_by_dispute_and_kind() -> None:
    _, _, refund, payout, _ = decided(VerdictDecision.PARTIAL_REFUND).effects

    assert isinstance(refund, RefundRequested)
    assert isinstance(payout, PayoutRequested)
    assert refund.settlement_id == settlement_id("dispute-1", SettlementKind.REFUND)
    assert payout.settlement_id == settlement_id("dispute-1", SettlementKind.PAYOUT)
    assert refund.settlement_id != payout.settlement_id


def test_nobody_is_asked_to_refund_nothing() -> None:
    free = a_case(
        order_disputed(captured_minor=0, fees_minor=0, commission_minor=0), mediator_assigned()
    )

    decision = decide(free, verdict_issued(decision=VerdictDecision.FULL_REFUND))

    assert topics(decision) == ["order.closed", "review.blocked", "dispute.resolved"]


def test_nobody_is_asked_to_pay_out_nothing() -> None:
    all_commission = a_case(
        order_disputed(captured_minor=900, fees_minor=0, commission_minor=900),
        mediator_assigned(),
    )

    decision = decide(all_commission, verdict_issued(decision=VerdictDecision.PAY_SELLER))

    assert topics(decision) == ["order.closed", "review.blocked", "dispute.resolved"]


def test_the_explanation_of_a_verdict_says_who_gets_what() -> None:
    decision = decided(VerdictDecision.PARTIAL_REFUND)

    assert "the buyer gets 4000, the seller 4921 and the platform keeps 1079" in (
        decision.explanation
    )
