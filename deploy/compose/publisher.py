"""A marketplace that never sleeps: opens disputes, assigns mediators, issues verdicts, on and on.

Rule: it only publishes, as upstream services would, and keeps nothing. Its one argument is how many
disputes a second it opens.
"""

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from uuid import uuid4

from consumers.bootstrap import make_codec
from consumers.broker import Publisher
from consumers.stopping import StopSignal
from schemas.events import (
    Event,
    Evidence,
    EvidenceKind,
    MediatorAssigned,
    OpenedBy,
    OrderDisputed,
    VerdictDecision,
    VerdictIssued,
)
from services.clock import system_clock
from services.envelope import of_event
from services.errors import BrokerUnavailableError
from services.rules.contents import GROUNDS
from services.settings import load_settings

_DECISIONS = [decision for decision in VerdictDecision if decision is not VerdictDecision.UNKNOWN]
_PEOPLE = 200
_MEDIATORS = 12
_HANDOVERS = 0.1
_SECOND_VERDICTS = 0.005  # refused, since the first one is final
_WAITING = 40  # disputes that wait for a mediator, and as many for a verdict


def opened(random: Random) -> OrderDisputed:
    """A dispute on an order that nobody has heard of yet."""
    captured = random.randint(1_000, 60_000)
    fees = captured // 20
    return OrderDisputed(
        event_id=uuid4(),
        occurred_at=system_clock(),
        dispute_id=f"dispute-{uuid4().hex[:12]}",
        order_id=f"order-{uuid4().hex[:12]}",
        buyer_id=f"buyer-{random.randrange(_PEOPLE)}",
        seller_id=f"seller-{random.randrange(_PEOPLE)}",
        opened_by=random.choice([OpenedBy.BUYER, OpenedBy.BUYER, OpenedBy.SELLER]),
        currency="EUR",
        captured_minor=captured,
        fees_minor=fees,
        commission_minor=(captured - fees) // 5,
    )


def assigned(dispute: OrderDisputed, random: Random) -> MediatorAssigned:
    """Some mediator takes it."""
    return MediatorAssigned(
        event_id=uuid4(),
        occurred_at=system_clock(),
        dispute_id=dispute.dispute_id,
        order_id=dispute.order_id,
        mediator_id=f"mediator-{random.randrange(_MEDIATORS)}",
    )


def decided(dispute: OrderDisputed, mediator_id: str, random: Random) -> VerdictIssued:
    """Any of the four decisions, on a ground that supports it."""
    decision = random.choice(_DECISIONS)
    price = dispute.captured_minor - dispute.fees_minor
    partial = decision is VerdictDecision.PARTIAL_REFUND
    return VerdictIssued(
        event_id=uuid4(),
        occurred_at=system_clock(),
        dispute_id=dispute.dispute_id,
        order_id=dispute.order_id,
        mediator_id=mediator_id,
        decision=decision,
        ground=random.choice(sorted(GROUNDS[decision])),
        refund_minor=random.randint(1, price - 1) if partial else None,
        reasons="The messages and the delivery were read; this is what they say.",
        evidence=(Evidence(kind=EvidenceKind.MESSAGE, reference="message-1"),),
    )


def happenings(random: Random) -> Iterator[list[Event]]:
    """What happens in one turn: a dispute is opened, an earlier one moves on."""
    unassigned: deque[OrderDisputed] = deque()
    undecided: deque[tuple[OrderDisputed, MediatorAssigned]] = deque()
    while True:
        unassigned.append(opened(random))
        turn: list[Event] = [unassigned[-1]]
        if len(unassigned) > _WAITING:
            dispute = unassigned.popleft()
            mediator = assigned(dispute, random)
            turn.append(mediator)
            if random.random() < _HANDOVERS:
                mediator = assigned(dispute, random)
                turn.append(mediator)
            undecided.append((dispute, mediator))
        if len(undecided) > _WAITING:
            dispute, mediator = undecided.popleft()
            verdict = decided(dispute, mediator.mediator_id, random)
            turn.append(verdict)
            if random.random() < _SECOND_VERDICTS:
                turn.append(replace(verdict, event_id=uuid4(), reasons="On second thoughts."))
        yield turn


def main(per_second: float) -> None:
    """Publish until SIGTERM or SIGINT; a broker that is away is waited for."""
    stop = StopSignal()
    stop.install()
    settings = load_settings()
    codec, publisher = make_codec(settings), Publisher(settings)
    for turn in happenings(Random()):
        messages = [of_event(event, codec.encode(event)) for event in turn]
        while not stop.is_set():
            try:
                publisher.publish(messages)
                break
            except BrokerUnavailableError:  # publishing it again is harmless: an event counts once
                stop.wait(1)
        if stop.wait(1 / per_second):
            break
    publisher.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 1.0)
