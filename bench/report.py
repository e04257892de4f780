"""What was measured, as tables for a terminal and for docs/performance.md.

Rule: a part of the page is written whole, between its markers, with its date, its command and the
machine that it ran on. Nothing outside the markers is touched.
"""

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psycopg

from bench.arithmetic import ratios, spread
from bench.rounds import Result

_LIBRARIES = (
    "kafka-python",
    "fastavro",
    "sqlalchemy",
    "psycopg",
    "confluent-kafka",
    "faststream",
    "aiokafka",
    "sentry-arroyo",
)
_COMPARED = ("", "least", "median", "most", "ratio: least", "median", "most", "wanted")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page.

    `failed` says which contestants could not be measured; `ratio` is what the smoke records.
    """

    name: str
    lines: Sequence[str]
    failed: Sequence[str] = field(default_factory=tuple)
    ratio: float | None = None


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; the first column is of words, the others of figures."""
    rule = ["---", *["--:"] * (len(head) - 1)]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]


def compared(
    results: dict[str, Result], ours: str, wanted: Mapping[str, float | None], digits: int = 0
) -> list[str]:
    """Every contestant's figures, and ours by theirs, round by round."""
    return table(
        _COMPARED,
        [
            _row(name, result, results[ours], wanted.get(name), digits)
            for name, result in results.items()
        ],
    )


def spread_of(figures: Sequence[float], digits: int = 0) -> list[str]:
    """Least, median and most, as cells."""
    found = spread(figures)
    return [f"{each:,.{digits}f}" for each in (found.low, found.middle, found.high)]


def failures(results: dict[str, Result]) -> list[str]:
    """Who could not be measured, and why."""
    return [f"{name}: {each.failure}" for name, each in results.items() if each.failure]


def heading(command: str, now: datetime, versions: Sequence[str]) -> list[str]:
    """When, how and on what."""
    libraries = [f"{name} {_version(name)}" for name in _LIBRARIES] + [_quix_version()]
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    return [
        f"Measured on {now:%Y-%m-%d} by `{command}` on {machine}.",
        "",
        f"{'; '.join([*versions, *libraries])}.",
        "",
    ]


def server_version(url: str) -> str:
    """Of the database."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    return f"PostgreSQL {row[0] if row else '?'}"


def write(page: Path, section: Section) -> None:
    """Put a section between its markers. Raises ValueError if the page has none for it."""
    text = page.read_text(encoding="utf-8")
    page.write_text(written(text, section), encoding="utf-8")


def written(text: str, section: Section) -> str:
    """The page with this section in it."""
    start, end = f"<!-- measured: {section.name} -->\n", f"<!-- end of {section.name} -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    body = "\n".join(section.lines).strip()
    new, found = pattern.subn(lambda _: f"{start}\n{body}\n\n{end}", text)
    if found != 1:
        raise ValueError(f"the page has {found} places for what was measured of {section.name}")
    return new


def _row(name: str, result: Result, ours: Result, wanted: float | None, digits: int) -> list[str]:
    if result.failure:
        return [f"{name}: could not be run ({result.failure[:200]})", *["–"] * 7]
    least = "" if wanted is None else f"≥ {wanted:g}"
    if result is ours or ours.failure:
        return [name, *spread_of(result.figures, digits), "", "", "", least]
    each = ratios(ours.figures, result.figures)
    return [name, *spread_of(result.figures, digits), *spread_of(each, 2), least]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"


def _quix_version() -> str:
    """As it is pinned: it lives in another environment."""
    pinned = (Path(__file__).parent / "requirements-quix.txt").read_text()
    found = re.search(r"^quixstreams==(\S+)", pinned, re.MULTILINE)
    return f"quixstreams {found[1] if found else '?'}"
