"""Can a person close a dead letter, with a reason, and open it again?"""

import pytest
from sqlalchemy import text

from services.clock import Clock
from services.discarding import Discarding
from services.errors import StorageError
from services.fates import Fate
from services.mediation import Mediation
from services.storage.database import Database
from services.storage.replaying import actions_on
from tests.builders import order_disputed
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.integration.mending import (
    FailingCodec,
    actions,
    fates,
    open_letters,
    replayed,
    statuses,
    with_codec,
)


@pytest.fixture
def letter(database: Database, mediation: Mediation, deliveries: Deliveries) -> Database:
    """A database with one open dead letter."""
    mediation.handle([deliveries.of_bytes("order.disputed", b"junk")])
    return database


def discarding(database: Database, clock: Clock) -> Discarding:
    return Discarding(database, "tester", clock)


def test_what_is_discarded_is_kept_with_who_did_it_and_why(
    letter: Database, clock: SetClock
) -> None:
    (id_,) = open_letters(letter)

    (report,) = discarding(letter, clock).discard([id_], "a load test")

    assert report.fate is Fate.DISCARDED
    assert statuses(letter) == ["DISCARDED"]
    with letter.transaction() as connection:
        (done,) = actions_on(connection, id_)
        user = connection.execute(text("SELECT session_user")).scalar_one()
    assert (done.action, done.done_by, done.why) == ("DISCARDED", "tester", "a load test")
    assert (done.done_at, done.database_user) == (clock.now, user)


def test_what_is_discarded_is_only_replayed_once_it_is_restored(
    letter: Database, clock: SetClock
) -> None:
    ids = open_letters(letter)
    list(discarding(letter, clock).discard(ids, "a load test"))

    assert open_letters(letter) == []
    assert fates(replayed(letter, clock, ids)) == [Fate.NOT_OPEN]
    assert fates(discarding(letter, clock).restore(ids, None)) == [Fate.RESTORED]
    assert fates(replayed(letter, clock)) == [Fate.STILL_FAILING]
    assert actions(letter) == ["DISCARDED", "RESTORED", "REPLAY_FAILED"]


def test_to_ask_twice_changes_nothing(letter: Database, clock: SetClock) -> None:
    ids = open_letters(letter)
    desk = discarding(letter, clock)
    list(desk.discard(ids, "a load test"))

    assert fates(desk.discard(ids, "again")) == [Fate.ALREADY]
    list(desk.restore(ids, None))
    assert fates(desk.restore(ids, None)) == [Fate.ALREADY]
    assert actions(letter) == ["DISCARDED", "RESTORED"]


def test_what_was_replayed_is_neither_discarded_nor_restored(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    with_codec(database, clock, FailingCodec()).handle([deliveries.of(order_disputed())])
    ids = open_letters(database)
    replayed(database, clock)
    desk = discarding(database, clock)

    assert fates(desk.discard(ids, "never mind")) == [Fate.NOT_OPEN]
    assert fates(desk.restore(ids, None)) == [Fate.REFUSED]
    assert (statuses(database), actions(database)) == (["REPLAYED"], ["REPLAYED"])


def test_a_letter_that_is_none_is_gone(database: Database, clock: SetClock) -> None:
    nobody = [order_disputed().event_id]
    desk = discarding(database, clock)

    assert fates(desk.discard(nobody, "why not")) == [Fate.GONE]
    assert fates(desk.restore(nobody, None)) == [Fate.GONE]
    assert fates(replayed(database, clock, nobody)) == [Fate.GONE]


def test_a_discarded_message_that_is_delivered_again_only_counts_an_attempt(
    letter: Database, mediation: Mediation, clock: SetClock
) -> None:
    list(discarding(letter, clock).discard(open_letters(letter), "a load test"))

    mediation.handle([Deliveries().of_bytes("order.disputed", b"junk")])

    assert statuses(letter) == ["DISCARDED"]
    with letter.transaction() as connection:
        attempts = connection.execute(text("SELECT attempts FROM dead_letters")).scalar_one()
    assert attempts == 2


@pytest.mark.parametrize(
    ("statement", "because"),
    [
        ("UPDATE dead_letter_actions SET done_by = 'nobody'", "stays written"),
        ("DELETE FROM dead_letter_actions", "stays written"),
        ("TRUNCATE dead_letter_actions", "stays written"),
        ("UPDATE dead_letters SET value = NULL", "kept as it was read"),
        ("UPDATE dead_letters SET status = 'REPLAYED'", "neither replayed nor discarded"),
    ],
)
def test_the_database_itself_refuses_to_forget(
    letter: Database, clock: SetClock, statement: str, because: str
) -> None:
    list(discarding(letter, clock).discard(open_letters(letter), "a load test"))

    with pytest.raises(StorageError, match=because), letter.transaction() as connection:
        connection.execute(text(statement))


def test_an_open_letter_is_not_deleted(letter: Database) -> None:
    with pytest.raises(StorageError, match="not forgotten"), letter.transaction() as connection:
        connection.execute(text("DELETE FROM dead_letters"))


def test_nothing_is_discarded_without_a_reason(letter: Database, clock: SetClock) -> None:
    with pytest.raises(StorageError, match="why"):
        list(discarding(letter, clock).discard(open_letters(letter), " "))

    assert statuses(letter) == ["OPEN"]
