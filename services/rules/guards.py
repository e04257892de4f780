"""The conditions on the lines of the transition table.

Rule: a guard reads the case and the event, says its condition in words, and changes nothing.
"""

from typing import Final

from schemas.events import MediatorAssigned, VerdictDecision, VerdictIssued
from services.rules.change import Change
from services.rules.line import Guard
from services.rules.payments import refund_in_range


def _is_a_party(change: Change[MediatorAssigned]) -> bool:
    return change.event.mediator_id in {change.dispute.buyer_id, change.dispute.seller_id}


def _same_mediator(change: Change[MediatorAssigned]) -> bool:
    return change.event.mediator_id == change.dispute.mediator_id


def _from_another(change: Change[VerdictIssued]) -> bool:
    return change.event.mediator_id != change.dispute.mediator_id


def _refund_out_of_range(change: Change[VerdictIssued]) -> bool:
    event = change.event
    return event.decision is VerdictDecision.PARTIAL_REFUND and not refund_in_range(
        change.dispute.terms, event.refund_minor
    )


def _relaunches(change: Change[VerdictIssued]) -> bool:
    return change.event.decision is VerdictDecision.RELAUNCH


PARTY: Final = Guard("the mediator is the buyer or the seller", _is_a_party)
SAME_MEDIATOR: Final = Guard("that mediator is in charge already", _same_mediator)
FROM_ANOTHER: Final = Guard("another mediator is in charge", _from_another)
OUT_OF_RANGE: Final = Guard(
    "it is a partial refund outside 0 < refund < price", _refund_out_of_range
)
RELAUNCHES: Final = Guard("it is a relaunch", _relaunches)
