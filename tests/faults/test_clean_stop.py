"""Does a process that is asked to stop leave anything half done?

The short form of `python -m tests.faults.upgrade stops`.
"""

import pytest

from tests.faults.clean_stop import CALM, LOCKED_TABLES, ONE_OF_TWO, SLOW_DATABASE, play
from tests.faults.upgrade_pytest import own_ground

ROUNDS = (CALM, ONE_OF_TWO, SLOW_DATABASE, LOCKED_TABLES, CALM)


@pytest.mark.slow
def test_a_stop_takes_less_than_ten_seconds_and_nothing_comes_twice(
    request: pytest.FixtureRequest,
) -> None:
    said: list[str] = []

    with own_ground(request) as directory:
        tally = play(
            directory,
            seed=5,
            rounds=ROUNDS,
            per_second=200,
            disputes=200,
            say=said.append,
        )

    assert not tally.findings, "\n".join([*said, *tally.lines()])
