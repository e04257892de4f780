"""The ground of a campaign: Apache Kafka, PostgreSQL, a proxy before each, and the processes.

Rule: everything is on loopback and in one directory, and ends with its owner. Whoever checks looks
past the proxies.
"""

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from sqlalchemy import make_url

from consumers.bootstrap import ALL_TOPICS, make_database
from consumers.broker import Admin
from consumers.embedded import EmbeddedDatabase
from consumers.errors import EmbeddedPartFailedError
from consumers.postmaster import Postmaster
from services.settings import load_settings
from services.storage import schema
from tests.brokers.local_jvm import LocalNode
from tests.eventually import eventually
from tests.faults.nursery import Nursery
from tests.faults.proxy import Proxy

PARTITIONS = 12
_NAME = "mediation"


class Ground:
    """Broker, database, schema, topics and nursery from entry to exit.

    Attributes:
        settings: for the processes; they go through the proxies.
        url: of the database, for whoever looks past the proxy.
        outages: how many parts are away on purpose right now.
    """

    def __init__(self, directory: Path, **settings: Any) -> None:
        self.directory = directory
        self.outages = 0
        self.url = ""
        self._chosen = settings
        self._parts = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as parts:
            self._start_broker(parts)
            self._start_database(parts)
            self.settings = load_settings(
                kafka_bootstrap_servers=f"127.0.0.1:{self.broker_proxy.port}",
                database_url=f"postgresql://postgres@127.0.0.1:{self.database_proxy.port}/{_NAME}",
                **self._chosen,
            )
            self._prepare()
            self.nursery = parts.enter_context(Nursery(self.directory / "nursery.log"))
            self._parts = parts.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._parts.close()

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database, past the proxy."""
        with self.connection() as connection:
            return connection.execute(statement, values).fetchall()

    def connection(self, *, database: str = _NAME) -> psycopg.Connection:
        """A connection past the proxy, in autocommit."""
        url = make_url(self.url).set(database=database)
        return psycopg.connect(
            url.render_as_string(hide_password=False), autocommit=True, connect_timeout=5
        )

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Something is away on purpose meanwhile; nobody is blamed for standing still."""
        self.outages += 1
        try:
            yield
        finally:
            self.outages -= 1

    def kill_database(self) -> None:
        """`kill -9` of the server."""
        os.kill(self._postmaster().pid, signal.SIGKILL)

    def stop_database(self) -> None:
        """As `pg_ctl stop -m fast`: sessions end, and the server after them."""
        os.kill(self._postmaster().pid, signal.SIGINT)
        eventually(self._is_down, 30, "PostgreSQL stops")

    def start_database(self) -> None:
        """Start the server again; what a killed one left behind is taken over."""

        def started() -> bool:
            with suppress(EmbeddedPartFailedError):
                self.database.mend()
                return True
            return False

        eventually(started, 60, "PostgreSQL starts again")

    def processes_of_the_database(self) -> list[int]:
        """The server and its children."""
        import psutil

        server = psutil.Process(self._postmaster().pid)
        return [server.pid, *(each.pid for each in server.children(recursive=True))]

    def _is_down(self) -> bool:
        return Postmaster.read(self.directory / "postgres") is None

    def _postmaster(self) -> Postmaster:
        found = Postmaster.read(self.directory / "postgres")
        assert found is not None, "PostgreSQL does not run"
        return found

    def _start_broker(self, parts: ExitStack) -> None:
        async def dial() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return await asyncio.open_connection("127.0.0.1", self.node.proxied_port)

        self.broker_proxy = parts.enter_context(Proxy(dial))
        broker = self.directory / "broker"
        broker.mkdir(parents=True)
        self.node = LocalNode(broker, self.broker_proxy.port)
        parts.callback(self.node.stop)
        self.node.start()

    def _start_database(self, parts: ExitStack) -> None:
        self.database = parts.enter_context(EmbeddedDatabase(self.directory))
        self.url = self.database.url
        url = make_url(self.url)
        socket = Path(str(url.query["host"])) / f".s.PGSQL.{url.query.get('port', 5432)}"
        with self.connection(database="postgres") as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # no test cuts the power
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"CREATE DATABASE {_NAME}")

        async def dial() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return await asyncio.open_unix_connection(str(socket))

        self.database_proxy = parts.enter_context(Proxy(dial))

    def _prepare(self) -> None:
        database = make_database(self.settings, "campaign")
        schema.upgrade(database)
        database.close()
        admin = Admin(self.settings)
        admin.create_topics(ALL_TOPICS, partitions=PARTITIONS, replication_factor=1)
        eventually(lambda: admin.topics() >= set(ALL_TOPICS), 60, "the topics are known")
        admin.close()


def new_directory() -> Path:
    """Where a campaign keeps its files; they stay, for whoever wants to look."""
    return Path(tempfile.mkdtemp(prefix="mediation-faults-"))
