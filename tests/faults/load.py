"""An endless stream of messages about many orders at once, and the client that publishes it.

Rule: the same seed gives the same stream. A message that must become a dead letter says so in a
header that the pipeline does not know, so that what is demanded can be read off the topic itself.
"""

import threading
import time
from collections.abc import Iterator
from random import Random
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from schemas.topics import INBOUND
from tests.faults.stories import Letter, Story, tell

REFUSED_FOR = "test_refused_for"
"""The header with the reason for which a message must become a dead letter."""

_AT_ONCE = 60  # orders whose messages mix
_DUPLICATES = 0.25
_GARBAGE = 0.01


class Load:
    """The stream: iterate it; `finish` lets it end once every story that began is told."""

    def __init__(self, seed: int, garbage: float = _GARBAGE) -> None:
        self.stories: list[Story] = []
        self.disputes = 0
        self._seed = seed
        self._garbage = garbage
        self._finishing = False

    def finish(self) -> None:
        """Begin no more stories."""
        self._finishing = True

    def __iter__(self) -> Iterator[Letter]:
        random = Random(self._seed)
        told: list[list[Letter]] = []
        while told or not self._finishing:
            while len(told) < _AT_ONCE and not self._finishing:
                told.append(self._deliveries(random))
            if not told:
                return
            story = random.choice(told)
            letter = story.pop(0)
            if random.random() < self._garbage:
                yield garbage(letter, random)
            yield letter
            if not story:
                told.remove(story)

    def _deliveries(self, random: Random) -> list[Letter]:
        """One story's messages: each topic's in order, the topics mixed, some of them twice."""
        story = tell(f"order-{self._seed}-{len(self.stories)}", random)
        self.stories.append(story)
        self.disputes += len(story.disputes)
        lanes = [[each for each in story.letters if each.topic == topic] for topic in INBOUND]
        mixed = []
        while lanes := [lane for lane in lanes if lane]:
            mixed.append(random.choice(lanes).pop(0))
        for first in [each for each in mixed if random.random() < _DUPLICATES]:
            if first.refused != "event_id_reused":  # each of those is a dead letter of its own
                again = Letter(first.topic, first.key, first.value, first.event_id)
                mixed.insert(random.randint(mixed.index(first) + 1, len(mixed)), again)
        return mixed


def garbage(letter: Letter, random: Random) -> Letter:
    """A message on the same topic that nobody can read."""
    value = letter.value or b""
    spoilt, reason = random.choice(
        [
            (None, "missing_value"),
            (b"", "missing_value"),
            (b'{"order_id": "order-1"}', "unknown_framing"),
            (value[:-3], "undecodable"),
            (value + b"\x00", "trailing_bytes"),
            (value[:2] + b"strange!" + value[10:], "unknown_schema"),
            (value + bytes(70_000), "oversized"),
        ]
    )
    key = random.choice([letter.key, b"\xff\xfe"])
    return Letter(letter.topic, key, spoilt, refused=reason)


class Feed:
    """Publishes a load in a thread of its own, through every absence of the broker."""

    def __init__(self, servers: str, load: Load, per_second: float) -> None:
        self.load = load
        self.sent = 0
        self.ends: dict[tuple[str, int], int] = {}
        """The offset after the last message that was acknowledged, by topic and partition."""
        self.failed: list[str] = []
        self._pace = 1 / per_second
        self._hurrying = False
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "enable.idempotence": True,
                "log_level": 0,
                "message.timeout.ms": 0,  # wait for the broker for ever
                "linger.ms": 10,
                "partitioner": "murmur2_random",
            }
        )
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self, disputes: int) -> None:
        """Publish on, as fast as can be, until there are so many disputes; then end."""
        self._hurrying = True
        while self.load.disputes < disputes and self._thread.is_alive():
            time.sleep(0.05)
        self.load.finish()
        self._thread.join()
        left = self._producer.flush(120)
        if left:
            self.failed.append(f"{left} messages were never acknowledged")

    def _run(self) -> None:
        due = time.monotonic()
        for letter in self.load:
            self._send(letter)
            due = max(due + self._pace, time.monotonic() - 1)
            self._producer.poll(0)
            while not self._hurrying and (wait := due - time.monotonic()) > 0:
                self._producer.poll(wait)

    def _send(self, letter: Letter) -> None:
        headers: list[tuple[str, str | bytes | None]] = [("content-type", b"application/avro")]
        if letter.refused:
            headers.append((REFUSED_FOR, letter.refused.encode()))
        while True:
            try:
                self._producer.produce(
                    letter.topic,
                    key=letter.key,
                    value=letter.value,
                    headers=headers,
                    on_delivery=self._delivered,
                )
            except BufferError:
                self._producer.poll(0.1)
            else:
                self.sent += 1
                return

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self.failed.append(str(error))
            return
        where: Any = (message.topic(), message.partition())
        self.ends[where] = max(self.ends.get(where, 0), (message.offset() or 0) + 1)
