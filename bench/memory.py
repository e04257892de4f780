"""How large the processes become over a long run, and whether they go on growing.

Rule: the system's own count (the peak of the resident set); growth is between the first tenth of
the working time and the last.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench import drain, load
from bench.arithmetic import growth
from bench.contestants import ours
from bench.drain import TOPIC
from bench.plan import Plan
from bench.relay import EFFECTS
from bench.report import Section, table
from bench.stage import Stage
from bench.worker import ContestantError
from consumers.order_disputed import CONSUMER

MIB = 1024 * 1024
_WANTED = {"order-disputed": 90, "relay": 60}  # MiB


@dataclass(slots=True)
class Watched:
    """The resident set of a process, looked at whenever `look` is called."""

    pid: int
    peak: float = 0.0
    samples: list[tuple[float, float]] = field(default_factory=list)

    def look(self) -> None:
        """Once more."""
        self.samples.append((time.monotonic(), psutil.Process(self.pid).memory_info().rss / MIB))
        status = Path(f"/proc/{self.pid}/status")
        if status.exists():  # Linux keeps the peak itself
            (line,) = [each for each in status.read_text().splitlines() if each[:6] == "VmHWM:"]
            self.peak = int(line.split()[1]) / 1024
        else:
            self.peak = max(size for _, size in self.samples)


@dataclass(frozen=True, slots=True)
class Way:
    """How far a process has come, by a question to the database, and how far it is to go."""

    process: str
    question: str
    values: tuple[object, ...]
    goal: int


def measure(stage: Stage, plan: Plan) -> Section:
    """The consumer over all events, then the relay over all of their effects."""
    events = plan.scaled(1_000_000, plan.events)
    load.produce(stage.servers, load.disputes(events))
    stage.forget(CONSUMER.group)
    rows, failed = [], []
    with stage.database() as database:
        for way in _ways(events):
            try:
                watched = _watch(stage, database, way)
            except ContestantError as error:
                failed.append(f"{way.process}: {error}")
                break
            plan.say(f"{way.process}: {watched.peak:.1f} MiB at most")
            grown = growth(watched.samples)
            most = f"≤ {_WANTED[way.process]}"
            rows.append([way.process, f"{watched.peak:.1f}", f"{grown:+.1f}", most])
    head = ("MiB", "peak", "growth, first tenth to last", "wanted")
    lines = [f"{events:,} disputes, then their effects:", "", *table(head, rows), "", *failed]
    return Section("memory", lines, failed)


def _ways(events: int) -> tuple[Way, Way]:
    effects = EFFECTS * events
    return (
        Way("order-disputed", "SELECT max(arrival) FROM events WHERE topic = %s", (TOPIC,), events),
        Way("relay", "SELECT coalesce(min(id) - 1, %s) FROM outbox", (effects,), effects),
    )


def _watch(stage: Stage, database: str, way: Way) -> Watched:
    with (
        stage.connection(database) as connection,
        ours(way.process, stage, stage.settings(database)) as worker,
    ):
        watched = Watched(worker.process.pid)

        def done() -> bool:
            row = connection.execute(way.question.encode(), way.values).fetchone()
            progress = (row and row[0]) or 0
            if progress and worker.process.poll() is None:  # starting is not growing
                watched.look()
            return bool(progress >= way.goal)

        worker.wait_until(done, 10 * drain.SECONDS)
    return watched
