"""How long is waited between two attempts?"""

from services.retry import Backoff


def test_the_wait_doubles_up_to_the_maximum() -> None:
    backoff = Backoff(initial=1, maximum=10, chance=lambda: 1.0)

    waits = [backoff.delay(attempt) for attempt in (1, 2, 3, 4, 5, 1000)]

    assert waits == [1, 2, 4, 8, 10, 10]


def test_chance_takes_up_to_half_of_the_wait_away() -> None:
    assert Backoff(initial=4, maximum=10, chance=lambda: 0.0).delay(1) == 2
