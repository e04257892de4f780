"""Which events are refused for what they say, whatever the case says?"""

from typing import Any

import pytest

from schemas.events import Event, EvidenceKind, Ground, VerdictDecision
from schemas.reasons import Reason
from services.rules.contents import GROUNDS, is_blank
from services.rules.decide import decide
from services.rules.outcome import Outcome
from services.rules.standing import Standing
from tests.builders import evidence, order_disputed, verdict_issued
from tests.unit.rules.cases import a_case, case_in_mediation, case_standing

OFF_PLATFORM = evidence(kind=EvidenceKind.OFF_PLATFORM, reference="a phone call")


def reason_for(event: Event) -> Reason | None:
    return decide(a_case(), event).reason


def test_fees_above_the_captured_amount_are_rejected() -> None:
    event = order_disputed(captured_minor=100, fees_minor=101, commission_minor=0)

    assert reason_for(event) is Reason.AMOUNTS_INCONSISTENT


def test_a_commission_above_the_price_is_rejected() -> None:
    event = order_disputed(captured_minor=100, fees_minor=10, commission_minor=91)

    assert reason_for(event) is Reason.AMOUNTS_INCONSISTENT


def test_a_commission_of_the_whole_price_is_accepted() -> None:
    event = order_disputed(captured_minor=100, fees_minor=10, commission_minor=90)

    assert reason_for(event) is None


def test_fees_of_the_whole_captured_amount_are_accepted() -> None:
    event = order_disputed(captured_minor=100, fees_minor=100, commission_minor=0)

    assert reason_for(event) is None


def test_an_unknown_decision_is_rejected() -> None:
    event = verdict_issued(decision=VerdictDecision.UNKNOWN, ground=Ground.TERMS_BREACHED)

    assert reason_for(event) is Reason.UNKNOWN_DECISION


def test_an_unknown_ground_is_rejected() -> None:
    event = verdict_issued(ground=Ground.UNKNOWN)

    assert reason_for(event) is Reason.UNKNOWN_GROUND


@pytest.mark.parametrize("decision", GROUNDS)
@pytest.mark.parametrize("ground", [ground for ground in Ground if ground is not Ground.UNKNOWN])
def test_a_ground_is_rejected_exactly_when_it_does_not_support_the_decision(
    decision: VerdictDecision, ground: Ground
) -> None:
    supporting = {
        VerdictDecision.FULL_REFUND: "ORDER_NOT_CONFORMING TERMS_BREACHED PROCESS_BREACHED",
        VerdictDecision.PARTIAL_REFUND: "WORK_PARTLY_CONFORMING PARTIES_AGREED",
        VerdictDecision.RELAUNCH: "MISUNDERSTANDING",
        VerdictDecision.PAY_SELLER: "DELIVERY_CONFORMING",
    }
    expected = None if ground in supporting[decision].split() else Reason.GROUND_MISMATCH

    reason = reason_for(verdict_issued(decision=decision, ground=ground))

    assert reason is expected


def test_a_verdict_without_reasons_is_rejected() -> None:
    assert reason_for(verdict_issued(reasons="")) is Reason.REASONS_BLANK


@pytest.mark.parametrize(
    "reasons",
    [
        " \t\r\n",
        "\u00a0\u2003\u3000",  # spaces of other widths
        "\u200b\u200d\ufeff\u2060",  # of no width
        "\u3164\u115f\u1160\uffa0\u2800",  # letters and symbols drawn as nothing
        "\u0301\ufe0f",  # marks that stand on nothing
        "\x07\x1b",  # control characters
    ],
)
def test_reasons_without_a_visible_character_are_rejected(reasons: str) -> None:
    assert reason_for(verdict_issued(reasons=reasons)) is Reason.REASONS_BLANK


@pytest.mark.parametrize("text", ["x", "X", "\u200b.", "é", "e\u0301", "理由", "7", "👍"])
def test_a_text_with_a_visible_character_is_not_blank(text: str) -> None:
    assert not is_blank(text)


