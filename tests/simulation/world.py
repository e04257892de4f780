"""One run: everything that there is in it, made from a seed, and nothing from anywhere else."""

import gc
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from uuid import UUID

from consumers.bootstrap import CONSUMERS
from services.flood import FloodGate
from services.messages import Outgoing
from services.metrics import Metrics
from tests.builders import OPENED_AT
from tests.simulation.broker import Group, MemoryBroker
from tests.simulation.codec import RememberingCodec
from tests.simulation.endings import Endings
from tests.simulation.faults import Plan, Trouble, draw_plan
from tests.simulation.invariants import Invariants, Place
from tests.simulation.processes import Parts, Process, consumer, relay
from tests.simulation.scheduler import Scheduler
from tests.simulation.store import Connection, MemoryStore
from tests.simulation.wire import Adversary, Crash
from tests.simulation.workload import Delivery, draw_deliveries, draw_stories

HEALING_SECONDS = 600.0
_LONGEST_PARKING = timedelta(days=7)

CODEC = RememberingCodec()
METRICS = Metrics()


@dataclass(frozen=True)
class Report:
    """What came of one run."""

    seed: int
    trace: int
    violations: list[tuple[str, str]]
    counts: Counter[tuple[str, str]]
    told: list[str] = field(default_factory=list)


class ObservedStore(MemoryStore):
    """Wakes those who wait whenever a connection ends, and its locks with it."""

    def __init__(self, scheduler: Scheduler, observer: Invariants) -> None:
        super().__init__(lambda _what, until, seconds: scheduler.wait_until(until, seconds))
        self.observer = observer.on_commit
        self._changed = scheduler.changed

    def end(self, connection: Connection) -> None:
        super().end(connection)
        self._changed()


