"""Do the processes send their spans where OpenTelemetry's variables say, and nothing elsewhere?"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from consumers.bootstrap import CONSUMERS, release
from consumers.tracing import spans_of, traced_consumer, traced_sink, wanted
from services.clock import system_clock
from tests.brokers.broker import Broker
from tests.eventually import eventually
from tests.histories import full_refund
from tests.pipeline import running_pipeline
from tests.simulation.sink import MemorySink

ENDPOINT, DISABLED = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SDK_DISABLED"
NOWHERE = "http://127.0.0.1:1"


class Receiver:
    """Takes spans as a collector does, by OTLP over HTTP."""

    def __init__(self) -> None:
        self.received: list[tuple[str, Span]] = []
        self.paths: set[str] = set()

    def take(self, path: str, body: bytes) -> None:
        self.paths.add(path)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            says = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.received += [(says["service.name"], span) for span in scope.spans]

    def named(self, name: str) -> list[Span]:
        """Whoever told them: a verdict that came too early is set free by another consumer."""
        return [span for _, span in list(self.received) if span.name == name]


@contextmanager
def receiving() -> Iterator[tuple[Receiver, str]]:
    """A receiver, and its address on loopback."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.slow
def test_the_spans_of_the_four_processes_are_one_trace_from_verdict_to_refund(
    embedded_kafka: Broker,
    empty_database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = full_refund("order-1")
    with receiving() as (receiver, address):
        monkeypatch.setenv(ENDPOINT, address)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        with running_pipeline(embedded_kafka, empty_database_url, tmp_path) as pipeline:
            pipeline.publish(*history.events)
            pipeline.wait_for_histories([history])
            (refund,) = pipeline.wait_for("refund.requested", count=1)
            (paid,) = eventually(
                lambda: receiver.named("create refund.requested"),
                20,
                "the span of the refund arrives",
            )
            sends = eventually(
                lambda: [
                    span
                    for service, span in list(receiver.received)
                    if service == "mediation-relay"
                    and any(link.span_id == paid.span_id for link in span.links)
                ],
                20,
                "the relay's span arrives",
            )

    assert refund.headers["traceparent"].decode() == (
        f"00-{paid.trace_id.hex()}-{paid.span_id.hex()}-01"
    )
    assert sends[0].name.startswith("send")
    assert receiver.paths == {"/v1/traces"}


def test_what_is_still_here_is_sent_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as (receiver, address):
        monkeypatch.setenv(ENDPOINT, address)

        with spans_of("relay", release(), {ENDPOINT: address}) as spans:
            assert spans is not None
            with spans.sending([]):
                pass

        assert [(service, span.name) for service, span in receiver.received] == [
            ("mediation-relay", "send")
        ]


def test_a_place_that_does_not_answer_holds_nobody_up_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(ENDPOINT, NOWHERE)
    done = threading.Event()

    def trace() -> None:
        with spans_of("relay", release(), {ENDPOINT: NOWHERE}) as spans:
            assert spans is not None
            with spans.sending([]):
                pass
        done.set()

    threading.Thread(target=trace, daemon=True).start()

    assert done.wait(6)


@pytest.mark.parametrize(
    ("said", "yes"),
    [
        ({}, False),
        ({ENDPOINT: NOWHERE}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{NOWHERE}/v1/traces"}, True),
        ({ENDPOINT: ""}, False),
        ({ENDPOINT: NOWHERE, DISABLED: "true"}, False),
        ({ENDPOINT: NOWHERE, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, False),
    ],
)
def test_spans_are_told_only_to_a_place_that_was_named(said: dict[str, str], yes: bool) -> None:
    assert wanted(said) is yes


@pytest.mark.parametrize(
    "said", [{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, {"OTEL_BSP_SCHEDULE_DELAY": "-1"}]
)
def test_settings_that_cannot_be_end_no_process(
    said: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in said.items():
        monkeypatch.setenv(name, value)

    with spans_of("relay", release(), {ENDPOINT: NOWHERE, **said}) as spans:
        assert spans is None


def test_without_tracing_the_parts_are_the_same_objects_as_before() -> None:
    consumer, connect = CONSUMERS["verdict-issued"], MemorySink

    assert traced_consumer(consumer, None, system_clock) is consumer
    assert traced_sink(connect, None) is connect
