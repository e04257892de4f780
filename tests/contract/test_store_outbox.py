"""What does the relay rely on in its database? The same of PostgreSQL and of one in memory."""

from contextlib import ExitStack

import pytest

from services.errors import DatabaseUnavailableError
from services.storage.outbox import slot_of
from services.storage.store import Store
from tests.contract.store_rows import ANY_SLOT, NOW, lock, outgoing, said
from tests.contract.stores import World
from tests.eventually import eventually


def add(store: Store, *values: str, order_id: str = "order-1") -> None:
    with store.transaction() as transaction:
        transaction.publish_later([outgoing(value, order_id) for value in values], NOW)


def test_rows_come_oldest_first_and_only_of_the_slots_asked_for(world: World) -> None:
    add(world.store, "1", "2")
    add(world.store, "3", order_id="order-2")
    add(world.store, "4")
    here, there = slot_of(b"order-1"), slot_of(b"order-2")
    assert here != there

    with world.store.relaying() as session:
        assert said(session) == ["1", "2", "3", "4"]
        assert said(session, limit=3) == ["1", "2", "3"]
        assert [row.outgoing.value for row in session.pending({there}, 10)] == [b"3"]
        assert [row.outgoing.value for row in session.pending({here}, 2)] == [b"1", b"2"]


def test_a_row_that_is_removed_is_gone_for_everyone(world: World) -> None:
    add(world.store, "1", "2", "3")

    with world.store.relaying() as session, world.other.relaying() as another:
        first, _, third = session.pending(ANY_SLOT, 10)
        session.remove([first.id, third.id])
        session.remove([first.id])

        assert said(another) == ["2"]


def test_a_row_with_an_older_id_may_appear_after_one_with_a_newer_id(world: World) -> None:
    with world.store.relaying() as session, ExitStack() as slow:
        slow.enter_context(world.store.transaction()).publish_later([outgoing("1")], NOW)
        add(world.other, "2")
        assert said(session) == ["2"]

        slow.close()

        assert said(session) == ["1", "2"]


def test_an_id_that_was_rolled_back_is_not_given_out_again(world: World) -> None:
    add(world.store, "1")
    with pytest.raises(ZeroDivisionError), world.store.transaction() as transaction:
        transaction.publish_later([outgoing("2")], NOW)
        raise ZeroDivisionError
    add(world.store, "3")

    with world.store.relaying() as session:
        first, third = session.pending(ANY_SLOT, 10)
    assert third.id - first.id == 2


def test_a_slot_has_one_holder_until_its_session_ends(world: World) -> None:
    with world.other.relaying() as second:
        with world.store.relaying() as first:
            assert first.claim({1, 2, 3}) == {1, 2, 3}
            assert first.claim({1, 2, 3}) == {1, 2, 3}
            assert second.claim({3, 4}) == {4}
            assert first.claim({4, 5}) == {5}

        all_of_them = {1, 2, 3, 4, 5}
        eventually(lambda: second.claim(all_of_them) == all_of_them, 30, "they are free")


def test_a_session_that_the_server_drops_loses_its_claims(world: World) -> None:
    with pytest.raises(DatabaseUnavailableError), world.store.relaying() as first:
        first.claim({1})
        world.drop_connections()
        with world.other.relaying() as second:
            assert second.claim({1}) == {1}
        first.pending({1}, 10)


def test_a_session_that_the_server_drops_does_not_go_on_waiting(world: World) -> None:
    with pytest.raises(DatabaseUnavailableError), world.store.relaying() as session:
        session.listen()
        world.drop_connections()
        session.wait(0.1)


def test_a_session_that_listens_is_woken_by_a_commit_and_not_before(world: World) -> None:
    with world.store.relaying() as session:
        session.listen()
        with world.other.transaction() as transaction:
            transaction.publish_later([outgoing("1")], NOW)
            assert not world.is_woken(session, 0.2)

        assert world.is_woken(session, 10)
        assert not world.is_woken(session, 0.2)


def test_a_session_that_was_busy_is_woken_once_by_all_that_came_meanwhile(world: World) -> None:
    with world.store.relaying() as session:
        session.listen()
        for value in "123":
            add(world.other, value)
            assert value in said(session)

        assert world.is_woken(session, 10)
        assert not world.is_woken(session, 0.2)


def test_a_session_is_not_woken_by_what_is_rolled_back_or_publishes_nothing(world: World) -> None:
    with world.store.relaying() as session:
        session.listen()
        with pytest.raises(ZeroDivisionError), world.other.transaction() as transaction:
            transaction.publish_later([outgoing("1")], NOW)
            raise ZeroDivisionError
        with world.other.transaction() as transaction:
            lock(transaction, "order-1")
            transaction.publish_later([], NOW)

        assert not world.is_woken(session, 0.2)


def test_a_session_that_does_not_listen_is_not_woken(world: World) -> None:
    with world.store.relaying() as session:
        add(world.other, "1")

        assert not world.is_woken(session, 0.2)
