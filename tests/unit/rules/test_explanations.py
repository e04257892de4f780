"""What are people told?

Word for word, since these sentences are all that a dead letter or a timeline has to say.
"""

import pytest

from schemas.events import Event, EvidenceKind, Ground, VerdictDecision
from services.rules.case import Case
from services.rules.decide import decide
from services.rules.standing import Standing
from tests.builders import evidence, mediator_assigned, order_disputed, verdict_issued
from tests.unit.rules.cases import a_case, case_in_mediation, case_standing, open_case

D = VerdictDecision
OPENED_BY = order_disputed().event_id

BY_THE_TABLE: list[tuple[Case, Event, str]] = [
    (
        case_standing(Standing.ELSEWHERE),
        order_disputed(),
        (
            "Dispute dispute-1 already belongs to another order, and a dispute belongs to one "
            "order for ever. Send the event again with the right order, or with a dispute id of "
            "its own."
        ),
    ),
    (
        case_standing(Standing.UNDISPUTED),
        order_disputed(),
        (
            "Dispute dispute-1 is open: order order-1 is frozen and its chat is locked until a "
            "mediator decides."
        ),
    ),
    (
        case_standing(Standing.UNDISPUTED),
        verdict_issued(),
        "Dispute dispute-1 is not known yet; the event waits until it is opened.",
    ),
    (
        case_standing(Standing.OTHER_UNRESOLVED),
        order_disputed(),
        "Dispute another of order order-1 has no verdict yet; dispute dispute-1 waits for it.",
    ),
    (
        case_standing(Standing.CLOSED),
        order_disputed(),
        (
            "Mediation closed order order-1 for good; no dispute of it, dispute-1 included, can "
            "be opened, mediated or decided any more."
        ),
    ),
    (
        case_standing(Standing.OPEN),
        order_disputed(name="again"),
        (
            f"Dispute dispute-1 was already opened, by event {OPENED_BY}. A new dispute needs an "
            "id of its own."
        ),
    ),
    (
        open_case(),
        mediator_assigned(),
        "mediator-1 mediates dispute dispute-1 and may read all of order order-1.",
    ),
    (
        open_case(),
        mediator_assigned(mediator_id="seller-1"),
        (
            "seller-1 is a party to dispute dispute-1 and cannot mediate it. Assign someone who "
            "is neither its buyer nor its seller."
        ),
    ),
    (
        open_case(),
        verdict_issued(),
        (
            "Dispute dispute-1 has no mediator yet; the verdict of mediator-1 waits for the "
            "assignment."
        ),
    ),
    (
        case_in_mediation(),
        mediator_assigned(name="again"),
        "mediator-1 already mediates dispute dispute-1; nothing changes.",
    ),
    (
        case_in_mediation(),
        mediator_assigned(mediator_id="mediator-2"),
        "mediator-2 takes dispute dispute-1 over from mediator-1.",
    ),
    (
        case_in_mediation(),
        verdict_issued(mediator_id="mediator-2"),
        (
            "mediator-1 mediates dispute dispute-1, and the verdict is from mediator-2; it waits "
            "for a handover to them."
        ),
    ),
    (
        case_in_mediation(),
        verdict_issued(decision=D.PARTIAL_REFUND, refund_minor=9501),
        (
            "A partial refund on dispute dispute-1 must be above 0 and below the price of 9500, "
            "and the verdict says 9501 (minor units of EUR). Issue the verdict again with such an"
            " amount, or with another decision."
        ),
    ),
    (
        case_in_mediation(),
        verdict_issued(decision=D.RELAUNCH),
        (
            "mediator-1 found a misunderstanding in dispute dispute-1: order order-1 goes on, its"
            " chat is unlocked and the money stays in escrow."
        ),
    ),
    (
        case_in_mediation(),
        verdict_issued(decision=D.PARTIAL_REFUND),
        (
            "mediator-1 decided PARTIAL_REFUND on dispute dispute-1: order order-1 is closed and "
            "can never be reviewed. Of 10000 captured, the buyer gets 4000, the seller 4921 and "
            "the platform keeps 1079 (minor units of EUR)."
        ),
    ),
    (
        case_standing(Standing.RESOLVED),
        mediator_assigned(mediator_id="mediator-2"),
        "Dispute dispute-1 already has its verdict, so it needs no mediator.",
    ),
    (
        case_standing(Standing.RESOLVED),
        verdict_issued(decision=D.PAY_SELLER),
        (
            "Dispute dispute-1 was decided by mediator-1: FULL_REFUND. A verdict is firm and "
            "final; this one (PAY_SELLER) changes nothing."
        ),
    ),
]
BY_ITSELF: list[tuple[Event, str]] = [
    (
        order_disputed(fees_minor=9001),
        (
            "The money of dispute dispute-1 does not add up: of 10000 captured, 9001 are fees and"
            " 1000 commission (minor units of EUR). The fees must be within the captured amount, "
            "and the commission within the price, which is the captured amount less the fees."
        ),
    ),
    (
        verdict_issued(decision=D.UNKNOWN),
        (
            "The verdict on dispute dispute-1 carries a decision that this version does not know."
            " A decision is never guessed: issue the verdict with one of the known decisions, or "
            "upgrade the pipeline first."
        ),
    ),
    (
        verdict_issued(ground=Ground.UNKNOWN),
        (
            "The verdict on dispute dispute-1 carries a ground that this version does not know. A"
            " ground is never guessed: issue the verdict with one of the known grounds, or "
            "upgrade the pipeline first."
        ),
    ),
    (
        verdict_issued(ground=Ground.MISUNDERSTANDING),
        (
            "The verdict on dispute dispute-1 decides FULL_REFUND on the ground MISUNDERSTANDING,"
            " which does not support that decision. Issue the verdict again with a ground that "
            "does."
        ),
    ),
    (
        verdict_issued(reasons=""),
        (
            "The verdict on dispute dispute-1 gives no reasons, and both parties have a right to "
            "them. Issue the verdict again with the reasons in words."
        ),
    ),
    (
        verdict_issued(decision=D.PARTIAL_REFUND, refund_minor=None),
        (
            "The verdict on dispute dispute-1 decides a partial refund and does not say how much."
            " Issue the verdict again with refund_minor."
        ),
    ),
    (
        verdict_issued(refund_minor=7),
        (
            "The verdict on dispute dispute-1 decides FULL_REFUND, which takes no amount, and yet"
            " says refund_minor 7. Issue the verdict again without it, or as a PARTIAL_REFUND if "
            "that was meant."
        ),
    ),
    (
        verdict_issued(evidence=(evidence(kind=EvidenceKind.OFF_PLATFORM),)),
        (
            "Every piece of evidence that the verdict on dispute dispute-1 cites comes from "
            "outside the platform, and only exchanges on the platform count. Issue the verdict "
            "again with evidence from the platform."
        ),
    ),
]


@pytest.mark.parametrize(("case", "event", "explanation"), BY_THE_TABLE)
def test_every_line_of_the_table_explains_itself(
    case: Case, event: Event, explanation: str
) -> None:
    assert decide(case, event).explanation == explanation


@pytest.mark.parametrize(("event", "explanation"), BY_ITSELF)
def test_every_check_of_an_event_by_itself_explains_itself(event: Event, explanation: str) -> None:
    assert decide(a_case(), event).explanation == explanation
