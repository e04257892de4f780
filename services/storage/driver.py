"""The way to PostgreSQL by the driver alone: one transaction at a time, every failure sorted.

Rule: neither this nor what the consumers and the relay ask of the database loads SQLAlchemy: they
live for months, and it would take a fifth of their memory for what the driver does underneath. What
takes an `AnyConnection` works on one of SQLAlchemy too, in the same transaction.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict

from services.errors import (
    DatabaseAccessError,
    DatabaseUnavailableError,
    SettingsError,
    StorageError,
)
from services.storage.access import refusal
from services.storage.arrays import send_columns_so
from services.storage.raw_bytes import send_as_they_are

if TYPE_CHECKING:
    import sqlalchemy

UNREADABLE: Final = (
    "the database URL cannot be read: expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
)

Direct: TypeAlias = psycopg.Connection[Any]
AnyConnection: TypeAlias = "Direct | sqlalchemy.Connection"

_TRANSIENT_STATES = frozenset({
    "25006",  # read_only_sql_transaction: a standby, or a primary that is failing over
    "28000",  # invalid_authorization_specification: roles being changed under us
    "28P01",  # invalid_password: a password being rotated
    "3D000",  # invalid_catalog_name: a database being restored
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "55P03",  # lock_not_available
    "25P03",  # idle_in_transaction_session_timeout
    "25P04",  # transaction_timeout
})  # fmt: skip
_TRANSIENT_CLASSES = frozenset({
    "08",  # connection
    "42",  # rights or tables that are being changed under us: a person mends it, no message is bad
    "53",  # resources
    "57",  # operator intervention, statement_timeout among them
    "58",  # system
})  # fmt: skip


# A process that stops in mid-transaction holds its locks no longer than this; the next owner of its
# partitions waits for them. Within a transaction we only compute, for a second at the very most.
_IDLE_IN_TRANSACTION_MS = 10_000

# The server was seen to forget that limit for a client that stops after many rows sent at once. The
# limit of a whole transaction it does not forget, from PostgreSQL 17 on.
_KNOWS_TRANSACTION_TIMEOUT = 170_000

# A relay that stops holds its slots no longer than this; one that works asks every second.
_IDLE_SESSION = "10s"

# A peer that is gone without a word is noticed within about ten seconds, here and by the server.
_KEEPALIVES = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


class Way(Protocol):
    """A way to the database: by the driver alone, as below, or by SQLAlchemy (`database`)."""

    def transaction(self) -> AbstractContextManager[AnyConnection]:
        """A transaction that commits at the end of the block."""

    def session(self) -> AbstractContextManager[AnyConnection]:
        """A connection of its own, in autocommit."""


class DirectDatabase:
    """A PostgreSQL database, reached lazily: making one opens nothing.

    `statement_timeout` and `lock_timeout` are in seconds and hold for every statement; the first
    one also holds for a whole transaction, from PostgreSQL 17 on.
    """

    def __init__(
        self,
        url: str,
        *,
        application_name: str = "mediation",
        statement_timeout: float = 15.0,
        lock_timeout: float = 5.0,
        connect_timeout: int = 5,
    ) -> None:
        server = {
            "statement_timeout": int(statement_timeout * 1000),
            "lock_timeout": int(lock_timeout * 1000),
            "idle_in_transaction_session_timeout": _IDLE_IN_TRANSACTION_MS,
            **{f"tcp_{name.removeprefix('tcp_')}": each for name, each in _KEEPALIVES.items()},
        }
        self._parameters = _parameters(url) | {
            **_KEEPALIVES,
            "application_name": application_name,
            "connect_timeout": connect_timeout,
            "options": " ".join(f"-c {name}={value}" for name, value in server.items()),
        }
        self._transaction_timeout = int(statement_timeout * 1000)
        self._idle: list[Direct] = []  # one at most, but for two that end at the same moment

    @contextmanager
    def transaction(self) -> Iterator[Direct]:
        """A transaction that commits at the end of the block and rolls back on any exception.

        After a failure that may pass, the next transaction gets a new connection: this one may be
        of a session that stays read-only, or that nobody answers any more.

        Raises:
            DatabaseUnavailableError: the same transaction may succeed later.
            StorageError: the database refused a statement for good.
        """
        connection = self._taken()
        try:
            with translated(connection):
                yield connection
                connection.commit()
        except DatabaseUnavailableError:
            connection.close()
            raise
        except BaseException:
            _roll_back(connection)
            raise
        finally:
            self._put_back(connection)

    @contextmanager
    def session(self) -> Iterator[Direct]:
        """A connection of its own, in autocommit, for locks and notifications that outlast one.

        The server ends it, and its locks, when it is silent for ten seconds: whoever held them may
        be stopped while its system still answers for it.
        """
        with translated(), closing(self.connect()) as connection, translated(connection):
            connection.autocommit = True
            connection.execute(f"SET idle_session_timeout = '{_IDLE_SESSION}'".encode())
            yield connection

    def connect(self) -> Direct:
        """A new connection, set up as all of ours are; the driver's own failures are raised."""
        connection: Direct = psycopg.connect(**self._parameters)
        try:
            send_as_they_are(connection)
            send_columns_so(connection)
            # no option: PGTZ in the environment would win
            connection.execute("SET TIME ZONE 'UTC'")
            if connection.info.server_version >= _KNOWS_TRANSACTION_TIMEOUT:
                limit = f"SET transaction_timeout = {self._transaction_timeout}"
                connection.execute(limit.encode())
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """Close the connection that is kept."""
        while self._idle:
            self._idle.pop().close()

    def _taken(self) -> Direct:
        try:
            return self._idle.pop()
        except IndexError:
            with translated():
                return self.connect()

    def _put_back(self, connection: Direct) -> None:
        if self._idle:
            connection.close()
        elif not connection.closed:
            self._idle.append(connection)


