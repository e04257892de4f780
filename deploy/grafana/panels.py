"""A panel in a few words: what it shows, in which unit, and when a value is bad.

Rule: what every panel has in common is decided in `deploy.grafana.model`, not in a panel.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Literal

Kind = Literal["stat", "timeseries", "bargauge"]


class Unit(StrEnum):
    """The units in use, as Grafana calls them; time is always in seconds."""

    COUNT = "short"
    SECONDS = "s"
    SHARE = "percentunit"
    PER_SECOND = "cps"


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of Prometheus, and what a line of the answer is called."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. From `warn` up it is yellow (if there is one), from `bad` up red; below is green.

    Where less is worse, `bad` is below `warn`: from `warn` up it is green, below `bad` red.
    """

    title: str
    says: str
    kind: Kind
    unit: Unit
    queries: tuple[Query, ...]
    warn: float | None = None
    bad: float | None = None
    runbook: str = ""
    width: int = 12
    height: int = 8
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page; its panels flow from left to right, and wrap."""

    uid: str
    title: str
    says: str
    panels: tuple[Panel, ...]


def number(
    title: str,
    says: str,
    unit: Unit,
    expr: str,
    *,
    warn: float | None = None,
    bad: float | None = None,
    runbook: str = "",
) -> Panel:
    """One number, large."""
    return Panel(
        title, says, "stat", unit, (Query(expr, title),), warn, bad, runbook, width=6, height=4
    )


def areas(title: str, says: str, unit: Unit, *queries: Query, runbook: str = "") -> Panel:
    """Areas over time, one on the other: what they add up to is worth seeing."""
    return Panel(title, says, "timeseries", unit, queries, runbook=runbook, stacked=True)


def _several(
    kind: Kind,
    title: str,
    says: str,
    unit: Unit,
    *queries: Query,
    warn: float | None = None,
    bad: float | None = None,
    runbook: str = "",
) -> Panel:
    return Panel(title, says, kind, unit, queries, warn, bad, runbook)


lines = partial(_several, "timeseries")
"""Lines over time."""

bars = partial(_several, "bargauge")
"""The values of this moment, side by side."""
