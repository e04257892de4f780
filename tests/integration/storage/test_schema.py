"""How does a database get to the version that this release needs?"""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from schemas.reasons import Reason
from services.errors import SchemaVersionError
from services.storage import schema, tables
from services.storage.database import Database
from tests.eventually import eventually
from tests.integration.looking import someone_waits_for_a_lock


def test_the_versions_are_those_of_the_migrations_in_their_order() -> None:
    newest_first = ScriptDirectory.from_config(schema.configuration()).walk_revisions()

    assert [script.revision for script in newest_first] == schema.versions()[::-1]


def test_an_empty_database_is_brought_to_the_needed_version(empty_database: Database) -> None:
    before, after = schema.upgrade(empty_database)

    assert (before, after) == (None, schema.needed_version())
    schema.require_needed_version(empty_database)


def test_the_release_before_this_one_can_go_on_working(database: Database) -> None:
    with database.transaction() as connection:
        oldest = connection.scalars(text("SELECT usable_from FROM schema_compatibility")).all()

    assert oldest == ["0001"]


def test_an_upgrade_of_an_upgraded_database_changes_nothing(database: Database) -> None:
    assert schema.upgrade(database) == (schema.needed_version(), schema.needed_version())


def test_two_upgrades_at_once_take_turns(empty_database: Database) -> None:
    with ThreadPoolExecutor(2) as pool:
        versions = list(pool.map(schema.upgrade, [empty_database, empty_database]))

    needed = schema.needed_version()
    assert sorted(versions, key=str) == [(needed, needed), (None, needed)]


def test_a_database_without_tables_is_refused_with_the_remedy(empty_database: Database) -> None:
    with pytest.raises(SchemaVersionError, match="run `mediation db upgrade`"):
        schema.require_needed_version(empty_database)


def test_a_database_of_a_newer_release_is_refused(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaVersionError, match="newer release"):
        schema.upgrade(database)


def _newer_release(database: Database, *, usable_from: str) -> None:
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("DROP TABLE IF EXISTS schema_compatibility"))
        connection.execute(text("CREATE TABLE schema_compatibility (usable_from text NOT NULL)"))
        connection.execute(
            text("INSERT INTO schema_compatibility VALUES (:version)"), {"version": usable_from}
        )


def test_a_newer_database_is_used_if_it_says_that_this_release_can(database: Database) -> None:
    _newer_release(database, usable_from=schema.needed_version())

    schema.require_needed_version(database)


def test_a_newer_database_is_refused_if_it_has_left_this_release_behind(database: Database) -> None:
    _newer_release(database, usable_from="9998")

    with pytest.raises(SchemaVersionError, match="newer release"):
        schema.require_needed_version(database)


def test_python_and_the_migrations_agree_on_every_column(database: Database) -> None:
    with database.transaction() as connection:
        inspector = inspect(connection)
        migrated = {
            table: {column["name"]: column["nullable"] for column in inspector.get_columns(table)}
            for table in inspector.get_table_names()
            if table != "alembic_version"
        }
    generated = migrated["settlements"]
    del generated["refund_minor"], generated["payout_minor"]

    assert migrated == {
        table.name: {column.name: column.nullable for column in table.columns}
        for table in tables.metadata.sorted_tables
    }


def test_the_database_knows_every_reason_code(database: Database) -> None:
    with database.transaction() as connection:
        check = connection.execute(
            text(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conname = 'dead_letters_reason_check'"
            )
        ).scalar_one()

    assert set(re.findall(r"'(\w+)'", check)) == set(Reason)


def test_an_upgrade_that_meets_a_consumer_in_a_deadlock_is_tried_again(
    empty_database_url: str,
) -> None:
    """The consumer writes to the two tables in the order that is not the migration's."""
    with (
        closing(Database(empty_database_url)) as upgrading,
        closing(Database(empty_database_url)) as consumer,
        ThreadPoolExecutor(1) as pool,
    ):
        _to_version(upgrading, "0001")
        with consumer.transaction() as connection:
            connection.execute(text("SET LOCAL deadlock_timeout = '1min'"))  # the other one loses
            connection.execute(text("LOCK TABLE dead_letters IN ROW EXCLUSIVE MODE"))
            upgraded = pool.submit(schema.upgrade, upgrading)
            eventually(lambda: someone_waits_for_a_lock(consumer), 10, "the upgrade waits")
            connection.execute(text("LOCK TABLE parked_events IN ROW EXCLUSIVE MODE"))

        assert upgraded.result() == ("0001", schema.needed_version())


def _to_version(database: Database, version: str) -> None:
    with database.transaction() as connection:
        config = schema.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, version)
