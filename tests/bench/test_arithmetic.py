"""Do the figures mean what the page says they mean?"""

import pytest

from bench.arithmetic import (
    percentile,
    rate,
    rates_while_all_worked,
    ratios,
    slope,
    spread,
    tenths,
)
from bench.together import share_sum


def test_a_rate_counts_from_the_first_commit_to_the_last() -> None:
    assert rate([(10.0, 500), (11.0, 300), (12.0, 100)]) == 200.0


def test_a_rate_does_not_depend_on_the_order_in_which_commits_are_told() -> None:
    assert rate([(12.0, 100), (10.0, 500), (11.0, 300)]) == 200.0


@pytest.mark.parametrize("commits", [[(10.0, 500)], [(10.0, 500), (10.0, 500)]])
def test_one_moment_says_nothing_of_a_rate(commits: list[tuple[float, int]]) -> None:
    with pytest.raises(ValueError, match="too little work"):
        rate(commits)


def test_a_ratio_is_of_two_figures_of_the_same_round() -> None:
    assert ratios([10.0, 30.0], [5.0, 10.0]) == [2.0, 3.0]


def test_rounds_that_only_one_of_them_played_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([10.0, 30.0], [5.0])


def test_a_spread_is_least_median_and_most() -> None:
    found = spread([3.0, 1.0, 2.0, 9.0])

    assert (found.low, found.middle, found.high) == (1.0, 2.5, 9.0)


def test_nothing_has_no_spread() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])


def test_together_counts_only_while_all_are_at_work() -> None:
    commits = {
        "early": [(0.0, 100), (1.0, 100), (2.0, 100), (3.0, 100)],
        "late": [(1.0, 50), (2.0, 50), (3.0, 50), (4.0, 50)],
    }

    assert rates_while_all_worked(commits) == {"early": 100.0, "late": 50.0}


def test_those_who_never_met_were_not_together() -> None:
    with pytest.raises(ValueError, match="never at work together"):
        rates_while_all_worked({"a": [(0.0, 1), (1.0, 1)], "b": [(2.0, 1), (3.0, 1)]})


def test_the_work_done_at_once_is_the_sum_of_what_each_keeps_of_its_speed() -> None:
    together = {"a": 50.0, "b": 150.0}

    assert share_sum(together, alone={"a": 100.0, "b": 200.0}) == 1.25


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0)])
def test_a_percentile_is_a_figure_that_occurred(share: float, expected: float) -> None:
    assert percentile([float(each) for each in range(1, 101)], share) == expected


def test_what_has_grown_shows_between_the_first_tenth_of_the_way_and_the_last() -> None:
    samples = [(float(at), 60.0 if at < 50 else 64.0) for at in range(101)]

    assert tenths(samples) == (60.0, 64.0)


def test_what_rises_and_falls_again_has_not_grown() -> None:
    samples = [(float(at), 90.0 if 40 < at < 60 else 60.0) for at in range(101)]

    assert tenths(samples) == (60.0, 60.0)


def test_a_slope_leaves_out_the_first_tenth_of_the_way() -> None:
    samples = [(float(at), 10.0 + 2.0 * at if at > 10 else 0.0) for at in range(101)]

    assert slope(samples) == pytest.approx(2.0)


def test_what_rises_and_stays_flat_has_no_slope() -> None:
    assert slope([(float(at), 60.0 if at < 9 else 64.0) for at in range(101)]) == 0.0


def test_four_samples_have_no_slope() -> None:
    assert slope([(float(at), 60.0) for at in range(5)]) is None
