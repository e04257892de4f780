"""What the connections to the store in memory share, and how a call on one of them begins and ends.

One thread, and yet interleaved: others may run wherever a call waits. What PostgreSQL does beside
that and this does not: it finds a deadlock before the lock timeout (both mean "try again").
"""

import itertools
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from services.errors import DatabaseUnavailableError, MediationError
from tests.simulation.store_rows import Tables

WaitUntil = Callable[[str, Callable[[], bool], float], bool]
"""(what for, condition, timeout in seconds) → whether the condition became true in time."""

Lock = tuple[str, object]
C = TypeVar("C", bound="Connection")
P = ParamSpec("P")
R = TypeVar("R")


class Server:
    """What is committed, who is connected, and who holds what."""

    def __init__(
        self,
        wait_until: WaitUntil = lambda _what, condition, _timeout: condition(),
        *,
        lock_timeout: float = 5.0,
    ) -> None:
        """Call `wait_until` where PostgreSQL would block; by default nobody waits."""
        self.wait_until = wait_until
        self.lock_timeout = lock_timeout
        self.committed = Tables()
        self.observer: Callable[[Tables], None] | None = None
        self.away = False
        self.connections: list[Connection] = []
        self.locks: dict[Lock, Connection] = {}
        self.claims: dict[int, Connection] = {}
        self.notifications = 0
        self.arrivals = itertools.count(1)
        self.outbox_ids = itertools.count(1)

    def connect(self, connection: "Connection") -> None:
        if self.away:
            raise DatabaseUnavailableError("the database is away")
        self.connections.append(connection)

    def end(self, connection: "Connection") -> None:
        """Drop a connection: what it has not committed is forgotten, what it held is free."""
        if not connection.ended:
            connection.ended = True
            connection.release()
            self.connections.remove(connection)

    def commit(self, tables: Tables, *, wake: bool = False) -> None:
        """Let everyone see these tables; wake those who wait for rows of the outbox."""
        self.committed = tables
        self.notifications += wake
        if self.observer is not None:
            self.observer(tables)


class Connection:
    """`ended`: the server dropped it. `failed`: a statement of its transaction was refused."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.ended = False
        self.failed = False

    def require(self) -> None:
        """Raises `DatabaseUnavailableError` if the connection is gone."""
        if self._server.away:
            self._server.end(self)
        if self.ended:
            raise DatabaseUnavailableError("the connection is gone")

    def release(self) -> None:
        """Give back what others may wait for."""


def statement(method: Callable[Concatenate[C, P], R]) -> Callable[Concatenate[C, P], R]:
    """A call that needs its connection, and after whose failure nothing can be committed."""

    @wraps(method)
    def called(self: C, /, *args: P.args, **kwargs: P.kwargs) -> R:
        self.require()
        try:
            return method(self, *args, **kwargs)
        except MediationError:
            self.failed = True
            raise

    return called