def test_a_partial_refund_without_its_amount_is_rejected() -> None:
    event = verdict_issued(decision=VerdictDecision.PARTIAL_REFUND, refund_minor=None)

    assert reason_for(event) is Reason.REFUND_MISSING


@pytest.mark.parametrize("refund_minor", [0, 10_000])
@pytest.mark.parametrize(
    "decision",
    [VerdictDecision.FULL_REFUND, VerdictDecision.RELAUNCH, VerdictDecision.PAY_SELLER],
)
def test_an_amount_with_a_decision_that_takes_none_is_rejected(
    decision: VerdictDecision, refund_minor: int
) -> None:
    event = verdict_issued(decision=decision, refund_minor=refund_minor)

    assert reason_for(event) is Reason.REFUND_UNEXPECTED


def test_a_verdict_on_evidence_from_outside_the_platform_alone_is_rejected() -> None:
    event = verdict_issued(evidence=(OFF_PLATFORM, OFF_PLATFORM))

    assert reason_for(event) is Reason.OFF_PLATFORM_EVIDENCE


@pytest.mark.parametrize("kind", [k for k in EvidenceKind if k is not EvidenceKind.OFF_PLATFORM])
def test_one_piece_from_the_platform_is_enough(kind: EvidenceKind) -> None:
    event = verdict_issued(evidence=(OFF_PLATFORM, evidence(kind=kind)))

    assert decide(case_in_mediation(), event).outcome is Outcome.APPLIED


def test_a_verdict_that_cites_no_evidence_is_accepted() -> None:
    event = verdict_issued(evidence=())

    assert decide(case_in_mediation(), event).outcome is Outcome.APPLIED


def test_of_several_faults_the_first_in_the_documented_order_is_the_reason() -> None:
    wrong: dict[str, Any] = {
        "decision": VerdictDecision.UNKNOWN,
        "ground": Ground.UNKNOWN,
        "reasons": " ",
        "refund_minor": 1,
        "evidence": (OFF_PLATFORM,),
    }
    mended_one_by_one: list[dict[str, Any]] = [
        {},
        {"decision": VerdictDecision.FULL_REFUND},
        {"ground": Ground.MISUNDERSTANDING},
        {"ground": Ground.TERMS_BREACHED},
        {"reasons": "It is late."},
        {"refund_minor": None},
        {"decision": VerdictDecision.PARTIAL_REFUND, "ground": Ground.PARTIES_AGREED},
        {"refund_minor": 1},
        {"evidence": ()},
    ]

    reasons = [reason_for(verdict_issued(**(wrong := wrong | each))) for each in mended_one_by_one]

    assert reasons == [
        Reason.UNKNOWN_DECISION,
        Reason.UNKNOWN_GROUND,
        Reason.GROUND_MISMATCH,
        Reason.REASONS_BLANK,
        Reason.REFUND_UNEXPECTED,
        Reason.OFF_PLATFORM_EVIDENCE,
        Reason.REFUND_MISSING,
        Reason.OFF_PLATFORM_EVIDENCE,
        None,
    ]


@pytest.mark.parametrize("standing", Standing)
def test_an_invalid_verdict_is_rejected_for_itself_whatever_the_case_says(
    standing: Standing,
) -> None:
    before = case_standing(standing)

    decision = decide(before, verdict_issued(reasons=" "))

    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is Reason.REASONS_BLANK
    assert decision.case is before


def test_an_explanation_of_a_rejected_event_names_what_is_wrong() -> None:
    event = order_disputed(captured_minor=100, fees_minor=101, commission_minor=0)

    explanation = decide(a_case(), event).explanation

    assert "dispute-1" in explanation
    assert "100 captured, 101 are fees" in explanation


def test_braces_in_an_id_do_no_harm_to_an_explanation() -> None:
    event = verdict_issued(dispute_id="{event}{0}{", reasons=" ")

    explanation = decide(a_case(), event).explanation

    assert "{event}{0}{" in explanation
