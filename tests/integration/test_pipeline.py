"""Do real events become real effects, through real processes, on every kind of broker?"""

import signal
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from schemas.codec import Codec
from schemas.events import Event, VerdictDecision
from services.storage import dead_letters
from services.storage.database import Database
from tests.brokers.broker import Broker
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.eventually import eventually
from tests.histories import CLOSED, OPENED, RESOLVED, many, scrambled
from tests.pipeline import Pipeline, running_pipeline
from tests.registries import RegistryInMemory, serving

SINGLE_OBJECT_HEADER_BYTES = 10


@pytest.fixture
def pipeline(kafka: Broker, empty_database_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    with running_pipeline(kafka, empty_database_url, tmp_path) as running:
        yield running


def test_scrambled_histories_with_duplicates_have_the_effects_that_the_rules_demand(
    pipeline: Pipeline,
) -> None:
    histories = many(40)

    pipeline.publish(*scrambled(histories, seed=7))

    pipeline.wait_for_histories(histories)
    with pipeline.database.transaction() as connection:
        conflicts = connection.execute(text("SELECT reason, count(*) FROM dead_letters GROUP BY 1"))
        assert {row[0]: row[1] for row in conflicts} == {"verdict_final": 10}
        unconserved = connection.execute(
            text(
                "SELECT count(*) FROM disputes WHERE decision <> 'RELAUNCH'"
                " AND refund_minor + payout_minor + platform_minor <> captured_minor"
            )
        ).scalar_one()
        assert unconserved == 0
        paid = connection.execute(text("SELECT sum(amount_minor) FROM settlements")).scalar_one()
    requested = [
        (said["settlement_id"], said["amount_minor"])
        for said in (m.said for m in pipeline.published("refund.requested", "payout.requested"))
    ]
    assert sum(amount for _, amount in set(requested)) == paid


def test_confluent_framing_is_accepted_and_means_the_same_event(pipeline: Pipeline) -> None:
    def framed(value: bytes) -> bytes:
        return b"\x00" + struct.pack(">I", 42) + value[SINGLE_OBJECT_HEADER_BYTES:]

    codec = Codec()
    story: list[Event] = [order_disputed(), mediator_assigned(), verdict_issued()]
    plain = [(e.topic.value, b"order-1", codec.encode(e)) for e in story]

    pipeline.publish_bytes((topic, key, framed(value)) for topic, key, value in plain)
    pipeline.publish_bytes(plain)

    pipeline.wait_for_effects(
        "order-1", [*OPENED, "mediation.opened", *CLOSED, "refund.requested", *RESOLVED]
    )
    with pipeline.database.transaction() as connection:
        assert dead_letters.newest(connection, limit=10) == []


def test_with_a_registry_ids_are_looked_up_and_confluent_framing_is_produced(
    kafka: Broker, empty_database_url: str, tmp_path: Path
) -> None:
    registry = RegistryInMemory()
    codec = Codec(registry)
    events: list[Event] = [order_disputed(), mediator_assigned(), verdict_issued()]
    framed = [(each.topic.value, b"order-1", codec.encode(each)) for each in events]
    unknown_id = (framed[0][0], b"order-1", b"\x00\x00\x00\x03\xe7" + framed[0][2][5:])

    with (
        serving(registry) as server,
        running_pipeline(
            kafka, empty_database_url, tmp_path, schema_registry_url=server.url
        ) as pipeline,
    ):
        pipeline.publish_bytes([unknown_id, *framed])

        pipeline.wait_for_effects(
            "order-1", [*OPENED, "mediation.opened", *CLOSED, "refund.requested", *RESOLVED]
        )
        (refund,) = pipeline.wait_for("refund.requested", count=1)
        (mirror,) = pipeline.wait_for("order.disputed.dead-letter", count=1)

    schema_id = registry.subjects["refund.requested-value"]
    assert (refund.value or b"").startswith(b"\x00" + struct.pack(">I", schema_id))
    assert (mirror.value, mirror.headers["mediation_reason"]) == (unknown_id[2], b"unknown_schema")


def test_every_effect_is_keyed_by_order_and_carries_cloudevents_headers(
    pipeline: Pipeline,
) -> None:
    pipeline.publish(order_disputed())

    frozen, locked = pipeline.wait_for("order.frozen", "chat.locked", count=2)

    for each in (frozen, locked):
        assert each.key == b"order-1"
        assert each.headers["ce_id"] == str(each.said["effect_id"]).encode()
        assert each.headers["ce_type"] == each.topic.encode()
        assert each.headers["traceparent"].count(b"-") == 3


def test_a_process_told_to_stop_finishes_leaves_and_exits_with_0(pipeline: Pipeline) -> None:
    pipeline.publish(order_disputed())
    pipeline.wait_for("order.frozen", count=1)
    processes = [psutil.Process(pid) for pid in pipeline.stack.processes.values()]

    for process in processes:
        process.send_signal(signal.SIGTERM)

    assert [process.wait(timeout=10) for process in processes] == [0, 0, 0, 0]


def _tells_of_a_retry(log: Path) -> bool:
    return b'"retrying"' in log.read_bytes()


@contextmanager
def away(database: Database) -> Iterator[None]:
    """Nobody gets into the database, and who is in is thrown out."""
    name = str(database.url.database)
    operator = psycopg.connect(
        database.url.set(drivername="postgresql", database="postgres").render_as_string(
            hide_password=False
        ),
        autocommit=True,
    )
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with operator:
        operator.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            operator.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


@pytest.mark.slow
def test_processes_killed_at_work_lose_nothing_and_double_nothing(pipeline: Pipeline) -> None:
    histories = many(60)
    events = scrambled(histories, seed=11)
    shares = [events[start : start + 40] for start in range(0, len(events), 40)]

    for number, share in enumerate(shares):
        pipeline.publish(*share)
        running = sorted(pipeline.stack.processes.items())
        if running:
            psutil.Process(running[number % len(running)][1]).kill()
        pipeline.stack.mend()

    pipeline.wait_for_histories(histories)


def test_a_database_that_goes_away_and_comes_back_is_waited_for(pipeline: Pipeline) -> None:
    pids = dict(pipeline.stack.processes)
    logs = [
        pipeline.stack.data_dir / "logs" / f"{name}.log" for name in ("order-disputed", "relay")
    ]

    with away(pipeline.database):
        pipeline.publish(order_disputed())
        for log in logs:
            eventually(partial(_tells_of_a_retry, log), 30, f"{log} tells of it")

    pipeline.wait_for_effects("order-1", OPENED)
    assert pipeline.stack.processes == pids


def test_a_relay_that_was_killed_is_started_again_and_publishes_what_waited(
    pipeline: Pipeline,
) -> None:
    pipeline.publish(order_disputed())
    pipeline.wait_for("order.frozen", count=1)

    psutil.Process(pipeline.stack.processes["relay"]).kill()
    pipeline.publish(mediator_assigned(), verdict_issued(decision=VerdictDecision.RELAUNCH))

    pipeline.wait_for_effects(
        "order-1",
        [*OPENED, "mediation.opened", "order.reactivated", "chat.unlocked", "dispute.resolved"],
    )
    eventually(pipeline.outbox_is_empty, 60, "acknowledged rows leave the outbox")
