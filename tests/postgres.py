"""The embedded PostgreSQL as tests have it: for a while, and without waiting for the disk."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from consumers.embedded import EmbeddedDatabase


@contextmanager
def hasty_postgres(prefix: str) -> Iterator[EmbeddedDatabase]:
    """A server in a directory of its own, which need not survive a power cut."""
    with (
        tempfile.TemporaryDirectory(prefix=prefix) as directory,
        EmbeddedDatabase(Path(directory)) as server,
    ):
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server
