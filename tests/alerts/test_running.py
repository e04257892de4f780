"""The real processes under a real Prometheus: is each fault raised in time, and nothing without?

The tests run in this order, on one pipeline: what one has broken, the next finds mended.
"""

import os
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from consumers.embedded import EmbeddedDatabase
from schemas.events import Event, VerdictDecision
from services.clock import system_clock
from tests.alerts.running import Watched, watched_pipeline
from tests.alerts.test_dashboards import without_data
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.eventually import eventually

pytestmark = pytest.mark.slow
NAME = "watched"


@pytest.fixture(scope="module")
def watched(
    prometheus_program: str,
    database_server: EmbeddedDatabase,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Watched]:
    directory = tmp_path_factory.mktemp("watched")
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME))
    with psycopg.connect(database_server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
        url = make_url(database_server.url).set(database=NAME)
        try:
            with watched_pipeline(
                prometheus_program, directory, url.render_as_string(hide_password=False)
            ) as running:
                yield running
        finally:
            connection.execute(drop)


def story(order: str, *, opened: timedelta, decided: bool = True) -> list[Event]:
    """A dispute that was opened so long ago, and, if it is decided, all the rest an hour later."""
    now = system_clock()
    dispute = {"order_id": order, "dispute_id": f"dispute of {order}"}
    later = now - opened + timedelta(hours=1)
    return [
        order_disputed(**dispute, occurred_at=now - opened),
        *([mediator_assigned(**dispute, occurred_at=later)] if decided else []),
        *(
            [verdict_issued(**dispute, occurred_at=later, decision=VerdictDecision.PARTIAL_REFUND)]
            if decided
            else []
        ),
    ]


def assign(order: str) -> Event:
    return mediator_assigned(
        order_id=order, dispute_id=f"dispute of {order}", occurred_at=system_clock()
    )


def ends(watched: Watched, *names: str) -> None:
    """Wait until none of these fires any more."""
    eventually(lambda: not set(names) & watched.prometheus.names(), 120, f"{names} end")


def raised_within(watched: Watched, process: str, name: str, at: datetime, /, **labels: str) -> int:
    """After how many scrapes of a process this alert was raised."""
    since = watched.prometheus.wait_for(name, **labels).since
    return watched.prometheus.scrapes(f"mediation-{process}", at, since)


def test_a_pipeline_at_work_raises_nothing(watched: Watched) -> None:
    for number in range(8):
        watched.pipeline.publish(*story(f"order-{number}", opened=timedelta(hours=2)))
    watched.pipeline.wait_for("dispute.resolved", count=8)

    watched.prometheus.wait_for_scrapes(8)

    assert watched.prometheus.names() == set()


def test_no_panel_is_without_data(watched: Watched) -> None:
    for number in range(8, 16):
        watched.pipeline.publish(*story(f"order-{number}", opened=timedelta(hours=3)))
    watched.pipeline.wait_for("dispute.resolved", count=16)

    assert without_data(watched.prometheus) == []


def test_a_dispute_that_waits_for_44_hours_pages(watched: Watched) -> None:
    watched.pipeline.publish(*story("late", opened=timedelta(hours=44, seconds=5), decided=False))
    watched.pipeline.wait_for_effects("late", ["order.frozen", "chat.locked"])
    at = system_clock()

    assert raised_within(watched, "ops", "PromiseAboutToBreak", at) <= 2
    assert "AssignmentAtRisk" in watched.prometheus.names()
    assert "PromiseBroken" not in watched.prometheus.names()

    watched.pipeline.publish(assign("late"))
    ends(watched, "PromiseAboutToBreak", "AssignmentAtRisk")


def test_a_promise_that_is_broken_pages(watched: Watched) -> None:
    watched.pipeline.publish(*story("broken", opened=timedelta(hours=49), decided=False))
    watched.pipeline.wait_for_effects("broken", ["order.frozen", "chat.locked"])
    at = system_clock()

    assert raised_within(watched, "ops", "PromiseBroken", at) <= 2

    watched.pipeline.publish(assign("broken"))
    ends(watched, "PromiseAboutToBreak", "AssignmentAtRisk")
    assert "PromiseBroken" in watched.prometheus.names()  # for a quarter of an hour


def test_one_event_that_cannot_be_read_is_a_ticket(watched: Watched) -> None:
    watched.pipeline.publish_bytes([("order.disputed", b"order-1", b"not avro")])
    watched.pipeline.wait_for("order.disputed.dead-letter", count=1)
    at = system_clock()

    reason = {"topic": "order.disputed", "reason": "unknown_framing"}
    assert raised_within(watched, "ops", "SchemaRejected", at, **reason) <= 2


def test_a_surge_of_refusals_pages(watched: Watched) -> None:
    watched.pipeline.publish_bytes(
        [("order.disputed", b"order-1", b"junk %d" % n) for n in range(25)]
    )
    watched.pipeline.wait_for("order.disputed.dead-letter", count=26)
    at = system_clock()

    assert raised_within(watched, "ops", "DeadLetterSurge", at, reason="unknown_framing") <= 2


def test_a_process_that_is_killed_pages_until_it_is_back(watched: Watched) -> None:
    os.kill(watched.pid("order-disputed"), signal.SIGKILL)
    at = system_clock()

    assert (
        raised_within(watched, "order-disputed", "ProcessAbsent", at, process="order-disputed") <= 2
    )
    eventually(lambda: watched.is_back("order-disputed"), 60, "it is started again")
    job = {"job": "mediation-order-disputed"}
    watched.prometheus.wait_for("ProcessRestarted", **job)
    ends(watched, "ProcessAbsent")


def test_a_relay_that_is_stopped_pages_for_itself_and_for_what_it_holds_back(
    watched: Watched,
) -> None:
    os.kill(watched.pid("relay"), signal.SIGSTOP)
    at = system_clock()

    assert raised_within(watched, "relay", "ProcessAbsent", at, process="relay") <= 2
    watched.pipeline.publish(*story("held", opened=timedelta(hours=1), decided=False))
    # Nobody waits here for a minute to pass: the row is a minute older.
    eventually(lambda: watched.pipeline.outbox_is_empty() is False, 60, "a row waits")
    watched.execute("UPDATE outbox SET created_at = created_at - interval '61 seconds'")
    at = system_clock()
    assert raised_within(watched, "ops", "OutboxStuck", at) <= 2

    os.kill(watched.pid("relay"), signal.SIGCONT)
    ends(watched, "OutboxStuck", "ProcessAbsent")


def test_a_database_that_is_away_is_a_ticket_at_once(watched: Watched) -> None:
    watched.pipeline.publish(*story("away", opened=timedelta(hours=1), decided=False))
    elsewhere = make_url(watched.url).set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(elsewhere, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {NAME} ALLOW_CONNECTIONS false")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [NAME]
        )
        at = system_clock()
        try:
            assert raised_within(watched, "relay", "WorkHeld", at, job="mediation-relay") <= 2
        finally:
            connection.execute(f"ALTER DATABASE {NAME} ALLOW_CONNECTIONS true")

    ends(watched, "WorkHeld")


def test_an_order_that_does_not_add_up_pages(watched: Watched) -> None:
    at = system_clock()
    watched.execute(
        "SET session_replication_role = replica; "
        "UPDATE cases SET frozen = true, reviews_blocked = false WHERE order_id = 'order-1'"
    )

    assert raised_within(watched, "ops", "InvariantViolated", at) <= 3
