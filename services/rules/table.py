"""The transition table of docs/rules.md, as data: 7 standings × 3 events.

Rule: what an event comes to is written here and nowhere else. Tests walk every cell, and the
diagram and the table in the documentation are generated from it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas.events import MediatorAssigned, OrderDisputed
from schemas.reasons import Reason
from services.rules import transitions
from services.rules.case import DisputeState
from services.rules.guards import FROM_ANOTHER, OUT_OF_RANGE, PARTY, RELAUNCHES, SAME_MEDIATOR
from services.rules.line import Line, Move, Row, applied, deferred, ignored, rejected
from services.rules.outcome import Waiting
from services.rules.standing import Standing

# --- moves ----------------------------------------------------------------------------------------

OPENED: Final = Move("freeze the order, lock its chat", DisputeState.OPEN, transitions.open_dispute)
ASSIGNED: Final = Move("the mediation opens", DisputeState.IN_MEDIATION, transitions.put_in_charge)
HANDED_OVER: Final = Move("a handover", DisputeState.IN_MEDIATION, transitions.put_in_charge)
RELAUNCHED: Final = Move(
    "reactivate the order, unlock its chat", DisputeState.RESOLVED, transitions.relaunch
)
CLOSED: Final = Move(
    "close the order, block its reviews, pay", DisputeState.RESOLVED, transitions.close
)

# --- lines that several cells share ---------------------------------------------------------------

BELONGS_ELSEWHERE: Final[Line[Any]] = rejected(
    Reason.DISPUTE_CONFLICT,
    "Dispute {event.dispute_id} already belongs to another order, and a dispute belongs to one "
    "order for ever. Send the event again with the right order, or with a dispute id of its own.",
)
ORDER_CLOSED: Final[Line[Any]] = rejected(
    Reason.ORDER_CLOSED,
    "Mediation closed order {event.order_id} for good; no dispute of it, {event.dispute_id} "
    "included, can be opened, mediated or decided any more.",
)
NOT_OPENED_YET: Final[Line[Any]] = deferred(
    Waiting.DISPUTE,
    "Dispute {event.dispute_id} is not known yet; the event waits until it is opened.",
)
OPENED_AGAIN: Final[Line[OrderDisputed]] = rejected(
    Reason.DISPUTE_CONFLICT,
    "Dispute {event.dispute_id} was already opened, by event {before.dispute.opened_by_event_id}. "
    "A new dispute needs an id of its own.",
)
NOT_NEUTRAL: Final[Line[MediatorAssigned]] = rejected(
    Reason.MEDIATOR_NOT_NEUTRAL,
    "{event.mediator_id} is a party to dispute {event.dispute_id} and cannot mediate it. Assign "
    "someone who is neither its buyer nor its seller.",
    when=PARTY,
)

# --- the table ------------------------------------------------------------------------------------

TABLE: Final[Mapping[Standing, Row]] = MappingProxyType(
    {
        Standing.UNDISPUTED: Row(
            order_disputed=(
                applied(
                    OPENED,
                    "Dispute {event.dispute_id} is open: order {event.order_id} is frozen and its "
                    "chat is locked until a mediator decides.",
                ),
            ),
            mediator_assigned=(NOT_OPENED_YET,),
            verdict_issued=(NOT_OPENED_YET,),
        ),
        Standing.OTHER_UNRESOLVED: Row(
            order_disputed=(
                deferred(
                    Waiting.RESOLUTION,
                    "Dispute {before.case.unresolved.dispute_id} of order {event.order_id} has no "
                    "verdict yet; dispute {event.dispute_id} waits for it.",
                ),
            ),
            mediator_assigned=(NOT_OPENED_YET,),
            verdict_issued=(NOT_OPENED_YET,),
        ),
        Standing.CLOSED: Row(
            order_disputed=(ORDER_CLOSED,),
            mediator_assigned=(ORDER_CLOSED,),
            verdict_issued=(ORDER_CLOSED,),
        ),
        Standing.OPEN: Row(
            order_disputed=(OPENED_AGAIN,),
            mediator_assigned=(
                NOT_NEUTRAL,
                applied(
                    ASSIGNED,
                    "{event.mediator_id} mediates dispute {event.dispute_id} and may read all of "
                    "order {event.order_id}.",
                ),
            ),
            verdict_issued=(
                deferred(
                    Waiting.MEDIATOR,
                    "Dispute {event.dispute_id} has no mediator yet; the verdict of "
                    "{event.mediator_id} waits for the assignment.",
                ),
            ),
        ),
        Standing.IN_MEDIATION: Row(
            order_disputed=(OPENED_AGAIN,),
            mediator_assigned=(
                ignored(
                    "{event.mediator_id} already mediates dispute {event.dispute_id}; nothing "
                    "changes.",
                    when=SAME_MEDIATOR,
                ),
                NOT_NEUTRAL,
                applied(
                    HANDED_OVER,
                    "{event.mediator_id} takes dispute {event.dispute_id} over from "
                    "{before.dispute.mediator_id}.",
                ),
            ),
            verdict_issued=(
                deferred(
                    Waiting.HANDOVER,
                    "{before.dispute.mediator_id} mediates dispute {event.dispute_id}, and the "
                    "verdict is from {event.mediator_id}; it waits for a handover to them.",
                    when=FROM_ANOTHER,
                ),
                rejected(
                    Reason.REFUND_OUT_OF_RANGE,
                    "A partial refund on dispute {event.dispute_id} must be above 0 and below the "
                    "price of {before.dispute.terms.price_minor}, and the verdict says "
                    "{event.refund_minor} (minor units of {before.dispute.terms.currency}). Issue "
                    "the verdict again with such an amount, or with another decision.",
                    when=OUT_OF_RANGE,
                ),
                applied(
                    RELAUNCHED,
                    "{event.mediator_id} found a misunderstanding in dispute {event.dispute_id}: "
                    "order {event.order_id} goes on, its chat is unlocked and the money stays in "
                    "escrow.",
                    when=RELAUNCHES,
                ),
                applied(
                    CLOSED,
                    "{event.mediator_id} decided {event.decision} on dispute {event.dispute_id}: "
                    "order {event.order_id} is closed and can never be reviewed. Of "
                    "{now.dispute.terms.captured_minor} captured, the buyer gets "
                    "{now.dispute.resolution.refund_minor}, the seller "
                    "{now.dispute.resolution.payout_minor} and the platform keeps "
                    "{now.dispute.resolution.platform_minor} (minor units of "
                    "{now.dispute.terms.currency}).",
                ),
            ),
        ),
        Standing.RESOLVED: Row(
            order_disputed=(OPENED_AGAIN,),
            mediator_assigned=(
                rejected(
                    Reason.DISPUTE_RESOLVED,
                    "Dispute {event.dispute_id} already has its verdict, so it needs no mediator.",
                ),
            ),
            verdict_issued=(
                rejected(
                    Reason.VERDICT_FINAL,
                    "Dispute {event.dispute_id} was decided by {before.dispute.mediator_id}: "
                    "{before.dispute.resolution.decision}. A verdict is firm and final; this one "
                    "({event.decision}) changes nothing.",
                ),
            ),
        ),
        Standing.ELSEWHERE: Row(
            order_disputed=(BELONGS_ELSEWHERE,),
            mediator_assigned=(BELONGS_ELSEWHERE,),
            verdict_issued=(BELONGS_ELSEWHERE,),
        ),
    }
)
