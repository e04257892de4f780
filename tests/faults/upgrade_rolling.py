"""A rolling change of release under load: up, back, and up again, with nothing lost.

Rule: events are published all the time. The database goes first, then the processes one by one, so
that both releases work in the same groups at the same time; the way back leaves the database as it
is (docs/upgrading.md). What must come of it is what the campaign of faults demands.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from consumers.bootstrap import PROCESSES
from tests.eventually import eventually
from tests.faults import checking
from tests.faults.ground import Ground
from tests.faults.load import Feed, Load
from tests.faults.upgrade_releases import Fleet, Release, Worker, previous_release, this_release
from tests.faults.upgrade_same import other_bytes
from tests.faults.upgrade_stage import SESSION_SECONDS, Stage
from tests.faults.watching import Watch

LONGEST_STALL_OF_A_MIGRATION = 5.0
_DRAIN_SECONDS = 120
_SLACK_SECONDS = 15.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Phase:
    """What a phase of the change took, and how long the lane that stood longest stood in it."""

    name: str
    seconds: float
    events: int
    stall: float

    def line(self) -> str:
        """For a person."""
        rate = self.events / self.seconds if self.seconds else 0.0
        return (
            f"{self.name:44} {self.seconds:6.1f} s {self.events:7} events"
            f" {rate:6.0f}/s, longest stall {self.stall:4.1f} s"
        )


@dataclass(slots=True)
class Change:
    """A change of release while messages flow."""

    ground: Ground
    fleet: Fleet
    feed: Feed
    watch: Watch
    say: Say
    phases: list[Phase] = field(default_factory=list)
    migration_seconds: float = 0.0

    def phase(self, name: str, act: Callable[[], object], at_least: float = 0.0) -> Phase:
        """Do something, for some seconds at least, and note how the lanes fared meanwhile."""
        since, before = time.monotonic(), self.feed.sent
        self.watch.longest_idle = 0.0
        act()
        while time.monotonic() < since + at_least:
            time.sleep(0.05)
        seconds = time.monotonic() - since
        phase = Phase(name, seconds, self.feed.sent - before, self.watch.longest_idle)
        self.phases.append(phase)
        self.say(phase.line())
        return phase

    def mix(self, old: Release, new: Release, replicas: int, at_once: int) -> None:
        """One of each process is of the new release, and at least one of the old."""
        for start in range(0, len(PROCESSES), at_once):
            names = PROCESSES[start : start + at_once]
            self.fleet.start(new, *names)
            if replicas > 1:
                self.fleet.stop([_first(self.fleet.of(old), name) for name in names])

    def replace(self, old: Release, new: Release, replicas: int, at_once: int) -> None:
        """The processes of the old release give way to as many of the new, so many at once."""
        leaving = self.fleet.of(old)
        for start in range(0, len(leaving), at_once):
            group = leaving[start : start + at_once]
            there = Counter(each.name for each in self.fleet.of(new))
            self.fleet.start(new, *(each.name for each in group if there[each.name] < replicas))
            self.fleet.stop(group)

    def kill_and_restart(self, release: Release) -> None:
        """`kill -9` of one of each process of a release; the same release takes their places."""
        victims = [_first(self.fleet.of(release), name) for name in PROCESSES]
        self.fleet.kill(victims)
        self.fleet.start(release, *(each.name for each in victims))

    def migrate(self, release: Release) -> None:
        """`mediation db upgrade` while everything runs."""
        since = time.monotonic()
        before = self._version()
        release.run(self.ground.settings, "db", "upgrade")
        self.migration_seconds = time.monotonic() - since
        assert self._version() != before, f"{release.name} brings no new schema: nothing is shown"

    def _version(self) -> str:
        return str(self.ground.query("SELECT version_num FROM alembic_version")[0][0])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rolling change came to."""

    phases: Sequence[Phase]
    disputes: int
    events: int
    stops: Sequence[float]
    findings: Sequence[str]

    def lines(self) -> list[str]:
        """For a person."""
        slowest, verdict = max(self.stops), "FAIL" if self.findings else "PASS"
        return [
            f"{self.events} messages about {self.disputes} disputes",
            f"{len(self.stops)} clean stops, the slowest {slowest:.1f} s",
            *(f"finding: {each}" for each in self.findings[:20]),
            f"{verdict}  rolling change: {len(self.findings)} lost, doubled, wrong or late",
        ]


def roll(
    directory: Path,
    *,
    seed: int,
    disputes: int,
    per_second: float,
    replicas: int,
    at_once: int,
    settle: float,
    say: Say,
) -> Outcome:
    """Go from the previous release to this one, back, and forth again, in an empty directory.

    There are `replicas` of each process, `at_once` of all are replaced at once, and each phase has
    at least `settle` seconds of ordinary work.
    """
    with ExitStack() as stack:
        stage = stack.enter_context(Stage(directory))
        old, new = previous_release(directory), this_release()
        old.run(stage.settings, "db", "upgrade")
        fleet = stack.enter_context(Fleet(stage.settings, directory / "workers"))
        feed = Feed(stage.node.address, Load(seed), per_second)
        watch = Watch(stage, feed)
        stack.callback(watch.close)
        change = Change(stage, fleet, feed, watch, say)
        fleet.start(old, *PROCESSES * replicas)
        feed.start()
        findings = list(_perform(change, old, new, replicas, at_once, settle))
        feed.finish(disputes)
        published = time.monotonic()
        done = partial(watch.found_nothing_since, published)
        change.phase("the rest", lambda: eventually(done, _DRAIN_SECONDS))
        fleet.stop(list(fleet.workers))
        findings += [*fleet.findings, *feed.failed, *_differences(stage, feed)]
        return Outcome(change.phases, feed.load.disputes, feed.sent, fleet.stops, findings)


def _differences(stage: Stage, feed: Feed) -> Iterator[str]:
    yield from checking.differences(stage.node.address, stage.query, feed.load.stories)
    yield from other_bytes(stage)


def _perform(
    change: Change, old: Release, new: Release, replicas: int, at_once: int, settle: float
) -> Iterator[str]:
    def replace(old: Release, new: Release) -> None:
        change.replace(old, new, replicas, at_once)

    change.phase("all N-1", lambda: None, settle)
    migration = change.phase("db upgrade by N, all N-1", lambda: change.migrate(new), settle)
    if migration.stall > LONGEST_STALL_OF_A_MIGRATION:
        yield f"the migration stalled the consumers for {migration.stall:.1f} s"
    change.phase("both at work", lambda: change.mix(old, new, replicas, at_once), settle)
    change.phase("kill -9 of one N-1 of each, N-1 again", lambda: change.kill_and_restart(old))
    change.phase("all N", lambda: replace(old, new), settle)
    change.phase("back to N-1", lambda: replace(new, old), settle)
    change.phase("all N again", lambda: replace(old, new), settle)
    for phase in change.phases:
        if phase.stall > SESSION_SECONDS + _SLACK_SECONDS:
            yield f"a lane stood for {phase.stall:.1f} s: {phase.name}"


def _first(workers: list[Worker], name: str) -> Worker:
    return next(each for each in workers if each.name == name)
