"""The way to PostgreSQL: one transaction at a time, every failure sorted into the error tree."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from services.errors import (
    DatabaseAccessError,
    DatabaseUnavailableError,
    SettingsError,
    StorageError,
)
from services.storage.access import refusal
from services.storage.arrays import send_columns_so
from services.storage.raw_bytes import send_as_they_are

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


class Database:
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
        self.url = _psycopg_url(url)
        server = {
            "statement_timeout": int(statement_timeout * 1000),
            "lock_timeout": int(lock_timeout * 1000),
            "idle_in_transaction_session_timeout": _IDLE_IN_TRANSACTION_MS,
            **{f"tcp_{name.removeprefix('tcp_')}": each for name, each in _KEEPALIVES.items()},
        }
        self._engine: Engine = create_engine(
            self.url,
            pool_size=1,
            max_overflow=1,
            pool_pre_ping=False,
            hide_parameters=True,  # reasons of verdicts are nobody's business in a log
            connect_args={
                **_KEEPALIVES,
                "application_name": application_name,
                "connect_timeout": connect_timeout,
                "options": " ".join(f"-c {name}={value}" for name, value in server.items()),
            },
        )
        self._transaction_timeout = int(statement_timeout * 1000)
        event.listen(self._engine, "connect", self._set_up)

    @property
    def address(self) -> str:
        """Where the database is, with the password left out."""
        shown = self.url.set(drivername="postgresql").difference_update_query(
            ["password", "sslpassword", "passfile"]
        )
        return shown.render_as_string(hide_password=True)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block and rolls back on any exception.

        After a failure that may pass, the next transaction gets a new connection: this one may be
        of a session that stays read-only, or that nobody answers any more.

        Raises:
            DatabaseUnavailableError: the same transaction may succeed later.
            StorageError: the database refused a statement for good.
        """
        with translated(), self._engine.connect() as connection:
            try:
                with translated(), connection.begin():
                    yield connection
            except DatabaseUnavailableError:
                connection.invalidate()
                raise

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection of its own, in autocommit, for locks and notifications that outlast one.

        The server ends it, and its locks, when it is silent for ten seconds: whoever held them may
        be stopped while its system still answers for it.
        """
        with translated(), self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").detach()
            connection.execute(text(f"SET idle_session_timeout = '{_IDLE_SESSION}'"))
            yield connection

    def ping(self) -> str:
        """The server's version, or `DatabaseUnavailableError` with the cause."""
        with self.transaction() as connection:
            return str(connection.execute(text("SHOW server_version")).scalar_one())

    def close(self) -> None:
        """Close the pooled connections."""
        self._engine.dispose()

    def _set_up(self, connection: Any, _record: object) -> None:
        send_as_they_are(connection)
        send_columns_so(connection)
        connection.execute("SET TIME ZONE 'UTC'")  # no option: PGTZ in the environment would win
        if connection.info.server_version >= _KNOWS_TRANSACTION_TIMEOUT:
            connection.execute(f"SET transaction_timeout = {self._transaction_timeout}")
        connection.commit()


@contextmanager
def driver(connection: Connection) -> Iterator[psycopg.Connection[Any]]:
    """The driver's own connection underneath, in the same transaction.

    Its failures are sorted as all others are, and a connection that is lost is given up.
    """
    underneath: Any = connection.connection.dbapi_connection
    try:
        yield underneath
    except psycopg.Error as error:
        if underneath.closed:
            connection.invalidate(error)
        raise _sorted(_first_of(error), lost=underneath.closed) from error


@contextmanager
def driver_cursor(connection: Connection) -> Iterator[psycopg.Cursor[Any]]:
    """A cursor of the driver underneath, as in `driver`; it answers in binary."""
    with driver(connection) as underneath, underneath.cursor(binary=True) as cursor:
        yield cursor


@contextmanager
def translated() -> Iterator[None]:
    """Turns the driver's exceptions into those of the error tree; anything else passes."""
    try:
        yield
    except DBAPIError as error:
        raise _sorted(error.orig, lost=error.connection_invalidated) from error
    except SQLAlchemyError as error:
        raise StorageError(_first_line(error)) from error


def _sorted(error: BaseException | None, *, lost: bool) -> DatabaseUnavailableError | StorageError:
    """What an error of the driver means; `lost` when it took the connection with it."""
    state = getattr(error, "sqlstate", None)
    if (remedy := refusal(error, state)) is not None:
        return DatabaseAccessError(f"{_first_line(error)}: {remedy}")
    transient = (
        lost
        or (state is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError))
        or (state is not None and (state in _TRANSIENT_STATES or state[:2] in _TRANSIENT_CLASSES))
    )
    kind = DatabaseUnavailableError if transient else StorageError
    return kind(_first_line(error))


def _first_of(error: BaseException) -> BaseException:
    """Of statements sent at once, all after the one that failed say no more than that it did."""
    while isinstance(error, psycopg.errors.PipelineAborted) and error.__context__ is not None:
        error = error.__context__
    return error


def _first_line(error: BaseException | None) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _psycopg_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "the database URL cannot be read: expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        ) from None
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise SettingsError(
            f"the database URL names {parsed.drivername}: only postgresql:// is supported"
        )
    return parsed.set(drivername="postgresql+psycopg")
