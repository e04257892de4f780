"""The processes of one run: consumers and relays, each started again whenever it ends.

Rule: what a process is made of is what `consumers.bootstrap` makes it of, on simulated parts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from consumers.bootstrap import CONSUMERS
from consumers.outbox_relay import OutboxRelay, Sink
from consumers.runner import Runner, Source
from consumers.stopping import StopSignal
from services.errors import FloodError, TransientError
from services.mediation import Mediation
from services.retry import Backoff
from services.storage.store import Store
from tests.simulation.broker import MemoryBroker, MemorySource
from tests.simulation.sink import MemorySink
from tests.simulation.wire import Crash, RemoteStore, SimulatedWire

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass(frozen=True)
class Parts:
    """What the processes are made of; a test puts a broken part in the place of one of them."""

    runner: type[Runner] = Runner
    relay: type[OutboxRelay] = OutboxRelay
    broker: type[MemoryBroker] = MemoryBroker
    store: Callable[[Store], Store] = lambda store: store
    sources: Callable[[Sequence[Source]], Sequence[Source]] = lambda sources: sources
    """What the members of one process read from."""


class SimulatedStop(StopSignal):
    """Set by the simulation; waits in virtual time."""

    def __init__(self, wire: SimulatedWire, changed: Callable[[], None]) -> None:
        super().__init__()
        self._wire = wire
        self._changed = changed
        self._asked = False

    def set(self, *, exit_code: int = 0) -> None:
        self._asked = True
        self._changed()

    def is_set(self) -> bool:
        return self._asked

    def wait(self, seconds: float) -> bool:
        return self._wire.wait(self.is_set, seconds)


class Process:
    """A process: it lives, ends in some way, and lives again."""

    def __init__(
        self, world: "World", name: str, run: Callable[["Life"], None], members: int = 1
    ) -> None:
        self.world = world
        self.name = name
        self.members = members
        self.skew = 0.0
        self._run = run
        self.lives: list[Life] = []

    def start(self) -> None:
        """Start a new life."""
        if not self.world.over:
            life = Life(self)
            self.lives.append(life)
            self.world.scheduler.spawn(lambda: self._live(life))

    def _live(self, life: "Life") -> None:
        try:
            self._run(life)
        except Crash:
            pass
        except (TransientError, FloodError) as error:
            self.world.count("ended", type(error).__name__)
        except Exception as error:  # anything else is a fault of the program: let the report say so
            self.world.watched.violated("no unexpected error", repr(error))
        life.over()
        delay = self.world.random.uniform(0.05, 2.0)
        self.world.scheduler.at(self.world.scheduler.now + delay, self.start)


class Life:
    """One life of a process: its members and its stop signal."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.world = world = process.world
        self.members = [Member(self, number) for number in range(process.members)]
        self.wire = self.members[0].wire
        self.stop = SimulatedStop(self.wire, world.scheduler.changed)
        self.backoff = Backoff(0.2, 2.0, chance=world.random.random)

    def clock(self) -> datetime:
        """The time as this process sees it."""
        world = self.world
        return world.epoch + timedelta(seconds=world.scheduler.now + self.process.skew)

    def run_together(self, runs: Sequence[Callable[[], None]]) -> None:
        """What `consumers.members.run_together` does, with tasks in the place of threads."""
        errors: list[BaseException] = []
        running = len(runs)

        def live(run: Callable[[], None]) -> None:
            nonlocal running
            try:
                run()
            except BaseException as error:
                errors.append(error)
            running -= 1
            self.stop.set()

        for run in runs:
            self.world.scheduler.spawn(partial(live, run))
        self.world.scheduler.wait_until(lambda: not running or self.wire.dead, inf)
        if self.wire.dead:
            raise Crash
        if errors:
            raise errors[0]

    def died(self) -> None:
        """All of it: no member does anything more."""
        for member in self.members:
            member.wire.dead = True
            member.disconnected()

    def over(self) -> None:
        """It has ended in some way."""
        for member in self.members:
            member.over()


class Member:
    """What each member of a process has of its own: its wire, and its place in the group."""

    def __init__(self, life: Life, number: int) -> None:
        self.world = world = life.world
        self._life = life
        latency = world.plan.latency * world.random.choice([0.5, 1, 1, 5])
        name = f"{life.process.name}/{number}" if number else life.process.name
        self.wire = SimulatedWire(name, world.scheduler, world.adversary, latency, self)
        self.source: MemorySource | None = None
        self._stalled_until = 0.0

    def join(self, topic: str, group: str) -> MemorySource:
        """Become a member of a group."""
        self.source = MemorySource(self.world.broker, group, topic, self.wire)
        return self.source

    def died(self) -> None:
        """It took its process along."""
        self._life.died()

    def disconnected(self) -> None:
        """The server sees the connections end: at once, or when it misses the peer."""
        random, store = self.world.random, self.world.store
        for connection in self.wire.connections:
            after = 0.0 if random.random() < 0.7 else random.uniform(0, 10)
            self._later(after, partial(store.end, connection))

    def over(self) -> None:
        """One that did not leave is missed after a while."""
        if self.source is not None:
            self._later(self.world.plan.session_timeout, self.source.vanish)

    def stalled(self, seconds: float) -> None:
        """A zombie: it misses its heartbeats, and what it does not go on with is ended."""
        now, plan, store = self.world.scheduler.now, self.world.plan, self.world.store
        self._stalled_until = now + seconds
        if self.source is not None and seconds > plan.session_timeout:
            self._later(plan.session_timeout, self.source.vanish)
        if seconds > plan.idle_limit and self.world.random.random() < 0.7:
            for connection in self.wire.connections:
                self._later(plan.idle_limit, partial(store.end, connection))

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self.world.scheduler.at(self.world.scheduler.now + seconds, act)


def consumer(name: str, life: Life) -> None:
    """What `mediation run` does for a consumer."""
    world, definition = life.world, CONSUMERS[name]
    topic, flood = definition.topic.value, world.flood_gate()
    mediations = [
        Mediation(
            world.parts.store(RemoteStore(world.store, member.wire)),
            world.codec,
            group=definition.group,
            clock=life.clock,
            flood=flood,
            parking_limit=world.parking_limit,
        )
        for member in life.members
    ]
    mediations[0].remember_recent(topic)
    sources = world.parts.sources([each.join(topic, definition.group) for each in life.members])
    runners = [
        world.parts.runner(
            definition,
            source,
            mediation,
            stop=life.stop,
            backoff=life.backoff,
            clock=life.clock,
            metrics=world.metrics,
            batch_size=world.plan.batch_size,
        )
        for source, mediation in zip(sources, mediations, strict=True)
    ]
    life.run_together([each.run for each in runners])


def relay(life: Life) -> None:
    """What `mediation run relay` does."""
    world = life.world

    def connect() -> Sink:
        life.wire.call("connect_broker", world.broker.require)
        return MemorySink(broker=world.broker, wire=life.wire)

    world.parts.relay(
        world.parts.store(RemoteStore(world.store, life.wire)),
        connect,
        stop=life.stop,
        backoff=life.backoff,
        clock=life.clock,
        metrics=world.metrics,
        batch_size=world.plan.relay_batch_size,
    ).run()
