"""Do the spans tell what happened, in the traces that the messages are in, and nothing more?"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import messaging_attributes
from opentelemetry.trace import SpanKind

from consumers import order_disputed as its_consumer
from consumers.runner import ConsumerDefinition
from consumers.tracing import traced_consumer, traced_sink
from schemas.codec import Codec
from schemas.events import Event
from services.errors import BrokerUnavailableError, DatabaseUnavailableError
from services.mediation import Mediation
from services.messages import Headers, Message, Outgoing
from services.reading import Handled
from services.storage import outbox
from services.storage.database import Database
from services.tracing import Spans
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.integration.conftest import SetClock
from tests.simulation.sink import MemorySink
from tests.simulation.store import MemoryStore

ORDER_SERVICE = 0xB7AD6B7169203331
WORDS = "She never sent the third page, says buyer@example.org."


class Traced:
    """A consumer that is traced, and what its spans say."""

    def __init__(self, mediation: Mediation, clock: SetClock) -> None:
        self.exported = InMemorySpanExporter()
        self.spans = Spans(SimpleSpanProcessor(self.exported), process="test", version="1.2.3")
        self._mediation = mediation
        self._clock = clock

    def handle(
        self, *messages: Message, by: ConsumerDefinition = its_consumer.CONSUMER
    ) -> list[Handled]:
        consumer = traced_consumer(by, self.spans, self._clock)
        return consumer.handler(self._mediation, messages)

    def named(self, name: str) -> list[ReadableSpan]:
        return [each for each in self.exported.get_finished_spans() if each.name == name]

    def one(self, name: str) -> ReadableSpan:
        (span,) = self.named(name)
        return span


@pytest.fixture
def traced(mediation: Mediation, clock: SetClock) -> Traced:
    return Traced(mediation, clock)


def sent(deliveries: Deliveries, event: Event, trace: str, flags: str = "01") -> Message:
    """The event as it comes from an order service that is in this trace."""
    header = f"00-{trace * 32}-{ORDER_SERVICE:016x}-{flags}".encode()
    return replace(deliveries.of(event), headers=(("traceparent", header),))


def said(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def header_of(span: ReadableSpan) -> bytes:
    """The header that a message carries if this span is its parent."""
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01".encode()


def outgoing(database: Database) -> list[Outgoing]:
    with database.session() as connection:
        return [r.outgoing for r in outbox.pending(connection, range(outbox.SLOTS), 100)]


def parent_in(headers: Headers) -> bytes | None:
    return dict(headers)["traceparent"]


def test_a_trace_runs_from_the_order_service_through_the_verdict_to_the_payment_service(
    traced: Traced, deliveries: Deliveries, database: Database
) -> None:
    traced.handle(*deliveries.all(order_disputed(), mediator_assigned()))
    traced.exported.clear()

    traced.handle(sent(deliveries, verdict_issued(), "a"))

    decided, paid = traced.one("decide verdict.issued"), traced.one("create refund.requested")
    assert decided.parent is not None
    assert (decided.context.trace_id, decided.parent.span_id) == (int("a" * 32, 16), ORDER_SERVICE)
    assert paid.parent == decided.context
    (refund,) = [each for each in outgoing(database) if each.topic == "refund.requested"]
    assert parent_in(refund.headers) == header_of(paid)
    assert (decided.kind, paid.kind) == (SpanKind.CONSUMER, SpanKind.PRODUCER)


def test_every_effect_names_a_span_that_is_told(
    traced: Traced, deliveries: Deliveries, database: Database
) -> None:
    story: list[Event] = [order_disputed(), mediator_assigned(), verdict_issued()]
    messages = [sent(deliveries, event, trace) for event, trace in zip(story, "abc", strict=True)]
    without_a_trace = deliveries.of(order_disputed(order_id="o-2", dispute_id="d-2"))

    traced.handle(*messages, without_a_trace)

    spans = traced.exported.get_finished_spans()
    created = [header_of(each) for each in spans if each.name.startswith("create ")]
    carried = [parent_in(each.headers) for each in outgoing(database)]
    assert sorted(created) == sorted(each or b"" for each in carried)
    assert len(created) == len(set(created)) > 8


def test_what_is_published_is_the_same_whether_anybody_traces_or_not(
    deliveries: Deliveries, clock: SetClock
) -> None:
    message = sent(deliveries, order_disputed(), "a")
    traced_store, plain_store = MemoryStore(), MemoryStore()

    Traced(Mediation(traced_store, Codec(), group="g", clock=clock), clock).handle(message)
    Mediation(plain_store, Codec(), group="g", clock=clock).handle([message])

    with traced_store.relaying() as one, plain_store.relaying() as other:
        rows = one.pending(range(outbox.SLOTS), 100)
        assert rows == other.pending(range(outbox.SLOTS), 100) != []


def test_a_batch_is_one_span_that_is_linked_to_what_it_came_from(
    traced: Traced, deliveries: Deliveries
) -> None:
    other = order_disputed(order_id="o-2", dispute_id="d-2")

    traced.handle(sent(deliveries, order_disputed(), "a"), sent(deliveries, other, "b"))

    batch = traced.one("process order.disputed")
    assert [f"{link.context.trace_id:032x}"[0] for link in batch.links] == ["a", "b"]
    assert batch.parent is None
    assert said(batch) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "order.disputed",
        "messaging.consumer.group.name": "mediation.order-disputed",
        "messaging.batch.message_count": 2,
    }
    decided = traced.named("decide order.disputed")
    assert [link.context for each in decided for link in each.links] == [batch.context] * 2


def test_an_event_is_told_by_its_place_its_ids_and_its_outcome(
    traced: Traced, deliveries: Deliveries
) -> None:
    event = order_disputed()
    message = sent(deliveries, event, "a")

    traced.handle(message, message)

    applied, ignored = map(said, traced.named("decide order.disputed"))
    assert applied == {
        "messaging.system": "kafka",
        "messaging.operation.name": "decide",
        "messaging.operation.type": "process",
        "messaging.destination.name": "order.disputed",
        "messaging.destination.partition.id": "0",
        "messaging.kafka.offset": 0,
        "messaging.message.id": str(event.event_id),
        "messaging.kafka.message.key": "order-1",
        "mediation.dispute_id": "dispute-1",
        "mediation.outcome": "applied",
    }
    assert ignored == applied | {"mediation.outcome": "ignored"}


def test_a_message_that_cannot_be_read_is_told_without_its_content(
    traced: Traced, deliveries: Deliveries
) -> None:
    traced.handle(deliveries.of_bytes("order.disputed", WORDS.encode()))

    span = said(traced.one("decide order.disputed"))
    assert (span["mediation.outcome"], span["mediation.reason"]) == ("rejected", "unknown_framing")
    assert "messaging.message.id" not in span


def test_what_people_wrote_is_in_no_span(traced: Traced, deliveries: Deliveries) -> None:
    story: list[Event] = [
        order_disputed(),
        mediator_assigned(),
        verdict_issued(reasons=WORDS),
    ]
    second_thoughts = verdict_issued(name="2", reasons=WORDS)

    traced.handle(*deliveries.all(*story, second_thoughts))

    told = "".join(each.to_json() for each in traced.exported.get_finished_spans())
    assert "verdict_final" in told
    assert WORDS not in json.loads(json.dumps(told))
    assert "buyer@example.org" not in told


def test_an_event_that_had_to_wait_has_its_effects_in_its_own_trace(
    traced: Traced, deliveries: Deliveries
) -> None:
    traced.handle(sent(deliveries, mediator_assigned(), "a"))

    traced.handle(sent(deliveries, order_disputed(), "d"))

    waited, freed = traced.named("decide mediator.assigned")
    assert [said(each)["mediation.outcome"] for each in (waited, freed)] == ["deferred", "applied"]
    assert traced.one("create mediation.opened").parent == freed.context
    assert f"{freed.context.trace_id:032x}"[0] == "a"


def test_a_trace_that_was_not_sampled_is_not_told(traced: Traced, deliveries: Deliveries) -> None:
    traced.handle(sent(deliveries, order_disputed(), "a", flags="00"))

    assert [each.name for each in traced.exported.get_finished_spans()] == [
        "process order.disputed"
    ]


def test_an_attempt_that_failed_is_told_by_the_kind_of_its_error(
    traced: Traced, deliveries: Deliveries
) -> None:
    def fail(_mediation: Mediation, _batch: Sequence[Message]) -> list[Handled]:
        raise DatabaseUnavailableError(WORDS)

    with pytest.raises(DatabaseUnavailableError):
        traced.handle(
            deliveries.of(order_disputed()), by=replace(its_consumer.CONSUMER, handler=fail)
        )

    (span,) = traced.exported.get_finished_spans()
    assert said(span)["error.type"] == "DatabaseUnavailableError"
    assert not span.status.is_ok
    assert WORDS not in span.to_json()


def test_a_publish_of_the_relay_is_linked_to_the_spans_of_its_rows(
    traced: Traced, deliveries: Deliveries, database: Database
) -> None:
    traced.handle(sent(deliveries, order_disputed(), "a"))
    rows, published = outgoing(database), MemorySink()
    sink = traced_sink(lambda: published, traced.spans)()

    sink.publish(rows)
    sink.publish(rows[:1])
    sink.close()

    several, one = traced.one("send"), traced.one(f"send {rows[0].topic}")
    created = {
        each.context.span_id
        for each in traced.exported.get_finished_spans()
        if each.name.startswith("create ")
    }
    assert {link.context.span_id for link in several.links} == created
    assert (said(several)["messaging.batch.message_count"], several.kind) == (2, SpanKind.CLIENT)
    assert said(one)["messaging.destination.name"] == rows[0].topic


def test_a_publish_that_fails_says_so(traced: Traced) -> None:
    with suppress(BrokerUnavailableError):
        traced_sink(lambda: MemorySink(failures=1), traced.spans)().publish(
            [Outgoing("order.frozen", b"o", b"")]
        )

    assert said(traced.one("send order.frozen"))["error.type"] == "BrokerUnavailableError"


def test_the_words_are_those_of_the_conventions(
    traced: Traced, deliveries: Deliveries, database: Database
) -> None:
    traced.handle(sent(deliveries, order_disputed(), "a"))
    traced_sink(MemorySink, traced.spans)().publish(outgoing(database))

    told = {key for each in traced.exported.get_finished_spans() for key in said(each)}

    known = {v for k, v in vars(messaging_attributes).items() if k.startswith("MESSAGING_")}
    assert {key for key in told if key.startswith("messaging.")} <= known
    assert {key for key in told if not key.startswith(("messaging.", "mediation."))} == set()
