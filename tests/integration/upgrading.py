"""Brings a database to the version of an earlier release."""

from alembic import command

from services.storage import schema
from services.storage.database import Database


def to_version(database: Database, version: str) -> None:
    """Upgrade an empty database up to this version and no further."""
    with database.transaction() as connection:
        config = schema.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, version)
