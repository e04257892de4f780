"""Does the simulation notice when a mechanism is missing?"""

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from tests.simulation.broken import BROKEN, HARMLESS
from tests.simulation.tally import first_violations, workers

SEEDS = {**dict.fromkeys(BROKEN, range(300)), **dict.fromkeys(HARMLESS, range(100))}

Found = dict[str, "Future[dict[str, int]]"]


@pytest.fixture(scope="module")
def found() -> Iterator[Found]:
    """For each fault, the invariants that it violates and the first seed of each."""
    with workers() as pool:
        yield {fault: pool.submit(first_violations, fault, seeds) for fault, seeds in SEEDS.items()}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_fault_is_caught(fault: str, found: Found) -> None:
    _, invariant = BROKEN[fault]

    assert invariant in found[fault].result()


@pytest.mark.parametrize("fault", HARMLESS)
def test_what_only_saves_work_is_no_mechanism(fault: str, found: Found) -> None:
    assert found[fault].result() == {}
