"""Does everyone have its turn, and is a failure told and not hidden?"""

import pytest

from bench.counting import Work, require_same
from bench.rounds import Result, play
from bench.smoke import judged
from bench.worker import ContestantError


def test_contestants_take_turns() -> None:
    order: list[str] = []

    def turn(name: str) -> float:
        order.append(name)
        return 1.0

    play({"a": lambda: turn("a"), "b": lambda: turn("b")}, 3, lambda _: None)

    assert order == ["a", "b", "a", "b", "a", "b"]


def test_one_that_fails_is_out_and_says_why() -> None:
    figures = iter([1.0])

    def fails_later() -> float:
        try:
            return next(figures)
        except StopIteration:
            raise ContestantError("did other work: cases 3, not 4") from None

    results = play({"a": fails_later, "b": lambda: 2.0}, 3, lambda _: None)

    assert results["a"].failure == "did other work: cases 3, not 4"
    assert results["b"] == Result([2.0, 2.0, 2.0])


def test_a_fault_of_the_harness_ends_the_run() -> None:
    def broken() -> float:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        play({"a": broken}, 1, lambda _: None)


def test_the_same_work_passes() -> None:
    work = Work(4, 4, 4, 4, 40_000, 8, 800, 0)

    require_same(work, work)


def test_other_work_is_refused_with_every_difference() -> None:
    wanted = Work(4, 4, 4, 4, 40_000, 8, 800, 0)

    with pytest.raises(ContestantError, match="cases 3, not 4; outbox_bytes 799, not 800"):
        require_same(wanted, Work(4, 4, 3, 4, 40_000, 8, 799, 0))


@pytest.mark.parametrize(("found", "fell"), [(6.9, True), (7.1, False), (20.0, False)])
def test_a_fall_below_seven_tenths_of_the_recorded_ratio_is_found(found: float, fell: bool) -> None:
    assert bool(judged(found, recorded=10.0)) is fell
