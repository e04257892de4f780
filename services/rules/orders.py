"""What mediation does to the order itself: freeze it, give it back, or close it.

Rule: an order is frozen exactly while one of its disputes is unresolved (rules 1, 9 and 11).
"""

from schemas.effects import OrderClosed, OrderFrozen, OrderReactivated
from schemas.events import VerdictIssued
from services.rules.change import Change, E


def freeze(change: Change[E]) -> None:
    """The order can no longer be modified (rule 1)."""
    change.frozen = True
    change.emit(OrderFrozen(**change.stamp(OrderFrozen.topic)))


def reactivate(change: Change[E]) -> None:
    """The seller can finish the work (rule 9)."""
    change.frozen = False
    change.emit(OrderReactivated(**change.stamp(OrderReactivated.topic)))


def close(change: Change[VerdictIssued]) -> None:
    """The order is over, as the verdict says (rule 11); what is over is no longer frozen."""
    change.frozen = False
    stamp = change.stamp(OrderClosed.topic)
    change.emit(OrderClosed(**stamp, decision=change.event.decision))
