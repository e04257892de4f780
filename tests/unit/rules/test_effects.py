"""Are effects numbered, timed and identified so that publishing them twice is harmless?"""

from uuid import NAMESPACE_DNS, UUID, uuid5

import pytest

from schemas.effects import Effect
from schemas.events import Event, VerdictDecision
from schemas.reasons import Reason
from services.rules.decide import decide
from services.rules.identity import (
    EFFECT_NAMESPACE,
    SETTLEMENT_NAMESPACE,
    SettlementKind,
    effect_id,
    settlement_id,
)
from services.rules.outcome import Waiting
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.unit.rules.cases import a_case

A_LIFE: list[Event] = [
    order_disputed(),
    mediator_assigned(),
    mediator_assigned(mediator_id="mediator-2"),
    verdict_issued(decision=VerdictDecision.RELAUNCH, mediator_id="mediator-2"),
    order_disputed(dispute_id="dispute-2"),
    mediator_assigned(dispute_id="dispute-2"),
    verdict_issued(decision=VerdictDecision.PARTIAL_REFUND, dispute_id="dispute-2"),
]


def effects_of(events: list[Event]) -> list[tuple[Event, Effect]]:
    case, effects = a_case(), []
    for event in events:
        decision = decide(case, event)
        effects += [(event, effect) for effect in decision.effects]
        case = decision.case
    return effects


def test_the_effects_of_an_order_are_numbered_from_one_without_a_gap() -> None:
    effects = effects_of(A_LIFE)

    assert [effect.sequence for _, effect in effects] == list(range(1, len(effects) + 1))
    assert len(effects) == 2 + 1 + 1 + 3 + 2 + 1 + 5


def test_an_effect_has_the_time_the_order_and_the_cause_of_its_event() -> None:
    for event, effect in effects_of(A_LIFE):
        assert effect.occurred_at == event.occurred_at
        assert effect.order_id == event.order_id
        assert effect.dispute_id == event.dispute_id
        assert effect.cause_event_id == event.event_id


def test_no_two_effects_share_an_id() -> None:
    ids = [effect.effect_id for _, effect in effects_of(A_LIFE)]

    assert len(set(ids)) == len(ids)


def test_an_effect_id_is_that_of_its_cause_and_topic() -> None:
    for event, effect in effects_of(A_LIFE):
        assert effect.effect_id == uuid5(EFFECT_NAMESPACE, f"{event.event_id}/{effect.topic}")


def test_the_namespaces_are_those_of_their_names() -> None:
    assert uuid5(NAMESPACE_DNS, "effects.mediation") == EFFECT_NAMESPACE
    assert uuid5(NAMESPACE_DNS, "settlements.mediation") == SETTLEMENT_NAMESPACE


def test_the_ids_are_the_same_for_ever() -> None:
    cause = UUID("00000000-0000-4000-8000-000000000001")

    assert effect_id(cause, "order.frozen") == UUID("4801a5c5-88e3-50a4-811c-76006bf70384")
    assert settlement_id("dispute-1", SettlementKind.REFUND) == UUID(
        "731fc564-304f-5e60-aa90-f7c70f9c4a4e"
    )
    assert settlement_id("dispute-1", SettlementKind.PAYOUT) == UUID(
        "35f9a4a8-5004-552c-a802-3097854a00be"
    )


def test_two_disputes_of_an_order_have_settlements_of_their_own() -> None:
    first = settlement_id("dispute-1", SettlementKind.REFUND)
    second = settlement_id("dispute-2", SettlementKind.REFUND)

    assert first != second


@pytest.mark.parametrize("waiting", [Waiting.DISPUTE, Waiting.MEDIATOR, Waiting.RESOLUTION])
def test_an_event_that_waited_in_vain_is_orphaned(waiting: Waiting) -> None:
    assert waiting.overdue is Reason.ORPHANED


def test_a_verdict_that_waited_in_vain_for_a_handover_is_from_the_wrong_mediator() -> None:
    assert Waiting.HANDOVER.overdue is Reason.WRONG_MEDIATOR
