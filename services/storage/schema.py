"""The database's own schema: the version it has, the one this release needs, and the way there.

Rule: only the way there loads Alembic. Every process asks for the version when it starts, and would
keep all of it in memory for one word.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from services.errors import SchemaVersionError
from services.retry import patiently
from services.storage import rights
from services.storage.driver import AnyConnection, Way, driver_cursor

if TYPE_CHECKING:
    from alembic.config import Config

    from services.storage.database import Database

MIGRATIONS: Final = Path(__file__).parent / "migrations"

_UPGRADE_LOCK = 0x6D656469  # "medi": two upgrades at once take turns
_NO_TRANSACTION_TIMEOUT = (  # only PostgreSQL 17 and newer know it
    "SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'transaction_timeout'"
)


def versions() -> list[str]:
    """The schema versions that this release knows, oldest first: `0001`, from `m0001_….py`."""
    files = (MIGRATIONS / "versions").glob("m*.py")
    return sorted(file.stem.removeprefix("m").partition("_")[0] for file in files)


def needed_version() -> str:
    """The schema version that this release needs."""
    return versions()[-1]


def current_version(connection: AnyConnection) -> str | None:
    """The schema version that the database has; None for an empty database."""
    return _only_value(connection, "alembic_version", "SELECT version_num FROM alembic_version")


def upgrade(database: "Database") -> tuple[str | None, str]:
    """Bring the database to the needed version, in one transaction; returns (before, after).

    The roles that were made there have their rights then (`rights`), whatever they had before.
    Consumers may be at work: where it loses a deadlock to one of them it is tried again.

    Raises:
        DatabaseUnavailableError: the database does not answer, or a lock was held for a minute.
        StorageError: a migration was refused; nothing was changed.
        SchemaVersionError: the database belongs to a newer release.
    """
    return patiently(lambda: _upgraded(database))


def _upgraded(database: "Database") -> tuple[str | None, str]:
    from alembic import command
    from sqlalchemy import text

    with database.transaction() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text(_NO_TRANSACTION_TIMEOUT))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
        before = current_version(connection)
        _refuse_unknown(before)
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        rights.grant(connection)
    return before, needed_version()


def require_needed_version(database: Way) -> None:
    """Raises `SchemaVersionError`, with its remedy, unless this release can use the database.

    A newer database can be used if its migrations say so: in a rolling upgrade the database goes
    first, and processes of the release before it may still be started again.
    """
    with database.transaction() as connection:
        current = current_version(connection)
        usable_from = _usable_from(connection)
    if usable_from is not None and usable_from <= needed_version():
        return
    _refuse_unknown(current)
    if current != needed_version():
        raise SchemaVersionError(
            f"the database has schema version {current or 'none'}, this release needs "
            f"{needed_version()}: run `mediation db upgrade`"
        )


def _refuse_unknown(version: str | None) -> None:
    if version is not None and version not in versions():
        raise SchemaVersionError(
            f"the database has schema version {version}, which this release does not know: "
            "it belongs to a newer release; run that one"
        )


def _usable_from(connection: AnyConnection) -> str | None:
    """The oldest version whose release can use this database, if it is newer than this release."""
    if current_version(connection) in {None, *versions()}:
        return None
    return _only_value(
        connection, "schema_compatibility", "SELECT usable_from FROM schema_compatibility"
    )


def _only_value(connection: AnyConnection, table: str, question: str) -> str | None:
    """What the one row of a table says; None where there is no such table, or no row."""
    with driver_cursor(connection) as cursor:
        (there,) = cursor.execute("SELECT to_regclass(%s)", (table,)).fetchone() or (None,)
        row = None if there is None else cursor.execute(question.encode()).fetchone()
    return None if row is None else str(row[0])


def configuration() -> "Config":
    """Where Alembic finds the migrations."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config
