"""What does `mediator.assigned` come to, in each row of the table?"""

from datetime import timedelta

from schemas.effects import MediationOpened
from schemas.reasons import Reason
from services.rules.case import DisputeState
from services.rules.decide import decide
from services.rules.identity import effect_id
from services.rules.outcome import Outcome, Waiting
from services.rules.standing import Standing
from tests.builders import ASSIGNED_AT, mediator_assigned
from tests.unit.rules.cases import case_in_mediation, case_standing, open_case

LATER = ASSIGNED_AT + timedelta(hours=3)


def test_a_mediator_for_an_unknown_dispute_is_deferred() -> None:
    decision = decide(case_standing(Standing.UNDISPUTED), mediator_assigned())

    assert decision.outcome is Outcome.DEFERRED
    assert decision.waiting is Waiting.DISPUTE


def test_a_mediator_for_an_unknown_dispute_while_another_is_unresolved_is_deferred() -> None:
    decision = decide(case_standing(Standing.OTHER_UNRESOLVED), mediator_assigned())

    assert decision.outcome is Outcome.DEFERRED
    assert decision.waiting is Waiting.DISPUTE


def test_a_mediator_for_an_unknown_dispute_of_a_closed_order_is_rejected() -> None:
    decision = decide(case_standing(Standing.CLOSED), mediator_assigned())

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.ORDER_CLOSED


def test_a_mediator_for_an_open_dispute_is_applied() -> None:
    decision = decide(open_case(), mediator_assigned())

    (dispute,) = decision.case.disputes
    assert decision.outcome is Outcome.APPLIED
    assert dispute.state is DisputeState.IN_MEDIATION
    assert dispute.mediator_id == "mediator-1"
    assert dispute.assigned_at == ASSIGNED_AT


def test_an_applied_mediator_opens_the_mediation_and_lifts_no_restriction() -> None:
    before, event = open_case(), mediator_assigned()

    decision = decide(before, event)

    assert decision.effects == (
        MediationOpened(
            effect_id=effect_id(event.event_id, "mediation.opened"),
            sequence=before.sequence + 1,
            occurred_at=ASSIGNED_AT,
            order_id="order-1",
            dispute_id="dispute-1",
            cause_event_id=event.event_id,
            mediator_id="mediator-1",
            replaced_mediator_id=None,
            buyer_id="buyer-1",
            seller_id="seller-1",
        ),
    )
    assert decision.case.frozen
    assert decision.case.chat_locked


def test_the_buyer_as_the_mediator_of_an_open_dispute_is_rejected() -> None:
    decision = decide(open_case(), mediator_assigned(mediator_id="buyer-1"))

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.MEDIATOR_NOT_NEUTRAL


def test_the_seller_as_the_mediator_of_an_open_dispute_is_rejected() -> None:
    decision = decide(open_case(), mediator_assigned(mediator_id="seller-1"))

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.MEDIATOR_NOT_NEUTRAL


def test_the_same_mediator_again_is_ignored() -> None:
    decision = decide(case_in_mediation(), mediator_assigned(occurred_at=LATER))

    assert decision.outcome is Outcome.IGNORED


def test_another_mediator_is_applied_as_a_handover() -> None:
    handover = mediator_assigned(mediator_id="mediator-2", occurred_at=LATER)

    decision = decide(case_in_mediation(), handover)

    (dispute,) = decision.case.disputes
    assert decision.outcome is Outcome.APPLIED
    assert dispute.state is DisputeState.IN_MEDIATION
    assert dispute.mediator_id == "mediator-2"


def test_a_handover_names_the_mediator_it_replaces() -> None:
    handover = mediator_assigned(mediator_id="mediator-2", occurred_at=LATER)

    (effect,) = decide(case_in_mediation(), handover).effects

    assert isinstance(effect, MediationOpened)
    assert effect.mediator_id == "mediator-2"
    assert effect.replaced_mediator_id == "mediator-1"


def test_a_handover_keeps_the_moment_of_the_first_assignment() -> None:
    handover = mediator_assigned(mediator_id="mediator-2", occurred_at=LATER)

    decision = decide(case_in_mediation(), handover)

    assert decision.case.disputes[0].assigned_at == ASSIGNED_AT


def test_a_handover_to_the_buyer_is_rejected() -> None:
    decision = decide(case_in_mediation(), mediator_assigned(mediator_id="buyer-1"))

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.MEDIATOR_NOT_NEUTRAL


def test_a_handover_to_the_seller_is_rejected() -> None:
    decision = decide(case_in_mediation(), mediator_assigned(mediator_id="seller-1"))

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.MEDIATOR_NOT_NEUTRAL


def test_a_mediator_for_a_resolved_dispute_is_rejected() -> None:
    decision = decide(case_standing(Standing.RESOLVED), mediator_assigned(mediator_id="mediator-2"))

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.DISPUTE_RESOLVED


def test_a_mediator_for_a_dispute_of_another_order_is_rejected() -> None:
    decision = decide(case_standing(Standing.ELSEWHERE), mediator_assigned())

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.DISPUTE_CONFLICT
