"""Are the domain's metrics exactly what happened, whatever happened to the consumers?"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from zlib import crc32

import pytest
from prometheus_client import CollectorRegistry, Histogram
from sqlalchemy import text

from schemas.codec import Codec
from schemas.events import Event
from services.audit import Violation
from services.auditor import Auditor
from services.declared import ASSIGNMENT_BOUNDS, RESOLUTION_BOUNDS
from services.errors import TransientError
from services.exposition import DomainCollector
from services.mediation import Mediation
from services.storage import figures, schema, tallies
from services.storage.database import Database
from services.storage.figures import Age
from services.storage.postgres import PostgresStore, PostgresTransaction
from tests.builders import OPENED_AT, mediator_assigned, order_disputed
from tests.deliveries import Deliveries
from tests.histories import scrambled
from tests.integration.conftest import SetClock
from tests.integration.mending import replayed
from tests.integration.stories import Samples, drawn, expected
from tests.integration.upgrading import to_version

NOW = OPENED_AT + timedelta(days=5)


class CrashError(TransientError):
    """The process died, or the server did."""


class CrashingStore(PostgresStore):
    """Of four transactions one comes to nothing, and of one that was committed nobody hears."""

    def __init__(self, database: Database, random: Random) -> None:
        super().__init__(database)
        self._random = random

    @contextmanager
    def transaction(self) -> Iterator[PostgresTransaction]:
        with super().transaction() as transaction:
            yield transaction
            if self._random.random() < 0.25:
                raise CrashError("before the commit")
        if self._random.random() < 0.25:
            raise CrashError("after the commit")


def registry_of(database: Database, now: datetime) -> CollectorRegistry:
    read = figures.read(database, now)
    registry = CollectorRegistry()
    registry.register(DomainCollector(lambda: read, dict, lambda: now, started_at=now))
    return registry


def samples(database: Database, now: datetime) -> Samples:
    """All that is exposed of the domain, less what the auditor says of itself."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in registry_of(database, now).collect()
        for sample in family.samples
        if sample.name
        not in {"mediation_invariant_violations", "mediation_audited_timestamp_seconds"}
    }


def consume(url: str, events: list[Event], seed: int) -> None:
    """A consumer that crashes again and again, and gets again what it may have committed."""
    random, numbered, clock = Random(seed), Deliveries(), SetClock()
    clock.now = NOW
    messages = numbered.all(*events)
    with closing(Database(url)) as own:
        store = CrashingStore(own, random)
        mediation = Mediation(store, Codec(), group="mediation.test", clock=clock)
        while messages:
            batch = messages[: random.randint(1, 25)]
            with suppress(CrashError):
                mediation.handle(batch)
                messages = messages[len(batch) :]


@pytest.mark.parametrize("seed", range(3))
def test_after_crashes_replays_duplicates_and_two_replicas_every_number_is_that_of_the_model(
    database: Database, empty_database_url: str, seed: int
) -> None:
    histories = drawn(60, Random(seed))
    events = scrambled(histories, seed)
    shares: list[list[Event]] = [[], []]
    for event in events:  # what one topic says of an order stays with one replica
        shares[crc32(f"{event.topic} {event.order_id}".encode()) % 2].append(event)
    seen: list[Samples] = []

    with ThreadPoolExecutor(2) as pool:
        working = [pool.submit(consume, empty_database_url, each, seed) for each in shares]
        while wait(working, timeout=0).not_done:
            with database.transaction() as connection:
                tallies.fold(connection, least=0)
            seen.append(samples(database, NOW))
            assert violations(database) == []
        for each in working:
            each.result()

    assert samples(database, NOW) == expected(histories, NOW)
    assert Auditor(database, Codec()).tallies() == []
    assert violations(database) == []
    for before, after in pairwise([*seen, samples(database, NOW)]):
        assert_only_rises(before, after)


def violations(database: Database) -> list[Violation]:
    chunks = Auditor(database, Codec()).walk(size=7)
    return [violation for chunk in chunks for violation in chunk.violations]


def assert_only_rises(before: Samples, after: Samples) -> None:
    endings = ("_total", "_bucket", "_count", "_sum")
    for key, value in before.items():
        if key[0].endswith(endings):
            assert after[key] >= value, key


def test_a_replayed_dead_letter_counts_as_if_it_came_then(
    database: Database, mediation: Mediation, deliveries: Deliveries, clock: SetClock
) -> None:
    mediation.handle([deliveries.of(mediator_assigned())])
    clock.advance(days=8)
    mediation.expire_parked("mediator.assigned")
    mediation.handle([deliveries.of(order_disputed())])

    replayed(database, clock)
    replayed(database, clock)

    registry = registry_of(database, NOW)
    name = "mediation_assignment_latency_seconds"
    assert registry.get_sample_value(f"{name}_count") == 1
    assert registry.get_sample_value(f"{name}_sum") == 30 * 3600
    letters = {"topic": "mediator.assigned", "reason": "orphaned"}
    for status, number in {"OPEN": 0, "REPLAYED": 1, "DISCARDED": 0}.items():
        found = registry.get_sample_value("mediation_dead_letters", letters | {"status": status})
        assert found == number


