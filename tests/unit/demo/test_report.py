"""Does the report tell what was found, in lines that can be read?"""

import io

import pytest
from rich.console import Console

from consumers.demo.report import judge, summarize, tell
from consumers.demo.scenarios import SCENARIOS
from consumers.demo.scenarios.evidence import SOME_OFF_PLATFORM
from consumers.demo.scenarios.money import FULL_REFUND, HALF_UP, PAY_SELLER, RELAUNCH
from consumers.demo.scenarios.refusals import REFUND_TOO_HIGH, WRONG_GROUND
from consumers.demo.scenarios.timing import DUPLICATES, VERDICT_FIRST
from consumers.demo.story import Scenario
from tests.unit.demo.rehearsal import rehearse


def told(*scenarios: Scenario, width: int = 80) -> list[str]:
    """The lines of the report."""
    console = Console(file=io.StringIO(), width=width)
    orders, seen = zip(*(rehearse(scenario) for scenario in scenarios), strict=True)
    tell(console, orders, seen)
    summarize(console, orders, seen, 12.34)
    judge(console, orders, [])
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("scenario", "line"),
    [
        (HALF_UP, "money    105.00 EUR captured = 50.00 refund + 44.98 payout + 10.02 platform"),
        (PAY_SELLER, "money    8400 JPY captured = 0 refund + 7200 payout + 1200 platform"),
        (RELAUNCH, "money    52.50 EUR stay in escrow; nothing is paid"),
        (WRONG_GROUND, "money    52.50 EUR in escrow until there is a verdict"),
        (WRONG_GROUND, "order    in dispute: frozen, chat locked"),
        (FULL_REFUND, "order    closed: chat locked, reviews blocked"),
        (RELAUNCH, "order    goes on: nothing is restricted"),
        (SOME_OFF_PLATFORM, "aside    a screenshot of another messenger"),
        (FULL_REFUND, "mediator.assigned  applied   → mediation.opened: mediator-lea"),
        (VERDICT_FIRST, "                   applied   → mediation.opened: mediator-lea"),
    ],
)
def test_the_report_says(scenario: Scenario, line: str) -> None:
    lines = told(scenario)

    assert f"    {line}" in lines


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        (DUPLICATES, "verdict.issued     ignored   The same event again"),
        (VERDICT_FIRST, "verdict.issued     deferred  Dispute verdict-first/1 is not known yet"),
        (REFUND_TOO_HIGH, "verdict.issued     rejected  refund_out_of_range: A partial refund"),
    ],
)
def test_what_was_not_applied_is_explained(scenario: Scenario, words: str) -> None:
    text = "\n".join(told(scenario))

    assert words in text


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = told(*SCENARIOS, width=width)

    assert [line for line in lines if len(line.rstrip()) > width] == []


def test_the_summary_counts() -> None:
    text = "\n".join(told(*SCENARIOS, width=120))

    assert "19 orders, 21 disputes (20 resolved), 75 messages, 12.3 s" in text
    assert "146 effects" in text
    assert "9 dead letters" in text


def test_text_that_a_terminal_would_obey_is_made_visible() -> None:
    order, seen = rehearse(WRONG_GROUND)
    console = Console(file=io.StringIO(), width=120)
    seen.letters = [{**row, "explanation": "\x1b[2Jgone"} for row in seen.letters]

    tell(console, [order], [seen])

    assert isinstance(console.file, io.StringIO)
    assert "\x1b" not in console.file.getvalue()
    assert "\\x1b[2Jgone" in console.file.getvalue()


def test_differences_are_listed() -> None:
    console = Console(file=io.StringIO(), width=80)

    judge(console, [], ["full-refund: the case: frozen is True and must be False"])

    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "✗ 1 difference from what the rules demand",
        "- full-refund: the case: frozen is True and must be False",
    ]
