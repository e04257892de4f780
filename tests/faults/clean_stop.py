"""Clean stops under load: SIGTERM again and again; each within ten seconds, nothing comes twice.

Rule: nothing that is published is published twice, so whatever is handled or published twice was
so because of a stop. After each stop the committed offsets are all that was handled, no more and
no less. Only a broker that is away keeps a process from saying what it has done; what comes twice
then is counted, and ignored by the pipeline.
"""

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from consumers.bootstrap import PROCESSES
from schemas.topics import OUTBOUND
from tests.eventually import eventually
from tests.faults import checking
from tests.faults.crew import Crew, Member
from tests.faults.ground import Ground
from tests.faults.load import Feed, Load
from tests.faults.reading import read_all
from tests.faults.stories import Letter
from tests.faults.upgrade_stage import Place, committed, is_idle

STOP_SECONDS = 10.0
CALM = "all at once"
ONE_OF_TWO = "one of two of each"
SLOW_DATABASE = "slow database"
LOCKED_TABLES = "locked tables"
BROKER_AWAY = "broker away"
_SLOW_SECONDS = 3.0
_ROWS = 300  # of the outbox, published at once
_DRAIN_SECONDS = 180

Say = Callable[[str], None]


class FreshLoad(Load):
    """A load in which nothing is said twice."""

    def __iter__(self) -> Iterator[Letter]:
        said: set[tuple[object, bytes | None]] = set()
        for letter in super().__iter__():
            if (letter.event_id, letter.value) not in said:
                said.add((letter.event_id, letter.value))
                yield letter


