"""What do the consumers rely on for events that wait and messages that are refused?

The same of PostgreSQL and of the store in memory.
"""

from contextlib import ExitStack
from datetime import timedelta

import pytest

from schemas.events import Event
from services.errors import StorageError
from services.rules.outcome import Outcome, Waiting
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.contract.store_rows import NOW, deferred, entry, letter, lock, settled, waiting
from tests.contract.stores import World

DAY = timedelta(days=1)


def test_parked_events_come_in_order_of_arrival_whoever_committed_first(world: World) -> None:
    events: list[Event] = [verdict_issued(), mediator_assigned(), order_disputed()]
    with world.store.transaction() as transaction:
        lock(transaction, "order-1")
    with ExitStack() as first:
        first.enter_context(world.store.transaction()).remember([deferred(events[0])])
        with world.other.transaction() as transaction:
            transaction.remember([deferred(events[1]), deferred(events[2])])

    with world.store.transaction() as transaction:
        parked = waiting(transaction, "order-1")
    assert [each.event_id for each in parked] == [event.event_id for event in events]


def test_a_parked_event_is_settled_once_and_then_waits_no_more(world: World) -> None:
    event = mediator_assigned()
    with world.store.transaction() as transaction:
        lock(transaction, "order-1")
        transaction.remember([deferred(event)])
        transaction.wait_longer({event.event_id: Waiting.HANDOVER})
    with world.store.transaction() as transaction:
        (parked,) = waiting(transaction, "order-1")
        assert parked.waiting is Waiting.HANDOVER
        transaction.settle_parked([settled(event)])
        assert waiting(transaction, "order-1") == []

    with pytest.raises(StorageError), world.store.transaction() as transaction:
        transaction.settle_parked([settled(event, Outcome.REJECTED)])
    with pytest.raises(StorageError), world.store.transaction() as transaction:
        transaction.wait_longer({event.event_id: Waiting.DISPUTE})


def test_orders_with_overdue_events_of_a_topic_come_oldest_first(world: World) -> None:
    with world.store.transaction() as transaction:
        for order_id, age in (("young", 1), ("oldest", 9), ("old", 8), ("settled", 8)):
            event = mediator_assigned(order_id=order_id)
            transaction.remember([deferred(event, NOW - age * DAY)])
        transaction.settle_parked([settled(mediator_assigned(order_id="settled"))])
        transaction.remember([deferred(verdict_issued(order_id="another topic"), NOW - 8 * DAY)])
        transaction.remember(
            [deferred(mediator_assigned(name="2", order_id="old"), NOW - 10 * DAY)]
        )

    with world.store.transaction() as transaction:
        assert transaction.overdue("mediator.assigned", NOW - 7 * DAY, 10) == ["old", "oldest"]
        assert transaction.overdue("mediator.assigned", NOW - 7 * DAY, 1) == ["old"]
        assert transaction.overdue("mediator.assigned", NOW - 9 * DAY, 10) == ["old"]


def test_a_dead_letter_that_is_seen_again_counts_an_attempt(world: World) -> None:
    with world.store.transaction() as transaction:
        assert transaction.keep_dead_letters([letter(), letter(b"more junk")]) == [
            letter(),
            letter(b"more junk"),
        ]
    with world.store.transaction() as transaction:
        assert transaction.keep_dead_letters([letter(at=NOW + DAY), letter(at=NOW + DAY)]) == []

    assert (world.attempts(letter()), world.attempts(letter(b"more junk"))) == (2, 1)


def test_the_newest_messages_of_a_topic_are_told_oldest_first(world: World) -> None:
    rejected = entry(order_disputed(order_id="o2"), Outcome.REJECTED, at=NOW + 3 * DAY)
    with world.store.transaction() as transaction:
        transaction.keep_dead_letters([letter(at=NOW), letter(b"more junk", at=NOW + 2 * DAY)])
        transaction.remember([entry(order_disputed(), at=NOW + DAY), rejected])
        transaction.keep_dead_letters([letter(event=rejected.event)])
        transaction.remember([entry(mediator_assigned(), at=NOW + 4 * DAY)])

    with world.store.transaction() as transaction:
        assert transaction.recently_rejected("order.disputed", 10) == [True, False, True, True]
        assert transaction.recently_rejected("order.disputed", 3) == [False, True, True]
        assert transaction.recently_rejected("verdict.issued", 3) == []
