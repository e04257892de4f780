"""The codec without its coders, and what the two of them must agree on.

Rule of this file: fastavro, the strict check, the field checks and writing again are asked for
every value, as if there were no coders. Whatever the codec finds with them it must find without.
"""

from dataclasses import dataclass

from schemas.codec import Codec
from schemas.contracts import contract
from schemas.errors import ContractError
from schemas.events import Event, event_from_record
from schemas.readers import reader
from schemas.records import record_from
from schemas.topics import Topic
from schemas.writers import writer
from tests.wire import SINGLE_OBJECT


class SlowCodec(Codec):
    """Asks no coder."""

    def decode(self, topic: str, value: bytes | None) -> Event:
        return event_from_record(Topic(topic), self.decode_record(topic, value))

    def digest(self, event: Event) -> bytes:
        return Codec().digest(event)  # one that has read nothing writes the event again


@dataclass(frozen=True, slots=True)
class Found:
    """What a codec makes of a value: an event and its digest, or why there is none."""

    word: str
    event: Event | None = None
    digest: bytes = b""
    explanation: str = ""


def found_by(codec: Codec, topic: str, value: bytes) -> Found:
    """Decode and digest a value as a consumer does."""
    try:
        event = codec.decode(topic, value)
    except ContractError as error:
        return Found(error.reason.value, explanation=error.explanation)
    return Found("accepted", event, codec.digest(event))


def why_not_read(value: bytes, event: Event | None, topic: str) -> str | None:
    """Say how the coders of a topic go wrong with a value, if they do.

    Args:
        value: a framed value; it is read as if it were in the topic's own schema.
        event: what it says, if it is in that schema, and in the blocks that encoders choose.
        topic: an inbound topic.
    """
    body = value[10:] if value.startswith(SINGLE_OBJECT) else value[5:]
    read = reader(Topic(topic))(body)
    if event is None:
        return None if read is None or _written(read) == body else f"the reader takes it for {read}"
    written = _written(event)
    if writer(event.topic)(event) != written:
        return f"the writer does not write {event} as fastavro does"
    if repr(read) != repr(event if written == body else None):
        return f"the reader takes it for {read}, and it is {event}"
    return None


def _written(event: Event) -> bytes:
    return contract(event.topic).current.writer.write(record_from(event))
