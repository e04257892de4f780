"""Does the page get what was measured, whole, and nothing else?"""

import pytest

from bench.__main__ import PAGE, PARTS
from bench.report import Section, compared, written
from bench.rounds import Result

EMPTY = "before\n<!-- measured: relay -->\nold\n<!-- end of relay -->\nafter\n"


def test_a_section_is_written_between_its_markers() -> None:
    page = written(EMPTY, Section("relay", ["new", "lines"]))

    assert page == (
        "before\n<!-- measured: relay -->\n\nnew\nlines\n\n<!-- end of relay -->\nafter\n"
    )


def test_a_section_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="0 places"):
        written(EMPTY, Section("memory", ["new"]))


@pytest.mark.parametrize("part", PARTS)
def test_the_page_has_a_place_for_every_part(part: str) -> None:
    written(PAGE.read_text(encoding="utf-8"), Section(part, ["new"]))


def test_the_ratio_is_ours_by_theirs_round_by_round() -> None:
    results = {"ours": Result([100.0, 300.0]), "peer": Result([50.0, 100.0])}

    row = compared(results, "ours", {"peer": 2.0})[-1]

    assert row == "| peer | 50 | 75 | 100 | 2.00 | 2.50 | 3.00 | ≥ 2 |"


def test_who_could_not_be_run_is_in_the_table_with_the_reason() -> None:
    results = {"ours": Result([100.0]), "peer": Result([], "ended with 1: no module")}

    row = compared(results, "ours", {})[-1]

    assert row.startswith("| peer: could not be run (ended with 1: no module) | – |")


def test_a_failure_of_ours_leaves_no_ratio() -> None:
    results = {"ours": Result([], "gone"), "peer": Result([50.0])}

    row = compared(results, "ours", {})[-1]

    assert row == "| peer | 50 | 50 | 50 |  |  |  |  |"
