"""What is refused, and kept as a dead letter, while the order itself goes on to its end."""

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
    resolved,
    verdict,
)
from consumers.demo.story import MARC, SELLER, Ending, Form, Restrictions, Scenario
from schemas.reasons import Reason
from services.rules.outcome import Outcome

_EMPTY = "The archive that was delivered is empty."
SECOND_VERDICT: Final = Scenario(
    name="second-verdict",
    title="a conflicting second verdict",
    story=(
        "The first verdict is firm and final. A new mediator, another verdict and a new dispute "
        "all come too late, and change nothing."
    ),
    steps=(
        disputed(9_450, 450, 900),
        assigned(),
        verdict("FULL_REFUND", "ORDER_NOT_CONFORMING", _EMPTY),
        assigned(
            MARC,
            name="late mediator",
            hour=51,
            outcome=Outcome.REJECTED,
            reason=Reason.DISPUTE_RESOLVED,
        ),
        verdict(
            "PAY_SELLER",
            "DELIVERY_CONFORMING",
            "On second thought, the work is good.",
            name="second verdict",
            hour=52,
            outcome=Outcome.REJECTED,
            reason=Reason.VERDICT_FINAL,
        ),
        disputed(
            9_450,
            450,
            900,
            name="new dispute",
            dispute=2,
            hour=53,
            outcome=Outcome.REJECTED,
            reason=Reason.ORDER_CLOSED,
        ),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(refund_minor=9_450, payout_minor=0, platform_minor=0),),
    effects=(
        *opening(),
        mediation(),
        *closing("FULL_REFUND"),
        refund(9_450),
        resolved("FULL_REFUND", "ORDER_NOT_CONFORMING", _EMPTY, refund=9_450, payout=0),
    ),
    settlements=(refunded(9_450),),
)

_READABLE = "The article was delivered in time and can be read."
PARTY_MEDIATES: Final = Scenario(
    name="party-mediates",
    title="a mediator who is a party",
    story="The seller cannot mediate their own dispute. Someone neutral is assigned instead.",
    steps=(
        disputed(3_150, 150, 300),
        assigned(
            SELLER,
            name="own judge",
            hour=29,
            outcome=Outcome.REJECTED,
            reason=Reason.MEDIATOR_NOT_NEUTRAL,
        ),
        assigned(),
        verdict("PAY_SELLER", "DELIVERY_CONFORMING", _READABLE),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(refund_minor=0, payout_minor=2_700, platform_minor=450),),
    effects=(
        *opening(),
        mediation(),
        *closing("PAY_SELLER"),
        payout(2_700),
        resolved("PAY_SELLER", "DELIVERY_CONFORMING", _READABLE, refund=0, payout=2_700),
    ),
    settlements=(paid(2_700),),
)

_BROKEN_FILE = "The file that was delivered cannot be opened."
CUT_MESSAGE: Final = Scenario(
    name="cut-message",
    title="a message that cannot be decoded",
    story="A verdict arrives cut in two and is kept as it is; the next one is handled as usual.",
    steps=(
        disputed(1_050, 50, 100),
        assigned(),
        verdict(
            "FULL_REFUND",
            "PROCESS_BREACHED",
            _BROKEN_FILE,
            name="cut verdict",
            form=Form.CUT,
            outcome=Outcome.REJECTED,
            reason=Reason.UNDECODABLE,
        ),
        verdict("FULL_REFUND", "PROCESS_BREACHED", _BROKEN_FILE),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(refund_minor=1_050, payout_minor=0, platform_minor=0),),
    effects=(
        *opening(),
        mediation(),
        *closing("FULL_REFUND"),
        refund(1_050),
        resolved("FULL_REFUND", "PROCESS_BREACHED", _BROKEN_FILE, refund=1_050, payout=0),
    ),
    settlements=(refunded(1_050),),
)

WRONG_GROUND: Final = Scenario(
    name="wrong-ground",
    title="a ground that does not support the decision",
    story="Nobody is paid because an order does not conform. The dispute stays in mediation.",
    steps=(
        disputed(5_250, 250, 500),
        assigned(),
        verdict(
            "PAY_SELLER",
            "ORDER_NOT_CONFORMING",
            "The seller shall have the money all the same.",
            outcome=Outcome.REJECTED,
            reason=Reason.GROUND_MISMATCH,
        ),
    ),
    restrictions=Restrictions.DISPUTED,
    disputes=(
        Ending(
            state="IN_MEDIATION",
            decided=None,
            refund_minor=None,
            payout_minor=None,
            platform_minor=None,
        ),
    ),
    effects=(*opening(), mediation()),
)

_TOO_LATE = "The delivery came late and is worth four tenths of the price."
REFUND_TOO_HIGH: Final = Scenario(
    name="refund-too-high",
    title="a partial refund out of range",
    story="The whole price is no part of it: refused. With 60.00 of 100.00 the verdict stands.",
    steps=(
        disputed(10_500, 500, 1_000),
        assigned(),
        verdict(
            "PARTIAL_REFUND",
            "WORK_PARTLY_CONFORMING",
            _TOO_LATE,
            name="too much",
            hour=49,
            refund=10_000,
            outcome=Outcome.REJECTED,
            reason=Reason.REFUND_OUT_OF_RANGE,
        ),
        verdict("PARTIAL_REFUND", "WORK_PARTLY_CONFORMING", _TOO_LATE, refund=6_000),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(refund_minor=6_000, payout_minor=3_600, platform_minor=900),),
    effects=(
        *opening(),
        mediation(),
        *closing("PARTIAL_REFUND"),
        refund(6_000),
        payout(3_600),
        resolved("PARTIAL_REFUND", "WORK_PARTLY_CONFORMING", _TOO_LATE, refund=6_000, payout=3_600),
    ),
    settlements=(refunded(6_000), paid(3_600)),
)

_GOOD = "The recording is complete and of the agreed quality."
REUSED_ID: Final = Scenario(
    name="reused-id",
    title="an event id used twice",
    story="Another assignment under the id of the first: refused, and the first mediator decides.",
    steps=(
        disputed(2_100, 100, 200),
        assigned(),
        assigned(
            MARC,
            name="same id",
            id_of="assigned",
            outcome=Outcome.REJECTED,
            reason=Reason.EVENT_ID_REUSED,
        ),
        verdict("PAY_SELLER", "DELIVERY_CONFORMING", _GOOD),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(refund_minor=0, payout_minor=1_800, platform_minor=300),),
    effects=(
        *opening(),
        mediation(),
        *closing("PAY_SELLER"),
        payout(1_800),
        resolved("PAY_SELLER", "DELIVERY_CONFORMING", _GOOD, refund=0, payout=1_800),
    ),
    settlements=(paid(1_800),),
)

SCENARIOS: Final = (
    SECOND_VERDICT,
    PARTY_MEDIATES,
    CUT_MESSAGE,
    WRONG_GROUND,
    REFUND_TOO_HIGH,
    REUSED_ID,
)
