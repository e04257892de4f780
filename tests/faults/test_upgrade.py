"""What does a change of release cost? A few seconds here and there, and never an event.

The short form of `python -m tests.faults.upgrade`, where processes change one by one.
"""

from pathlib import Path

import pytest

from tests.faults.upgrade_contracts import evolve
from tests.faults.upgrade_pytest import own_ground
from tests.faults.upgrade_releases import previous_release
from tests.faults.upgrade_rolling import roll


@pytest.mark.slow
def test_up_and_back_and_up_again_under_load_loses_and_doubles_nothing(
    request: pytest.FixtureRequest,
) -> None:
    said: list[str] = []

    with own_ground(request) as directory:
        outcome = roll(
            directory,
            seed=5,
            disputes=400,
            per_second=100,
            replicas=1,
            at_once=4,
            settle=0.5,
            say=said.append,
        )

    assert not outcome.findings, "\n".join([*said, *outcome.lines()])


@pytest.mark.slow
def test_newer_contracts_lose_nothing_even_where_publishers_move_on_too_early(
    request: pytest.FixtureRequest,
) -> None:
    said: list[str] = []

    with own_ground(request) as directory:
        outcome = evolve(directory, seed=5, disputes=200, per_second=150, say=said.append)

    assert not outcome.findings, "\n".join([*said, *outcome.lines()])


def test_a_shallow_clone_says_how_to_get_the_release_before(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="git fetch --unshallow"):
        previous_release(tmp_path, commit="0" * 40)
