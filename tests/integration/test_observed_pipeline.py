"""What do the four processes show of themselves while they work?"""

import socket
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client.parser import text_string_to_metric_families

from consumers.bootstrap import PROCESSES, RELAY
from services.storage import schema
from services.storage.database import Database
from tests.brokers.broker import Broker
from tests.eventually import eventually
from tests.histories import full_refund
from tests.pipeline import running_pipeline

ALWAYS = {
    "mediation_build_info",
    "mediation_last_poll_timestamp_seconds",
    "mediation_last_progress_timestamp_seconds",
    "mediation_paused",
}
OF_A_CONSUMER = {
    "mediation_events",
    "mediation_event_age_seconds",
    "mediation_batch_seconds",
    "mediation_batch_messages",
    "mediation_database_seconds",
    "mediation_lag_records",
    "mediation_lag_seconds",
    "mediation_rebalances",
}
OF_THE_RELAY = {"mediation_published", "mediation_publish_seconds"}


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody has."""
    for first in range(20_000, 32_000, count):
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no ports are free")


def status(port: int, path: str) -> tuple[int, str]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()


def shown(port: int) -> dict[str, float]:
    """Every metric that has a sample, with the sum of what its samples say."""
    families = text_string_to_metric_families(status(port, "/metrics")[1])
    return {each.name: sum(s.value for s in each.samples) for each in families if each.samples}


def test_each_process_lives_is_ready_and_shows_what_it_does(
    embedded_kafka: Broker, empty_database_url: str
) -> None:
    with closing(Database(empty_database_url)) as database:
        schema.upgrade(database)
    first = free_ports(len(PROCESSES))
    ports = dict(zip(PROCESSES, range(first, first + len(PROCESSES)), strict=True))

    with (
        TemporaryDirectory(prefix="mediation-") as directory,
        running_pipeline(
            embedded_kafka, empty_database_url, Path(directory), metrics_port=first
        ) as pipeline,
    ):
        history = full_refund("order-1")
        pipeline.publish(*history.events)
        pipeline.wait_for_histories([history])

        for name, port in ports.items():
            expected = ALWAYS | (OF_THE_RELAY if name == RELAY else OF_A_CONSUMER)
            assert status(port, "/healthz")[0] == 200
            assert eventually(lambda port=port: status(port, "/readyz")[0] == 200)  # type: ignore[misc]
            seen = shown(port)
            assert expected <= set(seen)
            assert seen["mediation_paused"] == 0
            assert seen.get("mediation_lag_records", 0) == 0
