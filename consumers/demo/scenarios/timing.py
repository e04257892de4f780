"""What comes twice, too early, or from a new mediator: the same end in every order of delivery."""

from typing import Final

from consumers.demo.script import (
    again,
    assigned,
    closing,
    disputed,
    mediation,
    opening,
    paid,
    payout,
    refund,
    refunded,
    relaunching,
    resolved,
    verdict,
)
from consumers.demo.story import LEA, MARC, Ending, Form, Restrictions, Scenario
from schemas.topics import Topic
from services.rules.outcome import Outcome

_AS_ASKED = "All five photographs were delivered as asked for."
DUPLICATES: Final = Scenario(
    name="duplicates",
    title="everything arrives twice",
    story="Each event is delivered again, the verdict in other bytes. The second time is ignored.",
    steps=(
        disputed(4_200, 200, 400, currency="GBP"),
        again("opened", Topic.ORDER_DISPUTED),
        assigned(),
        again("assigned", Topic.MEDIATOR_ASSIGNED),
        verdict("PAY_SELLER", "DELIVERY_CONFORMING", _AS_ASKED, evidence=[("DELIVERY", "d-1")]),
        again("verdict", Topic.VERDICT_ISSUED, Form.OTHER_FRAMING),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(refund_minor=0, payout_minor=3_600, platform_minor=600),),
    effects=(
        *opening(),
        mediation(),
        *closing("PAY_SELLER"),
        payout(3_600, "GBP"),
        resolved(
            "PAY_SELLER", "DELIVERY_CONFORMING", _AS_ASKED, refund=0, payout=3_600, currency="GBP"
        ),
    ),
    settlements=(paid(3_600, "GBP"),),
)

_FOLLOWED_NOT = "The seller delivered outside the agreed process and cannot show the work."
VERDICT_FIRST: Final = Scenario(
    name="verdict-first",
    title="the verdict arrives before its dispute",
    story="Verdict, then mediator, then dispute: the early ones wait, and all ends as it should.",
    steps=(
        verdict(
            "FULL_REFUND",
            "PROCESS_BREACHED",
            _FOLLOWED_NOT,
            outcome=Outcome.DEFERRED,
            later=Outcome.APPLIED,
        ),
        assigned(outcome=Outcome.DEFERRED, later=Outcome.APPLIED),
        disputed(3_150, 150, 300),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(refund_minor=3_150, payout_minor=0, platform_minor=0),),
    effects=(
        *opening(),
        mediation(),
        *closing("FULL_REFUND"),
        refund(3_150),
        resolved("FULL_REFUND", "PROCESS_BREACHED", _FOLLOWED_NOT, refund=3_150, payout=0),
    ),
    settlements=(refunded(3_150),),
)

_COMPLETE = "The complaint concerns a chapter that was never ordered."
ASSIGNED_FIRST: Final = Scenario(
    name="assigned-first",
    title="the mediator arrives before the dispute",
    story="The assignment waits until its dispute is opened, and takes effect with it.",
    steps=(
        assigned(outcome=Outcome.DEFERRED, later=Outcome.APPLIED),
        disputed(2_100, 100, 200),
        verdict("PAY_SELLER", "DELIVERY_CONFORMING", _COMPLETE),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(refund_minor=0, payout_minor=1_800, platform_minor=300),),
    effects=(
        *opening(),
        mediation(),
        *closing("PAY_SELLER"),
        payout(1_800),
        resolved("PAY_SELLER", "DELIVERY_CONFORMING", _COMPLETE, refund=0, payout=1_800),
    ),
    settlements=(paid(1_800),),
)

_OTHER_WORK = "What was delivered is the work of another order."
HANDOVER: Final = Scenario(
    name="handover",
    title="a handover to another mediator",
    story="Marc takes over from Lea. His verdict arrives before the news of it, and waits for it.",
    steps=(
        disputed(7_350, 350, 700),
        assigned(LEA),
        verdict(
            "FULL_REFUND",
            "ORDER_NOT_CONFORMING",
            _OTHER_WORK,
            mediator=MARC,
            outcome=Outcome.DEFERRED,
            later=Outcome.APPLIED,
        ),
        assigned(MARC, name="handover", hour=40),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(mediator=MARC, refund_minor=7_350, payout_minor=0, platform_minor=0),),
    effects=(
        *opening(),
        mediation(LEA),
        mediation(MARC, replaced=LEA, cause="handover"),
        *closing("FULL_REFUND"),
        refund(7_350),
        resolved("FULL_REFUND", "ORDER_NOT_CONFORMING", _OTHER_WORK, refund=7_350, payout=0),
    ),
    settlements=(refunded(7_350),),
)

