"""Events of fresh orders, and their way onto a topic.

Rule: the same count gives the same events in every run; only what is measured differs.
"""

from collections.abc import Iterable, Iterator

from confluent_kafka import Producer

from schemas.codec import Codec
from schemas.events import Event, MediatorAssigned, OrderDisputed, VerdictDecision, VerdictIssued
from tests import builders

_DECISIONS = (
    VerdictDecision.FULL_REFUND,
    VerdictDecision.PARTIAL_REFUND,
    VerdictDecision.RELAUNCH,
    VerdictDecision.PAY_SELLER,
)


def disputes(count: int, name: str = "fresh") -> Iterator[OrderDisputed]:
    """One on each of `count` orders."""
    for number in range(count):
        dispute, order = f"{name}-dispute-{number}", f"{name}-order-{number}"
        yield builders.order_disputed(
            name=dispute,
            dispute_id=dispute,
            order_id=order,
            buyer_id=f"buyer-{number % 5000}",
            seller_id=f"seller-{number % 800}",
            captured_minor=10_000 + number % 90_000,
        )


def assignments(count: int, name: str) -> Iterator[MediatorAssigned]:
    """A mediator for each of `disputes(count, name)`."""
    for number in range(count):
        dispute, order = f"{name}-dispute-{number}", f"{name}-order-{number}"
        yield builders.mediator_assigned(
            name=f"{dispute} assigned", dispute_id=dispute, order_id=order
        )


def verdicts(count: int, name: str) -> Iterator[VerdictIssued]:
    """A verdict on each of `assignments(count, name)`; each decision as often as the others."""
    for number in range(count):
        dispute, order = f"{name}-dispute-{number}", f"{name}-order-{number}"
        yield builders.verdict_issued(
            name=f"{dispute} decided",
            dispute_id=dispute,
            order_id=order,
            decision=_DECISIONS[number % len(_DECISIONS)],
        )


def produce(servers: str, facts: Iterable[Event]) -> None:
    """Onto the topic of each, keyed by order; returns once the broker has all of them."""
    codec = Codec()
    producer = Producer({"bootstrap.servers": servers, "linger.ms": 20, "log_level": 2})
    for fact in facts:
        while True:
            try:
                producer.produce(fact.topic.value, codec.encode(fact), fact.order_id.encode())
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    if producer.flush(120):
        raise RuntimeError("the broker did not take all of the load")
