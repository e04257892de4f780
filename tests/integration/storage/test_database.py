"""Which failures of the database may pass, and which will not?"""

from contextlib import closing

import pytest
from sqlalchemy import make_url, text

from services.errors import DatabaseUnavailableError, SettingsError, StorageError
from services.storage import driver
from services.storage.database import Database
from services.storage.driver import DirectDatabase
from tests.eventually import eventually


def test_a_transaction_that_fails_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        connection.execute(text("INSERT INTO cases (order_id) VALUES ('order-1')"))
        raise ZeroDivisionError

    with database.transaction() as connection:
        assert connection.execute(text("SELECT count(*) FROM cases")).scalar_one() == 0


def test_a_database_that_is_not_there_is_a_passing_failure() -> None:
    with (
        closing(Database("postgresql://nobody@127.0.0.1:1/nothing")) as away,
        pytest.raises(DatabaseUnavailableError),
    ):
        away.ping()


def test_a_statement_that_takes_too_long_is_a_passing_failure(empty_database_url: str) -> None:
    with (
        closing(Database(empty_database_url, statement_timeout=0.05)) as hurried,
        pytest.raises(DatabaseUnavailableError, match="timeout"),
        hurried.transaction() as connection,
    ):
        connection.execute(text("SELECT pg_sleep(5)"))


def test_a_lock_that_is_held_too_long_is_a_passing_failure(
    database: Database, empty_database_url: str
) -> None:
    with (
        closing(Database(empty_database_url, lock_timeout=0.05)) as hurried,
        database.transaction() as holder,
    ):
        holder.execute(text("LOCK TABLE cases"))

        with (
            pytest.raises(DatabaseUnavailableError, match="lock timeout"),
            hurried.transaction() as connection,
        ):
            connection.execute(text("LOCK TABLE cases"))


def test_a_session_that_was_made_read_only_is_not_used_again(empty_database_url: str) -> None:
    name = make_url(empty_database_url).database
    setting = f"ALTER DATABASE {name} {{}} default_transaction_read_only"
    with (
        closing(Database(empty_database_url)) as operator,
        closing(Database(empty_database_url)) as pipeline,
    ):
        with operator.transaction() as connection:
            connection.execute(text(setting.format("SET") + " = on"))
        with (
            pytest.raises(DatabaseUnavailableError, match="read-only"),
            pipeline.transaction() as connection,
        ):
            connection.execute(text("CREATE TABLE anything ()"))
        with operator.transaction() as connection:
            connection.execute(text(setting.format("RESET")))

        with pipeline.transaction() as connection:
            connection.execute(text("CREATE TABLE anything ()"))


def test_a_client_that_stops_after_many_rows_loses_its_transaction(
    empty_database_url: str,
) -> None:
    with (
        closing(
            Database(empty_database_url, application_name="stopped", statement_timeout=0.5)
        ) as stopped,
        closing(Database(empty_database_url)) as other,
    ):
        with other.transaction() as connection:
            connection.execute(text("CREATE TABLE rows (number int)"))

        with (
            pytest.raises(DatabaseUnavailableError, match="transaction timeout"),
            stopped.transaction() as connection,
        ):
            insert = text("INSERT INTO rows VALUES (:number)")
            connection.execute(insert, [{"number": number} for number in range(3)])
            eventually(lambda: not connected(other, "stopped"), 10, "the server ends the session")
            connection.execute(text("SELECT 1"))


def test_a_session_that_is_silent_loses_its_locks(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "_IDLE_SESSION", "200ms")
    with (
        closing(DirectDatabase(empty_database_url, application_name="stopped")) as stopped,
        closing(Database(empty_database_url)) as other,
        pytest.raises(DatabaseUnavailableError, match="idle-session timeout"),
        stopped.session() as session,
    ):
        session.execute("SELECT pg_advisory_lock(1)")
        eventually(lambda: not connected(other, "stopped"), 10, "the server ends the session")

        with other.session() as heir:
            assert heir.execute("SELECT pg_try_advisory_lock(1)").fetchone() == (True,)
        session.execute("SELECT 1")


def connected(database: Database, name: str) -> bool:
    sessions = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name")
    with database.transaction() as connection:
        return bool(connection.execute(sessions, {"name": name}).scalar_one())


def test_a_connection_that_was_cut_is_a_passing_failure_and_the_next_one_works(
    database: Database, empty_database_url: str
) -> None:
    cut = "SELECT pg_terminate_backend(:pid)"
    with (
        closing(Database(empty_database_url)) as other,
        pytest.raises(DatabaseUnavailableError),
        database.transaction() as connection,
    ):
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with other.transaction() as operator:
            operator.execute(text(cut), {"pid": pid})
        connection.execute(text("SELECT 1"))

    database.ping()


def test_a_read_only_database_is_a_passing_failure(database: Database) -> None:
    with (
        pytest.raises(DatabaseUnavailableError, match="read-only"),
        database.transaction() as connection,
    ):
        connection.execute(text("SET TRANSACTION READ ONLY"))
        connection.execute(text("INSERT INTO cases (order_id) VALUES ('order-1')"))


def test_a_right_that_is_missing_is_a_passing_failure_that_a_person_mends(
    database: Database,
) -> None:
    with (
        pytest.raises(DatabaseUnavailableError, match="permission denied"),
        database.transaction() as connection,
    ):
        connection.execute(text("SET ROLE pg_monitor"))
        connection.execute(text("INSERT INTO cases (order_id) VALUES ('order-1')"))


def test_a_constraint_that_is_broken_will_not_pass(database: Database) -> None:
    with pytest.raises(StorageError), database.transaction() as connection:
        connection.execute(text("INSERT INTO cases (order_id) VALUES ('')"))


def test_a_password_is_not_part_of_the_address() -> None:
    with closing(Database("postgresql://me:hunter2@db/x")) as database:
        assert database.address == "postgresql://me:***@db/x"


@pytest.mark.parametrize("url", ["mysql://root@db/x", "no url at all"])
def test_an_url_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="database URL"):
        Database(url)