_TRY_AGAIN = "The brief could be read in two ways; the seller now knows which was meant."
_STILL_PARTLY = "The second delivery has one of the four parts."
RELAUNCH_TWICE: Final = Scenario(
    name="relaunch-twice",
    title="a relaunch, then a second dispute on the same order",
    story="The relaunched work is disputed again, and this time three quarters are refunded.",
    steps=(
        disputed(21_000, 1_000, 2_000),
        assigned(),
        verdict("RELAUNCH", "MISUNDERSTANDING", _TRY_AGAIN),
        disputed(21_000, 1_000, 2_000, name="opened 2", dispute=2, hour=60),
        assigned(MARC, name="assigned 2", dispute=2, hour=61),
        verdict(
            "PARTIAL_REFUND",
            "WORK_PARTLY_CONFORMING",
            _STILL_PARTLY,
            name="verdict 2",
            mediator=MARC,
            refund=15_000,
            dispute=2,
            hour=70,
        ),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(
        Ending(refund_minor=0, payout_minor=0, platform_minor=0),
        Ending(
            opened="opened 2",
            assigned="assigned 2",
            mediator=MARC,
            decided="verdict 2",
            refund_minor=15_000,
            payout_minor=4_500,
            platform_minor=1_500,
        ),
    ),
    effects=(
        *opening(),
        mediation(),
        *relaunching(),
        resolved("RELAUNCH", "MISUNDERSTANDING", _TRY_AGAIN, refund=0, payout=0),
        *opening("opened 2", dispute=2),
        mediation(MARC, cause="assigned 2", dispute=2),
        *closing("PARTIAL_REFUND", cause="verdict 2", dispute=2),
        refund(15_000, cause="verdict 2", dispute=2),
        payout(4_500, cause="verdict 2", dispute=2),
        resolved(
            "PARTIAL_REFUND",
            "WORK_PARTLY_CONFORMING",
            _STILL_PARTLY,
            refund=15_000,
            payout=4_500,
            cause="verdict 2",
            dispute=2,
        ),
    ),
    settlements=(
        refunded(15_000, cause="verdict 2", dispute=2),
        paid(4_500, cause="verdict 2", dispute=2),
    ),
)

_GO_ON = "A message was lost between the two; nothing is wrong with the work so far."
_DONE = "The finished work is what was agreed in the first mediation."
EARLY_SECOND: Final = Scenario(
    name="early-second",
    title="a second dispute arrives before the first is decided",
    story="An order has one unresolved dispute at most: the second waits for the first verdict.",
    steps=(
        disputed(6_300, 300, 600),
        assigned(),
        disputed(
            6_300,
            300,
            600,
            name="opened 2",
            by="SELLER",
            dispute=2,
            hour=60,
            outcome=Outcome.DEFERRED,
            later=Outcome.APPLIED,
        ),
        verdict("RELAUNCH", "MISUNDERSTANDING", _GO_ON),
        assigned(name="assigned 2", dispute=2, hour=61),
        verdict("PAY_SELLER", "DELIVERY_CONFORMING", _DONE, name="verdict 2", dispute=2, hour=70),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(
        Ending(refund_minor=0, payout_minor=0, platform_minor=0),
        Ending(
            opened="opened 2",
            assigned="assigned 2",
            decided="verdict 2",
            refund_minor=0,
            payout_minor=5_400,
            platform_minor=900,
        ),
    ),
    effects=(
        *opening(),
        mediation(),
        *relaunching(),
        resolved("RELAUNCH", "MISUNDERSTANDING", _GO_ON, refund=0, payout=0),
        *opening("opened 2", dispute=2),
        mediation(cause="assigned 2", dispute=2),
        *closing("PAY_SELLER", cause="verdict 2", dispute=2),
        payout(5_400, cause="verdict 2", dispute=2),
        resolved(
            "PAY_SELLER",
            "DELIVERY_CONFORMING",
            _DONE,
            refund=0,
            payout=5_400,
            cause="verdict 2",
            dispute=2,
        ),
    ),
    settlements=(paid(5_400, cause="verdict 2", dispute=2),),
)

SCENARIOS: Final = (
    DUPLICATES,
    VERDICT_FIRST,
    ASSIGNED_FIRST,
    HANDOVER,
    RELAUNCH_TWICE,
    EARLY_SECOND,
)
