"""Is it told what came of dead letters, also where the work stops in the middle?"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from consumers.cli.output import Output
from consumers.cli.selecting import PAGE
from consumers.cli.telling import tell
from schemas.effects import RefundRequested
from schemas.reasons import Reason
from services.errors import DatabaseUnavailableError
from services.fates import Fate, Report

ID = UUID("5b0c4f0e-6d0a-5c63-9f50-0d1c2ad0b3f7")
REFUND = RefundRequested(
    effect_id=ID,
    sequence=6,
    occurred_at=datetime(2026, 3, 4, tzinfo=UTC),
    order_id="order-1",
    dispute_id="dispute-1",
    cause_event_id=ID,
    settlement_id=ID,
    amount_minor=4_000,
    currency="EUR",
    payee_id="alice\x1b[31m",
)
APPLIED = Report(
    *(ID, Fate.APPLIED, "decided", "verdict.issued", "order-1"),
    effects=("order.closed", "refund.requested"),
    money=(REFUND,),
    set_free=2,
)
FAILING = Report(ID, Fate.STILL_FAILING, "cut \x1b[0m", reason=Reason.UNDECODABLE)


def test_for_people_there_is_a_line_for_all_that_a_replay_brings_about(
    capsys: pytest.CaptureFixture[str],
) -> None:
    problem = tell([APPLIED], 1, Output.TABLE)

    assert not problem
    assert capsys.readouterr().out.splitlines() == [
        f"applied        {ID}  verdict.issued  order-1",
        "               decided",
        "               effects: order.closed, refund.requested",
        r"               refund.requested: 40.00 EUR to alice\x1b[31m",
        "               parked events settled with it: 2",
        "1 applied",
    ]


def test_what_fails_is_a_problem_and_its_words_are_never_obeyed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert tell([APPLIED, FAILING], 2, Output.TABLE)

    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert out.endswith("1 applied, 1 still failing\n")


def test_a_dry_run_says_that_it_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    tell([], 0, Output.TABLE, dry_run=True)

    said = capsys.readouterr()
    assert said.out == "no dead letters\n"
    assert "nothing was written" in said.err


def test_as_json_it_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    tell([APPLIED, FAILING], 2, Output.JSON, dry_run=True)

    told = json.loads(capsys.readouterr().out)
    assert [each["result"] for each in told["letters"]] == ["applied", "still failing"]
    assert told["letters"][0]["money"][0]["amount"] == "40.00 EUR"
    assert (told["totals"], told["dry_run"]) == ({"applied": 1, "still failing": 1}, True)


def test_as_json_nothing_is_a_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    tell([], 0, Output.JSON)

    assert json.loads(capsys.readouterr().out)["letters"] == []


def _until_the_database_is_away() -> Iterator[Report]:
    yield APPLIED
    raise DatabaseUnavailableError("away")


@pytest.mark.parametrize("output", Output)
def test_if_it_stops_in_the_middle_what_was_done_is_told(
    output: Output, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DatabaseUnavailableError):
        tell(_until_the_database_is_away(), 2, output)

    out = capsys.readouterr().out
    told = json.loads(out)["totals"] if output is Output.JSON else out.splitlines()[-1]
    assert told in ({"applied": 1}, "1 applied")


def test_large_numbers_show_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    tell((FAILING for _ in range(2 * PAGE)), 2 * PAGE, Output.TABLE)

    assert capsys.readouterr().err.splitlines() == ["500 of 1000", "1000 of 1000"]
