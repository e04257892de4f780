"""Does what a person looks up stay cheap when there is much of it?"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, event, text

from services.rules.case import DisputeState
from services.storage import browsing
from services.storage.database import Database
from services.storage.dead_letters import Choice, Status

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
ID = UUID(int=1)
PLACE = (NOW, "dispute-1")

QUESTIONS: dict[str, Callable[[Connection], Any]] = {
    "ages": lambda c: browsing.waiting_by_age(c, NOW),
    "waiting": lambda c: browsing.disputes_of(c, DisputeState.OPEN, after=PLACE, limit=9),
    "at risk": lambda c: browsing.disputes_of(c, DisputeState.OPEN, opened_until=NOW, limit=9),
    "resolved": lambda c: browsing.disputes_of(
        c, DisputeState.RESOLVED, newest_first=True, after=PLACE, limit=9
    ),
    "groups": lambda c: browsing.letter_groups(c, Status.OPEN),
    "letters": lambda c: browsing.letters_of(
        c, Choice("verdict.issued", status=Status.OPEN), after=(NOW, ID), limit=9
    ),
    "outbox": lambda c: browsing.unpublished(c, after=5, limit=9),
    "money": lambda c: browsing.unpublished(c, topics=["refund.requested"], limit=9),
    "of an order": lambda c: browsing.unpublished_of(c, "order-1"),
    "events": lambda c: browsing.newest_events(c, 9),
    "actions": lambda c: browsing.actions(c, before=5, limit=9),
    "orders": lambda c: browsing.orders_like(c, "order", 9),
    "disputes": lambda c: browsing.disputes_like(c, "dispute", 9),
    "event": lambda c: browsing.order_of_event(c, ID),
    "settlement": lambda c: browsing.order_of_settlement(c, ID),
}


@pytest.fixture
def plans(database: Database) -> Iterator[tuple[Connection, list[str]]]:
    """A connection, and the plan of every question that is asked on it."""
    found: list[str] = []
    with database.transaction() as connection:
        # Its tables are small, and the planner would rather read them whole than be told this.
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        connection.execute(text("SET LOCAL enable_sort = off"))

        def explain(conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            with cursor.connection.cursor() as aside:
                aside.execute(f"EXPLAIN {statement}", parameters)
                found.append("\n".join(row[0] for row in aside.fetchall()))

        event.listen(connection, "before_cursor_execute", explain)
        yield connection, found


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_reads_a_table_from_end_to_end(
    plans: tuple[Connection, list[str]], question: str
) -> None:
    connection, found = plans

    QUESTIONS[question](connection)

    assert found
    for plan in found:
        assert "Seq Scan" not in plan, plan


@pytest.mark.parametrize("question", ["waiting", "at risk", "resolved", "outbox", "actions"])
def test_a_page_is_read_in_the_order_of_an_index(
    plans: tuple[Connection, list[str]], question: str
) -> None:
    connection, found = plans

    QUESTIONS[question](connection)

    assert all("Sort" not in plan for plan in found), found


def test_nothing_is_found_for_what_cannot_be_an_id(database: Database) -> None:
    with database.transaction() as connection:
        for beginning in ("", "a\0b", "x" * 65):
            assert browsing.orders_like(connection, beginning, 9) == []
            assert browsing.disputes_like(connection, beginning, 9) == []
