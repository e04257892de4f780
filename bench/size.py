"""`python -m bench.size`: what a dispute takes up in the database, row by row, and in its log.

Rule: the rows are those that the pipeline itself writes, of disputes that go all the way, with
reasons as long as people write them. Every figure is what PostgreSQL says of itself.
"""

import argparse
import string
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

import psycopg
from sqlalchemy import make_url, text

from bench import load
from bench.report import Section, server_version, table, write
from consumers.embedded import EmbeddedDatabase
from schemas.codec import Codec
from schemas.events import Event, VerdictIssued
from services.clock import system_clock
from services.mediation import Mediation
from services.pruning import Pruning
from services.storage import schema
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from tests.deliveries import Deliveries

PAGE = Path(__file__).parent.parent / "docs" / "capacity.md"
KEPT: Final = ("cases", "disputes", "settlements", "events", "parked_events")
"""The tables that grow with the disputes; the outbox is emptied, and the rest is small."""

EVENTS_A_SECOND: Final = 4_460 + 4_464 + 2_531
"""All three consumers, the relay, broker and database on two cores (docs/performance.md)."""

EVENTS: Final = 3  # a dispute, an assignment, a verdict

_DAY, _PEAK = 86_400, 10
_BATCH = 2000
_SIZES = "SELECT pg_table_size('{0}'), pg_indexes_size('{0}'), count(*) FROM {0}"  # table names
_EFFECTS = """
SELECT count(*), coalesce(sum(octet_length(value) + octet_length(key)
    + (SELECT sum(octet_length(part)) FROM unnest(headers) part)), 0)::bigint
FROM outbox
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of the rows and of the indexes of a table, and how many rows there are."""

    heap: int
    indexes: int
    rows: int


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes a dispute: in the tables as written, dense and pruned, in the log, on Kafka."""

    written: float
    pruned: float
    log: float
    effects: float


def main() -> int:
    """Measure, tell, and write if asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.size", description=__doc__)
    parser.add_argument("--disputes", type=int, default=20_000, help="how many are told")
    parser.add_argument(
        "--reasons", type=int, default=600, help="characters of a verdict's reasons"
    )
    parser.add_argument("--write", action="store_true", help="keep the figures in docs/capacity.md")
    said = parser.parse_args()
    for section in measure(said.disputes, said.reasons):
        sys.stdout.write("\n".join([*section.lines, "", ""]))
        if said.write:
            write(PAGE, section)
    return 0


def measure(disputes: int, reasons: int) -> list[Section]:
    """Play so many disputes into a fresh database, weigh it, prune it, and weigh it again."""
    with tempfile.TemporaryDirectory(prefix="mediation-") as directory:
        with EmbeddedDatabase(Path(directory)) as server:
            lines = _heading(server.url, disputes, reasons)
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute("CREATE DATABASE size")
            url = make_url(server.url).set(database="size").render_as_string(False)
            with closing(Database(url)) as database:
                schema.upgrade(database)
                found, each = _weighed(database, url, disputes, reasons)
        return [Section("size", [*lines, *found]), Section("plan", _planned(each))]


def _planned(each: Weights) -> list[str]:
    """The same for loads of every size, busiest at ten times their mean."""
    machine = EVENTS_A_SECOND * _DAY / EVENTS / _PEAK
    rows = []
    for a_day in (1_000, 100_000, 1_000_000, machine, 10 * machine, 100 * machine, 1000 * machine):
        peak = a_day * EVENTS * _PEAK / _DAY
        a_year = 365 * a_day / 1e9
        rows.append(
            [
                *(_short(figure) for figure in (a_day, peak, peak / EVENTS_A_SECOND)),
                *(_short(weight * a_year) for weight in (each.written, each.pruned)),
                *(_short(weight * a_day / 1e9) for weight in (each.log, each.effects)),
            ]
        )
    return table(
        [
            "disputes a day",
            "events/s at the peak",
            "such machines",
            "GB a year as written",
            "GB a year pruned",
            "GB of log a day",
            "GB of effects a day",
        ],
        rows,
    )


def _short(figure: float) -> str:
    """Three digits say all that a plan can know."""
    return f"{Decimal(f'{figure:.3g}'):,f}"


