"""Whether spans are told of a process, and where they are taken: around a batch, around a publish.

Rule: nothing of OpenTelemetry is loaded unless its own variables name a place to send spans to, and
the parts are the same objects then as if this file were not there. No trouble with spans stops a
process that moves money: it says so in its log, and goes on without them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import structlog

from consumers.outbox_relay import Sink
from consumers.runner import ConsumerDefinition
from services.clock import Clock
from services.mediation import Mediation
from services.messages import Message, Outgoing
from services.reading import Handled

if TYPE_CHECKING:
    from services.tracing import Spans

Tracing: TypeAlias = "Spans | None"
"""The spans of a process, where somebody asked for them."""

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_OURS = "http/protobuf"

log = structlog.get_logger()


@contextmanager
def spans_of(process: str, version: str, environ: Mapping[str, str]) -> Iterator[Tracing]:
    """The spans of this process, as OpenTelemetry's variables say; None if nobody asked for any."""
    made = _made(process, version, environ) if wanted(environ) else None
    try:
        yield made
    finally:
        if made is not None:
            made.close()


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether there is a place to send spans to, and nothing that says no."""
    disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporter = environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower()
    return any(environ.get(name) for name in _ENDPOINTS) and not disabled and exporter == "otlp"


def _made(process: str, version: str, environ: Mapping[str, str]) -> Tracing:
    protocol = next((environ[name] for name in _PROTOCOLS if environ.get(name)), _OURS)
    if protocol != _OURS:
        log.warning("tracing_off", why=f"the protocol must be {_OURS}, not {protocol}")
        return None
    try:
        from services.tracing import exporting_spans
    except ModuleNotFoundError:
        log.warning("tracing_off", why="not installed: pip install 'mediation-pipeline[otel]'")
        return None
    try:
        spans = exporting_spans(process, version)
    except ValueError as error:
        log.warning("tracing_off", why=f"OpenTelemetry refuses its settings: {error}")
        return None
    log.info("tracing")
    return spans


def traced_consumer(
    definition: ConsumerDefinition, spans: Tracing, clock: Clock
) -> ConsumerDefinition:
    """This consumer, with a span around each batch, and spans for what became of it."""
    if spans is None:
        return definition

    def handler(mediation: Mediation, batch: Sequence[Message]) -> list[Handled]:
        began = clock()
        with spans.processing(batch, definition.group) as span:
            handled = definition.handler(mediation, batch)
            spans.handled(handled, span, began)
        return handled

    return replace(definition, handler=handler)


def traced_sink(connect: Callable[[], Sink], spans: Tracing) -> Callable[[], Sink]:
    """What makes these sinks, with a span around each publish."""
    return connect if spans is None else lambda: TracedSink(connect(), spans)


class TracedSink:
    """A sink that says when it publishes what."""

    def __init__(self, sink: Sink, spans: "Spans") -> None:
        self._sink = sink
        self._spans = spans

    def publish(self, batch: Sequence[Outgoing]) -> None:
        """As the sink's."""
        with self._spans.sending(batch):
            self._sink.publish(batch)

    def close(self) -> None:
        """As the sink's."""
        self._sink.close()
