"""Explores every family on all cores: `python -m tests.exhaustive`.

Rule of this file: it prints what was found, and ends with 1 if a delivery order ended otherwise
than its history; one such order of each history is then shown.
"""

import os
import sys
from multiprocessing import Pool

from tests.exhaustive.exploring import Exploration, explore, orders_of
from tests.exhaustive.families import History, families
from tests.simulation.codec import RememberingCodec

CODEC = RememberingCodec()
ROW = "{:<36} {:>9} {:>15} {:>12} {:>11}"


def main() -> int:
    """Explore, and return the exit status."""
    say(ROW.format("family", "histories", "delivery orders", "transactions", "divergences"))
    everything: list[Exploration] = []
    with Pool(os.cpu_count()) as pool:
        for family in families():
            found = pool.map(explored, family.histories, chunksize=1)
            say(row(family.name, found))
            everything += found
    say(row("all", everything))
    divergent = [each for each in everything if each.divergent]
    for each in divergent:
        say(f"\n{each.history.name}\n{each.example}")
    return 1 if divergent else 0


def explored(history: History) -> Exploration:
    """What came of one history, in whatever process; nothing of it may be left out."""
    found = explore(history, CODEC)
    assert found.orders == orders_of(history), history.name
    return found


def row(name: str, found: list[Exploration]) -> str:
    """A line of the table."""
    orders = sum(each.orders for each in found)
    transactions = sum(each.transactions for each in found)
    divergent = sum(each.divergent for each in found)
    figures = (len(found), orders, transactions, divergent)
    return ROW.format(name, *(f"{figure:,}" for figure in figures))


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
