"""How does the promise stand, to the second?"""

from datetime import UTC, datetime, timedelta

import pytest

from consumers.ops.promise import promise
from consumers.ops.shown import duration

OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
H24, H48 = timedelta(hours=24), timedelta(hours=48)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("waited", "waiting", "assigned"),
    [
        (-SECOND, "waiting", "met within 24 h"),
        (H24, "waiting", "met within 24 h"),
        (H24 + SECOND, "at risk", "met within 48 h"),
        (H48, "at risk", "met within 48 h"),
        (H48 + SECOND, "broken", "missed"),
    ],
)
def test_the_edges_belong_to_the_better_side(
    waited: timedelta, waiting: str, assigned: str
) -> None:
    assert promise(OPENED, None, OPENED + waited).standing == waiting
    assert promise(OPENED, OPENED + waited, OPENED + 9 * H48).standing == assigned


def test_the_share_of_the_promise_stays_within_it() -> None:
    assert [promise(OPENED, None, OPENED + k * H24).share for k in range(4)] == [0, 50, 100, 100]
    assert promise(OPENED, None, OPENED).due_at == OPENED + H48


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3_660, "1 h 1 min"),
        (86_400, "1 d 0 h"),
        (180_000, "2 d 2 h"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(seconds: float, said: str) -> None:
    assert duration(seconds) == said