def test_an_empty_database_shows_every_series_at_0(database: Database) -> None:
    assert samples(database, NOW) == expected([], NOW)


def test_the_buckets_are_those_of_a_prometheus_histogram_to_the_microsecond(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    edges = [timedelta(seconds=bound) for bound in ASSIGNMENT_BOUNDS]
    beside = timedelta(milliseconds=1)
    waited = [timedelta(), *edges, *(e + beside for e in edges), *(e - beside for e in edges)]
    reference = CollectorRegistry()
    name = "mediation_assignment_latency_seconds"
    histogram = Histogram(name, "reference", buckets=ASSIGNMENT_BOUNDS, registry=reference)
    events: list[Event] = []
    for number, each in enumerate(waited):
        dispute = {"order_id": f"order-{number}", "dispute_id": f"dispute-{number}"}
        events += [
            order_disputed(**dispute),
            mediator_assigned(**dispute, occurred_at=OPENED_AT + each),
        ]
        histogram.observe(each.total_seconds())

    mediation.handle(deliveries.all(*events))

    registry = registry_of(database, NOW)
    for bound in (*ASSIGNMENT_BOUNDS, "+Inf"):
        le = {"le": bound if isinstance(bound, str) else str(float(bound))}
        found = registry.get_sample_value(f"{name}_bucket", le)
        assert found == reference.get_sample_value(f"{name}_bucket", le), bound


@pytest.mark.parametrize(
    ("hours", "seconds", "age"),
    [
        (-1, 0, Age.UNDER_12_HOURS),
        (12, -1, Age.UNDER_12_HOURS),
        (12, 0, Age.UNDER_24_HOURS),
        (24, 0, Age.UNDER_24_HOURS),
        (24, 1, Age.UNDER_36_HOURS),
        (36, 0, Age.UNDER_36_HOURS),
        (36, 1, Age.UNDER_48_HOURS),
        (48, 0, Age.UNDER_48_HOURS),
        (48, 1, Age.OVER_48_HOURS),
    ],
)
def test_who_has_waited_exactly_as_long_as_promised_is_not_late(
    database: Database,
    mediation: Mediation,
    deliveries: Deliveries,
    hours: int,
    seconds: int,
    age: Age,
) -> None:
    mediation.handle([deliveries.of(order_disputed())])

    read = figures.read(database, OPENED_AT + timedelta(hours=hours, seconds=seconds))

    assert read.unassigned == {each: int(each is age) for each in Age}
    assert read.unassigned_since == OPENED_AT


@pytest.mark.parametrize("version", ["0001", "0002", "0003"])
def test_what_was_there_before_the_tallies_is_counted_by_the_migration(
    empty_database: Database, deliveries: Deliveries, clock: SetClock, version: str
) -> None:
    clock.now = NOW
    histories = drawn(40, Random(version))
    events = scrambled(histories, seed=4)
    to_version(empty_database, version)
    mediation = Mediation(
        PostgresStore(empty_database), Codec(), group="mediation.test", clock=clock
    )
    mediation.handle(deliveries.all(*events[:100]))

    schema.upgrade(empty_database)
    mediation.handle(deliveries.all(*events[100:]))

    assert samples(empty_database, NOW) == expected(histories, NOW)


def test_the_database_counts_by_the_bounds_that_are_shown(database: Database) -> None:
    asked = text("SELECT assignment_bounds(), resolution_bounds()")
    with database.transaction() as connection:
        assignment, resolution = connection.execute(asked).one()

    assert tuple(assignment) == ASSIGNMENT_BOUNDS
    assert tuple(resolution) == RESOLUTION_BOUNDS


def test_folding_changes_no_sum_and_leaves_alone_what_is_not_committed(
    database: Database, empty_database_url: str, mediation: Mediation, deliveries: Deliveries
) -> None:
    mediation.handle(deliveries.all(order_disputed(), mediator_assigned()))
    late = order_disputed(order_id="order-2", dispute_id="dispute-2")

    with closing(Database(empty_database_url)) as own, own.transaction() as writing:
        writing.execute(
            text("INSERT INTO tallies VALUES ('disputes', '{OPEN}', 1), ('disputes', '{OPEN}', -1)")
        )
        with database.transaction() as connection:
            before = tallies.sums(connection)
            folded = tallies.fold(connection, least=0)
            after = tallies.sums(connection)
    mediation.handle([deliveries.of(late)])

    assert folded
    assert before == after
    assert Auditor(database, Codec()).tallies() == []


def test_few_rows_are_not_folded(
    database: Database, mediation: Mediation, deliveries: Deliveries
) -> None:
    mediation.handle([deliveries.of(order_disputed())])

    with database.transaction() as connection:
        assert not tallies.fold(connection)
