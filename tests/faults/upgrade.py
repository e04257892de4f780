"""`python -m tests.faults.upgrade`: changes of release, newer contracts and clean stops under load.

Exits with 1 if anything is lost, doubled or wrong, or if a stop takes over ten seconds.
"""

import argparse
import sys
import time
from collections.abc import Callable
from random import Random, SystemRandom
from typing import Protocol

from tests.faults.campaign import Say, to_stdout
from tests.faults.clean_stop import (
    BROKER_AWAY,
    CALM,
    LOCKED_TABLES,
    ONE_OF_TWO,
    SLOW_DATABASE,
    play,
)
from tests.faults.ground import new_directory
from tests.faults.upgrade_contracts import evolve
from tests.faults.upgrade_rolling import roll

_ROUNDS = 10 * [CALM] + 6 * [ONE_OF_TWO] + 3 * [SLOW_DATABASE] + 3 * [LOCKED_TABLES]
_AWAY = 2 * [BROKER_AWAY]


class _Outcome(Protocol):
    @property
    def findings(self) -> object: ...

    def lines(self) -> list[str]: ...


def _roll(seed: int, say: Say) -> _Outcome:
    return roll(
        new_directory(),
        seed=seed,
        disputes=5000,
        per_second=200.0,
        replicas=2,
        at_once=1,
        settle=3.0,
        say=say,
    )


def _evolve(seed: int, say: Say) -> _Outcome:
    return evolve(new_directory(), seed=seed, disputes=800, per_second=300.0, say=say)


def _stop(seed: int, say: Say) -> _Outcome:
    rounds = [*_ROUNDS, *_AWAY]
    Random(seed).shuffle(rounds)
    return play(new_directory(), seed=seed, rounds=rounds, per_second=150.0, disputes=1000, say=say)


_PARTS: dict[str, Callable[[int, Say], _Outcome]] = {
    "rolling": _roll,
    "contracts": _evolve,
    "stops": _stop,
}


def main() -> int:
    """Run the parts that are asked for, or all of them, and say what came out."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.upgrade", description=__doc__)
    parser.add_argument("--seed", type=int, help="of the load; default: by chance")
    parser.add_argument("parts", nargs="*", choices=[[], *_PARTS], help="default: all of them")
    said = parser.parse_args()
    seed = SystemRandom().randrange(1_000_000) if said.seed is None else said.seed
    to_stdout(f"seed {seed}")
    failed = False
    for name in said.parts or _PARTS:
        began = time.monotonic()
        to_stdout(f"\n{name}")
        outcome = _PARTS[name](seed, to_stdout)
        for line in outcome.lines():
            to_stdout(line)
        to_stdout(f"{time.monotonic() - began:.0f} s")
        failed = failed or bool(outcome.findings)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
