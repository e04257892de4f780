"""What becomes of a set of rows that cannot be written?"""

from contextlib import closing, suppress
from dataclasses import replace

import pytest
from sqlalchemy import text

from services.errors import DatabaseUnavailableError, StorageError
from services.rules.case import Case
from services.storage import binary, tables
from services.storage.database import Database
from services.storage.driver import driver_cursor
from services.storage.inbox import Entry
from services.storage.postgres import PostgresStore
from tests.builders import order_disputed
from tests.contract.store_rows import NOW, entry, in_mediation, lock, outgoing
from tests.integration.looking import rows_of


def explained(explanation: str, number: int = 0) -> Entry:
    event = order_disputed(name=f"event {number}", order_id=f"order-{number}")
    return entry(event, explanation=explanation)


@pytest.mark.parametrize("explanation", ["a NUL: \x00", "half a character: \ud83d"])
def test_a_text_that_postgresql_cannot_hold_fails_for_good(
    database: Database, explanation: str
) -> None:
    with (
        pytest.raises((StorageError, UnicodeEncodeError)),
        PostgresStore(database).transaction() as transaction,
    ):
        transaction.remember([explained("good"), explained(explanation, 1)])

    assert rows_of(database, tables.events) == []
    database.ping()


def test_what_failed_in_the_middle_of_a_set_leaves_nothing_behind(database: Database) -> None:
    with PostgresStore(database).transaction() as transaction:
        transaction.publish_later([outgoing("an effect")], NOW)
        with suppress(UnicodeEncodeError):
            transaction.remember([explained("good"), explained("\ud83d", 1)])

    assert rows_of(database, tables.outbox) == []


@pytest.mark.parametrize("before", [Case("order-1"), in_mediation()])
def test_what_is_not_there_cannot_be_changed(database: Database, before: Case) -> None:
    """Such a case was never locked; written nowhere, its restrictions would be lost in silence."""
    with (
        pytest.raises(StorageError, match="were to be updated"),
        PostgresStore(database).transaction() as transaction,
    ):
        transaction.write_cases([(before, replace(before, sequence=9))])


def test_a_failure_of_the_driver_is_sorted_as_all_others_are(
    database: Database, empty_database_url: str
) -> None:
    question = "SELECT * FROM cases WHERE order_id = ANY({order_id}) FOR UPDATE"
    with (
        closing(Database(empty_database_url, lock_timeout=0.05)) as hurried,
        PostgresStore(database).transaction() as holder,
    ):
        lock(holder, "order-1")
        with (
            pytest.raises(DatabaseUnavailableError, match="lock timeout"),
            hurried.transaction() as connection,
        ):
            binary.append(connection, "cases", {"order_id": ["order-1"]})
    with pytest.raises(StorageError, match="identifier"), database.transaction() as connection:
        binary.append(connection, "cases", {"order_id": ["x" * 65]})
    with pytest.raises(DatabaseUnavailableError), database.transaction() as connection:
        binary.fetch(connection, question.replace("cases", "gone"), {"order_id": []})


def end_session(pid: int, url: str) -> None:
    """End a session, as a server does that is stopped."""
    with closing(Database(url)) as operator, operator.transaction() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 30000)"), {"pid": pid})


def test_a_connection_that_is_lost_is_a_passing_failure_and_says_why(
    database: Database, empty_database_url: str
) -> None:
    with (
        pytest.raises(DatabaseUnavailableError, match="terminating connection"),
        database.transaction() as connection,
    ):
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        end_session(pid, empty_database_url)
        binary.append(connection, "cases", {"order_id": ["order-1"]})

    database.ping()


def test_a_connection_lost_in_the_middle_of_a_set_is_a_passing_failure_and_the_next_one_works(
    database: Database, empty_database_url: str
) -> None:
    with (
        pytest.raises(DatabaseUnavailableError),
        database.transaction() as connection,
        driver_cursor(connection) as cursor,
        cursor.copy("COPY cases (order_id) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        end_session(cursor.connection.info.backend_pid, empty_database_url)
        copy.set_types(["text"])
        for number in range(1_000_000):
            copy.write_row([f"order-{number}"])

    database.ping()


def test_of_questions_asked_at_once_the_one_that_failed_says_why(database: Database) -> None:
    """Those after it are not answered either, and say nothing of the reason."""
    columns = {"order_id": ["order-1"]}
    wrong = "SELECT 1 / (1 - count(*)) FROM {rows}"
    slow = "SELECT pg_sleep(0.05) FROM {rows}"
    asked = [binary.Question(each, columns) for each in (slow, wrong, slow, "SELECT * FROM {rows}")]

    with (
        pytest.raises(StorageError, match="division by zero"),
        database.transaction() as connection,
    ):
        binary.ask(connection, asked)

    database.ping()


def test_what_is_written_together_is_refused_by_the_end_of_the_block(database: Database) -> None:
    twice = [explained("good"), explained("good")]
    with (
        pytest.raises(StorageError, match="events_pkey"),
        PostgresStore(database).transaction() as transaction,
    ):
        with transaction.writing(2):
            transaction.publish_later([outgoing("an effect")], NOW)
            transaction.remember(twice)
        pytest.fail("the block ended well")

    assert rows_of(database, tables.outbox) == []


def test_what_cannot_be_said_together_leaves_nothing_behind(database: Database) -> None:
    with (
        pytest.raises(UnicodeEncodeError),
        PostgresStore(database).transaction() as transaction,
        transaction.writing(1),
    ):
        transaction.publish_later([outgoing("an effect")], NOW)
        transaction.remember([explained("\ud83d")])

    assert rows_of(database, tables.outbox) == []
    database.ping()


def test_a_connection_lost_while_writing_together_is_a_passing_failure(
    database: Database, empty_database_url: str
) -> None:
    with (
        pytest.raises(DatabaseUnavailableError),
        database.transaction() as connection,
        binary.together(connection),
    ):
        binary.append(connection, "cases", {"order_id": ["order-1"]})
        with driver_cursor(connection) as cursor:
            end_session(cursor.connection.info.backend_pid, empty_database_url)
        binary.append(connection, "cases", {"order_id": ["order-2"]})

    database.ping()
