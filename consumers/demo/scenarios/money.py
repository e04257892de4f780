"""The four verdicts, and what each does with the money (rules 7 to 11)."""

from typing import Final

from consumers.demo.script import (
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
from consumers.demo.story import LEA, MARC, Ending, Restrictions, Scenario

_NOT_ORDERED = "The logo does not follow the brief: two colours were ordered, seven delivered."
FULL_REFUND: Final = Scenario(
    name="full-refund",
    title="a full refund",
    story="The seller broke the terms. The buyer gets everything back, the fees included.",
    steps=(
        disputed(12_600, 600, 1_200),
        assigned(),
        verdict(
            "FULL_REFUND", "TERMS_BREACHED", _NOT_ORDERED, evidence=[("MESSAGE", "message-41")]
        ),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(refund_minor=12_600, payout_minor=0, platform_minor=0),),
    effects=(
        *opening(),
        mediation(),
        *closing("FULL_REFUND"),
        refund(12_600),
        resolved("FULL_REFUND", "TERMS_BREACHED", _NOT_ORDERED, refund=12_600, payout=0),
    ),
    settlements=(refunded(12_600),),
)

_HALF_DONE = "Half of the translation is good and can be used; the other half is missing."
HALF_DOWN: Final = Scenario(
    name="half-down",
    title="a partial refund, rounded down to the even cent",
    story=(
        "Half of the work conforms. The commission of 10.01 shrinks with the price to 5.005, and "
        "a half goes to the even cent: 5.00."
    ),
    steps=(
        disputed(10_500, 500, 1_001),
        assigned(),
        verdict("PARTIAL_REFUND", "WORK_PARTLY_CONFORMING", _HALF_DONE, refund=5_000),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(refund_minor=5_000, payout_minor=4_500, platform_minor=1_000),),
    effects=(
        *opening(),
        mediation(),
        *closing("PARTIAL_REFUND"),
        refund(5_000),
        payout(4_500),
        resolved(
            "PARTIAL_REFUND", "WORK_PARTLY_CONFORMING", _HALF_DONE, refund=5_000, payout=4_500
        ),
    ),
    settlements=(refunded(5_000), paid(4_500)),
)

_AGREED = "Both agreed in the mediation to share the price in two."
HALF_UP: Final = Scenario(
    name="half-up",
    title="a partial refund, rounded up to the even cent",
    story=(
        "The parties agreed to share. The commission of 10.03 shrinks to 5.015, and a half goes "
        "to the even cent: 5.02."
    ),
    steps=(
        disputed(10_500, 500, 1_003, by="SELLER"),
        assigned(MARC),
        verdict("PARTIAL_REFUND", "PARTIES_AGREED", _AGREED, mediator=MARC, refund=5_000),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(mediator=MARC, refund_minor=5_000, payout_minor=4_498, platform_minor=1_002),),
    effects=(
        *opening(),
        mediation(MARC),
        *closing("PARTIAL_REFUND"),
        refund(5_000),
        payout(4_498),
        resolved("PARTIAL_REFUND", "PARTIES_AGREED", _AGREED, refund=5_000, payout=4_498),
    ),
    settlements=(refunded(5_000), paid(4_498)),
)

_MISUNDERSTOOD = "Both meant the same sketch by different names; the seller can finish the work."
RELAUNCH: Final = Scenario(
    name="relaunch",
    title="a relaunch",
    story="A misunderstanding. The order goes on, the money stays in escrow, nothing is closed.",
    steps=(
        disputed(5_250, 250, 500),
        assigned(),
        verdict("RELAUNCH", "MISUNDERSTANDING", _MISUNDERSTOOD),
    ),
    restrictions=Restrictions.NONE,
    disputes=(Ending(refund_minor=0, payout_minor=0, platform_minor=0),),
    effects=(
        *opening(),
        mediation(),
        *relaunching(),
        resolved("RELAUNCH", "MISUNDERSTANDING", _MISUNDERSTOOD, refund=0, payout=0),
    ),
)

_CONFORMING = "The delivery is what the brief asks for, page by page."
PAY_SELLER: Final = Scenario(
    name="pay-seller",
    title="the seller is paid, in a currency without cents",
    story="The delivery conforms to the brief. The seller gets the price less the commission.",
    steps=(
        disputed(8_400, 400, 800, currency="JPY", by="PLATFORM"),
        assigned(),
        verdict(
            "PAY_SELLER",
            "DELIVERY_CONFORMING",
            _CONFORMING,
            evidence=[("DELIVERY", "delivery-2"), ("SERVICE_TEXT", "service-9")],
        ),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(mediator=LEA, refund_minor=0, payout_minor=7_200, platform_minor=1_200),),
    effects=(
        *opening(),
        mediation(),
        *closing("PAY_SELLER"),
        payout(7_200, "JPY"),
        resolved(
            "PAY_SELLER",
            "DELIVERY_CONFORMING",
            _CONFORMING,
            refund=0,
            payout=7_200,
            currency="JPY",
        ),
    ),
    settlements=(paid(7_200, "JPY"),),
)

SCENARIOS: Final = (FULL_REFUND, HALF_DOWN, HALF_UP, RELAUNCH, PAY_SELLER)