@contextmanager
def driver(connection: AnyConnection) -> Iterator[Direct]:
    """The driver's own connection underneath, in the same transaction.

    Its failures are sorted as all others are, and a connection that is lost is given up.
    """
    if isinstance(connection, psycopg.Connection):
        with translated(connection):
            yield connection
        return
    underneath: Any = connection.connection.dbapi_connection
    try:
        with translated(underneath):
            yield underneath
    except DatabaseUnavailableError as error:
        if underneath.closed:
            connection.invalidate(error.__cause__)
        raise


@contextmanager
def driver_cursor(connection: AnyConnection) -> Iterator[psycopg.Cursor[Any]]:
    """A cursor of the driver underneath, as in `driver`; it answers in binary."""
    with driver(connection) as underneath, underneath.cursor(binary=True) as cursor:
        yield cursor


@contextmanager
def translated(connection: Direct | None = None) -> Iterator[None]:
    """Turns the driver's exceptions into those of the error tree; anything else passes."""
    try:
        yield
    except psycopg.Error as error:
        lost = connection is not None and connection.closed
        raise sorted_error(_first_of(error), lost=lost) from error


def sorted_error(
    error: BaseException | None, *, lost: bool
) -> DatabaseUnavailableError | StorageError:
    """What an error of the driver means; `lost` when it took the connection with it."""
    state = getattr(error, "sqlstate", None)
    if (remedy := refusal(error, state)) is not None:
        return DatabaseAccessError(f"{first_line(error)}: {remedy}")
    transient = (
        lost
        or (state is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError))
        or (state is not None and (state in _TRANSIENT_STATES or state[:2] in _TRANSIENT_CLASSES))
    )
    kind = DatabaseUnavailableError if transient else StorageError
    return kind(first_line(error))


def first_line(error: BaseException | None) -> str:
    """What an error says, in a line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _first_of(error: BaseException) -> BaseException:
    """Of statements sent at once, all after the one that failed say no more than that it did."""
    while isinstance(error, psycopg.errors.PipelineAborted) and error.__context__ is not None:
        error = error.__context__
    return error


def _roll_back(connection: Direct) -> None:
    try:
        connection.rollback()
    except psycopg.Error:
        connection.close()  # by which the server rolls back


def _parameters(url: str) -> dict[str, Any]:
    """What an address says, as the driver takes it. Raises `SettingsError`, without its words."""
    named, found, rest = url.partition("://")
    if found and named.partition("+")[0] not in {"postgresql", "postgres"}:
        raise SettingsError(f"the database URL names {named}: only postgresql:// is supported")
    try:
        return conninfo_to_dict(f"postgresql://{rest}" if found else "not an URL")
    except psycopg.ProgrammingError:
        raise SettingsError(UNREADABLE) from None
