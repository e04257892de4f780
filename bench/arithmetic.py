"""What is made of commits and moments: rates, ratios, percentiles.

Rule: pure. A rate counts from the first commit to the last, so that neither the start of a process
nor its joining of a group is measured, and what the first commit held came before the clock ran. A
ratio is of two figures of the same round.
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

_FEWEST_SAMPLES = 5

Commits = Sequence[tuple[float, int]]
"""When (in seconds) something became true at once, and how many."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, the median and the greatest of some figures."""

    low: float
    middle: float
    high: float


def spread(figures: Sequence[float]) -> Spread:
    """How figures of the same thing lie. Raises ValueError if there is none."""
    if not figures:
        raise ValueError("nothing was measured")
    return Spread(min(figures), statistics.median(figures), max(figures))


def rate(commits: Iterable[tuple[float, int]]) -> float:
    """How many a second, from the first commit to the last.

    Raises:
        ValueError: all came at once, so nothing can be said.
    """
    (first, _), *later = sorted(commits)
    if not later or later[-1][0] <= first:
        raise ValueError("everything was committed at once: too little work to measure")
    return sum(count for _, count in later) / (later[-1][0] - first)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours by theirs, round by round. Raises ValueError unless both played the same rounds."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def rates_while_all_worked(commits: Mapping[str, Commits]) -> dict[str, float]:
    """The rate of each while none had finished and each had begun.

    Raises:
        ValueError: they were never at work together.
    """
    start = max(min(when for when, _ in each) for each in commits.values())
    end = min(max(when for when, _ in each) for each in commits.values())
    if end <= start:
        raise ValueError("they were never at work together: too little work to measure")
    return {
        name: sum(count for when, count in each if start < when <= end) / (end - start)
        for name, each in commits.items()
    }


def percentile(figures: Sequence[float], share: float) -> float:
    """The smallest figure that at least `share` of all do not exceed."""
    ordered = sorted(figures)
    return ordered[max(ceil(share * len(ordered)) - 1, 0)]


def tenths(samples: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The medians of the first tenth of the way and of the last."""
    begin, end = samples[0][0], samples[-1][0]
    tenth = (end - begin) / 10
    first = [size for at, size in samples if at <= begin + tenth]
    last = [size for at, size in samples if at >= end - tenth]
    return statistics.median(first), statistics.median(last)


def slope(samples: Sequence[tuple[float, float]]) -> float | None:
    """How steeply a line through all but the first tenth of the way rises; None of too few."""
    begin, end = samples[0][0], samples[-1][0]
    later = [(at, size) for at, size in samples if at > begin + (end - begin) / 10]
    if len({at for at, _ in later}) < _FEWEST_SAMPLES:
        return None
    return statistics.linear_regression(*zip(*later, strict=True)).slope
