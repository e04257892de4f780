"""Evidence from outside the platform: set aside, or the end of a verdict (rule 6)."""

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
from consumers.demo.story import Ending, Restrictions, Scenario
from schemas.reasons import Reason
from services.rules.outcome import Outcome

_PAID_ASIDE = "The seller asked for more money before delivering; message 118 shows it."
SOME_OFF_PLATFORM: Final = Scenario(
    name="some-off-platform",
    title="some of the evidence comes from elsewhere",
    story="Only exchanges on the platform count: the screenshot is set aside, the message decides.",
    steps=(
        disputed(4_200, 200, 400),
        assigned(),
        verdict(
            "FULL_REFUND",
            "TERMS_BREACHED",
            _PAID_ASIDE,
            evidence=[
                ("OFF_PLATFORM", "a screenshot of another messenger"),
                ("MESSAGE", "message-118"),
            ],
        ),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(
        Ending(
            refund_minor=4_200,
            payout_minor=0,
            platform_minor=0,
            set_aside=(("OFF_PLATFORM", "a screenshot of another messenger"),),
        ),
    ),
    effects=(
        *opening(),
        mediation(),
        *closing("FULL_REFUND"),
        refund(4_200),
        resolved("FULL_REFUND", "TERMS_BREACHED", _PAID_ASIDE, refund=4_200, payout=0),
    ),
    settlements=(refunded(4_200),),
)

_FIVE_OF_EIGHT = "Five of the eight drawings were delivered here, as delivery 3 shows."
ALL_OFF_PLATFORM: Final = Scenario(
    name="all-off-platform",
    title="all of the evidence comes from elsewhere",
    story="Such a verdict is refused. Issued again on evidence from the platform, it stands.",
    steps=(
        disputed(8_400, 400, 800),
        assigned(),
        verdict(
            "FULL_REFUND",
            "ORDER_NOT_CONFORMING",
            "They said so on the telephone.",
            name="hearsay",
            hour=49,
            evidence=[("OFF_PLATFORM", "a telephone call"), ("OFF_PLATFORM", "an e-mail")],
            outcome=Outcome.REJECTED,
            reason=Reason.OFF_PLATFORM_EVIDENCE,
        ),
        verdict(
            "PARTIAL_REFUND",
            "WORK_PARTLY_CONFORMING",
            _FIVE_OF_EIGHT,
            refund=3_000,
            evidence=[("DELIVERY", "delivery-3")],
        ),
    ),
    restrictions=Restrictions.CLOSED,
    disputes=(Ending(refund_minor=3_000, payout_minor=4_500, platform_minor=900),),
    effects=(
        *opening(),
        mediation(),
        *closing("PARTIAL_REFUND"),
        refund(3_000),
        payout(4_500),
        resolved(
            "PARTIAL_REFUND", "WORK_PARTLY_CONFORMING", _FIVE_OF_EIGHT, refund=3_000, payout=4_500
        ),
    ),
    settlements=(refunded(3_000), paid(4_500)),
)

SCENARIOS: Final = (SOME_OFF_PLATFORM, ALL_OFF_PLATFORM)
