"""Does the pipeline keep its promises, whatever happens to its processes and their connections?"""

import gc
import os
import subprocess
import sys

from services.storage.store import Store
from tests.simulation.faults import Fault, Plan
from tests.simulation.processes import Parts
from tests.simulation.tally import run_all, workers
from tests.simulation.world import simulate

SEEDS = 2000


def test_no_seed_violates_an_invariant() -> None:
    with workers() as pool:
        *_, tally = run_all(range(SEEDS), pool)

    assert tally.seeds == SEEDS
    assert tally.violating == [], "\n".join(tally.lines())


def test_a_seed_is_the_same_run_in_every_process() -> None:
    told = [
        subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", "3"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]

    assert told[0] == told[1]
    assert len(told[0].splitlines()) > 100


def test_no_garbage_is_collected_in_the_middle_of_a_run() -> None:
    collecting = set()

    def look(store: Store) -> Store:
        collecting.add(gc.isenabled())
        return store

    simulate(3, Parts(store=look))

    assert collecting == {False}
    assert gc.isenabled()


def test_another_seed_is_another_run() -> None:
    traces = [simulate(seed).trace for seed in (1, 1, 2)]

    assert traces[0] == traces[1] != traces[2]


def test_a_race_that_is_lost_alone_after_one_that_is_lost_in_a_batch_buries_nothing() -> None:
    shared = Plan(
        shared_disputes=12,
        orders=0,
        bursts=1,
        batch_size=4,
        replicas=3,
        partitions=3,
        latency=0.01,
        duplicates=0.0,
        span=2.0,
        rates={Fault.SLOW: 0.08, Fault.REFUSED: 0.01},
    )

    assert [simulate(seed, plan=shared).violations for seed in (30, 61, 62, 69)] == [[]] * 4
