"""Does everything in the outbox leave it, in order, and only once it was acknowledged?"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime

import pytest

from consumers.outbox_relay import OutboxRelay
from consumers.stopping import StopSignal
from services.messages import Outgoing
from services.metrics import Metrics
from services.retry import Backoff
from services.storage import outbox
from services.storage.database import Database
from services.storage.driver import DirectDatabase, driver_cursor
from services.storage.postgres import PostgresStore
from tests.eventually import eventually
from tests.simulation.sink import MemorySink

NOW = datetime(2026, 3, 2, tzinfo=UTC)
Start = Callable[[MemorySink], AbstractContextManager[None]]


@pytest.fixture
def relay(database: Database, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts a relay that publishes to a sink, in a thread, until the context ends."""
    monkeypatch.setattr("consumers.stopping.GRACE_SECONDS", 3600)
    monkeypatch.setattr("consumers.outbox_relay.IDLE_SECONDS", 0.1)

    url = database.url.render_as_string(hide_password=False)

    @contextmanager
    def start(sink: MemorySink) -> Iterator[None]:
        stop = StopSignal()
        with closing(DirectDatabase(url)) as own:
            running = OutboxRelay(
                PostgresStore(own),
                lambda: sink,
                stop=stop,
                backoff=Backoff(0.01, 0.05),
                clock=lambda: NOW,
                metrics=Metrics(),
                batch_size=10,
            )
            thread = threading.Thread(target=running.run)
            thread.start()
            try:
                yield
            finally:
                stop.set()
                thread.join()

    return start


def add(database: Database, *values: str, key: bytes = b"order-1") -> None:
    rows = [Outgoing("topic", key, value.encode(), (("name", b"header"),)) for value in values]
    with database.transaction() as connection:
        outbox.add(connection, rows, NOW)


def said(sink: MemorySink) -> list[str]:
    return [(each.value or b"").decode() for each in sink.published]


def is_empty(database: Database) -> bool:
    with database.transaction() as connection:
        return outbox.count(connection) == 0


def test_rows_are_published_in_order_with_key_and_headers_and_leave(
    database: Database, relay: Start
) -> None:
    numbers = [str(number) for number in range(25)]
    add(database, *numbers)

    with relay(sink := MemorySink()):
        eventually(lambda: is_empty(database))

    assert said(sink) == numbers
    assert sink.published[0] == Outgoing("topic", b"order-1", b"0", (("name", b"header"),))


def test_rows_stay_until_the_broker_has_acknowledged_them(database: Database, relay: Start) -> None:
    add(database, "one", "two")

    with relay(sink := MemorySink(failures=3)):
        eventually(lambda: said(sink) == ["one", "two"])
        eventually(lambda: is_empty(database))

    assert sink.failures == 0


def test_a_row_that_was_written_first_and_committed_last_is_not_passed_over(
    database: Database, empty_database_url: str, relay: Start
) -> None:
    with relay(sink := MemorySink()), closing(Database(empty_database_url)) as slow:
        with slow.transaction() as connection:
            outbox.add(connection, [Outgoing("topic", b"order-2", b"slow")], NOW)
            add(database, "fast")
            eventually(lambda: said(sink) == ["fast"])

        eventually(lambda: said(sink) == ["fast", "slow"])


def test_one_relay_is_active_per_slot_and_another_takes_over(
    database: Database, relay: Start
) -> None:
    first, second = MemorySink(), MemorySink()
    with relay(second):
        with relay(first):
            add(database, "one")
            eventually(lambda: is_empty(database))
        active, other = (first, second) if said(first) else (second, first)
        assert (said(active), said(other)) == (["one"], [])

        add(database, "two")
        eventually(lambda: is_empty(database))

    assert sorted([*said(first), *said(second)]) == ["one", "two"]


def test_a_relay_that_loses_its_connection_takes_up_its_work_anew(
    database: Database, relay: Start
) -> None:
    with relay(sink := MemorySink()):
        add(database, "one")
        eventually(lambda: is_empty(database))

        with database.transaction() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        add(database, "two")

        eventually(lambda: said(sink) == ["one", "two"])


def test_heavy_rows_are_taken_a_few_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.storage.outbox.BATCH_BYTES", 100)
    add(database, "a" * 99, "b", "c", "d" * 101, "e")

    taken = []
    with PostgresStore(database).relaying() as session:
        while rows := session.pending(range(outbox.SLOTS), 10):
            taken.append("".join((row.outgoing.value or b"").decode()[0] for row in rows))
            session.remove([row.id for row in rows])

    assert taken == ["ab", "cd", "e"]


def test_rows_are_found_without_sorting_a_backlog(database: Database) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO outbox (slot, topic, key, value, headers, created_at)"
            " SELECT n %% 16, 'topic', '', '', '{}', now() FROM generate_series(1, 20000) AS n"
        )

    with database.session() as session, driver_cursor(session) as cursor:
        limits = (100, outbox.BATCH_BYTES)
        cursor.execute(f"EXPLAIN {outbox._PENDING}", (list(range(outbox.SLOTS)), *limits))
        plan = "\n".join(line for (line,) in cursor)

    assert "Index Scan using outbox_pkey" in plan
    assert "Sort" not in plan


def test_an_order_always_has_the_same_slot() -> None:
    assert outbox.slot_of(b"order-1") == outbox.slot_of(b"order-1") == 15
    assert {outbox.slot_of(b"order-%d" % number) for number in range(1000)} == set(
        range(outbox.SLOTS)
    )
