"""What the tests look at in the database after the fact."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Table, select, text

from services.clock import system_clock
from services.rules.case import Case
from services.storage import cases, dead_letters, figures, outbox
from services.storage.database import Database

ANY_SLOT = range(outbox.SLOTS)


def case_of(database: Database, order_id: str = "order-1") -> Case:
    with database.transaction() as connection:
        case = cases.read(connection, order_id)
    assert case is not None
    return case


def published(database: Database) -> list[str]:
    with database.transaction() as connection:
        return [row.outgoing.topic for row in outbox.pending(connection, ANY_SLOT, 1000)]


def letters(database: Database) -> list[tuple[str, str]]:
    with database.transaction() as connection:
        rows = dead_letters.newest(connection, limit=100)
    return [(row.topic, row.reason) for row in rows]


def assignments(database: Database) -> tuple[int, timedelta]:
    """How many disputes were counted to have their first mediator, and how long they waited."""
    counted = figures.read(database, system_clock()).tallies
    number = sum(amount for key, amount in counted.items() if key[0] == "assignments")
    return int(number), timedelta(seconds=float(counted.get(("assignment_seconds",), 0)))


def someone_waits_for_a_lock(database: Database) -> bool:
    asked = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with database.transaction() as connection:
        return bool(connection.execute(asked).scalar_one())


def rows_of(database: Database, table: Table) -> list[dict[str, Any]]:
    """All that stands in a table."""
    with database.transaction() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]