@dataclass(slots=True)
class Tally:
    """What the stops came to."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    excused: int = 0
    """Messages that were handled while no offset could be committed."""
    ignored: int = 0
    republished: int = 0

    def lines(self) -> list[str]:
        """For a person."""
        stops = [
            f"{name:20} {len(each):3} stops, median {sorted(each)[len(each) // 2]:4.1f} s,"
            f" slowest {max(each):4.1f} s"
            for name, each in sorted(self.seconds.items())
        ]
        verdict = "FAIL" if self.findings else "PASS"
        return [
            *stops,
            f"messages that no offset was committed for, the broker being away: {self.excused}",
            f"handled again: {self.ignored}; published again: {self.republished}",
            *(f"finding: {each}" for each in self.findings[:20]),
            f"{verdict}  clean stops: {len(self.findings)} late, redelivered, lost or wrong",
        ]


@dataclass(slots=True)
class Stopping:
    """The ground, the crew, and what was seen so far."""

    ground: Ground
    crew: Crew
    random: Random
    tally: Tally = field(default_factory=Tally)
    last: str = ""
    """How long the processes took for their last stop."""
    logs: list[Path] = field(default_factory=list)
    excused: dict[Place, int] = field(default_factory=dict)
    """What was handled up to, without a commit, while the broker was away."""

    def start(self) -> list[Member]:
        """Start the four processes, and let them work for a moment."""
        members = [self.crew.start(name) for name in PROCESSES]
        self.logs += [each.log for each in members]
        for each in members:
            eventually(partial(self._has_worked, each), 120, f"{each.log} has worked")
        time.sleep(self.random.uniform(0.0, 0.7))
        return members

    def stop(self, members: Sequence[Member]) -> None:
        """SIGTERM to all of them; each ends within ten seconds, with 0."""
        since = time.monotonic()
        left, took = list(members), []
        for each in left:
            each.asked = signal.SIGTERM
            os.kill(each.pid, signal.SIGTERM)
        while left and time.monotonic() < since + 2 * STOP_SECONDS:
            for each in [each for each in left if self.crew.is_over(each)]:
                left.remove(each)
                took.append(f"{each.name} {self._noted(each, time.monotonic() - since):.1f} s")
            time.sleep(0.01)
        self.last = ", ".join(took)
        for each in left:
            self.tally.findings.append(f"{each.log.name} does not stop")
            self.crew.send(each, signal.SIGKILL)

    def _has_worked(self, member: Member) -> bool:
        """Whether it has handled or published something, or is a relay with nothing to do."""
        said = member.log.read_bytes()
        assert not self.crew.is_over(member), f"{member.log.name} ended: {said.decode()[-2000:]}"
        return any(word in said for word in (b'"handled"', b'"published"', b'"standing_by"'))

    def compare_offsets(self, kind: str) -> None:
        """While all are stopped: what is committed is what was handled."""
        handled = _handled(self.ground)
        for place, offset in committed(self.ground).items():
            more = handled.get(place, 0) - offset
            if kind == BROKER_AWAY and more > 0:
                self.tally.excused += more
                self.excused[place] = handled[place]
            elif more and handled.get(place) != self.excused.get(place):
                found = f"{kind}: {place} is handled {more} beyond {offset}"
                self.tally.findings.append(found)

    def _noted(self, member: Member, seconds: float) -> float:
        self.tally.seconds.setdefault(member.name, []).append(seconds)
        code = self.ground.nursery.code(member.pid)
        if code != 0 or seconds > STOP_SECONDS:
            self.tally.findings.append(f"{member.log.name} ended after {seconds:.1f} s with {code}")
        return seconds


def play(
    directory: Path,
    *,
    seed: int,
    rounds: Sequence[str],
    per_second: float,
    disputes: int,
    say: Say,
) -> Tally:
    """Stop all four processes once in each round, in its circumstances, and compare everything."""
    with ExitStack() as stack:
        ground = stack.enter_context(
            Ground(directory, kafka_session_timeout=6.0, batch_size=100, relay_batch_size=_ROWS)
        )
        feed = Feed(ground.node.address, FreshLoad(seed), per_second)
        crew = Crew(ground)
        stopping = Stopping(ground, crew, Random(seed))
        feed.start()
        members = stopping.start()
        for number, kind in enumerate(rounds, start=1):
            members = _round(stopping, kind, members)
            say(f"{number}/{len(rounds)} {kind}: {stopping.last}")
        feed.finish(disputes)
        eventually(lambda: is_idle(ground, feed.ends), _DRAIN_SECONDS, "everything is handled")
        stopping.stop(members)
        crew.dismiss()
        findings = stopping.tally.findings
        findings += [*crew.unexpected, *crew.slow_stops, *feed.failed]
        findings += checking.differences(ground.node.address, ground.query, feed.load.stories)
        _count_what_came_twice(stopping, ends_away=rounds.count(BROKER_AWAY))
        return stopping.tally


def _round(stopping: Stopping, kind: str, members: list[Member]) -> list[Member]:
    """Stop these members in these circumstances; returns those that took their places."""
    if kind == ONE_OF_TWO:
        others = stopping.start()
        stopping.stop(members)
        return others
    with _CIRCUMSTANCES[kind](stopping.ground):
        stopping.stop(members)
    stopping.compare_offsets(kind)
    return stopping.start()


@contextmanager
def _slow_database(ground: Ground) -> Iterator[None]:
    ground.database_proxy.stall()
    flow = threading.Timer(_SLOW_SECONDS, ground.database_proxy.flow)
    flow.start()
    yield
    flow.join()


@contextmanager
def _locked_tables(ground: Ground) -> Iterator[None]:
    with ground.connection() as connection:
        connection.execute("BEGIN")
        connection.execute("LOCK TABLE cases, outbox")
        release = threading.Timer(_SLOW_SECONDS, connection.execute, ["COMMIT"])
        release.start()
        yield
        release.join()


@contextmanager
def _broker_away(ground: Ground) -> Iterator[None]:
    ground.node.stop()
    yield
    ground.node.start()


_CIRCUMSTANCES: dict[str, Callable[[Ground], AbstractContextManager[None]]] = {
    CALM: lambda _: nullcontext(),
    SLOW_DATABASE: _slow_database,
    LOCKED_TABLES: _locked_tables,
    BROKER_AWAY: _broker_away,
}


def _handled(ground: Ground) -> dict[Place, int]:
    """The offset after the last message of each partition that was handled."""
    return {
        (topic, partition): last + 1
        for topic, partition, last in ground.query(
            'SELECT topic, partition, max("offset") FROM ('
            ' SELECT topic, partition, "offset" FROM events'
            ' UNION ALL SELECT topic, partition, "offset" FROM dead_letters'
            ") AS handled GROUP BY topic, partition"
        )
    }


def _count_what_came_twice(stopping: Stopping, ends_away: int) -> None:
    tally = stopping.tally
    said = [line for log in stopping.logs for line in log.read_text().splitlines()]
    handled = [json.loads(line) for line in said if '"handled"' in line]
    tally.ignored = sum(each.get("ignored", 0) for each in handled)
    tally.ignored += stopping.ground.query("SELECT sum(attempts - 1)::int FROM dead_letters")[0][0]
    if tally.ignored > tally.excused:
        tally.findings.append(
            f"{tally.ignored} messages were handled again, and {tally.excused} could not be"
            " committed"
        )
    ids = Counter(
        (each.topic, each.header("ce_id"))
        for each in read_all(stopping.ground.node.address, OUTBOUND)
    )
    tally.republished = sum(count - 1 for count in ids.values())
    if tally.republished > ends_away * _ROWS:
        tally.findings.append(f"{tally.republished} effects were published again")
