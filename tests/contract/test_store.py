"""What do the consumers rely on in their database? The same of PostgreSQL and of one in memory."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from services.errors import DatabaseUnavailableError, StorageError
from services.rules.case import Case
from services.rules.outcome import Waiting
from services.storage.store import Transaction
from tests.builders import mediator_assigned, order_disputed
from tests.contract.store_rows import (
    NOW,
    deferred,
    entry,
    in_mediation,
    known,
    letter,
    lock,
    outgoing,
    resolved,
    said,
    the_refund,
    waiting,
    write,
)
from tests.contract.stores import World

DAY = timedelta(days=1)


def write_everything(transaction: Transaction) -> None:
    """A closed order, a parked event, a dead letter and a row of the outbox."""
    write(transaction, resolved())
    lock(transaction, "early")
    transaction.remember([entry(order_disputed()), deferred(mediator_assigned(order_id="early"))])
    transaction.request_settlements(the_refund())
    assert transaction.keep_dead_letters([letter()]) == [letter()]
    transaction.publish_later([outgoing("an effect")], NOW)


def assert_nothing_is_there(world: World) -> None:
    with world.store.transaction() as transaction:
        assert known(transaction, order_disputed().event_id) == {}
        assert transaction.overdue("mediator.assigned", NOW + DAY, 1) == []
        assert transaction.owners(["dispute-1"]) == {}
    with world.store.relaying() as session:
        assert said(session) == []


# --- commit, rollback, and what is seen -----------------------------------------------------------


def test_everything_that_is_committed_is_there_for_others_just_as_it_was_written(
    world: World,
) -> None:
    early = deferred(mediator_assigned(order_id="early"))

    with world.store.transaction() as transaction:
        write_everything(transaction)

    with world.other.transaction() as transaction:
        assert lock(transaction, "order-1") == {"order-1": resolved()}
        assert known(transaction, order_disputed().event_id) == {
            order_disputed().event_id: b"d" * 32
        }
        (parked,) = waiting(transaction, "early", "order-1")
        assert transaction.owners(["dispute-1", "dispute-2"]) == {"dispute-1": "order-1"}
    assert (parked.message, parked.parked_at) == (early.message, NOW)
    assert (parked.event_id, parked.order_id) == (early.event.event_id, "early")
    assert parked.waiting is Waiting.DISPUTE
    with world.other.relaying() as session:
        (row,) = session.pending(range(16), 10)
    assert row.outgoing == outgoing("an effect")


def test_all_that_a_batch_must_know_is_answered_at_once(world: World) -> None:
    orders, events, disputes = ["early", "order-1"], [order_disputed().event_id], ["dispute-1", "?"]
    with world.store.transaction() as transaction:
        write_everything(transaction)

    with world.other.transaction() as transaction:
        loaded = transaction.load([*orders, "new"], events, disputes)

        assert loaded.cases == lock(transaction, *orders, "new")
        assert loaded.cases["new"] == Case("new")
        assert loaded.waiting == waiting(transaction, *orders) != []
        assert loaded.known == known(transaction, *events) != {}
        assert loaded.owners == transaction.owners(disputes) == {"dispute-1": "order-1"}


def test_what_few_messages_come_to_is_there_at_the_end_of_its_block(world: World) -> None:
    with world.store.transaction() as transaction, transaction.writing(1):
        write_everything(transaction)

    with world.other.transaction() as transaction:
        assert lock(transaction, "order-1") == {"order-1": resolved()}
        assert len(waiting(transaction, "early")) == 1
    with world.other.relaying() as session:
        assert said(session) == ["an effect"]


def test_a_rollback_forgets_everything(world: World) -> None:
    with pytest.raises(ZeroDivisionError), world.store.transaction() as transaction:
        write_everything(transaction)
        raise ZeroDivisionError

    assert_nothing_is_there(world)
    with world.store.transaction() as transaction:
        assert lock(transaction, "order-1") == {"order-1": Case("order-1")}
        write_everything(transaction)  # no settlement, no event id and no dead letter is in the way


def test_what_is_not_committed_is_unseen_by_others(world: World) -> None:
    with world.store.transaction() as transaction:
        write_everything(transaction)

        assert_nothing_is_there(world)


def test_a_transaction_sees_what_it_wrote_itself(world: World) -> None:
    with world.store.transaction() as transaction:
        write(transaction, in_mediation())

    with world.store.transaction() as transaction:
        write_everything(transaction)

        assert lock(transaction, "order-1") == {"order-1": resolved()}
        assert known(transaction, order_disputed().event_id) != {}
        assert len(waiting(transaction, "early")) == 1
        assert transaction.owners(["dispute-1"]) == {"dispute-1": "order-1"}


def test_what_others_commit_is_seen_from_the_next_question_on(world: World) -> None:
    with world.store.transaction() as transaction:
        assert transaction.owners(["dispute-1"]) == {}

        with world.other.transaction() as another:
            write(another, in_mediation())

        assert transaction.owners(["dispute-1"]) == {"dispute-1": "order-1"}


def test_after_a_refused_statement_nothing_of_the_transaction_is_kept(world: World) -> None:
    with world.store.transaction() as transaction:
        transaction.remember([entry(order_disputed())])
        with suppress(Exception):
            transaction.remember([entry(order_disputed())])

    assert_nothing_is_there(world)


def test_a_connection_that_the_server_drops_loses_what_it_wrote_and_its_locks(world: World) -> None:
    with pytest.raises(DatabaseUnavailableError), world.store.transaction() as transaction:
        write_everything(transaction)
        world.drop_connections()
        lock(transaction, "order-1")

    assert_nothing_is_there(world)
    with world.other.transaction() as transaction:
        assert lock(transaction, "order-1") == {"order-1": Case("order-1")}


def test_a_server_that_does_not_answer_is_unavailable(world: World) -> None:
    store = world.without_server()

    with pytest.raises(DatabaseUnavailableError), store.transaction():
        pass
    with pytest.raises(DatabaseUnavailableError), store.relaying():
        pass


# --- locks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("heard_of", [True, False], ids=["known order", "unknown order"])
def test_a_locked_order_makes_another_wait_and_give_up(world: World, heard_of: bool) -> None:
    if heard_of:
        with world.store.transaction() as transaction:
            write(transaction, in_mediation())

    with world.store.transaction() as transaction:
        lock(transaction, "order-1", "order-2")

        with pytest.raises(DatabaseUnavailableError), world.other.transaction() as another:
            lock(another, "order-0", "order-1")
        with world.other.transaction() as another:
            assert lock(another, "order-0", "order-3").keys() == {"order-0", "order-3"}

    with world.other.transaction() as another:
        lock(another, "order-1")


def test_who_waited_for_an_order_sees_what_was_committed_meanwhile(world: World) -> None:
    with ExitStack() as first, world.store.transaction() as second:
        write(first.enter_context(world.other.transaction()), in_mediation())

        seen = world.while_it_waits(lambda: lock(second, "order-1"), first.close)

    assert seen == {"order-1": in_mediation()}


def test_orders_are_locked_in_the_order_of_their_ids(world: World) -> None:
    with ExitStack() as first, world.store.transaction() as second:
        holder = first.enter_context(world.other.transaction())
        lock(holder, "order-1")

        def take_the_other_order_too() -> None:
            lock(holder, "order-2")
            first.close()

        seen = world.while_it_waits(
            lambda: lock(second, "order-2", "order-1"), take_the_other_order_too
        )

    assert list(seen) == ["order-1", "order-2"]


# --- what exists once -----------------------------------------------------------------------------


def test_an_event_id_is_added_once(world: World) -> None:
    with world.store.transaction() as transaction:
        transaction.remember([entry(order_disputed())])

    with pytest.raises(StorageError), world.store.transaction() as transaction:
        transaction.remember([entry(order_disputed(), digest=b"e" * 32)])

    with world.store.transaction() as transaction:
        assert known(transaction, order_disputed().event_id) == {
            order_disputed().event_id: b"d" * 32
        }


def the_same_event(transaction: Transaction, order_id: str) -> None:
    transaction.remember([entry(order_disputed(name="the same", order_id=order_id))])


def the_same_dispute(transaction: Transaction, order_id: str) -> None:
    """As by two consumers, each of which locked an order of its own."""
    write(transaction, replace(in_mediation(), order_id=order_id))


ONCE = pytest.mark.parametrize("add", [the_same_event, the_same_dispute])
Add = Callable[[Transaction, str], None]


@ONCE
def test_who_adds_it_second_waits_for_the_first_and_is_refused(world: World, add: Add) -> None:
    with ExitStack() as first:
        add(first.enter_context(world.other.transaction()), "order-1")

        with pytest.raises(StorageError), world.store.transaction() as second:
            world.while_it_waits(lambda: add(second, "order-2"), first.close)


@ONCE
def test_who_adds_it_second_may_if_the_first_is_rolled_back(world: World, add: Add) -> None:
    first = world.other.transaction()
    add(first.__enter__(), "order-1")

    def roll_back() -> None:
        first.__exit__(ZeroDivisionError, ZeroDivisionError(), None)

    with world.store.transaction() as second:
        world.while_it_waits(lambda: add(second, "order-2"), roll_back)


def test_money_is_asked_for_once_a_dispute_and_kind(world: World) -> None:
    with world.store.transaction() as transaction:
        write(transaction, resolved())
        transaction.request_settlements(the_refund())

    with pytest.raises(StorageError), world.store.transaction() as transaction:
        transaction.request_settlements(the_refund())
