"""Does what is served follow the database, and survive its absence?"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

import pytest
from sqlalchemy import text

from consumers.observer import Observer
from schemas.codec import Codec
from services.mediation import Mediation
from services.storage import tallies
from services.storage.database import Database
from tests.builders import order_disputed
from tests.deliveries import Deliveries
from tests.eventually import eventually
from tests.integration.conftest import SetClock


@contextmanager
def observing(url: str, clock: SetClock) -> Iterator[Observer]:
    observer = Observer(
        Database(url), Codec(), clock=clock, collect_seconds=0.1, orders_per_second=1_000
    )
    observer.start()
    try:
        yield observer
    finally:
        observer.stop()


def shown(observer: Observer, name: str, **labels: str) -> float | None:
    return observer.registry.get_sample_value(f"mediation_{name}", labels)


def _shows(observer: Observer, violations: int) -> bool:
    found = shown(observer, "invariant_violations", invariant="effects_complete")
    return found == violations


@pytest.mark.usefixtures("database")
def test_what_is_served_follows_the_database(
    empty_database_url: str, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    with observing(empty_database_url, clock) as observer:
        eventually(lambda: shown(observer, "disputes", state="OPEN") == 0, 10, "none is open")
        clock.advance(minutes=1)
        mediation.handle([deliveries.of(order_disputed())])

        eventually(lambda: shown(observer, "disputes", state="OPEN") == 1, 10, "one is open")
        assert shown(observer, "collected_timestamp_seconds") == clock.now.timestamp()
        eventually(
            lambda: shown(observer, "audited_timestamp_seconds") == clock.now.timestamp(),
            10,
            "a round of the auditor began and ended",
        )


def test_a_violation_is_served_until_it_is_mended(
    database: Database,
    empty_database_url: str,
    mediation: Mediation,
    deliveries: Deliveries,
    clock: SetClock,
    capfd: pytest.CaptureFixture[str],
) -> None:
    mediation.handle([deliveries.of(order_disputed())])
    number = "UPDATE cases SET sequence = sequence {} 1"

    with observing(empty_database_url, clock) as observer:
        for change, count in (("+", 1), ("-", 0)):
            with database.transaction() as connection:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                connection.execute(text(number.format(change)))
            eventually(
                partial(_shows, observer, count),
                10,
                f"{count} violations",
            )

    said = capfd.readouterr().out
    assert "invariant_violated" in said
    assert "order-1" in said


def test_without_a_database_the_last_numbers_stay_and_their_age_tells(
    database: Database,
    empty_database_url: str,
    clock: SetClock,
    capfd: pytest.CaptureFixture[str],
) -> None:
    hide = "ALTER TABLE tallies RENAME TO hidden"
    with observing(empty_database_url, clock) as observer:
        eventually(lambda: shown(observer, "disputes", state="OPEN") == 0, 10, "a reading")
        with database.transaction() as connection:
            connection.execute(text(hide))
        read_at = shown(observer, "collected_timestamp_seconds")
        clock.advance(minutes=10)

        eventually(lambda: "collecting_failed" in capfd.readouterr().out, 10, "it is told")
        assert shown(observer, "collected_timestamp_seconds") == read_at
        assert shown(observer, "disputes", state="OPEN") == 0
        with database.transaction() as connection:
            connection.execute(text("ALTER TABLE hidden RENAME TO tallies"))
        eventually(
            lambda: shown(observer, "collected_timestamp_seconds") == clock.now.timestamp(),
            10,
            "a reading again",
        )


def test_before_the_first_reading_only_times_and_violations_are_served(
    empty_database_url: str, clock: SetClock
) -> None:
    with closing(Database(empty_database_url)) as database:
        observer = Observer(
            database, Codec(), clock=clock, collect_seconds=1, orders_per_second=1_000
        )

        assert shown(observer, "disputes", state="OPEN") is None
        assert shown(observer, "collected_timestamp_seconds") == clock.now.timestamp()
        assert shown(observer, "invariant_violations", invariant="effects_complete") == 0


def test_tallies_that_have_become_many_are_folded(
    database: Database, empty_database_url: str, clock: SetClock
) -> None:
    many = "INSERT INTO tallies SELECT 'disputes', '{OPEN}', n % 2 FROM generate_series(1, :n) n"
    add = text(many)
    with database.transaction() as connection:
        connection.execute(add, {"n": tallies.MANY + 1})
    with closing(Database(empty_database_url)) as own:
        observer = Observer(own, Codec(), clock=clock, collect_seconds=1, orders_per_second=1_000)

        observer.collect()

    with database.transaction() as connection:
        left = connection.execute(text("SELECT count(*), sum(amount) FROM tallies")).one()
    assert tuple(left) == (1, (tallies.MANY + 1 + 1) // 2)
