"""A database with the project's tables, for the tests of what is remembered."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from schemas.codec import Codec
from services.mediation import Mediation
from services.storage import schema
from services.storage.database import Database
from services.storage.driver import DirectDatabase
from services.storage.postgres import PostgresStore
from tests.deliveries import Deliveries


class SetClock:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **spans: float) -> None:
        self.now += timedelta(**spans)


@pytest.fixture
def empty_database(empty_database_url: str) -> Iterator[Database]:
    with closing(Database(empty_database_url)) as database:
        yield database


@pytest.fixture
def database(empty_database: Database) -> Database:
    schema.upgrade(empty_database)
    return empty_database


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def mediation(database: Database, empty_database_url: str, clock: SetClock) -> Iterator[Mediation]:
    """On a connection like a consumer's; `database` has the tables, and is for looking at them."""
    with closing(DirectDatabase(empty_database_url)) as direct:
        yield Mediation(PostgresStore(direct), Codec(), group="mediation.test", clock=clock)


@pytest.fixture
def deliveries() -> Deliveries:
    return Deliveries()
