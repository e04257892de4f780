"""Contestants in turn, A B C A B C, so that a slow minute of the machine meets all of them.

Rule: a contestant that fails once is out, and the table says why; its figures are not used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from bench.worker import ContestantError
from services.errors import PermanentError, TransientError

Say = Callable[[str], None]

_FAILURES = (
    ContestantError,
    PermanentError,
    TransientError,
    psycopg.Error,
    OSError,
    ValueError,
    AssertionError,
)


@dataclass(slots=True)
class Result:
    """The figures of a contestant, one a round, or why there are none."""

    figures: list[Any] = field(default_factory=list)
    failure: str = ""


def play(turns: Mapping[str, Callable[[], Any]], rounds: int, say: Say) -> dict[str, Result]:
    """Let each have its turn, `rounds` times."""
    results = {name: Result() for name in turns}
    for number in range(1, rounds + 1):
        for name, turn in turns.items():
            result = results[name]
            if result.failure:
                continue
            try:
                figure = turn()
            except _FAILURES as error:
                result.failure = " ".join(str(error).split()) or type(error).__name__
                say(f"round {number}: {name}: {result.failure}")
            else:
                result.figures.append(figure)
                say(f"round {number}: {name}: {_shown(figure)}")
    return results


def _shown(figure: Any) -> str:
    if isinstance(figure, dict):
        return ", ".join(f"{name} {_shown(each)}" for name, each in figure.items())
    return f"{figure:,.2f}" if isinstance(figure, float) else str(figure)
