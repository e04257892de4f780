"""Do the same messages leave the same behind in PostgreSQL and in the store in memory?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import pytest

from schemas.codec import Codec
from schemas.events import Event
from services.flood import FloodGate
from services.mediation import Mediation
from services.messages import Message, Outgoing
from services.reading import Handled
from services.rules.case import Case
from services.storage.inbox import Parked
from services.storage.store import Store
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.contract.store_rows import ANY_SLOT, NOW
from tests.contract.stores import MemoryWorld, PostgresWorld, postgres_world
from tests.deliveries import Deliveries
from tests.histories import many, scrambled

DAY = timedelta(days=1)


@pytest.fixture
def postgresql(empty_database_url: str) -> Iterator[PostgresWorld]:
    with postgres_world(empty_database_url) as world:
        yield world


@dataclass(frozen=True)
class Left:
    """All that a store can be asked for after the fact."""

    handled: list[Handled]
    cases: dict[str, Case]
    waiting: list[Parked]
    outgoing: list[Outgoing]
    rejected: list[bool]


def troublesome(orders: list[str]) -> list[Event]:
    """What the histories do not have: ids used again, orphans, a stranger's verdict."""
    return [
        order_disputed(order_id=orders[0], dispute_id="stolen"),
        order_disputed(order_id=orders[1], dispute_id=f"dispute of {orders[0]}"),
        order_disputed(name="reused", order_id="o-1", dispute_id="d-1"),
        order_disputed(name="reused", order_id="o-2", dispute_id="d-2"),
        mediator_assigned(order_id="never disputed", dispute_id="nothing"),
        verdict_issued(order_id="o-1", dispute_id="d-1", mediator_id="stranger"),
        mediator_assigned(order_id="o-1", dispute_id="d-1", mediator_id="buyer-1"),
    ]


def batches(messages: list[Message], random: Random) -> Iterator[list[Message]]:
    while messages:
        size = random.randint(1, 6)
        yield messages[:size]
        messages = messages[size:]


def leave_behind(store: Store, seed: int) -> Left:
    """Hand the messages of this seed to mediation, one batch after another."""
    random, deliveries, histories = Random(seed), Deliveries(), many(8)
    orders = [history.order_id for history in histories]
    events = scrambled(histories, seed)
    for event in troublesome(orders):
        events.insert(random.randint(0, len(events)), event)
    messages = deliveries.all(*events)
    messages.insert(5, deliveries.of_bytes("order.disputed", b"junk", key=None))
    now = NOW
    mediation = Mediation(store, Codec(), group="g", clock=lambda: now, flood=FloodGate(limit=1.0))
    handled: list[Handled] = []
    for batch in batches(messages, random):
        handled += mediation.handle(batch)
        now += timedelta(seconds=1)
    now += 8 * DAY
    for topic in ("mediator.assigned", "verdict.issued"):
        handled += sorted(mediation.expire_parked(topic), key=lambda each: each.message.offset)
    everyone = [*orders, "o-1", "o-2", "never disputed"]
    with store.transaction() as transaction:
        loaded = transaction.load(everyone, (), ())
        # in any order: messages of one batch were seen at one time
        rejected = sorted(transaction.recently_rejected("order.disputed", 1000))
    with store.relaying() as session:
        outgoing = [row.outgoing for row in session.pending(ANY_SLOT, 10_000)]
    return Left(handled, loaded.cases, loaded.waiting, outgoing, rejected)


@pytest.mark.parametrize("seed", range(10))
def test_the_same_messages_leave_the_same_behind(postgresql: PostgresWorld, seed: int) -> None:
    left = leave_behind(postgresql.store, seed)

    assert leave_behind(MemoryWorld().store, seed) == left
    assert len(left.outgoing) > 50
    assert any(left.rejected)
