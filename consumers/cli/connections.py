"""What commands open: the configured database and broker, or those of a running `mediation dev`.

Rule: what is opened here is closed at the end of the block. Imports are inside, so that `--help`
need not load Kafka and SQLAlchemy.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from consumers.broker import Admin
    from services.settings import Settings
    from services.storage.database import Database


@contextmanager
def opened_database(settings: "Settings") -> "Iterator[Database]":
    """The database that `settings` name, or that of a running `mediation dev`, of any version."""
    from consumers.bootstrap import make_database
    from consumers.endpoints import with_database

    database = make_database(with_database(settings), "cli")
    try:
        yield database
    finally:
        database.close()


@contextmanager
def reading() -> "Iterator[Connection]":
    """One unchanging view of the database, which has the schema that this release needs."""
    from sqlalchemy import text

    from services.settings import load_settings
    from services.storage.schema import require_needed_version

    with opened_database(load_settings()) as database:
        require_needed_version(database)
        with database.transaction() as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            yield connection


@contextmanager
def opened_admin(settings: "Settings") -> "Iterator[Admin]":
    """An administrator of the broker that `settings` name, or of a running `mediation dev`'s."""
    from consumers.broker import Admin
    from consumers.endpoints import with_broker

    admin = Admin(with_broker(settings))
    try:
        yield admin
    finally:
        admin.close()