def _weighed(
    database: Database, url: str, disputes: int, reasons: int
) -> tuple[list[str], Weights]:
    empty, log = _sizes(database), _log(database)
    effects, effect_bytes = _play(database, disputes, reasons)
    written, log_of_events = _sizes(database), _log(database) - log
    _vacuum(url)
    before, log = _sizes(database), _log(database)
    year = timedelta(days=365)
    pruning = Pruning(database, "bench", lambda: system_clock() + year)
    closed = sum(each.orders for each in pruning.prune(system_clock() + year / 2))
    log_of_pruning = _log(database) - log
    _vacuum(url)
    after = _sizes(database)
    bytes_of = [_each(of, empty, disputes) for of in (written, before, after)]
    rows = [
        [f"`{name}`", f"{written[name].rows / disputes:.2f}", *_whole(of[name] for of in bytes_of)]
        for name in KEPT
    ]
    sums = [sum(of.values()) for of in bytes_of]
    head = ["bytes a dispute", "rows", "as written", "dense", f"dense, {closed:,} pruned"]
    lines = [
        *table(head, [*rows, ["together", "", *_whole(sums)]]),
        "",
        f"The log (WAL) takes {log_of_events / disputes:,.0f} bytes a dispute,",
        f"and {log_of_pruning / max(closed, 1):,.0f} more when one is pruned.",
        f"A dispute causes {effects / disputes:.2f} effects: on Kafka",
        f"{effect_bytes / disputes:,.0f} bytes of keys, values and headers before compression.",
    ]
    log_of_both = (log_of_events + log_of_pruning) / disputes
    return lines, Weights(sums[0], sums[2], log_of_both, effect_bytes / disputes)


def _each(of: dict[str, Sizes], empty: dict[str, Sizes], disputes: int) -> dict[str, float]:
    """Bytes a dispute, table by table, without what an empty table takes up."""
    return {name: (_all(of[name]) - _all(empty[name])) / disputes for name in KEPT}


def _whole(figures: Iterable[float]) -> list[str]:
    return [f"{each:,.0f}" for each in figures]


def _all(sizes: Sizes) -> int:
    return sizes.heap + sizes.indexes


def _play(database: Database, disputes: int, reasons: int) -> tuple[int, int]:
    """Each topic in turn, in batches, as three consumers that keep up would; and the relay.

    Returns how many effects were published, and their bytes.
    """
    effects, effect_bytes = 0, 0
    random, deliveries = Random(1), Deliveries()
    mediation = Mediation(PostgresStore(database), Codec(), group="bench", clock=system_clock)
    topics: tuple[Iterable[Event], ...] = (
        load.disputes(disputes, "size"),
        load.assignments(disputes, "size"),
        (_explained(each, random, reasons) for each in load.verdicts(disputes, "size")),
    )
    for events in topics:
        for batch in _batches(events):
            mediation.handle(deliveries.all(*batch))
            with database.transaction() as connection:
                count, size = connection.execute(text(_EFFECTS)).one()
                connection.execute(text("DELETE FROM outbox"))
            effects, effect_bytes = effects + count, effect_bytes + size
    return effects, effect_bytes


def _explained(verdict: VerdictIssued, random: Random, length: int) -> VerdictIssued:
    """The verdict with reasons of this length, which compress as little as words do."""
    letters = string.ascii_lowercase
    words = ("".join(random.choices(letters, k=random.randint(2, 9))) for _ in range(length // 3))
    return replace(verdict, reasons=" ".join(words)[:length])


def _batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    rest = iter(events)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _sizes(database: Database) -> dict[str, Sizes]:
    with database.transaction() as connection:
        return {name: Sizes(*connection.execute(text(_SIZES.format(name))).one()) for name in KEPT}


def _log(database: Database) -> int:
    with database.transaction() as connection:
        return int(
            connection.execute(text("SELECT pg_current_wal_insert_lsn() - '0/0'")).scalar_one()
        )


def _vacuum(url: str) -> None:
    """Without a hole: what rows and indexes take up by themselves."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM FULL ANALYZE")


def _heading(url: str, disputes: int, reasons: int) -> list[str]:
    command = f"python -m bench.size --disputes {disputes} --reasons {reasons}"
    return [
        f"Measured on {system_clock():%Y-%m-%d} by `{command}` on {server_version(url)}:",
        "",
    ]


if __name__ == "__main__":
    sys.exit(main())
