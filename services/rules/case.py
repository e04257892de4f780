"""What is remembered of an order in dispute.

Rule: these are values. Nothing here changes in place; a decision makes a new case.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.events import Evidence, Ground, OpenedBy, VerdictDecision
from schemas.values import quick


class DisputeState(StrEnum):
    """How far a dispute has come (docs/rules.md); it only ever moves downwards in this list."""

    OPEN = "OPEN"
    IN_MEDIATION = "IN_MEDIATION"
    RESOLVED = "RESOLVED"


@quick
@dataclass(frozen=True, slots=True)
class Terms:
    """The money held in escrow for an order, in minor units of one currency (docs/rules.md)."""

    currency: str
    captured_minor: int
    fees_minor: int
    commission_minor: int

    @property
    def price_minor(self) -> int:
        """The price of the work itself: what was captured, less the buyer's fees."""
        return self.captured_minor - self.fees_minor


@quick
@dataclass(frozen=True, slots=True)
class Resolution:
    """The verdict that stands for a dispute, firm and final (rule 13).

    Amounts are minor units of the dispute's currency; all three are 0 for a relaunch, since the
    escrow stays where it is. `set_aside` is the evidence from outside the platform (rule 6).
    """

    event_id: UUID
    mediator_id: str
    decision: VerdictDecision
    ground: Ground
    reasons: str
    resolved_at: datetime
    refund_minor: int
    payout_minor: int
    platform_minor: int
    set_aside: tuple[Evidence, ...] = ()

    @property
    def closes_the_order(self) -> bool:
        """True for every decision but a relaunch, which is no closure (rules 9, 11 and 14)."""
        return self.decision is not VerdictDecision.RELAUNCH


@quick
@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute of an order.

    `assigned_at` is the moment of the first assignment and stays through a handover, since the
    assignment latency is that of the first mediator (rule 3).
    """

    dispute_id: str
    state: DisputeState
    opened_by: OpenedBy
    buyer_id: str
    seller_id: str
    terms: Terms
    opened_at: datetime
    opened_by_event_id: UUID
    mediator_id: str | None = None
    assigned_at: datetime | None = None
    resolution: Resolution | None = None


@quick
@dataclass(frozen=True, slots=True)
class Case:
    """An order's restrictions and its disputes, oldest first.

    `sequence` is that of the last effect of this order (0: none yet). `elsewhere` holds those
    dispute ids, among the ones being asked about, that are known to belong to other orders.
    """

    order_id: str
    frozen: bool = False
    chat_locked: bool = False
    reviews_blocked: bool = False
    sequence: int = 0
    disputes: tuple[Dispute, ...] = ()
    elsewhere: frozenset[str] = frozenset()

    def dispute(self, dispute_id: str) -> Dispute | None:
        """The dispute of that id, if this order has it."""
        for dispute in self.disputes:
            if dispute.dispute_id == dispute_id:
                return dispute
        return None

    @property
    def unresolved(self) -> Dispute | None:
        """The dispute that still waits for its verdict; an order has one at most."""
        return next((d for d in self.disputes if d.resolution is None), None)

    @property
    def closed(self) -> bool:
        """Whether mediation closed this order: one of its verdicts was not a relaunch."""
        return any(d.resolution.closes_the_order for d in self.disputes if d.resolution)
