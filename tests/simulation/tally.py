"""Many runs, and what they come to together."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import cpu_count

import structlog

from tests.simulation.broken import BROKEN, HARMLESS
from tests.simulation.faults import Fault
from tests.simulation.world import Report, simulate

_CHUNK = 50

INVARIANTS = (
    "nothing lost",
    "every effect once",
    "no effect doubled",
    "money conserved",
    "money as the verdict says",
    "first verdict final",
    "sequence without gaps",
    "in order",
    "frozen",
    "chat locked",
    "reviews blocked",
    "as the rules say",
    "as the timeline tells",
    "dead letters",
    "given up in time",
    "no bug",
    "offsets",
    "fenced",
    "never stuck",
    "no unexpected error",
)


class Tally:
    """The sums of many reports."""

    def __init__(self) -> None:
        self.seeds = 0
        self.counts: Counter[tuple[str, str]] = Counter()
        self.violations: Counter[str] = Counter()
        self.violating: list[int] = []
        self._began = time.monotonic()

    def add(self, reports: Sequence[Report]) -> None:
        """Count these in."""
        for report in reports:
            self.seeds += 1
            self.counts.update(report.counts)
            self.violations.update({invariant for invariant, _ in report.violations})
            if report.violations:
                self.violating.append(report.seed)

    @property
    def rate(self) -> float:
        """Seeds a second."""
        return self.seeds / max(time.monotonic() - self._began, 0.001)

    def lines(self) -> Iterator[str]:
        """The table at the end."""
        yield f"{self.seeds:12,} seeds, {self.rate:.1f} a second"
        for (kind, what), count in sorted(self.counts.items()):
            if kind == "total":
                yield f"{count:12,} {what}"
        for fault in Fault:
            of_kind = {what: n for (kind, what), n in self.counts.items() if kind == fault.value}
            points = ", ".join(f"{what} {n:,}" for what, n in sorted(of_kind.items()))
            yield f"{sum(of_kind.values()):12,} × {fault.value}: {points}"
        for name in ("trouble", "ended"):
            of_kind = {what: n for (kind, what), n in self.counts.items() if kind == name}
            points = ", ".join(f"{what} {n:,}" for what, n in sorted(of_kind.items()))
            yield f"{sum(of_kind.values()):12,} × {name}: {points}"
        for invariant in dict.fromkeys((*INVARIANTS, *self.violations)):
            yield f"{self.violations[invariant]:12,} seeds that violate: {invariant}"
        for seed in sorted(self.violating)[:20]:
            yield f"seed {seed}: python -m tests.simulation --seed {seed}"


def quietly() -> None:
    """No log: a worker of its own process is told so, once."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(50), cache_logger_on_first_use=True
    )


def workers(count: int | None = None) -> ProcessPoolExecutor:
    """Processes of their own, one a core: no log, no coverage, nothing shared."""
    spawn = get_context("spawn")
    return ProcessPoolExecutor(count or cpu_count(), mp_context=spawn, initializer=quietly)


def run_all(seeds: range, pool: ProcessPoolExecutor) -> Iterator[Tally]:
    """Run these seeds; the tally is the same one each time, with a few more counted in."""
    tally = Tally()
    chunks = [seeds[start : start + _CHUNK] for start in range(0, len(seeds), _CHUNK)]
    for reports in pool.map(_simulate_many, chunks):
        tally.add(reports)
        yield tally


def first_violations(fault: str, seeds: range) -> dict[str, int]:
    """The invariants that a fault of `broken` violates, and the first seed of each.

    Up to the first seed that violates the one that it must.
    """
    parts, enough = BROKEN[fault] if fault in BROKEN else (HARMLESS[fault], "")
    found: dict[str, int] = {}
    for seed in seeds:
        for invariant, _ in simulate(seed, parts).violations:
            found.setdefault(invariant, seed)
        if enough in found:
            break
    return found


def _simulate_many(seeds: Sequence[int]) -> list[Report]:
    return [simulate(seed) for seed in seeds]
