"""How long is waited between two attempts, and which failures are worth another one?"""

import pytest

from services.errors import DatabaseUnavailableError, StorageError
from services.retry import Backoff, patiently

FULL = Backoff(initial=1, maximum=10, chance=lambda: 1.0)


def test_the_wait_doubles_up_to_the_maximum() -> None:
    backoff = Backoff(initial=1, maximum=10, chance=lambda: 1.0)

    waits = [backoff.delay(attempt) for attempt in (1, 2, 3, 4, 5, 1000)]

    assert waits == [1, 2, 4, 8, 10, 10]


def test_chance_takes_up_to_half_of_the_wait_away() -> None:
    assert Backoff(initial=4, maximum=10, chance=lambda: 0.0).delay(1) == 2


class Moody:
    """Fails with `error` the first `failures` times it is called."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.left = failures
        self.error = error

    def __call__(self) -> str:
        self.left -= 1
        if self.left >= 0:
            raise self.error
        return "done"


def test_what_only_the_moment_forbids_is_done_again_after_a_pause() -> None:
    waits: list[float] = []
    deadlock = DatabaseUnavailableError("deadlock detected")

    said = patiently(Moody(2, deadlock), backoff=FULL, pause=waits.append)

    assert said == "done"
    assert waits == [1, 2]


def test_patience_ends() -> None:
    waits: list[float] = []
    away = Moody(99, DatabaseUnavailableError("away"))

    with pytest.raises(DatabaseUnavailableError):
        patiently(away, attempts=3, backoff=FULL, pause=waits.append)

    assert len(waits) == 2


def test_what_waiting_does_not_mend_is_not_waited_for() -> None:
    waits: list[float] = []

    with pytest.raises(StorageError):
        patiently(Moody(1, StorageError("refused")), pause=waits.append)

    assert waits == []
