"""What a contestant left behind: which rows, and when they were committed.

Rule: PostgreSQL's own clock and its own counts, so that no contestant is asked about itself. A
figure counts only if all contestants of a round left the same.
"""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import psycopg

from bench.arithmetic import Commits
from bench.worker import ContestantError

_WORK = """
    SELECT (SELECT count(*) FROM events WHERE arrival > %(after)s),
           (SELECT count(*) FROM events WHERE arrival > %(after)s AND outcome = 'applied'),
           (SELECT count(*) FROM cases), (SELECT count(*) FROM disputes),
           (SELECT coalesce(sum(captured_minor), 0)::bigint FROM disputes),
           (SELECT count(*) FROM outbox),
           (SELECT coalesce(sum(octet_length(value)), 0) FROM outbox),
           (SELECT count(*) FROM parked_events) + (SELECT count(*) FROM dead_letters)
"""

_COMMITS = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8, count(*)
    FROM events WHERE arrival > %s AND topic = %s GROUP BY xmin
"""


@dataclass(frozen=True, slots=True)
class Work:
    """Counts of rows, and two sums that show that they say the same."""

    events: int
    applied: int
    cases: int
    disputes: int
    captured_minor: int
    outbox: int
    outbox_bytes: int
    left_over: int


def last_arrival(connection: psycopg.Connection, topic: str = "order.disputed") -> int:
    """The number of the newest event of a topic; cheap, so it may be asked again and again."""
    row = _one(connection, "SELECT max(arrival) FROM events WHERE topic = %s", (topic,))
    return int(row[0] or 0)


def arrived(connection: psycopg.Connection, topic: str, after: int) -> int:
    """How many events of a topic came after the one of this number."""
    statement = "SELECT count(*) FROM events WHERE topic = %s AND arrival > %s"
    return int(_one(connection, statement, (topic, after))[0])


def left_over(connection: psycopg.Connection) -> int:
    """How many events wait, and how many were refused."""
    statement = """
        SELECT (SELECT count(*) FROM parked_events WHERE settled_at IS NULL)
             + (SELECT count(*) FROM dead_letters)
    """
    return int(_one(connection, statement, ())[0])


def work(connection: psycopg.Connection, after: int = 0) -> Work:
    """All that lies there, and the events since the one of this number."""
    return Work(*_one(connection, _WORK, {"after": after}))


def commits(
    connection: psycopg.Connection, topic: str = "order.disputed", after: int = 0
) -> Commits:
    """When events were committed, and how many at once."""
    return [(when, count) for when, count in connection.execute(_COMMITS, (after, topic))]


def moments(connection: psycopg.Connection, topic: str) -> dict[UUID, float]:
    """When each event of a topic was committed, in milliseconds."""
    statement = """
        SELECT event_id, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000)::float8
        FROM events WHERE topic = %s
    """
    return dict(connection.execute(statement, (topic,)).fetchall())


def require_same(expected: Work, found: Work) -> None:
    """Raises ContestantError, naming every difference."""
    wanted, got = asdict(expected), asdict(found)
    wrong = [
        f"{name} {got[name]}, not {wanted[name]}" for name in wanted if got[name] != wanted[name]
    ]
    if wrong:
        raise ContestantError(f"did other work: {'; '.join(wrong)}")


def _one(connection: psycopg.Connection, statement: Any, values: Any) -> Any:
    row = connection.execute(statement, values).fetchone()
    assert row is not None
    return row
