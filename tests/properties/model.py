"""What each event must come to: the tables of docs/rules.md once more, in another shape.

Rule: nothing here imports `services.rules`. The model remembers what was applied and knows nothing
of cases, changes or tables; where it and the rules differ, one of them is wrong.
"""

from dataclasses import dataclass, field

from schemas.events import (
    Event,
    EvidenceKind,
    Ground,
    MediatorAssigned,
    OrderDisputed,
    VerdictDecision,
    VerdictIssued,
)
from tests.properties.money import shares

D, G = VerdictDecision, Ground
SUPPORTED = {
    (D.FULL_REFUND, G.ORDER_NOT_CONFORMING),
    (D.FULL_REFUND, G.TERMS_BREACHED),
    (D.FULL_REFUND, G.PROCESS_BREACHED),
    (D.PARTIAL_REFUND, G.WORK_PARTLY_CONFORMING),
    (D.PARTIAL_REFUND, G.PARTIES_AGREED),
    (D.RELAUNCH, G.MISUNDERSTANDING),
    (D.PAY_SELLER, G.DELIVERY_CONFORMING),
}
BLANKS = {"", " \u200b\u3164"}
"""The reasons that are drawn and show nothing."""


@dataclass
class Remembered:
    """A dispute as it was opened, its mediators in turn, and the verdict that stands."""

    opening: OrderDisputed
    mediators: list[str] = field(default_factory=list)
    verdict: VerdictIssued | None = None


@dataclass
class Model:
    """All that was applied so far, by dispute."""

    disputes: dict[str, Remembered] = field(default_factory=dict)

    def expected(self, event: Event) -> tuple[str, ...]:
        """The outcome; then the reason, what is waited for, or the topics of the effects."""
        if wrong := wrong_by_itself(event):
            return "rejected", wrong
        known = self.disputes.get(event.dispute_id)
        if known is None:
            return self._of_an_unknown_dispute(event)
        if known.opening.order_id != event.order_id or isinstance(event, OrderDisputed):
            return "rejected", "dispute_conflict"
        if isinstance(event, MediatorAssigned):
            return _of_an_assignment(known, event)
        return _of_a_verdict(known, event)

    def apply(self, event: Event) -> None:
        """Remember an event that was applied."""
        match event:
            case OrderDisputed():
                self.disputes[event.dispute_id] = Remembered(event)
            case MediatorAssigned():
                self.disputes[event.dispute_id].mediators.append(event.mediator_id)
            case VerdictIssued():
                self.disputes[event.dispute_id].verdict = event

    def of(self, order_id: str) -> list[Remembered]:
        """The disputes of an order, oldest first."""
        return [each for each in self.disputes.values() if each.opening.order_id == order_id]

    def unresolved(self, order_id: str) -> Remembered | None:
        """The dispute of this order that has no verdict."""
        return next((each for each in self.of(order_id) if each.verdict is None), None)

    def closed(self, order_id: str) -> bool:
        """Whether a verdict other than a relaunch was applied to this order."""
        verdicts = [each.verdict for each in self.of(order_id) if each.verdict is not None]
        return any(verdict.decision is not D.RELAUNCH for verdict in verdicts)

    def _of_an_unknown_dispute(self, event: Event) -> tuple[str, ...]:
        if self.closed(event.order_id):
            return "rejected", "order_closed"
        if not isinstance(event, OrderDisputed):
            return "deferred", "dispute"
        if self.unresolved(event.order_id):
            return "deferred", "resolution"
        return "applied", "order.frozen", "chat.locked"


def wrong_by_itself(event: Event) -> str | None:
    """The reason code of an event that no case could make right."""
    match event:
        case OrderDisputed():
            spent = event.fees_minor + event.commission_minor
            return "amounts_inconsistent" if spent > event.captured_minor else None
        case VerdictIssued():
            return _wrong_verdict(event)
        case _:
            return None


def _wrong_verdict(event: VerdictIssued) -> str | None:
    partial = event.decision is D.PARTIAL_REFUND
    outside = [piece for piece in event.evidence if piece.kind is EvidenceKind.OFF_PLATFORM]
    wrongs = {
        "unknown_decision": event.decision is D.UNKNOWN,
        "unknown_ground": event.ground is G.UNKNOWN,
        "ground_mismatch": (event.decision, event.ground) not in SUPPORTED,
        "reasons_blank": event.reasons in BLANKS,
        "refund_missing": partial and event.refund_minor is None,
        "refund_unexpected": not partial and event.refund_minor is not None,
        "off_platform_evidence": len(event.evidence) == len(outside) > 0,
    }
    return next((reason for reason, holds in wrongs.items() if holds), None)


def _of_an_assignment(known: Remembered, event: MediatorAssigned) -> tuple[str, ...]:
    if known.verdict is not None:
        return "rejected", "dispute_resolved"
    if known.mediators[-1:] == [event.mediator_id]:
        return ("ignored",)
    if event.mediator_id in {known.opening.buyer_id, known.opening.seller_id}:
        return "rejected", "mediator_not_neutral"
    return "applied", "mediation.opened"


def _of_a_verdict(known: Remembered, event: VerdictIssued) -> tuple[str, ...]:
    if known.verdict is not None:
        return "rejected", "verdict_final"
    if not known.mediators:
        return "deferred", "mediator"
    if known.mediators[-1] != event.mediator_id:
        return "deferred", "handover"
    if event.decision is D.RELAUNCH:
        return "applied", "order.reactivated", "chat.unlocked", "dispute.resolved"
    price = known.opening.captured_minor - known.opening.fees_minor
    if event.decision is D.PARTIAL_REFUND and event.refund_minor not in range(1, price):
        return "rejected", "refund_out_of_range"
    refund, payout, _ = shares(known.opening, event)
    return (
        "applied",
        "order.closed",
        "review.blocked",
        *(["refund.requested"] if refund else []),
        *(["payout.requested"] if payout else []),
        "dispute.resolved",
    )
