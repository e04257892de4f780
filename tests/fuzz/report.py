"""The figures of a run, added up over its workers.

Rule of this file: it says what was measured and nothing else; what was not reached is not rounded.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_COVERAGE = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)/")


@dataclass(frozen=True, slots=True)
class Figures:
    """What one worker measured."""

    values: int
    counts: Counter[str]
    slowest_ms: float
    memory_mb: float
    seconds: float
    busy: float  # seconds of the processor: the machine may have other things to do
    edges: int
    features: int
    corpus: int


def figures_in(folder: Path) -> Figures:
    """The figures that a worker left in its folder, as far as it came."""
    left = folder / "figures.json"
    said: dict[str, Any] = json.loads(left.read_text()) if left.exists() else {}
    reached = _COVERAGE.findall((folder / "log").read_text(errors="replace")) or [(0, 0, 0)]
    edges, features, corpus = map(int, reached[-1])
    return Figures(
        values=said.get("values", 0),
        counts=Counter(said.get("counts", {})),
        slowest_ms=said.get("slowest_ms", 0.0),
        memory_mb=said.get("memory_mb", 0.0),
        seconds=said.get("seconds", 0.0),
        busy=said.get("busy", 0.0),
        edges=edges,
        features=features,
        corpus=corpus,
    )


def progress(workers: list[Figures]) -> str:
    """One line while they run."""
    return f"{sum(each.values for each in workers):>12,} values judged"


def summary(workers: list[Figures]) -> str:
    """All figures, in words."""
    values = sum(each.values for each in workers)
    busy = sum(each.busy for each in workers)
    counts = sum((each.counts for each in workers), Counter())
    edges, features = max(each.edges for each in workers), max(each.features for each in workers)
    took = max(each.seconds for each in workers)
    lines = [
        f"values judged      {values:,}",
        *(f"  {word:<18}{count:,}" for word, count in counts.most_common()),
        f"slowest decode     {max(each.slowest_ms for each in workers):.1f} ms (limit 50)",
        f"memory growth      {max(each.memory_mb for each in workers):.1f} MB (limit 50)",
        f"coverage           {edges} edges, {features} features",
        f"corpus             {max(each.corpus for each in workers)} values",
        f"time               {took:,.0f} s, {values / took if took else 0:,.0f} values a second",
        f"processor          {busy:,.0f} s, {values / busy if busy else 0:,.0f} values a second",
    ]
    return "\n".join(lines)
