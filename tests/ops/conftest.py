"""A console on a database of the test's own, and browsers of two kinds that look at it."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from starlette.testclient import TestClient

from consumers.ops.app import create_app
from consumers.ops.console import Console
from services.storage import schema
from services.storage.database import Database
from tests.integration.conftest import SetClock
from tests.ops.scene import TOKEN, Unpublished, console_on, play

HERE = "http://127.0.0.1:9470"


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    with closing(Database(empty_database_url)) as database:
        schema.upgrade(database)
        yield database


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def marketplace(database: Database, clock: SetClock) -> Unpublished:
    """Where nothing has happened yet."""
    return Unpublished(database, clock)


@pytest.fixture
def console(database: Database, clock: SetClock) -> Console:
    """A console with a token."""
    return console_on(database, clock)


@pytest.fixture
def visitor(console: Console) -> Iterator[TestClient]:
    """Somebody who has not signed in."""
    with TestClient(create_app(console), base_url=HERE, follow_redirects=False) as client:
        yield client


@pytest.fixture
def reader(database: Database, clock: SetClock) -> Iterator[TestClient]:
    """Somebody at a console without a token: read-only."""
    app = create_app(console_on(database, clock, token=None))
    with TestClient(app, base_url=HERE, follow_redirects=False) as client:
        yield client


@pytest.fixture
def ana(console: Console) -> Iterator[TestClient]:
    """Somebody who has signed in."""
    app = create_app(console)
    with TestClient(app, base_url=HERE, headers={"Origin": HERE}) as client:
        signed_in = client.post("/sign-in", data={"name": "ana", "token": TOKEN, "next": "/"})
        assert signed_in.status_code == 200
        yield client


@pytest.fixture
def busy(database: Database, clock: SetClock) -> None:
    """A marketplace on a busy afternoon."""
    play(database, clock)
