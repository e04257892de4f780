"""What an event comes to: the one question that the rules answer.

Rule: `decide` is pure. The same case and event give the same decision, for ever, and neither is
changed. It checks what the event says by itself, then walks the one cell of the table.
"""

from typing import Any, Final

from schemas.events import Event
from services.rules.case import Case
from services.rules.change import Change
from services.rules.contents import first_failure
from services.rules.line import Line
from services.rules.outcome import Decision, Outcome
from services.rules.standing import standing_of
from services.rules.table import TABLE

_CELLS: Final = {standing: row.cells for standing, row in TABLE.items()}


def decide(case: Case, event: Event) -> Decision:
    """Decide what this event comes to: the first line of its cell that holds (docs/rules.md).

    The caller has already set duplicates aside (the inbox), so an event is decided here for the
    first time, or again after it was deferred. `case` must be that of the event's order.
    """
    if (check := first_failure(event)) is not None:
        explanation = check.explanation.format(event=event)
        return Decision(Outcome.REJECTED, case, reason=check.reason, explanation=explanation)
    change = Change(case, event)
    cell = _CELLS[standing_of(case, event.dispute_id)][type(event)]
    return _answer(next(line for line in cell if line.holds(change)), change)


def _answer(line: Line[Any], before: Change[Any]) -> Decision:
    case, event = before.case, before.event
    now = Change(case, event)
    if line.move is not None:
        line.move.make(now)
        case = now.made()
    return Decision(
        outcome=line.outcome,
        case=case,
        effects=now.effects,
        reason=line.reason,
        waiting=line.waiting,
        explanation=line.explanation.format(event=event, before=before, now=now),
    )
