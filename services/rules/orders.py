"""What mediation does to the order itself: freeze it, give it back, or close it.

Rule: an order is frozen exactly while one of its disputes is unresolved (rules 1, 9 and 11).
"""

from schemas.effects import OrderClosed, OrderFrozen, OrderReactivated
from schemas.events import VerdictIssued
from services.rules.change import Change, E


def freeze(change: Change[E]) -> Change[E]:
    """The order can no longer be modified (rule 1)."""
    frozen = change.restricted(frozen=True)
    return frozen.emitted(OrderFrozen(**frozen.stamp(OrderFrozen.topic)))


def reactivate(change: Change[E]) -> Change[E]:
    """The seller can finish the work (rule 9)."""
    active = change.restricted(frozen=False)
    return active.emitted(OrderReactivated(**active.stamp(OrderReactivated.topic)))


def close(change: Change[VerdictIssued]) -> Change[VerdictIssued]:
    """The order is over, as the verdict says (rule 11); what is over is no longer frozen."""
    over = change.restricted(frozen=False)
    stamp = over.stamp(OrderClosed.topic)
    return over.emitted(OrderClosed(**stamp, decision=change.event.decision))
