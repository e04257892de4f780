"""The ten effects that are produced, as frozen values.

Rule of this file: an effect is a fact that already happened when it is published, and saying it
twice is harmless: `effect_id` is the same for the same effect, for ever (docs/contracts.md).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from schemas.events import Ground, VerdictDecision
from schemas.topics import Topic
from schemas.values import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What every effect says: who it is, where it stands in its order, and what caused it."""

    topic: ClassVar[Topic]

    effect_id: UUID
    sequence: int
    """Rises by one from effect to effect of an order, starting at 1."""
    occurred_at: datetime
    order_id: str
    dispute_id: str
    cause_event_id: UUID


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFrozen(Effect):
    """The order can no longer be modified (rule 1)."""

    topic: ClassVar[Topic] = Topic.ORDER_FROZEN


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReactivated(Effect):
    """The seller may finish the order (rule 9)."""

    topic: ClassVar[Topic] = Topic.ORDER_REACTIVATED


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderClosed(Effect):
    """The order is closed as the verdict says (rule 11)."""

    topic: ClassVar[Topic] = Topic.ORDER_CLOSED

    decision: VerdictDecision


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLocked(Effect):
    """Buyer and seller can no longer talk directly (rule 2)."""

    topic: ClassVar[Topic] = Topic.CHAT_LOCKED


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class ChatUnlocked(Effect):
    """Buyer and seller can talk directly again (rule 9)."""

    topic: ClassVar[Topic] = Topic.CHAT_UNLOCKED


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewBlocked(Effect):
    """The order can never be reviewed (rule 14)."""

    topic: ClassVar[Topic] = Topic.REVIEW_BLOCKED


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class MediationOpened(Effect):
    """A mediator may read the order and question both parties (rule 4)."""

    topic: ClassVar[Topic] = Topic.MEDIATION_OPENED

    mediator_id: str
    replaced_mediator_id: str | None = None
    buyer_id: str
    seller_id: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequested(Effect):
    """The buyer is owed `amount_minor`; `settlement_id` is the idempotency key (rules 7, 8)."""

    topic: ClassVar[Topic] = Topic.REFUND_REQUESTED

    settlement_id: UUID
    amount_minor: int
    currency: str
    payee_id: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRequested(Effect):
    """The seller is owed `amount_minor`; `settlement_id` is the idempotency key (rules 8, 10)."""

    topic: ClassVar[Topic] = Topic.PAYOUT_REQUESTED

    settlement_id: UUID
    amount_minor: int
    currency: str
    payee_id: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeResolved(Effect):
    """Both parties learn the decision and its reasons (rule 12).

    Amounts are in minor units of `currency`; both are zero for a relaunch.
    """

    topic: ClassVar[Topic] = Topic.DISPUTE_RESOLVED

    decision: VerdictDecision
    ground: Ground
    reasons: str
    refund_minor: int
    payout_minor: int
    currency: str
    buyer_id: str
    seller_id: str
