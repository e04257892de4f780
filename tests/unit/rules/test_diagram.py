"""Do the pictures show the transition table, all of it?"""

import runpy
import sys
from pathlib import Path

import pytest

from services.rules.diagram import rewritten, state_diagram, transition_table
from services.rules.standing import Standing
from services.rules.table import TABLE


def test_the_state_diagram_shows_every_move_of_a_dispute() -> None:
    arrows = [line.split(" (")[0].strip() for line in state_diagram().splitlines()]

    assert arrows == [
        "stateDiagram-v2",
        "[*] --> OPEN: order.disputed",
        "OPEN --> IN_MEDIATION: mediator.assigned",
        "IN_MEDIATION --> IN_MEDIATION: mediator.assigned",
        "IN_MEDIATION --> RESOLVED: verdict.issued",
        "IN_MEDIATION --> RESOLVED: verdict.issued",
        "RESOLVED --> [*]",
    ]


def test_the_transition_table_has_a_row_for_every_standing_and_a_column_for_every_event() -> None:
    header, rule, *rows = transition_table().splitlines()

    assert header == "| the case says | `order.disputed` | `mediator.assigned` | `verdict.issued` |"
    assert rule == "| --- | --- | --- | --- |"
    assert [row.split(" | ")[0] for row in rows] == [f"| {s.description}" for s in TABLE]
    assert {row.count(" | ") for row in rows} == {3}
    assert len(rows) == len(Standing)


def test_a_cell_of_several_lines_shows_them_in_order_with_their_conditions() -> None:
    (row,) = [r for r in transition_table().splitlines() if "dispute IN_MEDIATION |" in r]

    assert (
        "if that mediator is in charge already → ignored"
        "<br>if the mediator is the buyer or the seller → rejected `mediator_not_neutral`"
        "<br>else → **applied**: IN_MEDIATION, a handover"
    ) in row
    assert "if another mediator is in charge → deferred (waits for the handover)" in row


STALE = """# A page
<!-- generated: state-diagram -->
stale
<!-- end of state-diagram -->
between
<!-- generated: transition-table -->
stale
<!-- end of transition-table -->
after
"""
FRESH = f"""# A page
<!-- generated: state-diagram -->

```mermaid
{state_diagram()}```

<!-- end of state-diagram -->
between
<!-- generated: transition-table -->

{transition_table()}
<!-- end of transition-table -->
after
"""


def test_both_pictures_are_written_anew_and_the_rest_is_left_alone() -> None:
    assert rewritten(STALE) == FRESH
    assert rewritten(FRESH) == FRESH


@pytest.mark.parametrize(
    "page",
    [
        "# Nothing generated here\n",
        "<!-- generated: state-diagram -->\nwith no end\n",
        "with no start\n<!-- end of state-diagram -->\n",
        "<!-- drawn: state-diagram -->\nby hand\n<!-- end of state-diagram -->\n",
        "<!-- generated: state-diagram -->\nof another\n<!-- end of state-diagram-2 -->\n",
    ],
)
def test_a_page_without_both_markers_is_left_alone(page: str) -> None:
    assert rewritten(page) == page


def test_the_command_rewrites_the_pages_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, other = tmp_path / "page.md", tmp_path / "other.md"
    page.write_text(STALE, encoding="utf-8")
    other.write_text("nothing generated", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["diagram", str(page), str(other)])
    monkeypatch.delitem(sys.modules, "services.rules.diagram")

    runpy.run_module("services.rules.diagram", run_name="__main__")

    assert page.read_text(encoding="utf-8") == FRESH
    assert other.read_text(encoding="utf-8") == "nothing generated"
