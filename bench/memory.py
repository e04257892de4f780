"""How large the processes become over a long run, and whether they go on growing.

Rule: the system's own count, at the default settings, of processes that find their bytecode as any
installation has it. The peak is that of the resident set, from the start on; growth is told by how
far the work has come, not by time.
"""

import compileall
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench import drain, load
from bench.arithmetic import slope, tenths
from bench.contestants import ROOT, ours
from bench.drain import TOPIC
from bench.plan import Plan
from bench.relay import EFFECTS
from bench.report import Section, table
from bench.stage import Stage
from bench.worker import ContestantError
from consumers.order_disputed import CONSUMER

MB = 1_000_000
_WANTED = {"order-disputed": 90, "relay": 60}  # MB
_HEAD = ("MB", "first tenth", "last tenth", "peak", "wanted", "per 100,000 more")
_SLOPE_ROWS = 100_000


@dataclass(slots=True)
class Watched:
    """The resident set of a process, looked at whenever `look` is called."""

    pid: int
    peak: float = 0.0
    samples: list[tuple[float, float]] = field(default_factory=list)

    def look(self, done: int) -> None:
        """Once more, after so much was done."""
        size = psutil.Process(self.pid).memory_info().rss / MB
        self.samples.append((float(done), size))
        self.peak = max(self.peak, size)
        status = Path(f"/proc/{self.pid}/status")
        if status.exists():  # Linux keeps the peak itself
            (line,) = [each for each in status.read_text().splitlines() if each[:6] == "VmHWM:"]
            self.peak = max(self.peak, int(line.split()[1]) * 1024 / MB)


@dataclass(frozen=True, slots=True)
class Way:
    """How far a process has come, by a question to the database, and how far it is to go."""

    process: str
    question: str
    values: tuple[object, ...]
    goal: int


def measure(stage: Stage, plan: Plan) -> Section:
    """The consumer over all events, then the relay over all of their effects."""
    for package in ("schemas", "services", "consumers"):
        compileall.compile_dir(ROOT / package, quiet=1)
    load.produce(stage.servers, load.disputes(plan.events))
    stage.forget(CONSUMER.group)
    rows, failed = [], []
    with stage.database() as database:
        for way in _ways(plan.events):
            try:
                watched = _watch(stage, database, way)
                rows.append(_row(way.process, watched))
            except ContestantError as error:
                failed.append(f"{way.process}: {error}")
                break
            plan.say(f"{way.process}: {watched.peak:.1f} MB at most")
    lines = [f"{plan.events:,} disputes, then their effects:", "", *table(_HEAD, rows), "", *failed]
    return Section("memory", lines, failed)


def _row(process: str, watched: Watched) -> list[str]:
    first, last = tenths(watched.samples)
    steep = slope(watched.samples)
    more = "–" if steep is None else f"{steep * _SLOPE_ROWS:+.2f}"
    figures = [f"{each:.1f}" for each in (first, last, watched.peak)]
    return [process, *figures, f"≤ {_WANTED[process]}", more]


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
                watched.look(progress)
            return bool(progress >= way.goal)

        worker.wait_until(done, 10 * drain.SECONDS)
    return watched
