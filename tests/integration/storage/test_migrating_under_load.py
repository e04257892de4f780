"""Does a migration get on with the consumers that go on writing meanwhile?"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from alembic import command
from sqlalchemy import text

from services.errors import DatabaseUnavailableError
from services.storage import schema
from services.storage.database import Database
from tests.eventually import eventually
from tests.integration.looking import someone_waits_for_a_lock

PREVIOUS = "0001"
AS_A_CONSUMER_WRITES = (
    "cases",
    "events",
    "disputes",
    "settlements",
    "parked_events",
    "dead_letters",
)


@pytest.fixture
def previous_database(empty_database: Database) -> Database:
    """A database as the previous release has it."""
    config = schema._config()
    with empty_database.transaction() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, PREVIOUS)
    return empty_database


@pytest.mark.parametrize("written", range(1, len(AS_A_CONSUMER_WRITES)))
def test_it_waits_for_a_batch_wherever_that_is_and_the_batch_never_for_it(
    previous_database: Database, written: int
) -> None:
    batch = Database(previous_database.url.render_as_string(hide_password=False))
    with ThreadPoolExecutor(1) as pool, closing(batch):
        with batch.transaction() as connection:
            for table in AS_A_CONSUMER_WRITES[:written]:
                connection.execute(text(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE"))
            upgrade = pool.submit(schema.upgrade, previous_database)
            eventually(lambda: upgrade.done() or someone_waits_for_a_lock(previous_database))
            for table in AS_A_CONSUMER_WRITES[written:]:
                connection.execute(text(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE"))

        assert upgrade.result(30) == (PREVIOUS, schema.needed_version())


def test_what_the_driver_itself_says_is_sorted_too(database: Database) -> None:
    with pytest.raises(DatabaseUnavailableError), database.transaction() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("SELECT pg_terminate_backend(pg_backend_pid())")
