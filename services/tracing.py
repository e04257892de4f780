"""Spans for whoever follows an order from service to service, by OpenTelemetry.

Rule: a span tells what has happened, under the ids that were published already. An effect carries
the same `traceparent` whether anybody traces or not; here it gets the span that the header names.
Attributes are ids, places and outcomes, never what people wrote. Only this file imports
opentelemetry, and it is loaded only where spans were asked for (`consumers.tracing`).
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from schemas.effects import Effect
from services import envelope
from services.messages import Headers, Message, Outgoing
from services.reading import Handled

Attributes = dict[str, str | int]

_STOPS_WITHIN = 2.0


class Spans:
    """The spans of one process, given to `processor`; safe for several threads."""

    def __init__(self, processor: SpanProcessor, *, process: str, version: str) -> None:
        self._ids = _Ids()
        named = Resource({"service.name": f"mediation-{process}", "service.version": version})
        self._provider = TracerProvider(
            resource=Resource.create().merge(named).merge(OTELResourceDetector().detect()),
            id_generator=self._ids,
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("mediation", version)

    @contextmanager
    def processing(self, batch: Sequence[Message], group: str) -> Iterator[Span]:
        """A span around one attempt at a batch, linked to what published its messages."""
        topic = batch[0].topic
        about = _about("process", "process", topic) | {
            "messaging.consumer.group.name": group,
            "messaging.batch.message_count": len(batch),
        }
        links = _links(each.headers for each in batch)
        with self._span(f"process {topic}", SpanKind.CONSUMER, about, links) as span:
            yield span

    def handled(self, handled: Sequence[Handled], batch: Span, began: datetime) -> None:
        """What became of each message of a batch that is committed, and each effect of that.

        Each is in the trace of its own message. They were handled together, so they all take as
        long as the batch.
        """
        start = round(began.timestamp() * 1e9)
        for each in handled:
            self._decided(each, Link(batch.get_span_context()), start)

    @contextmanager
    def sending(self, outgoing: Sequence[Outgoing]) -> Iterator[None]:
        """A span around the publishing of some rows, linked to the spans that made them."""
        topics = {each.topic for each in outgoing}
        topic = topics.pop() if len(topics) == 1 else ""
        about = _about("send", "send", topic) | {"messaging.batch.message_count": len(outgoing)}
        links = _links(each.headers for each in outgoing)
        with self._span(f"send {topic}".rstrip(), SpanKind.CLIENT, about, links):
            yield

    def close(self) -> None:
        """Hand over what is still here, if that is possible in a moment."""
        last = threading.Thread(target=self._provider.shutdown, name="tracing", daemon=True)
        last.start()
        last.join(_STOPS_WITHIN)

    @contextmanager
    def _span(
        self, name: str, kind: SpanKind, about: Attributes, links: list[Link]
    ) -> Iterator[Span]:
        """One that stands alone; of an error it tells the kind, since its words may quote."""
        span = self._tracer.start_span(name, Context(), kind, about, links)
        try:
            yield span
        except BaseException as error:
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(StatusCode.ERROR)
            raise
        finally:
            span.end()

    def _decided(self, handled: Handled, batch: Link, start: int) -> None:
        message, event = handled.message, handled.event
        parent = _context(message.headers)
        if event is not None and parent is None:
            self._ids.give(trace_id=event.event_id.int)
        span = self._tracer.start_span(
            f"decide {message.topic}",
            _within(parent),
            SpanKind.CONSUMER,
            _about("decide", "process", message.topic) | _of_handled(handled),
            [batch],
            start,
        )
        for effect in handled.effects:
            self._created(effect, span.get_span_context(), start)
        span.end()

    def _created(self, effect: Effect, cause: SpanContext, start: int) -> None:
        topic = effect.topic.value
        self._ids.give(span_id=envelope.span_id(effect.effect_id))
        about = _about("create", "create", topic) | {
            "messaging.message.id": str(effect.effect_id),
            "messaging.kafka.message.key": effect.order_id,
            "mediation.dispute_id": effect.dispute_id,
            "mediation.sequence": effect.sequence,
        }
        name = f"create {topic}"
        self._tracer.start_span(name, _within(cause), SpanKind.PRODUCER, about, None, start).end()


def exporting_spans(process: str, version: str) -> Spans:
    """Spans that go to where OpenTelemetry's own variables say, in the background.

    Raises:
        ValueError: what one of them says cannot be.
    """
    return Spans(BatchSpanProcessor(OTLPSpanExporter()), process=process, version=version)


class _Ids(RandomIdGenerator):
    """The ids that were given to this thread for its next span; else some by chance."""

    def __init__(self) -> None:
        self._given = threading.local()

    def give(self, **ids: int) -> None:
        """For the next span alone."""
        self._given.__dict__.update(ids)

    def generate_trace_id(self) -> int:
        given: int | None = self._given.__dict__.pop("trace_id", None)
        return given or super().generate_trace_id()

    def generate_span_id(self) -> int:
        given: int | None = self._given.__dict__.pop("span_id", None)
        return given or super().generate_span_id()

    def is_trace_id_random(self) -> bool:
        return False  # an event's id need not be


def _about(name: str, kind: str, topic: str) -> Attributes:
    """What the conventions for messaging want to know of every span."""
    about: Attributes = {
        "messaging.system": "kafka",
        "messaging.operation.name": name,
        "messaging.operation.type": kind,
    }
    return about | {"messaging.destination.name": topic} if topic else about


def _of_handled(handled: Handled) -> Attributes:
    message, event = handled.message, handled.event
    about: Attributes = {
        "messaging.destination.partition.id": str(message.partition),
        "messaging.kafka.offset": message.offset,
        "mediation.outcome": handled.outcome.value,
    }
    if handled.reason is not None:
        about["mediation.reason"] = handled.reason.value
    if event is None:
        return about
    return about | {
        "messaging.message.id": str(event.event_id),
        "messaging.kafka.message.key": event.order_id,
        "mediation.dispute_id": event.dispute_id,
    }


def _links(every: Iterator[Headers]) -> list[Link]:
    return [Link(context) for context in map(_context, every) if context is not None]


def _context(headers: Headers) -> SpanContext | None:
    """The span that a message names as its parent."""
    given = envelope.trace_parent(headers)
    if given is None:
        return None
    trace, span, flags = (int(part, 16) for part in given)
    return SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(flags))


def _within(parent: SpanContext | None) -> Context:
    """Where a child of `parent` is started; without one, a trace of its own."""
    return set_span_in_context(NonRecordingSpan(parent), Context()) if parent else Context()
