"""`make mutate`: tries every mutant of the rules, and says how many the tests noticed.

Exits with 1 if they noticed fewer than 90 of 100. `--jobs N` tries N mutants at a time, one for
each processor by default; `--only NAME` those of one module.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator

from tests.mutation.mutants import RULES, Mutant, mutants_of
from tests.mutation.trial import Ending, start

LEAST_SCORE = 0.90


def main() -> int:
    """Try them all; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", metavar="NAME", default="*")
    options = parser.parse_args()
    began = time.monotonic()
    _require_green()
    counts = dict.fromkeys(Ending, 0)
    mutants = [m for path in sorted(RULES.glob(f"{options.only}.py")) for m in mutants_of(path)]
    for mutant, ending in _endings(mutants, options.jobs):
        counts[ending] += 1
        if ending is Ending.SURVIVED:
            _say(f"survived: {mutant}")
        if sum(counts.values()) % 100 == 0:
            _say(f"{sum(counts.values())} of {len(mutants)} tried")
    killed, survived = counts[Ending.KILLED], counts[Ending.SURVIVED]
    score = killed / max(killed + survived, 1)
    _say(
        f"killed {killed}, survived {survived}, score {score:.1%} "
        f"(and {counts[Ending.UNBORN]} that cannot be imported), "
        f"{time.monotonic() - began:.0f} s with {options.jobs} at a time"
    )
    return 0 if score >= LEAST_SCORE else 1


def _require_green() -> None:
    """Without a mutant the tests must pass: else everything would seem to be noticed."""
    if _wait_for(start(None)) is not Ending.SURVIVED:
        sys.exit("The tests fail on the rules as they are: mend that first.")


def _endings(mutants: Iterable[Mutant], jobs: int) -> Iterator[tuple[Mutant, Ending]]:
    """How the trial of each mutant ended, as they end, `jobs` at a time."""
    running: dict[int, Mutant] = {}
    for mutant in mutants:
        running[start(mutant)] = mutant
        if len(running) >= jobs:
            yield _first_to_end(running)
    while running:
        yield _first_to_end(running)


def _first_to_end(running: dict[int, Mutant]) -> tuple[Mutant, Ending]:
    process, status = os.wait()
    return running.pop(process), Ending(os.waitstatus_to_exitcode(status))


def _wait_for(process: int) -> Ending:
    return Ending(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
