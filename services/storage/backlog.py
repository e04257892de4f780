"""What waits in the database, and who is at work on it: the questions of a health check."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, func, select, text

from services.storage import outbox
from services.storage.tables import dead_letters, parked_events
from services.storage.tables import outbox as outbox_rows


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, and since when; `since` is None when nothing does."""

    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class OpenDeadLetters:
    """Dead letters that nobody has dealt with; `newest` is None when there are none."""

    count: int
    newest: datetime | None


def unpublished(connection: Connection) -> Backlog:
    """The rows of the outbox."""
    return _oldest(connection, outbox_rows, outbox_rows.c.created_at)


def parked(connection: Connection) -> Backlog:
    """The events that came too early and still wait."""
    still = parked_events.c.settled_at.is_(None)
    return _oldest(connection, parked_events, parked_events.c.parked_at, still)


def open_dead_letters(connection: Connection) -> OpenDeadLetters:
    """The dead letters whose status is OPEN."""
    newest = func.max(dead_letters.c.last_seen_at)
    row = connection.execute(
        select(func.count(), newest)
        .select_from(dead_letters)
        .where(dead_letters.c.status == "OPEN")
    ).one()
    return OpenDeadLetters(*row)


def relayed_slots(connection: Connection) -> int:
    """How many slots of the outbox have a relay at work, of `outbox.SLOTS`."""
    held = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
        "WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = :space "
        "AND datname = current_database()"
    )
    return int(connection.execute(held, {"space": outbox.LOCK_SPACE}).scalar_one())


def sessions(connection: Connection) -> Mapping[str, int]:
    """How many sessions each of our processes has here, by its application name."""
    rows = connection.execute(
        text(
            "SELECT application_name, count(*) AS sessions FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name LIKE 'mediation-%' GROUP BY 1"
        )
    )
    return {row.application_name: row.sessions for row in rows}


def _oldest(connection: Connection, table: Table, since: Column[Any], *where: Any) -> Backlog:
    return Backlog(
        *connection.execute(
            select(func.count(), func.min(since)).select_from(table).where(*where)
        ).one()
    )
