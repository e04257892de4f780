"""`python -m tests.simulation`: run many seeds, or one that is told step by step."""

import argparse
import sys
from collections.abc import Iterator
from os import cpu_count

from tests.simulation.tally import Tally, quietly, run_all, workers
from tests.simulation.world import simulate


def main() -> int:
    """The exit code: 1 if an invariant was violated."""
    asked = _arguments()
    if asked.seed is not None:
        return _tell(asked.seed)
    seeds = range(asked.from_seed, asked.from_seed + asked.seeds)
    tally = Tally()
    with workers(asked.workers) as pool:
        for tally in run_all(seeds, pool):
            _say_how_far(tally, len(seeds))
    _print(tally.lines())
    return 1 if tally.violating else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000, help="how many (default 2000)")
    parser.add_argument("--from", type=int, default=0, dest="from_seed", help="the first seed")
    parser.add_argument("--workers", type=int, default=cpu_count(), help="processes to use")
    parser.add_argument("--seed", type=int, help="only this one, with all that happens in it")
    return parser.parse_args()


def _tell(seed: int) -> int:
    quietly()
    report = simulate(seed, telling=True)
    _print(report.told)
    _print([f"{count:8} {kind}: {what}" for (kind, what), count in sorted(report.counts.items())])
    _print([f"VIOLATED {invariant}: {what}" for invariant, what in report.violations])
    _print([f"seed {seed}: trace {report.trace:08x}, {len(report.violations)} violations"])
    return 1 if report.violations else 0


def _say_how_far(tally: Tally, total: int) -> None:
    if tally.seeds % 1000 == 0 or tally.seeds == total:
        done = f"{tally.seeds:,} of {total:,} seeds, {tally.rate:.0f} a second"
        sys.stderr.write(f"{done}, {len(tally.violating)} with a violation\n")


def _print(lines: list[str] | Iterator[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
