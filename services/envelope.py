"""The headers of what is published: CloudEvents for facts, Spring Kafka's for dead letters."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from schemas.effects import Effect
from schemas.events import Event
from schemas.topics import Topic, dead_letter_topic
from schemas.uuids import uuid_text
from services.messages import Headers, Message, Outgoing
from services.storage.refused import DeadLetter

EFFECT_SOURCE = b"/mediation"
EVENT_SOURCE = b"/mediation/publish"
MIRROR_LIMIT_BYTES = 512 * 1024
_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_TRACEPARENT_BYTES = 55  # nothing longer is remembered
_MANY = 64  # the effects of an event have its time and its trace, and come right after each other
_NAMES = {topic: (topic.value, ("ce_type", topic.value.encode())) for topic in Topic}


def of_effect(effect: Effect, value: bytes, cause: Message) -> Outgoing:
    """An effect ready to be published: keyed by order, in the trace of the event that caused it."""
    trace = traceparent(cause.headers, effect.cause_event_id, effect.effect_id)
    return _cloud_event(effect, effect.effect_id, value, source=EFFECT_SOURCE, trace=trace)


def of_event(event: Event, value: bytes) -> Outgoing:
    """An event ready to be published by hand: keyed by order, with a trace of its own."""
    trace = traceparent((), event.event_id, event.event_id)
    return _cloud_event(event, event.event_id, value, source=EVENT_SOURCE, trace=trace)


def of_dead_letter(letter: DeadLetter) -> Outgoing:
    """The mirror of a dead letter on `<topic>.dead-letter`, in the header names of Spring Kafka.

    The original key, value and headers are carried as they were. A message so large that its mirror
    might be refused by the broker is mirrored without them; the row keeps them.
    """
    message = letter.message
    small = _size(message) <= MIRROR_LIMIT_BYTES
    return Outgoing(
        topic=dead_letter_topic(message.topic),
        key=message.key if small else None,
        value=message.value if small else None,
        headers=(*(message.headers if small else ()), *_why(letter, small)),
    )


def traceparent(headers: Headers, event_id: UUID, effect_id: UUID) -> bytes:
    """A W3C trace parent: the cause's trace if it has a valid one, else one of the event's id."""
    trace, _, flags = trace_parent(headers) or (b"%032x" % event_id.int, b"", b"01")
    return b"00-%b-%016x-%b" % (trace, span_id(effect_id), flags)


def span_id(effect_id: UUID) -> int:
    """The id of the span that an effect names as its parent: whoever traces tells one with it."""
    return effect_id.int >> 64


def trace_parent(headers: Headers) -> tuple[bytes, bytes, bytes] | None:
    """The trace, the span and the flags that a message came with, if they are valid."""
    given = _first_trace(headers)
    return _trace(given) if len(given) == _TRACEPARENT_BYTES else None


def _first_trace(headers: Headers) -> bytes:
    for name, value in headers:
        if name == "traceparent" and value:
            return value
    return b""


@lru_cache(maxsize=_MANY)
def _trace(given: bytes) -> tuple[bytes, bytes, bytes] | None:
    """The parts of a trace parent, if it is valid."""
    match = _TRACEPARENT.fullmatch(given)
    valid = match is not None and set(match[1]) != {0x30} and set(match[2]) != {0x30}
    return (match[1], match[2], match[3]) if match and valid else None


@lru_cache(maxsize=_MANY)
def _utc_time(instant: datetime) -> bytes:
    return instant.isoformat("T", "milliseconds").encode()


def _time(instant: datetime) -> bytes:
    """The time as text. One in another zone may equal one in UTC, and is written differently."""
    return _utc_time(instant) if instant.tzinfo is UTC else _utc_time.__wrapped__(instant)


def _cloud_event(
    fact: Event | Effect, id_: UUID, value: bytes, *, source: bytes, trace: bytes
) -> Outgoing:
    topic, its_type = _NAMES[fact.topic]
    return Outgoing(
        topic=topic,
        key=fact.order_id.encode(),
        value=value,
        headers=(
            ("ce_id", uuid_text(id_).encode()),
            ("ce_source", source),
            its_type,
            ("ce_time", _time(fact.occurred_at)),
            ("ce_specversion", b"1.0"),
            ("content-type", b"application/avro"),
            ("traceparent", trace),
        ),
    )


def _size(message: Message) -> int:
    parts = [message.key, message.value, *(value for _, value in message.headers)]
    names = sum(len(name) + 16 for name, _ in message.headers)
    return names + sum(len(part) for part in parts if part is not None)


def _why(letter: DeadLetter, small: bool) -> Headers:
    message = letter.message
    return (
        ("kafka_dlt-original-topic", message.topic.encode()),
        ("kafka_dlt-original-partition", message.partition.to_bytes(4, "big")),
        ("kafka_dlt-original-offset", message.offset.to_bytes(8, "big")),
        ("kafka_dlt-original-timestamp", message.timestamp_ms.to_bytes(8, "big", signed=True)),
        ("kafka_dlt-original-timestamp-type", message.timestamp_type.encode()),
        ("kafka_dlt-original-consumer-group", letter.consumer_group.encode()),
        ("kafka_dlt-exception-fqcn", letter.error_class.encode()),
        ("kafka_dlt-exception-message", letter.explanation.encode()),
        ("mediation_dead-letter-id", str(letter.dead_letter_id).encode()),
        ("mediation_reason", letter.reason.value.encode()),
        *(() if small else (("mediation_value-omitted", str(_size(message)).encode()),)),
    )
