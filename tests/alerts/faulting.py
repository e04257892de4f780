"""The kinds of fault of the fault campaign, each held until somebody has seen it.

Rule: a fault is real, as in `tests.faults.faults`, and is over when its block is. `known_after` is
how long the pipeline itself needs to notice, by its own timeouts; then two scrapes are left.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

from confluent_kafka import Producer

from tests.eventually import eventually
from tests.faults.crew import Crew, Member
from tests.faults.ground import Ground
from tests.faults.proxy import Proxy

CONSUMER = "order-disputed"
_LOCK_TIMEOUT = 5.0
_COLLECTED_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class Field:
    """What a fault acts on."""

    ground: Ground
    crew: Crew

    def pid(self, name: str) -> int:
        """The process of this name."""
        return next(each.pid for each in self.crew.standing if each.name == name)


Held = Callable[[Field], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault, and the alert that it must raise."""

    name: str
    alert: str
    held: Held
    known_after: float = 0.0


@contextmanager
def _killed(field: Field) -> Iterator[None]:
    """`kill -9`; whoever supervises starts it again at once."""
    os.kill(field.pid(CONSUMER), signal.SIGKILL)
    yield


@contextmanager
def _stopped(field: Field) -> Iterator[None]:
    """A process that hangs: it lives, and answers nobody."""
    pid = field.pid(CONSUMER)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@contextmanager
def _broker_away(field: Field) -> Iterator[None]:
    field.ground.node.kill()
    try:
        yield
    finally:
        field.ground.node.start()


@contextmanager
def _database_away(field: Field) -> Iterator[None]:
    field.ground.kill_database()
    try:
        yield
    finally:
        field.ground.start_database()


@contextmanager
def _locked(field: Field, statement: str) -> Iterator[None]:
    with field.ground.connection() as connection:
        connection.execute("BEGIN")
        connection.execute(statement.encode())
        yield
        connection.execute("ROLLBACK")


@contextmanager
def _frozen(field: Field) -> Iterator[None]:
    """The server does nothing, and its connections stay."""
    frozen = field.ground.processes_of_the_database()
    for pid in frozen:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextmanager
def _read_only(field: Field) -> Iterator[None]:
    setting = "ALTER DATABASE mediation {} default_transaction_read_only"
    with field.ground.connection(database="postgres") as connection:
        connection.execute((setting.format("SET") + " = on").encode())
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'mediation'"
        )
        try:
            yield
        finally:
            connection.execute(setting.format("RESET").encode())


@contextmanager
def _cut(field: Field) -> Iterator[None]:
    """Every connection to the database ends at once; the next ones are good."""
    field.ground.database_proxy.cut_now()
    yield


@contextmanager
def _stalled(field: Field, of: Callable[[Ground], Proxy]) -> Iterator[None]:
    """Nothing goes through, and nobody is told."""
    of(field.ground).stall()
    try:
        yield
    finally:
        of(field.ground).cut_now()
        of(field.ground).flow()


def _joining(field: Field) -> Member:
    """One more member; the port of the metrics is the standing one's."""
    settings = field.ground.settings
    field.ground.settings = replace(settings, metrics_port=0)
    try:
        return field.crew.start(CONSUMER)
    finally:
        field.ground.settings = settings


@contextmanager
def _coming_and_going(field: Field) -> Iterator[None]:
    """Members join a group and leave it, again and again."""
    for _ in range(5):
        member = _joining(field)
        eventually(lambda member=member: member.ready, 60, "it has joined")  # type: ignore[misc] # mypy knows no type of a lambda's default
        field.crew.stop([member])
    yield


@contextmanager
def _garbage(field: Field) -> Iterator[None]:
    """An event that nobody can read."""
    producer = Producer({"bootstrap.servers": field.ground.node.address, "log_level": 0})
    producer.produce("order.disputed", key=b"order-1", value=b"not avro")
    producer.flush(30)
    yield


FAULTS = (
    Fault("killed, and started again", "ProcessRestarted", _killed, known_after=10),
    Fault("hangs", "ProcessAbsent", _stopped),
    Fault("broker away", "WorkHeld", _broker_away),
    Fault("database away", "WorkHeld", _database_away),
    Fault(
        "table locked",
        "WorkHeld",
        partial(_locked, statement="LOCK TABLE events IN ACCESS EXCLUSIVE MODE"),
        known_after=_LOCK_TIMEOUT,
    ),
    Fault(
        "orders locked",
        "WorkHeld",
        partial(_locked, statement="LOCK TABLE cases IN EXCLUSIVE MODE"),
        known_after=_LOCK_TIMEOUT,
    ),
    Fault("database frozen", "ConsumerStalled", _frozen, known_after=90),
    Fault("database read-only", "WorkHeld", _read_only),
    Fault("database cut", "WorkHeld", _cut),
    Fault(
        "database stalled",
        "ConsumerStalled",
        partial(_stalled, of=lambda ground: ground.database_proxy),
        known_after=90,
    ),
    Fault(
        "broker stalled",
        "WorkHeld",
        partial(_stalled, of=lambda ground: ground.broker_proxy),
        known_after=60,
    ),
    Fault("members come and go", "RebalanceStorm", _coming_and_going),
    Fault("garbage", "SchemaRejected", _garbage, known_after=_COLLECTED_EVERY),
)
"""Every kind, in the order in which they are inflicted."""
