"""Does the weighing of a dispute weigh what was told, and plan from it?"""

from bench.size import measure
from tests.architecture.documents import text_of


def test_a_few_disputes_are_told_pruned_and_planned_from() -> None:
    size, plan = measure(40, 100)

    assert (size.name, plan.name) == ("size", "plan")
    assert any(line.startswith("| `events` | 3.00 | ") for line in size.lines)
    assert "| bytes a dispute | rows | as written | dense | dense, 30 pruned |" in size.lines
    assert plan.lines[2].startswith("| 1,000 | 0.347 | ")


def test_the_page_has_a_place_for_both() -> None:
    page = text_of("docs/capacity.md")

    assert [page.count(f"<!-- measured: {name} -->") for name in ("size", "plan")] == [1, 1]
