"""Two worlds in which a store can be asked the same questions: PostgreSQL, and the one in memory.

`store` and `other` are two processes' ways to one database; `other` waits for a lock a moment only.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Protocol, TypeVar

from sqlalchemy import text

from services.storage import dead_letters, schema
from services.storage.database import Database
from services.storage.driver import DirectDatabase, Way
from services.storage.postgres import PostgresStore
from services.storage.refused import DeadLetter
from services.storage.store import OutboxSession, Store
from tests.eventually import eventually
from tests.integration.looking import someone_waits_for_a_lock
from tests.simulation.store import MemoryStore

T = TypeVar("T")
_NO_ONE = "postgresql://nobody@127.0.0.1:1/nothing"


class World(Protocol):
    @property
    def store(self) -> Store: ...
    @property
    def other(self) -> Store: ...

    def while_it_waits(self, asked: Callable[[], T], meanwhile: Callable[[], object]) -> T:
        """Do what must wait for a lock, and `meanwhile` as soon as it waits."""

    def is_woken(self, session: OutboxSession, timeout: float) -> bool:
        """Whether `wait` returns before its timeout."""

    def attempts(self, letter: DeadLetter) -> int:
        """How often this dead letter was seen."""

    def drop_connections(self) -> None:
        """End every connection, as a server does that is stopped."""

    def without_server(self) -> Store:
        """A store whose server does not answer."""


class MemoryWorld:
    def __init__(self) -> None:
        self.store = self.other = MemoryStore()

    def while_it_waits(self, asked: Callable[[], T], meanwhile: Callable[[], object]) -> T:
        waited: list[str] = []

        def wait(what: str, condition: Callable[[], bool], _timeout: float) -> bool:
            waited.append(what)
            self.store.wait_until = MemoryStore().wait_until
            meanwhile()
            return condition()

        self.store.wait_until = wait
        answer = asked()
        assert waited
        return answer

    def is_woken(self, session: OutboxSession, timeout: float) -> bool:
        waited: list[str] = []

        def time_out(what: str, _condition: Callable[[], bool], _timeout: float) -> bool:
            waited.append(what)
            return False

        self.store.wait_until = time_out
        session.wait(timeout)
        return not waited

    def attempts(self, letter: DeadLetter) -> int:
        return self.store.committed.letters[letter.dead_letter_id].attempts

    def drop_connections(self) -> None:
        for connection in list(self.store.connections):
            self.store.end(connection)

    def without_server(self) -> Store:
        self.store.away = True
        return self.store


class PostgresWorld:
    def __init__(self, database: Database, patient: Way, impatient: Way) -> None:
        self._database = database
        self.store = PostgresStore(patient)
        self.other = PostgresStore(impatient)

    def while_it_waits(self, asked: Callable[[], T], meanwhile: Callable[[], object]) -> T:
        url = self._database.url.render_as_string(hide_password=False)
        with closing(Database(url)) as own, ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(asked)
            eventually(lambda: someone_waits_for_a_lock(own), 10, "someone waits for a lock")
            meanwhile()
            return waiting.result()

    def is_woken(self, session: OutboxSession, timeout: float) -> bool:
        start = time.monotonic()
        session.wait(timeout)
        return time.monotonic() - start < 0.9 * timeout  # clocks are rounded

    def attempts(self, letter: DeadLetter) -> int:
        with self._database.transaction() as connection:
            row = dead_letters.get(connection, letter.dead_letter_id)
        assert row is not None
        return int(row.attempts)

    def drop_connections(self) -> None:
        everyone_else = text(
            "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        url = self._database.url.render_as_string(hide_password=False)
        with closing(Database(url)) as own, own.transaction() as connection:
            connection.execute(everyone_else)

    def without_server(self) -> Store:
        return PostgresStore(DirectDatabase(_NO_ONE))


@contextmanager
def postgres_world(url: str) -> Iterator[PostgresWorld]:
    """An empty database at this address, with the project's tables, reached as by a consumer."""
    with (
        closing(Database(url)) as database,
        closing(DirectDatabase(url)) as patient,
        closing(DirectDatabase(url, lock_timeout=0.2)) as impatient,
    ):
        schema.upgrade(database)
        yield PostgresWorld(database, patient, impatient)
