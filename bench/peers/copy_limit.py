"""What PostgreSQL itself can take: the same rows, prepared in memory, by binary COPY.

Rule: the same tables with their constraints and triggers, one transaction a batch, and no work here
but handing over bytes. No consumer that keeps these rows can be faster.
"""

from collections.abc import Mapping

import psycopg

from bench.job import Job
from services.storage.tables import cases, disputes, events, outbox

_BATCH = 2000  # events; beyond that it does not get faster
_EFFECTS = 2  # rows of the outbox for each event
_GIVEN_BY_THE_DATABASE = {"arrival", "id"}

_SOURCES: Mapping[str, str] = {
    "events": "SELECT {} FROM events t WHERE arrival > {} AND arrival <= {} ORDER BY arrival",
    "cases": "SELECT {} FROM cases t JOIN events e ON e.order_id = t.order_id"
    " WHERE e.arrival > {} AND e.arrival <= {} ORDER BY e.arrival",
    "disputes": "SELECT {} FROM disputes t JOIN events e ON e.dispute_id = t.dispute_id"
    " WHERE e.arrival > {} AND e.arrival <= {} ORDER BY e.arrival",
    "outbox": "SELECT {} FROM outbox t WHERE id > {} AND id <= {} ORDER BY id",
}
_TABLES = {table.name: table for table in (cases, disputes, events, outbox)}


def main() -> None:
    """Read all rows from the source, then write them, batch by batch."""
    job = Job.given()
    with psycopg.connect(job.source_url) as source:
        row = source.execute("SELECT max(arrival) FROM events").fetchone()
        last = row[0] if row else 0
        batches = [_prepared(source, start) for start in range(0, last, _BATCH)]
    with psycopg.connect(job.database_url) as connection:
        for batch in batches:
            with connection.transaction():
                for name in ("events", "cases", "disputes", "outbox"):
                    _copy(connection, name, batch[name])


def _prepared(source: psycopg.Connection, start: int) -> dict[str, list[bytes]]:
    found = {}
    for name, statement in _SOURCES.items():
        each = _EFFECTS if name == "outbox" else 1
        columns = ", ".join(f't."{column}"' for column in _columns(name))
        chosen = statement.format(columns, start * each, (start + _BATCH) * each)
        with source.cursor().copy(f"COPY ({chosen}) TO STDOUT (FORMAT binary)".encode()) as rows:
            found[name] = [bytes(block) for block in rows]
    return found


def _copy(connection: psycopg.Connection, name: str, blocks: list[bytes]) -> None:
    columns = ", ".join(f'"{column}"' for column in _columns(name))
    statement = f"COPY {name} ({columns}) FROM STDIN (FORMAT binary)".encode()
    with connection.cursor().copy(statement) as copy:
        copy.write(b"".join(blocks))


def _columns(name: str) -> list[str]:
    return [each.name for each in _TABLES[name].columns if each.name not in _GIVEN_BY_THE_DATABASE]


if __name__ == "__main__":
    main()
