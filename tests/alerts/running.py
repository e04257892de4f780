"""The real pipeline under a real Prometheus: four processes, and the numbers of the database.

Rule: nothing here mends what a test has broken, unless the test asks for it.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from prometheus_client import start_http_server

from consumers.bootstrap import PROCESSES, make_codec
from consumers.embedded import EmbeddedBroker
from consumers.observer import Observer
from services.clock import system_clock
from services.settings import load_settings
from services.storage.database import Database
from tests.alerts.prometheus import Prometheus, running_prometheus
from tests.brokers.broker import Broker
from tests.pipeline import Pipeline, running_pipeline

COLLECTED_EVERY = 0.5


@dataclass(frozen=True, slots=True)
class Watched:
    """A pipeline that runs, and the Prometheus that watches it."""

    pipeline: Pipeline
    prometheus: Prometheus
    url: str

    def execute(self, *statements: str) -> None:
        """Do this to the database, past everything that guards it."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def pid(self, process: str) -> int:
        """The process id of a process."""
        return self.pipeline.stack.processes[process]

    def is_back(self, process: str) -> bool:
        """Whether this process runs and has its work; one that ended is started again."""
        self.pipeline.stack.mend()
        return process in self.pipeline.stack.processes


@contextmanager
def watched_pipeline(program: str, directory: Path, url: str) -> Iterator[Watched]:
    """All of it on an embedded broker and this empty database, scraped a few times."""
    first = free_ports(len(PROCESSES))
    with ExitStack() as stack:
        embedded = stack.enter_context(EmbeddedBroker())
        broker = Broker(
            name="embedded",
            description=f"embedded librdkafka {embedded.version}",
            bootstrap_servers=embedded.bootstrap_servers,
            api_version=embedded.api_version,
        )
        pipeline = stack.enter_context(
            running_pipeline(broker, url, directory / "pipeline", metrics_port=first)
        )
        targets = {
            f"mediation-{name}": f"127.0.0.1:{first + number}"
            for number, name in enumerate(PROCESSES)
        }
        targets["mediation-ops"] = stack.enter_context(numbers_of_the_database(url))
        (directory / "prometheus").mkdir()
        prometheus = stack.enter_context(
            running_prometheus(program, directory / "prometheus", targets)
        )
        prometheus.wait_for_scrapes(2)
        yield Watched(pipeline, prometheus, url)


@contextmanager
def numbers_of_the_database(url: str, every: float = COLLECTED_EVERY) -> Iterator[str]:
    """What ops serves, at this address."""
    observer = Observer(
        Database(url, application_name="mediation-ops"),
        make_codec(load_settings()),
        clock=system_clock,
        collect_seconds=every,
        orders_per_second=10_000,
    )
    observer.start()
    server, thread = start_http_server(0, addr="127.0.0.1", registry=observer.registry)
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        observer.stop()


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody has."""
    for first in range(21_000, 32_000, count):
        with suppress(OSError), ExitStack() as stack:
            for port in range(first, first + count):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            return first
    raise AssertionError("no ports are free")
