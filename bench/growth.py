"""How cost grows: with what lies in the database, with the batch, with the partitions.

Rule: one thing changes, all else stays as it is by default; the sizes have their turns like
contestants. Each of the three is a part of its own, on a stage of its own.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from bench import drain, load
from bench.drain import Track
from bench.plan import Plan
from bench.report import Section, compared, failures
from bench.rounds import Result, play
from bench.stage import PARTITIONS, Stage
from services.settings import Settings

WANTED = 0.8  # of the throughput with few orders
_DEFAULT = Settings.batch_size
_SIZES = [size for size in (1, 10, 100, 500, 1000, 2000, 5000) if size != _DEFAULT]
_PER_BATCH = 60  # no batch size is measured by more batches than that
_NONE: Mapping[str, float | None] = MappingProxyType({})

_FILL = (
    "SET session_replication_role = replica",  # what is filled in is right: nothing need check it
    """INSERT INTO cases SELECT 'old-order-' || n, true, true, false, 2
       FROM generate_series(1, {orders}) n""",
    """INSERT INTO disputes (dispute_id, order_id, position, state, opened_by, buyer_id, seller_id,
           currency, captured_minor, fees_minor, commission_minor, opened_at, opened_by_event_id)
       SELECT 'old-dispute-' || n, 'old-order-' || n, 1, 'OPEN', 'BUYER', 'buyer-' || n % 5000,
           'seller-' || n % 800, 'EUR', 10000, 500, 1000, now(), md5('e' || n)::uuid
       FROM generate_series(1, {orders}) n""",
    """INSERT INTO events (event_id, topic, partition, "offset", order_id, dispute_id, occurred_at,
           received_at, digest, value, outcome, explanation)
       SELECT md5('e' || n)::uuid, 'order.disputed', 0, n, 'old-order-' || n, 'old-dispute-' || n,
           now(), now(), sha256(n::text::bytea), repeat('v', 160)::bytea, 'applied', 'Filled in.'
       FROM generate_series(1, {orders}) n""",
    "VACUUM ANALYZE",
)


def orders(stage: Stage, plan: Plan) -> Section:
    """What lies in the database."""
    track = _track(stage, plan)
    turns = {}
    for number in (10_000, 100_000, 1_000_000) if not plan.quick else (100, 1_000):
        name = f"bench_filled_{number}"
        plan.say(f"filling in {number:,} orders")
        fill(stage, name, number)
        turns[f"{number:,} orders"] = partial(drain.drained_by_us, track, template=name)
    fewest, *_, most = turns
    return _compared("orders", play(turns, plan.rounds, plan.say), most, {fewest: WANTED})


def batches(stage: Stage, plan: Plan) -> Section:
    """How many messages are handled at once, at most."""
    most = _track(stage, plan).events
    turns = {}
    for size in (_DEFAULT, *(_SIZES if not plan.quick else (10,))):

        def settings(database: str, size: int = size) -> Settings:
            return stage.settings(database, batch_size=size)

        part = Track(stage, min(most, max(_PER_BATCH * size, 1000)))
        turns[f"batches of {size:,}"] = partial(drain.drained_by_us, part, settings)
    results = play(turns, plan.rounds, plan.say)
    return _compared("batches", results, f"batches of {_DEFAULT:,}")


def partitions(stage: Stage, plan: Plan) -> Section:
    """Into how many logs a topic is parted."""
    turns = {
        f"partitions: {number}": partial(_with_partitions, stage, plan.events, number)
        for number in ((PARTITIONS, 1, 4, 64) if not plan.quick else (PARTITIONS, 1))
    }
    results = play(turns, plan.rounds, plan.say)
    return _compared("partitions", results, f"partitions: {PARTITIONS}")


def fill(stage: Stage, name: str, orders: int) -> None:
    """A database with so many orders in dispute, and the events that led there."""
    stage.make_database(name)
    with stage.connection(name) as connection:
        for statement in _FILL:
            connection.execute(statement.format(orders=orders).encode())


def _track(stage: Stage, plan: Plan) -> Track:
    load.produce(stage.servers, load.disputes(plan.events))
    return Track(stage, plan.events)


def _with_partitions(stage: Stage, events: int, partitions: int) -> float:
    stage.make_topics(partitions)
    load.produce(stage.servers, load.disputes(events))
    return drain.drained_by_us(Track(stage, events))


def _compared(
    name: str, results: dict[str, Result], standard: str, wanted: Mapping[str, float | None] = _NONE
) -> Section:
    said = f"Events a second; the ratio is of {standard} by each:"
    lines = [said, "", *compared(results, standard, wanted)]
    return Section(name, lines, failures(results))
