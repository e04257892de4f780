"""Is the transition table complete, and does it keep its own promises?"""

from copy import deepcopy
from typing import get_args

import pytest

from schemas.events import Event, VerdictDecision
from services.rules.case import Case
from services.rules.change import Change
from services.rules.decide import decide
from services.rules.line import Line
from services.rules.outcome import Outcome
from services.rules.standing import Standing, standing_of
from services.rules.table import TABLE
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.unit.rules.cases import a_case, case_standing

CELLS = [
    pytest.param(standing, event, id=f"{standing} x {event.topic}")
    for standing in Standing
    for event in (
        order_disputed(name="the one under test"),
        mediator_assigned(name="the one under test"),
        verdict_issued(name="the one under test"),
    )
]
LINES = [
    pytest.param(line, id=f"{standing} x {event_type.topic} {number}")
    for standing, row in TABLE.items()
    for event_type, cell in row.cells.items()
    for number, line in enumerate(cell, start=1)
]


def test_every_standing_has_its_row_and_every_row_a_cell_for_every_event() -> None:
    assert set(TABLE) == set(Standing)
    assert all(set(row.cells) == set(get_args(Event)) for row in TABLE.values())


def test_the_last_line_of_a_cell_and_no_other_answers_without_a_condition() -> None:
    cells = [cell for row in TABLE.values() for cell in row.cells.values()]

    assert all(cell[-1].guard is None for cell in cells)
    assert all(line.guard is not None for cell in cells for line in cell[:-1])


@pytest.mark.parametrize("line", LINES)
def test_a_line_carries_what_its_outcome_needs_and_nothing_else(line: Line[Event]) -> None:
    assert (line.reason is not None) == (line.outcome is Outcome.REJECTED)
    assert (line.waiting is not None) == (line.outcome is Outcome.DEFERRED)
    assert (line.move is not None) == (line.outcome is Outcome.APPLIED)


def test_an_order_that_was_never_disputed_is_not_restricted() -> None:
    case = Case("order-1")

    assert (case.frozen, case.chat_locked, case.reviews_blocked) == (False, False, False)
    assert (case.sequence, case.disputes, case.elsewhere) == (0, (), frozenset())


@pytest.mark.parametrize("standing", Standing)
def test_a_case_stands_in_the_row_it_was_built_for(standing: Standing) -> None:
    assert standing_of(case_standing(standing), "dispute-1") is standing


@pytest.mark.parametrize(("standing", "event"), CELLS)
def test_every_cell_answers_and_explains_itself(standing: Standing, event: Event) -> None:
    decision = decide(case_standing(standing), event)

    assert decision.explanation.endswith(".")
    assert event.dispute_id in decision.explanation
    assert "None" not in decision.explanation


@pytest.mark.parametrize(("standing", "event"), CELLS)
def test_a_decision_never_changes_its_input(standing: Standing, event: Event) -> None:
    case = case_standing(standing)
    case_before, event_before = deepcopy(case), deepcopy(event)

    decide(case, event)

    assert case == case_before
    assert event == event_before


@pytest.mark.parametrize(("standing", "event"), CELLS)
def test_only_an_applied_event_changes_the_case_and_has_effects(
    standing: Standing, event: Event
) -> None:
    before = case_standing(standing)

    decision = decide(before, event)

    applied = decision.outcome is Outcome.APPLIED
    assert (decision.case is not before) == applied
    assert bool(decision.effects) == applied


@pytest.mark.parametrize(("standing", "event"), CELLS)
def test_the_same_question_has_the_same_answer(standing: Standing, event: Event) -> None:
    first = decide(case_standing(standing), event)
    second = decide(case_standing(standing), event)

    assert first == second


@pytest.mark.parametrize(
    ("before", "event"),
    [
        (a_case(), order_disputed()),
        (case_standing(Standing.OPEN), mediator_assigned()),
        (case_standing(Standing.IN_MEDIATION), mediator_assigned(mediator_id="mediator-2")),
        (case_standing(Standing.IN_MEDIATION), verdict_issued()),
        (
            case_standing(Standing.IN_MEDIATION),
            verdict_issued(decision=VerdictDecision.RELAUNCH),
        ),
    ],
)
def test_a_move_leaves_the_dispute_in_the_state_that_the_table_shows(
    before: Case, event: Event
) -> None:
    change = Change(before, event)
    cell = TABLE[standing_of(before, event.dispute_id)].cells[type(event)]
    line = next(line for line in cell if line.holds(change))

    after = decide(before, event).case.dispute(event.dispute_id)

    assert after is not None
    assert line.move is not None
    assert after.state is line.move.to


def test_a_change_of_a_dispute_that_the_order_does_not_have_is_an_error() -> None:
    change = Change(a_case(), mediator_assigned())

    with pytest.raises(LookupError, match="order-1 has no dispute dispute-1"):
        _ = change.dispute
