"""Everything that the domain's metrics say, read in one view, so that the numbers fit each other.

Rule: no question here reads all disputes. What is counted comes from the tallies, what waits from
an index that holds only that.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Connection, text

from services.storage import backlog, tallies
from services.storage.backlog import Backlog
from services.storage.database import Database
from services.storage.tallies import Tallies


class Age(StrEnum):
    """How long a dispute has waited for its first mediator."""

    UNDER_12_HOURS = "lt_12h"
    UNDER_24_HOURS = "12h_24h"
    UNDER_36_HOURS = "24h_36h"
    UNDER_48_HOURS = "36h_48h"
    OVER_48_HOURS = "gt_48h"


Unassigned = Mapping[Age, int]
DeadLetters = Mapping[tuple[str, str, str], int]


@dataclass(frozen=True, slots=True)
class Figures:
    """What the database said at `read_at`; dead letters are by topic, reason and status."""

    read_at: datetime
    tallies: Tallies
    unassigned: Unassigned
    unassigned_since: datetime | None
    outbox: Backlog
    parked: Backlog
    dead_letters: DeadLetters


# Who has waited for exactly 24 h is not late yet; who has for exactly 12 h is of the second age.
_UNASSIGNED = """
SELECT count(*) AS "0",
    count(*) FILTER (WHERE opened_at <= :half_a_day_ago) AS "1",
    count(*) FILTER (WHERE opened_at < :a_day_ago) AS "2",
    count(*) FILTER (WHERE opened_at < :one_and_a_half_days_ago) AS "3",
    count(*) FILTER (WHERE opened_at < :two_days_ago) AS "4",
    min(opened_at) AS since
FROM disputes WHERE state = 'OPEN'
"""
_SPANS: Final = {
    "half_a_day_ago": timedelta(hours=12),
    "a_day_ago": timedelta(hours=24),
    "one_and_a_half_days_ago": timedelta(hours=36),
    "two_days_ago": timedelta(hours=48),
}
_DEAD_LETTERS = """
SELECT topic, reason, status, count(*) AS letters FROM dead_letters GROUP BY topic, reason, status
"""


_PATIENCE = """
SELECT set_config(name, :milliseconds, true)
FROM pg_settings WHERE name IN ('statement_timeout', 'transaction_timeout')
"""


@contextmanager
def view(database: Database, *, patience: timedelta | None = None) -> Iterator[Connection]:
    """One unchanging view of the database, in which nothing can be written.

    `patience` takes the place of how long the database's statements and transactions may last.

    Raises:
        DatabaseUnavailableError: the database does not answer.
    """
    with database.transaction() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        if patience is not None:
            milliseconds = str(int(patience.total_seconds() * 1000))
            connection.execute(text(_PATIENCE), {"milliseconds": milliseconds})
        yield connection


def read(database: Database, now: datetime) -> Figures:
    """All figures as of one moment of the database; ages are those at `now`.

    Raises:
        DatabaseUnavailableError: the database does not answer.
    """
    with view(database) as connection:
        unassigned, since = _unassigned(connection, now)
        return Figures(
            read_at=now,
            tallies=tallies.sums(connection),
            unassigned=unassigned,
            unassigned_since=since,
            outbox=backlog.unpublished(connection),
            parked=backlog.parked(connection),
            dead_letters={
                (row.topic, row.reason, row.status): row.letters
                for row in connection.execute(text(_DEAD_LETTERS))
            },
        )


def _unassigned(connection: Connection, now: datetime) -> tuple[Unassigned, datetime | None]:
    moments: dict[str, Any] = {name: now - span for name, span in _SPANS.items()}
    *at_least, since = connection.execute(text(_UNASSIGNED), moments).one()
    of_each_age = [older - oldest for older, oldest in pairwise([*at_least, 0])]
    return dict(zip(Age, of_each_age, strict=True)), since
