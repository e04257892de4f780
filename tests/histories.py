"""Whole histories of disputed orders, and what the rules demand of each, written out by hand."""

from dataclasses import dataclass
from random import Random

from schemas.events import Event, VerdictDecision
from tests.builders import mediator_assigned, order_disputed, verdict_issued

OPENED = ["order.frozen", "chat.locked"]
ASSIGNED = ["mediation.opened"]
CLOSED = ["order.closed", "review.blocked"]
RELAUNCHED = ["order.reactivated", "chat.unlocked", "dispute.resolved"]
RESOLVED = ["dispute.resolved"]


@dataclass(frozen=True, slots=True)
class History:
    """What happened to an order, topic by topic in order, and the effects that must follow."""

    order_id: str
    events: tuple[Event, ...]
    effects: list[str]


def full_refund(order_id: str) -> History:
    """Assigned, handed over, then refunded in full."""
    dispute = {"order_id": order_id, "dispute_id": f"dispute of {order_id}"}
    events = (
        order_disputed(**dispute),
        mediator_assigned(**dispute),
        mediator_assigned(**dispute, mediator_id="mediator-2"),
        verdict_issued(**dispute, mediator_id="mediator-2"),
    )
    effects = [*OPENED, *ASSIGNED, *ASSIGNED, *CLOSED, "refund.requested", *RESOLVED]
    return History(order_id, events, effects)


def partial_refund(order_id: str) -> History:
    """Refunded in part; a second verdict, which contradicts the first, changes nothing."""
    dispute = {"order_id": order_id, "dispute_id": f"dispute of {order_id}"}
    events = (
        order_disputed(**dispute),
        mediator_assigned(**dispute),
        verdict_issued(**dispute, decision=VerdictDecision.PARTIAL_REFUND),
        verdict_issued(**dispute, decision=VerdictDecision.PAY_SELLER),
    )
    money = ["refund.requested", "payout.requested"]
    return History(order_id, events, [*OPENED, *ASSIGNED, *CLOSED, *money, *RESOLVED])


def pay_seller(order_id: str) -> History:
    """Paid in full to the seller."""
    dispute = {"order_id": order_id, "dispute_id": f"dispute of {order_id}"}
    events = (
        order_disputed(**dispute),
        mediator_assigned(**dispute),
        verdict_issued(**dispute, decision=VerdictDecision.PAY_SELLER),
    )
    return History(order_id, events, [*OPENED, *ASSIGNED, *CLOSED, "payout.requested", *RESOLVED])


def relaunched_and_disputed_again(order_id: str) -> History:
    """Relaunched, disputed a second time, and refunded in full."""
    first = {"order_id": order_id, "dispute_id": f"first dispute of {order_id}"}
    second = {"order_id": order_id, "dispute_id": f"second dispute of {order_id}"}
    events = (
        order_disputed(**first),
        mediator_assigned(**first),
        verdict_issued(**first, decision=VerdictDecision.RELAUNCH),
        order_disputed(**second),
        mediator_assigned(**second),
        verdict_issued(**second),
    )
    ending = [*OPENED, *ASSIGNED, *CLOSED, "refund.requested", *RESOLVED]
    return History(order_id, events, [*OPENED, *ASSIGNED, *RELAUNCHED, *ending])


KINDS = (full_refund, partial_refund, pay_seller, relaunched_and_disputed_again)


def many(count: int) -> list[History]:
    """`count` histories, of every kind in turn."""
    return [KINDS[number % len(KINDS)](f"order-{number}") for number in range(count)]


def scrambled(histories: list[History], seed: int) -> list[Event]:
    """All events in an order that keeps, for each order id, only the order within each topic.

    One event in three comes twice, at once or later.
    """
    random = Random(seed)
    lanes: dict[tuple[str, str], list[Event]] = {}
    for history in histories:
        for event in history.events:
            lane = lanes.setdefault((history.order_id, event.topic.value), [])
            lane.append(event)
    scrambled_events: list[Event] = []
    while lanes:
        chosen = random.choice(sorted(lanes))
        scrambled_events.append(lanes[chosen].pop(0))
        if not lanes[chosen]:
            del lanes[chosen]
    for event in random.sample(scrambled_events, len(scrambled_events) // 3):
        first = scrambled_events.index(event)
        scrambled_events.insert(random.randint(first + 1, len(scrambled_events)), event)
    return scrambled_events
