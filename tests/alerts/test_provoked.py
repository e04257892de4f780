"""On a real Prometheus: is a fault raised within two scrapes, and does quiet raise nothing?"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import pytest

from services.clock import system_clock
from tests.alerts.invented import Served, invented_pipeline
from tests.alerts.prometheus import Prometheus
from tests.eventually import eventually

Watched = tuple[Prometheus, Mapping[str, Served]]

OD, OPS = "order-disputed", "ops"
TOPIC = "order.disputed"


@pytest.fixture(scope="module")
def watched(prometheus_program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Five idle processes that were scraped a few times."""
    directory = tmp_path_factory.mktemp("prometheus")
    with invented_pipeline(prometheus_program, directory, busy=False) as (prometheus, processes):
        prometheus.wait_for_scrapes(3)
        yield prometheus, processes


def ago(**span: float) -> float:
    return (system_clock() - timedelta(**span)).timestamp()


def test_a_quiet_pipeline_raises_nothing(watched: Watched) -> None:
    prometheus, _ = watched

    prometheus.wait_for_scrapes(6)

    assert prometheus.names() == set()


FAULTS: dict[str, tuple[str, str, Callable[[], float], tuple[str, ...]]] = {
    "PromiseAboutToBreak": (
        OPS,
        "mediation_oldest_unassigned_dispute_timestamp_seconds",
        lambda: ago(hours=44, seconds=1),
        (),
    ),
    "PromiseBroken": (OPS, "mediation_unassigned_disputes", lambda: 1, ("gt_48h",)),
    "AssignmentAtRisk": (OPS, "mediation_unassigned_disputes", lambda: 1, ("24h_36h",)),
    "InvariantViolated": (
        OPS,
        "mediation_invariant_violations",
        lambda: 1,
        ("money_fits_verdict",),
    ),
    "DeadLetterSurge": (OPS, "mediation_dead_letters", lambda: 40, (TOPIC, "bug", "OPEN")),
    "SchemaRejected": (OPS, "mediation_dead_letters", lambda: 1, (TOPIC, "undecodable", "OPEN")),
    "VerdictNotSigned": (
        OPS,
        "mediation_dead_letters",
        lambda: 1,
        ("verdict.issued", "signature_missing", "OPEN"),
    ),
    "WorkHeld": (OD, "mediation_paused", lambda: 1, ()),
    "ClientRestarted": (OD, "mediation_client_restarts_total", lambda: 1, ()),
    "RecordsSkipped": (OD, "mediation_skipped_records_total", lambda: 1, (TOPIC,)),
    "RebalanceStorm": (OD, "mediation_rebalances_total", lambda: 9, ()),
    "ConsumerStalled": (OD, "mediation_last_poll_timestamp_seconds", lambda: ago(seconds=91), ()),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_raises_its_alert_within_two_scrapes(name: str, watched: Watched) -> None:
    prometheus, processes = watched
    process, metric, value, labels = FAULTS[name]

    at = system_clock()
    processes[process].numbers.say(metric, value(), *labels)

    since = prometheus.wait_for(name).since
    assert prometheus.scrapes(f"mediation-{process}", at, since) <= 2


def test_the_outbox_pages_once_its_oldest_row_is_a_minute_old(watched: Watched) -> None:
    prometheus, processes = watched

    at = system_clock()
    processes[OPS].numbers.say("mediation_outbox_oldest_timestamp_seconds", ago(seconds=61))
    processes[OPS].numbers.say("mediation_outbox_pending", 1)

    since = prometheus.wait_for("OutboxStuck").since
    assert prometheus.scrapes("mediation-ops", at, since) <= 2


@pytest.mark.parametrize("name", ["order-disputed", "mediator-assigned", "relay", "ops"])
def test_a_process_that_ends_pages_within_two_scrapes(name: str, watched: Watched) -> None:
    prometheus, processes = watched

    at = processes[name].kill()

    since = prometheus.wait_for("ProcessAbsent", process=name).since
    assert prometheus.scrapes(f"mediation-{name}", at, since) <= 2
    eventually(
        lambda: any(
            each.labels.get("job") == f"mediation-{name}"
            for each in prometheus.firing()
            if each.name == "InstanceDown"
        ),
        message="InstanceDown is raised, too",
    )
