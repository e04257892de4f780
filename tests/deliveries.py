"""Turns events into messages of a topic, the way a producer and a broker would."""

import itertools

from schemas.codec import Codec
from schemas.events import Event
from services.messages import Headers, Message

SENT_AT_MS = 1_772_500_000_000


class Deliveries:
    """Numbers the messages of each topic as they are asked for: offsets 0, 1, 2, and so on."""

    def __init__(self) -> None:
        self._codec = Codec()
        self._offsets: dict[str, itertools.count[int]] = {}

    def of(self, event: Event, headers: Headers = ()) -> Message:
        """The next message of the event's topic, with this event in it."""
        key, value = event.order_id.encode(), self._codec.encode(event)
        return self.of_bytes(event.topic.value, value, key=key, headers=headers)

    def all(self, *events: Event) -> list[Message]:
        """A message for each event."""
        return [self.of(event) for event in events]

    def of_bytes(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = b"order-1",
        headers: Headers = (),
    ) -> Message:
        """The next message of `topic`, with these bytes in it."""
        offset = next(self._offsets.setdefault(topic, itertools.count()))
        return Message(topic, 0, offset, SENT_AT_MS + offset, key, value, headers)