class World:
    """Parts, processes and the adversary of one run."""

    codec = CODEC
    metrics = METRICS

    def __init__(self, seed: int, parts: Parts, plan: Plan | None = None) -> None:
        self.seed = seed
        self.parts = parts
        self.random = Random(seed)
        self.plan = plan or draw_plan(self.random)
        self.epoch = OPENED_AT
        self.over = False
        self.scheduler = Scheduler()
        self.adversary = Adversary(self.random, self.plan.rates)
        self.watched = Invariants(self.codec, self._known_at)
        self.store = ObservedStore(self.scheduler, self.watched)
        self.broker = self._watched_broker()
        self.counts: Counter[tuple[str, str]] = Counter()
        stories = draw_stories(self.random, self.plan)
        self.deliveries = draw_deliveries(self.random, self.plan, stories, self.codec)
        patient = self.plan.parking_limit is None
        self.endings = Endings(stories, self.deliveries, self.codec, self.watched, patient=patient)
        self._produced: dict[Place, tuple[UUID, bytes]] = {}
        self._away_until = {Trouble.DATABASE_AWAY: 0.0, Trouble.BROKER_AWAY: 0.0}
        self.processes = self._processes()

    @property
    def parking_limit(self) -> timedelta:
        """How long an event may wait in this run."""
        limit = self.plan.parking_limit
        return _LONGEST_PARKING if limit is None else timedelta(seconds=limit)

    def flood_gate(self) -> FloodGate:
        """A narrow gate in some runs; at the end somebody widens it, as its message says."""
        narrow = self.plan.flood_window if self.adversary.active else None
        return FloodGate() if narrow is None else FloodGate(window=narrow)

    def count(self, kind: str, what: str) -> None:
        """Count something that happened."""
        self.counts[kind, what] += 1

    def run(self) -> Report:
        """Everything that happens in the run, and what came of it."""
        self._schedule()
        self.scheduler.run(lambda: False, every=5.0, limit=self.plan.span + 5.0)
        self._heal()
        if not self.scheduler.run(self._is_quiet, every=0.25, limit=HEALING_SECONDS):
            self.watched.violated("never stuck", self._what_is_left())
        else:
            self._check_every_message()
            self._give_up_what_waits()
            self.endings.check(self.store.committed)
        self.over = True
        for process in self.processes:
            for life in process.lives:
                for member in life.members:
                    member.wire.dead = True
        self.scheduler.end(Crash)
        return self._report()

    def _give_up_what_waits(self) -> None:
        """Two parking limits later; in some runs while things go wrong again."""
        self.epoch += 2 * _LONGEST_PARKING
        if self.plan.late_trouble and not self._nothing_waits():
            self.adversary.active = True
            self.scheduler.run(lambda: False, every=1.0, limit=4.0)
            self._heal()
        if not self.scheduler.run(self._nothing_waits, every=0.25, limit=HEALING_SECONDS):
            self.watched.violated("never stuck", self._what_is_left())

    def _report(self) -> Report:
        for fault, times in self.adversary.faults.items():
            self.counts[fault] += times
        self.counts["total", "events"] += len(self.deliveries)
        self.counts["total", "commits"] += self.watched.commits
        self.counts["total", "calls"] += self.adversary.calls
        self.counts["total", "published"] += len(self.broker.published)
        rebalances = sum(group.generation for group in self.broker.groups.values())
        self.counts["total", "rebalances"] += rebalances
        told = self.adversary.told or []
        for each in self.broker.published:
            self.adversary.note(self.scheduler.now, each.topic, repr(each.value))
        return Report(self.seed, self.adversary.trace, self.watched.violations, self.counts, told)

    def _processes(self) -> list[Process]:
        made = [
            Process(self, f"{name}-{number}", partial(consumer, name), self.plan.members)
            for name in CONSUMERS
            for number in range(self.plan.replicas)
        ]
        made += [Process(self, f"relay-{number}", relay) for number in range(self.plan.replicas)]
        return made

    def _schedule(self) -> None:
        for process in self.processes:
            self.scheduler.at(self.random.uniform(0, 1), process.start)
        for delivery in self.deliveries:
            self.scheduler.at(delivery.at, partial(self._produce, delivery))
        for at, trouble in self.plan.troubles:
            self.scheduler.at(at, partial(self._trouble, trouble))

    def _produce(self, delivery: Delivery) -> None:
        at_ms = int((self.epoch.timestamp() + self.scheduler.now) * 1000)
        message = self.broker.append(
            delivery.topic, delivery.partition, delivery.key, delivery.value, at_ms
        )
        if delivery.event is not None:
            place = (message.topic, message.partition, message.offset)
            self._produced[place] = delivery.event.event_id, self.codec.digest(delivery.event)

    def _known_at(self, place: Place) -> tuple[UUID, bytes] | None:
        return self._produced.get(place)

    def _trouble(self, trouble: Trouble) -> None:
        self.count("trouble", trouble.value)
        self.adversary.note(self.scheduler.now, "adversary", trouble.value)
        process = self.random.choice(self.processes)
        if trouble in self._away_until:
            until = self.scheduler.now + self.random.uniform(0.2, 6.0)
            self._away_until[trouble] = max(until, self._away_until[trouble])
            self.scheduler.at(until, self._come_back)
            self._come_back()
        elif trouble is Trouble.REBALANCE:
            if self.broker.groups:
                self.broker.rebalance(self.random.choice(list(self.broker.groups)))
        elif trouble is Trouble.CONNECTION_DROPPED:
            if self.store.connections:
                self.store.end(self.random.choice(self.store.connections))
        elif trouble is Trouble.CLOCK_JUMP:
            process.skew = self.random.uniform(-600, 600)
        elif process.lives:
            process.lives[-1].stop.set()

    def _come_back(self) -> None:
        now = self.scheduler.now
        self.broker.away = now < self._away_until[Trouble.BROKER_AWAY]
        self.store.away = now < self._away_until[Trouble.DATABASE_AWAY]
        for connection in list(self.store.connections) if self.store.away else []:
            self.store.end(connection)
        self.scheduler.changed()

    def _heal(self) -> None:
        self.adversary.active = False
        self._away_until = dict.fromkeys(self._away_until, 0.0)
        self._come_back()

    def _is_quiet(self) -> bool:
        consumed = all(
            len(log) == group.committed.get(partition, 0)
            for group in self.broker.groups.values()
            for partition, log in enumerate(self.broker.log(group.topic))
        )
        return consumed and len(self.broker.groups) == len(CONSUMERS) and self._has_relayed()

    def _has_relayed(self) -> bool:
        return not self.store.committed.outbox

    def _nothing_waits(self) -> bool:
        parked = self.store.committed.parked.values()
        return self._has_relayed() and all(row.settled is not None for row in parked)

    def _what_is_left(self) -> str:
        offsets = {
            name: (group.committed, [len(log) for log in self.broker.log(group.topic)])
            for name, group in self.broker.groups.items()
        }
        return f"after {self.scheduler.now} s: {offsets}, outbox {self.store.committed.outbox}"

    def _check_every_message(self) -> None:
        for topic, logs in self.broker.logs.items():
            for message in (each for log in logs for each in log):
                if not self.watched.is_handled((topic, message.partition, message.offset)):
                    self.watched.violated("nothing lost", f"{message}")

    def _watched_broker(self) -> MemoryBroker:
        watched = self.watched

        class Watched(self.parts.broker):  # type: ignore[name-defined, misc]
            def publish(self, outgoing: Outgoing) -> None:
                super().publish(outgoing)
                watched.on_published(outgoing)

            def accept(
                self, name: str, member: int | None, generation: int, offsets: dict[int, int]
            ) -> None:
                group: Group = self.groups[name]
                watched.on_offsets(group, member, generation, offsets)
                super().accept(name, member, generation, offsets)

        return Watched(partitions=self.plan.partitions, changed=self.scheduler.changed)


def simulate(
    seed: int, parts: Parts | None = None, *, plan: Plan | None = None, telling: bool = False
) -> Report:
    """Run one seed; the same seed gives the same report, in any process on any machine.

    No garbage is collected meanwhile: what the collector finds it closes, at moments that no seed
    decides.
    """
    world = World(seed, parts or Parts(), plan)
    if telling:
        world.adversary.told = []
    gc.disable()
    try:
        return world.run()
    finally:
        gc.enable()
