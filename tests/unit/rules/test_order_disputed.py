"""What does `order.disputed` come to, in each row of the table?"""

from schemas.effects import ChatLocked, OrderFrozen
from schemas.events import OpenedBy
from schemas.reasons import Reason
from services.rules.case import Case, Dispute, DisputeState, Terms
from services.rules.decide import decide
from services.rules.identity import effect_id
from services.rules.outcome import Outcome, Waiting
from services.rules.standing import Standing
from tests.builders import OPENED_AT, order_disputed
from tests.unit.rules.cases import a_case, case_standing, relaunched_case


def test_a_dispute_on_an_undisputed_order_is_applied() -> None:
    event = order_disputed()

    decision = decide(a_case(), event)

    assert decision.outcome is Outcome.APPLIED
    assert decision.case.disputes == (
        Dispute(
            dispute_id="dispute-1",
            state=DisputeState.OPEN,
            opened_by=OpenedBy.BUYER,
            buyer_id="buyer-1",
            seller_id="seller-1",
            terms=Terms("EUR", captured_minor=10_000, fees_minor=500, commission_minor=1_000),
            opened_at=OPENED_AT,
            opened_by_event_id=event.event_id,
        ),
    )


def test_an_applied_dispute_freezes_the_order_and_locks_its_chat() -> None:
    decision = decide(a_case(), order_disputed())

    assert decision.case.frozen
    assert decision.case.chat_locked
    assert not decision.case.reviews_blocked


def test_an_applied_dispute_has_two_complete_effects() -> None:
    event = order_disputed()

    decision = decide(Case("order-1", sequence=7), event)

    assert decision.effects == (
        OrderFrozen(
            effect_id=effect_id(event.event_id, "order.frozen"),
            sequence=8,
            occurred_at=OPENED_AT,
            order_id="order-1",
            dispute_id="dispute-1",
            cause_event_id=event.event_id,
        ),
        ChatLocked(
            effect_id=effect_id(event.event_id, "chat.locked"),
            sequence=9,
            occurred_at=OPENED_AT,
            order_id="order-1",
            dispute_id="dispute-1",
            cause_event_id=event.event_id,
        ),
    )
    assert decision.case.sequence == 9


def test_a_second_dispute_on_a_relaunched_order_is_applied() -> None:
    before = relaunched_case()

    decision = decide(before, order_disputed(dispute_id="dispute-2"))

    assert decision.outcome is Outcome.APPLIED
    assert [d.dispute_id for d in decision.case.disputes] == ["dispute-1", "dispute-2"]
    assert decision.case.disputes[0] == before.disputes[0]
    assert decision.case.frozen
    assert decision.case.chat_locked
    assert decision.effects[0].sequence == before.sequence + 1


def test_a_dispute_while_another_is_unresolved_is_deferred() -> None:
    decision = decide(case_standing(Standing.OTHER_UNRESOLVED), order_disputed())

    assert decision.outcome is Outcome.DEFERRED
    assert decision.waiting is Waiting.RESOLUTION
    assert "another" in decision.explanation


def test_a_dispute_on_a_closed_order_is_rejected() -> None:
    decision = decide(case_standing(Standing.CLOSED), order_disputed())

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.ORDER_CLOSED


def test_opening_an_open_dispute_again_is_rejected() -> None:
    again = order_disputed(opened_by=OpenedBy.SELLER)

    decision = decide(case_standing(Standing.OPEN), again)

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.DISPUTE_CONFLICT
    assert str(order_disputed().event_id) in decision.explanation


def test_opening_a_dispute_in_mediation_again_is_rejected() -> None:
    again = order_disputed(opened_by=OpenedBy.SELLER)

    decision = decide(case_standing(Standing.IN_MEDIATION), again)

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.DISPUTE_CONFLICT
    assert str(order_disputed().event_id) in decision.explanation


def test_opening_a_resolved_dispute_again_is_rejected() -> None:
    again = order_disputed(opened_by=OpenedBy.SELLER)

    decision = decide(case_standing(Standing.RESOLVED), again)

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.DISPUTE_CONFLICT
    assert str(order_disputed().event_id) in decision.explanation


def test_a_dispute_that_belongs_to_another_order_is_rejected() -> None:
    decision = decide(case_standing(Standing.ELSEWHERE), order_disputed())

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.DISPUTE_CONFLICT
    assert "another order" in decision.explanation


def test_what_belongs_to_other_orders_is_still_known_after_an_event() -> None:
    before = a_case(elsewhere=frozenset({"dispute-2"}))

    decision = decide(before, order_disputed())

    assert decision.case.elsewhere == frozenset({"dispute-2"})
