"""The whole pipeline on one machine: real processes, and embedded what is not configured.

Rule: what is configured is used and never started or stopped here; what is not, lives as long as
the stack does.
"""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from consumers.bootstrap import ALL_TOPICS, OPS, PROCESSES, make_database
from consumers.broker import Admin
from consumers.embedded import EmbeddedBroker, EmbeddedDatabase
from consumers.errors import EmbeddedPartFailedError, StackNotReadyError
from consumers.processes import Children
from services.fields import SecretStr
from services.retry import Backoff
from services.settings import Settings
from services.storage import schema

PARTITIONS: Final = 6
"""Of each topic that is created on a Kafka of your own, unless you say otherwise."""

BROKERS_CHOICE: Final = -1
"""As a replication factor: what the brokers have as their default."""

_POLL_SECONDS = 0.05


class Stack:
    """Broker, database, schema and topics from entry to exit; the processes when asked for.

    Made from `settings` as they were loaded. `say` is told, a line at a time, what a person may
    want to know. Whoever owns the stack calls `mend` now and then.

    Entry raises EmbeddedPartMissingError, EmbeddedPartFailedError, DatabaseUnavailableError,
    BrokerUnavailableError, SchemaVersionError or RefusedError.
    """

    def __init__(
        self, settings: Settings, data_dir: Path, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self.data_dir = data_dir.expanduser().resolve()
        self.settings = replace(settings, data_dir=self.data_dir)
        self._say = say
        self._parts = ExitStack()
        self._children: Children | None = None
        self._database: EmbeddedDatabase | None = None
        self._backoff = Backoff(initial=0.5, maximum=10.0)
        self._mend_failures = 0
        self._mend_database_at = 0.0

    def __enter__(self) -> Self:
        with ExitStack() as parts:
            self._make_database(parts)
            self._make_broker(parts)
            self._parts = parts.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.stop_processes()
        finally:
            self._database = None
            self._parts.close()

    @property
    def processes(self) -> dict[str, int]:
        """The process ids of the processes that run, by their names in `bootstrap.PROCESSES`."""
        return self._children.pids if self._children else {}

    @property
    def console_url(self) -> str:
        """Where the operations console is, if it was started."""
        host = self.settings.ops_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.settings.ops_port}/"

    def start_processes(self, *, console: bool = False) -> None:
        """Start the consumers and the relay, and the operations console if it is wanted.

        Their logs are `<data_dir>/logs/<name>.log`. Where nobody chose the console's port and
        another one has it, it gets one that is free.
        """
        if console and "ops_port" not in self.settings.named:
            self._set(ops_port=free_port(self.settings.ops_host, self.settings.ops_port))
        self._children = Children(self.settings, self.data_dir / "logs", self._say)
        self._children.start((*PROCESSES, OPS) if console else PROCESSES)

    def wait_until_ready(
        self, timeout: float = 60.0, stopping: Callable[[], bool] = lambda: False
    ) -> None:
        """Return when all consumers have partitions and the relay its slots, or when `stopping`.

        Raises:
            StackNotReadyError: that was not so within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while self._children and not stopping() and (late := self._children.not_ready()):
            if time.monotonic() > deadline:
                said = "; ".join(f"{name}: {words}" for name, words in late.items())
                raise StackNotReadyError(f"not ready after {timeout:g} s: {said}")
            self._children.mend()
            time.sleep(_POLL_SECONDS)

    def mend(self) -> None:
        """Restart what ended unexpectedly: PostgreSQL at once, a process after a growing delay."""
        self._mend_database()
        if self._children:
            self._children.mend()

    def _mend_database(self) -> None:
        now = time.monotonic()
        if self._database is None or now < self._mend_database_at:
            return
        try:
            if self._database.mend():
                self._say("PostgreSQL had ended and was started again")
        except EmbeddedPartFailedError as error:
            self._mend_failures += 1
            delay = self._backoff.delay(self._mend_failures)
            self._mend_database_at = now + delay
            reason = str(error).splitlines()[0]
            self._say(f"PostgreSQL did not start again, next attempt in {delay:.1f} s: {reason}")
        else:
            self._mend_failures = 0

    def stop_processes(self) -> None:
        """Stop the processes and wait until they ended; within 9 s."""
        children, self._children = self._children, None
        if children:
            children.stop()

    def _make_database(self, parts: ExitStack) -> None:
        if self.settings.database_url is None:
            self._say(f"starting PostgreSQL in {self.data_dir}")
            self._database = parts.enter_context(EmbeddedDatabase(self.data_dir))
            self._set(database_url=SecretStr(self._database.url))
        database = make_database(self.settings, "stack")
        try:
            schema.upgrade(database)
        finally:
            database.close()

    def _make_broker(self, parts: ExitStack) -> None:
        if self.settings.kafka_bootstrap_servers is None:
            self._say("starting the embedded broker")
            embedded = parts.enter_context(EmbeddedBroker())
            embedded.create(ALL_TOPICS)
            version = ".".join(str(number) for number in embedded.api_version)
            self._set(
                kafka_bootstrap_servers=embedded.bootstrap_servers,
                kafka_api_version=version,
                members=embedded.members,
            )
            return
        admin = Admin(self.settings)
        try:
            admin.create_topics(
                ALL_TOPICS, partitions=PARTITIONS, replication_factor=BROKERS_CHOICE
            )
        finally:
            admin.close()

    def _set(self, **values: Any) -> None:
        self.settings = replace(self.settings, **values)


def free_port(host: str, wanted: int) -> int:
    """That port if nobody listens there, else another one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in (wanted, 0):
        with suppress(OSError), socket.create_server((host, port), family=family) as found:
            return int(found.getsockname()[1])
    return wanted
