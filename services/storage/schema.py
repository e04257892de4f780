"""The database's own schema: the version it has, the one this release needs, and the way there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from services.errors import SchemaVersionError
from services.storage.database import Database

_UPGRADE_LOCK = 0x6D656469  # "medi": two upgrades at once take turns


def needed_version() -> str:
    """The schema version that this release needs."""
    version = ScriptDirectory.from_config(_config()).get_current_head()
    assert version is not None
    return version


def current_version(connection: Connection) -> str | None:
    """The schema version that the database has; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the database to the needed version, in one transaction; returns (before, after).

    Raises:
        DatabaseUnavailableError: the database does not answer.
        StorageError: a migration was refused; nothing was changed.
        SchemaVersionError: the database belongs to a newer release.
    """
    with database.transaction() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
        before = current_version(connection)
        _refuse_unknown(before)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before, needed_version()


def require_needed_version(database: Database) -> None:
    """Raises `SchemaVersionError`, with its remedy, unless the database has the needed version."""
    with database.transaction() as connection:
        current = current_version(connection)
    _refuse_unknown(current)
    if current != needed_version():
        raise SchemaVersionError(
            f"the database has schema version {current or 'none'}, this release needs "
            f"{needed_version()}: run `mediation db upgrade`"
        )


def _refuse_unknown(version: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if version is not None and version not in known:
        raise SchemaVersionError(
            f"the database has schema version {version}, which this release does not know: "
            "it belongs to a newer release; run that one"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
