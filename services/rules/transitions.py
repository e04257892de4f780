"""What an applied event does to the case: the four moves of the transition table.

Rule: a move is only ever made from its cell of the table, whose guards have already passed. It
composes what orders, chat, reviews and payments each own, and its effects come in one fixed order.
"""

from dataclasses import replace

from schemas.effects import DisputeResolved, MediationOpened
from schemas.events import EvidenceKind, MediatorAssigned, OrderDisputed, VerdictIssued
from services.rules import chat, orders, payments, reviews
from services.rules.case import Dispute, DisputeState, Resolution, Terms
from services.rules.change import Change
from services.rules.payments import Split


def open_dispute(change: Change[OrderDisputed]) -> None:
    """A new dispute: the order is frozen and its chat locked (rules 1 and 2)."""
    event = change.event
    change.put(
        Dispute(
            dispute_id=event.dispute_id,
            state=DisputeState.OPEN,
            opened_by=event.opened_by,
            buyer_id=event.buyer_id,
            seller_id=event.seller_id,
            terms=Terms(
                currency=event.currency,
                captured_minor=event.captured_minor,
                fees_minor=event.fees_minor,
                commission_minor=event.commission_minor,
            ),
            opened_at=event.occurred_at,
            opened_by_event_id=event.event_id,
        )
    )
    orders.freeze(change)
    chat.lock(change)


def put_in_charge(change: Change[MediatorAssigned]) -> None:
    """This mediator takes the dispute, from another one if there was one (rules 3 and 4).

    The moment of the first assignment stays through every handover.
    """
    event, dispute = change.event, change.dispute
    change.put(
        replace(
            dispute,
            state=DisputeState.IN_MEDIATION,
            mediator_id=event.mediator_id,
            assigned_at=dispute.assigned_at or event.occurred_at,
        )
    )
    change.emit(
        MediationOpened(
            **change.stamp(MediationOpened.topic),
            mediator_id=event.mediator_id,
            replaced_mediator_id=dispute.mediator_id,
            buyer_id=dispute.buyer_id,
            seller_id=dispute.seller_id,
        )
    )


def relaunch(change: Change[VerdictIssued]) -> None:
    """The order goes on where it was: reactivated, chat unlocked, escrow untouched (rule 9)."""
    shares = _shares(change)
    _resolve(change, shares)
    orders.reactivate(change)
    chat.unlock(change)
    _announce(change, shares)


def close(change: Change[VerdictIssued]) -> None:
    """The order is over, can never be reviewed, and the escrow is paid out (rules 7 to 14)."""
    shares = _shares(change)
    _resolve(change, shares)
    orders.close(change)
    reviews.block(change)
    payments.settle(change, shares)
    _announce(change, shares)


def _shares(change: Change[VerdictIssued]) -> Split:
    event = change.event
    return payments.split(event.decision, change.dispute.terms, event.refund_minor)


def _resolve(change: Change[VerdictIssued], shares: Split) -> None:
    event = change.event
    resolution = Resolution(
        event_id=event.event_id,
        mediator_id=event.mediator_id,
        decision=event.decision,
        ground=event.ground,
        reasons=event.reasons,
        resolved_at=event.occurred_at,
        refund_minor=shares.refund_minor,
        payout_minor=shares.payout_minor,
        platform_minor=shares.platform_minor,
        set_aside=tuple(e for e in event.evidence if e.kind is EvidenceKind.OFF_PLATFORM),
    )
    change.put(replace(change.dispute, state=DisputeState.RESOLVED, resolution=resolution))


def _announce(change: Change[VerdictIssued], shares: Split) -> None:
    """Tell both parties the decision and its reasons (rule 12), after all that it brings about."""
    event, dispute = change.event, change.dispute
    change.emit(
        DisputeResolved(
            **change.stamp(DisputeResolved.topic),
            decision=event.decision,
            ground=event.ground,
            reasons=event.reasons,
            refund_minor=shares.refund_minor,
            payout_minor=shares.payout_minor,
            currency=dispute.terms.currency,
            buyer_id=dispute.buyer_id,
            seller_id=dispute.seller_id,
        )
    )
