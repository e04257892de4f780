"""How large the processes become over a long run, and whether they go on growing.

Rule: the system's own count (the peak of the resident set); growth is between the first tenth of
the working time and the last.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench import drain, load
from bench.arithmetic import growth
from bench.contestants import ours
from bench.drain import TOPIC
from bench.plan import Plan
from bench.report import Section, table
from bench.stage import Stage
from bench.worker import ContestantError, Worker
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


def measure(stage: Stage, plan: Plan) -> Section:
    """The consumer over all events, then the relay over all of their effects."""
    events = plan.scaled(1_000_000, plan.events)
    load.produce(stage.servers, load.disputes(events))
    stage.forget(CONSUMER.group)
    failed = []
    rows = []
    with stage.database() as database:
        for name, done in (("order-disputed", _consumed(events)), ("relay", _published)):
            try:
                watched = _watch(stage, name, database, done)
            except ContestantError as error:
                failed.append(f"{name}: {error}")
                break
            plan.say(f"{name}: {watched.peak:.1f} MiB at most")
            grown = growth(watched.samples)
            rows.append([name, f"{watched.peak:.1f}", f"{grown:+.1f}", f"≤ {_WANTED[name]}"])
    head = ("MiB", "peak", "growth, first tenth to last", "wanted")
    lines = [f"{events:,} disputes, then their effects:", "", *table(head, rows), "", *failed]
    return Section("memory", lines, failed)


Done = Callable[[Stage, str], bool]


def _watch(stage: Stage, name: str, database: str, done: Done) -> Watched:
    with ours(name, stage, stage.settings(database)) as worker:
        watched = Watched(worker.process.pid)
        _let_work(worker, watched, lambda: done(stage, database))
    return watched


def _let_work(worker: Worker, watched: Watched, done: Callable[[], bool]) -> None:
    def looked_and_done() -> bool:
        if worker.process.poll() is None:
            watched.look()
        return done()

    worker.wait_until(looked_and_done, 10 * drain.SECONDS)


def _consumed(events: int) -> Done:
    statement = "SELECT max(arrival) FROM events WHERE topic = %s"

    def done(stage: Stage, database: str) -> bool:
        with stage.connection(database) as connection:
            row = connection.execute(statement, (TOPIC,)).fetchone()
        return row is not None and (row[0] or 0) >= events

    return done


def _published(stage: Stage, database: str) -> bool:
    with stage.connection(database) as connection:
        return connection.execute("SELECT FROM outbox LIMIT 1").fetchone() is None
