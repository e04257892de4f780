"""The way from one process to the database and the broker, with all that can happen to a call.

Rule: every call that leaves a process goes over its wire. A process that has crashed can do
nothing more: each further call, also one in a `finally`, meets the same crash and has no effect.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Protocol, TypeVar, cast
from zlib import crc32

from services.errors import BrokerUnavailableError, DatabaseUnavailableError, TransientError
from services.storage.store import OutboxSession, Transaction
from tests.simulation.faults import Fault
from tests.simulation.scheduler import Scheduler
from tests.simulation.store import MemoryStore

T = TypeVar("T")
_IN_THE_STORE = DatabaseUnavailableError("the database does not answer")
_AT_THE_BROKER = BrokerUnavailableError("the broker does not answer")


class Crash(BaseException):
    """kill -9: the process does nothing from here on."""


class Death(Protocol):
    """What a wire tells the world about the process behind it."""

    def died(self) -> None:
        """It crashed."""

    def stalled(self, seconds: float) -> None:
        """It is about to do nothing for so long."""


class Adversary:
    """Decides what becomes of each call, counts it, and keeps the trace of the run."""

    def __init__(self, random: Random, rates: dict[Fault, float]) -> None:
        self.random = random
        self.rates = rates
        self.active = True
        self.faults: dict[tuple[str, str], int] = {}
        self.trace = 0
        self.calls = 0
        self.told: list[str] | None = None
        self._total = sum(rates.values())

    def choose(self, point: str) -> Fault | None:
        """What becomes of a call; nothing unusual for the most part."""
        drawn = self.random.random()
        if drawn >= self._total or not self.active:
            return None
        for fault, rate in self.rates.items():
            drawn -= rate
            if drawn < 0:
                self.faults[fault.value, point] = self.faults.get((fault.value, point), 0) + 1
                return fault
        return None

    def note(self, now: float, who: str, what: str) -> None:
        """Add to the trace of the run."""
        self.calls += 1
        line = f"{now:.6f} {who} {what}"
        self.trace = crc32(line.encode(), self.trace)
        if self.told is not None:
            self.told.append(line)


class SimulatedWire:
    """`tests.simulation.broker.Wire`, and the same for the store, of one life of a process."""

    def __init__(
        self, name: str, scheduler: Scheduler, adversary: Adversary, latency: float, life: Death
    ) -> None:
        self.name = name
        self.dead = False
        self.connections: list[Any] = []
        self.abandoned: list[Any] = []
        """Kept, or else the garbage collector would close them, and when is not ours to say."""
        self._scheduler = scheduler
        self._adversary = adversary
        self._latency = latency
        self._life = life

    def now(self) -> float:
        return self._scheduler.now

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        self._alive()
        found = self._scheduler.wait_until(condition, seconds)
        self._alive()
        return found

    def call(self, point: str, request: Callable[[], T]) -> T:
        return self.request(point, request, _AT_THE_BROKER)

    def request(
        self,
        point: str,
        request: Callable[[], T],
        unavailable: TransientError,
        drop: Callable[[], None] = lambda: None,
    ) -> T:
        """Send a request, over a connection that `drop` ends; something may happen on the way."""
        self._alive()
        adversary = self._adversary
        self._scheduler.sleep(self._latency * adversary.random.random())
        self._alive()
        fault = adversary.choose(point)
        adversary.note(
            self._scheduler.now, self.name, point if fault is None else f"{point} {fault}"
        )
        if fault is None:
            return request()
        if fault is Fault.CRASH_BEFORE:
            self.crash()
        elif fault is Fault.REFUSED:
            drop()
            raise type(unavailable)(*unavailable.args)
        elif fault is Fault.STALL_BEFORE:
            self._stall()
        elif fault is Fault.SLOW:
            self._scheduler.sleep(adversary.random.uniform(0.05, 1.5))
        answer = request()
        if fault is Fault.CRASH_AFTER:
            self.crash()
        elif fault is Fault.REPLY_LOST:
            drop()
            raise type(unavailable)(*unavailable.args)
        elif fault is Fault.STALL_AFTER:
            self._stall()
        return answer

    def crash(self) -> None:
        """The process ends in this moment."""
        self.dead = True
        self._life.died()
        raise Crash

    def _stall(self) -> None:
        seconds = self._adversary.random.uniform(0.5, 12.0)
        self._life.stalled(seconds)
        self._scheduler.sleep(seconds)
        self._alive()

    def _alive(self) -> None:
        if self.dead:
            raise Crash


class RemoteStore:
    """`services.storage.store.Store` at the other end of a wire."""

    def __init__(self, store: MemoryStore, wire: SimulatedWire) -> None:
        self._store = store
        self._wire = wire

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction; at its end anything may have become of it."""
        with self._connected("begin", self._store.transaction()) as remote:
            yield cast(Transaction, remote)
            remote.commit()

    @contextmanager
    def relaying(self) -> Iterator[OutboxSession]:
        """A session."""
        with self._connected("connect", self._store.relaying()) as remote:
            yield cast(OutboxSession, remote)

    @contextmanager
    def _connected(self, point: str, local: Any) -> Iterator["Remote"]:
        opened: list[Any] = []

        def open_it() -> "Remote":
            opened.append(connection := local.__enter__())
            self._wire.connections.append(connection)
            return Remote(local, connection, self._store, self._wire)

        try:
            remote = self._wire.request(point, open_it, _IN_THE_STORE)
            yield remote
        except Crash:
            self._wire.abandoned.append(local)  # the server will find out
            raise
        except BaseException as error:
            for connection in opened:  # also where the reply was lost
                self._wire.connections.remove(connection)
                local.__exit__(type(error), error, error.__traceback__)
            raise
        self._wire.connections.remove(remote.connection)
        if not remote.over:
            local.__exit__(None, None, None)


class Remote:
    """A connection whose every call goes over the wire."""

    def __init__(
        self, local: Any, connection: Any, store: MemoryStore, wire: SimulatedWire
    ) -> None:
        self.over = False
        self._local = local
        self.connection = connection
        self._store = store
        self._wire = wire

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.connection, name)

        def call(*args: Any) -> Any:
            return self._wire.request(name, lambda: method(*args), _IN_THE_STORE, self._drop)

        setattr(self, name, call)
        return call

    def commit(self) -> None:
        """Commit; an error leaves open whether it was done."""
        self._wire.request("commit", self._commit, _IN_THE_STORE, self._drop)

    def _commit(self) -> None:
        self.over = True
        self._local.__exit__(None, None, None)

    def _drop(self) -> None:
        if self.connection in self._store.connections:
            self._store.end(self.connection)
