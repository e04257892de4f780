"""What if several people replay at once, and consumers work beside them?"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from uuid import UUID

import pytest
from sqlalchemy import text

from schemas.codec import Codec
from schemas.events import Event
from services.errors import DatabaseUnavailableError
from services.fates import Fate, Report
from services.mediation import Mediation
from services.replay import Replay
from services.storage import dead_letters
from services.storage.database import Database
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.eventually import eventually
from tests.integration.conftest import SetClock
from tests.integration.looking import case_of, published, someone_waits_for_a_lock
from tests.integration.mending import (
    FailingCodec,
    actions,
    fates,
    open_letters,
    replayed,
    statuses,
    with_codec,
)

ORDERS = [f"order-{number}" for number in range(25)]


@contextmanager
def another(database: Database) -> Iterator[Database]:
    """The same database, with connections of its own."""
    url = database.url.render_as_string(hide_password=False)
    with closing(Database(url)) as own:
        yield own


def test_each_letter_is_replayed_once_whoever_comes_first(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    """Three people and a consumer at once: one set of effects, and one replay of each letter."""
    with_codec(database, clock, FailingCodec()).handle(
        [
            deliveries.of(build(order_id=order_id, dispute_id=f"dispute of {order_id}"))
            for order_id in ORDERS
            for build in (order_disputed, mediator_assigned)
        ]
    )
    ids = open_letters(database)

    def replay(own_ids: list[UUID]) -> list[Report]:
        with another(database) as own:
            return replayed(own, clock, own_ids)

    def consume() -> None:
        with another(database) as own:
            consumer = with_codec(own, clock, Codec())
            for order_id in reversed(ORDERS):
                verdict = verdict_issued(order_id=order_id, dispute_id=f"dispute of {order_id}")
                consumer.handle([deliveries.of(verdict)])

    with ThreadPoolExecutor(4) as pool:
        consuming = pool.submit(consume)
        told = list(pool.map(replay, [ids, ids, ids[::-1]]))
        consuming.result()

    counted = Counter(fate for reports in told for fate in fates(reports))
    assert counted[Fate.ALREADY] == 2 * len(ids)
    assert counted[Fate.APPLIED] + counted[Fate.DEFERRED] == len(ids)
    assert actions(database) == ["REPLAYED"] * len(ids)
    assert set(statuses(database)) == {"REPLAYED"}
    assert all(case_of(database, order_id).closed for order_id in ORDERS)
    effects = [topic for topic in published(database) if not topic.endswith(".dead-letter")]
    assert len(effects) == 7 * len(ORDERS)


def test_one_who_comes_second_waits_and_finds_it_done(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    """A letter without an order: only its own lock lets the two take turns."""
    mediation.handle([deliveries.of_bytes("order.disputed", b"junk")])
    (id_,) = open_letters(database)

    with another(database) as own, ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            dead_letters.lock(connection, id_)
            second = pool.submit(replayed, own, clock, [id_])
            eventually(lambda: someone_waits_for_a_lock(database), 10, "the second one waits")
            dead_letters.set_status(connection, id_, dead_letters.Status.REPLAYED)
        told = second.result()

    assert fates(told) == [Fate.ALREADY]
    assert actions(database) == []


def test_a_deadlock_is_tried_again(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    """Somebody locks the letter first and the order then, which none of ours does."""
    with_codec(database, clock, FailingCodec()).handle([deliveries.of(order_disputed())])
    with database.transaction() as connection:
        connection.execute(text("INSERT INTO cases (order_id) VALUES ('order-1')"))
    (id_,) = open_letters(database)

    with another(database) as own, ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            connection.execute(text("SET LOCAL deadlock_timeout = '1min'"))
            dead_letters.lock(connection, id_)
            replaying = pool.submit(replayed, own, clock, [id_])
            eventually(lambda: someone_waits_for_a_lock(database), 10, "the replay waits")
            connection.execute(text("SELECT FROM cases WHERE order_id = 'order-1' FOR UPDATE"))
        told = replaying.result()

    assert fates(told) == [Fate.APPLIED]
    assert case_of(database).frozen


def test_a_database_that_goes_away_stops_the_rest_and_what_was_done_stays_done(
    database: Database, deliveries: Deliveries, clock: SetClock
) -> None:
    story: list[Event] = [order_disputed(), mediator_assigned()]
    for event in story:
        with_codec(database, clock, FailingCodec()).handle([deliveries.of(event)])
        clock.advance(seconds=1)
    ids = open_letters(database)

    with another(database) as own:
        reports = Replay(own, Codec(), by="tester", clock=clock).replay(ids)
        first = next(reports)
        with database.transaction() as connection:
            connection.execute(text("ALTER TABLE dead_letters RENAME TO gone"))
        with pytest.raises(DatabaseUnavailableError):
            next(reports)

    with database.transaction() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO dead_letters"))
    assert first.fate is Fate.APPLIED
    assert sorted(statuses(database)) == ["OPEN", "REPLAYED"]
    assert fates(replayed(database, clock)) == [Fate.APPLIED]
