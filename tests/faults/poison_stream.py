"""Rounds of messages: the same stories, clean or with poison among them, at a steady rate.

Rule: the same seed gives the same round, and a poisoned round is its clean one with more in it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from uuid import UUID

from confluent_kafka import KafkaError, Message, Producer

from tests.faults.load import REFUSED_FOR
from tests.faults.poison_bytes import UNREADABLE, Headers, Unreadable
from tests.faults.poison_rules import ACROSS, REFUSED, Past, Refused, across
from tests.faults.stories import Letter, Story, tell

_AT_ONCE = 60  # orders whose messages mix
_STATES = ("CLOSED", "OPEN", "IN_MEDIATION")


@dataclass(slots=True)
class Round:
    """What is published in one go; `sent_at` is when each good event was, by the record itself."""

    name: str
    poisoned: bool
    stories: list[Story] = field(default_factory=list)
    messages: list[tuple[Letter, Headers]] = field(default_factory=list)
    sent_at: dict[UUID, int] = field(default_factory=dict)

    @property
    def poison(self) -> int:
        """How many of the messages must be refused."""
        return sum(letter.refused is not None for letter, _ in self.messages)


def without_refusals(order_id: str, random: Random) -> Story:
    """A story in which nothing is refused."""
    story = tell(order_id, random)
    story.letters = [each for each in story.letters if each.refused is None]
    return story


def clean_round(name: str, events: int, seed: int) -> Round:
    """So many good events, or a few more; each order's in the order in which they happened."""
    random = Random(seed)
    made = Round(name, poisoned=False)
    told: list[list[Letter]] = []
    while told or len(made.messages) < events:
        while len(told) < _AT_ONCE and len(made.messages) < events:
            story = without_refusals(f"{name}-{len(made.stories)}", random)
            made.stories.append(story)
            told.append(list(story.letters))
        if letters := random.choice(told):
            made.messages.append((letters.pop(0), ()))
        told = [each for each in told if each]
    return made


def poisoned_round(name: str, events: int, seed: int, share: float, poisoner: "Poisoner") -> Round:
    """The clean round of this seed, with this share of poison strewn over it."""
    made = clean_round(name, events, seed)
    random = Random(seed)
    owner = {letter.event_id: story for story in made.stories for letter in story.letters}
    before = set(random.sample(range(len(made.messages)), round(len(made.messages) * share)))
    mixed: list[tuple[Letter, Headers]] = []
    for position, (letter, headers) in enumerate(made.messages):
        if position in before:
            mixed.append(poisoner.poison(letter, owner[letter.event_id]))
        mixed.append((letter, headers))
    return Round(name, True, made.stories, mixed)


class Poisoner:
    """Makes poison of every kind in turn."""

    def __init__(self, past: Sequence[Story], seed: int) -> None:
        self._past = Past(past)
        self._random = Random(seed)
        self._made = 0
        kinds: list[Unreadable | Refused | tuple[str, Callable[..., object]]] = [
            *UNREADABLE, *REFUSED, *ACROSS
        ]  # fmt: skip
        self._random.shuffle(kinds)
        self._kinds = cycle(kinds)

    def poison(self, beside: Letter, live: Story) -> tuple[Letter, Headers]:
        """The next poison, published just before a good message of a story."""
        self._made += 1
        kind, name = next(self._kinds), f"poison {self._made}"
        if isinstance(kind, Unreadable):
            key = self._random.choice([beside.key, None, b"\xff\xfe"])
            value = kind.value(self._made)
            return Letter(kind.topic, key, value, refused=kind.reason), kind.headers
        if isinstance(kind, Refused):
            story = live if kind.needs == "LIVE" else self._past.one(kind.needs, self._random)
            story.says(kind.make(name, story), refused=kind.reason)
        else:
            other, story = self._random.sample(self._past.by_state["CLOSED"], 2)
            story.says(across(*kind, name, other, story), refused=kind[0])  # type: ignore[arg-type]
        return story.letters[-1], ()


def past_round(orders: int, seed: int) -> Round:
    """Orders to be told before the poison comes: enough in each state in which one can be left."""
    random = Random(seed)
    made = Round("past", poisoned=False)
    while len(made.stories) < orders or not all(
        len(each) > 2 for each in Past(made.stories).by_state.values()
    ):
        made.stories.append(without_refusals(f"past-{len(made.stories)}", random))
    made.messages = [(letter, ()) for story in made.stories for letter in story.letters]
    return made


def publish(servers: str, each_round: Round, per_second: float | None) -> None:
    """Publish a round at this rate, or as fast as can be; returns once all is acknowledged."""
    failures: list[str] = []
    producer = Producer(
        {
            "bootstrap.servers": servers,
            "enable.idempotence": True,
            "linger.ms": 5,
            "message.max.bytes": 1_048_576,
            "partitioner": "murmur2_random",
        }
    )

    def noting(letter: Letter) -> Callable[[KafkaError | None, Message], None]:
        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                failures.append(str(error))
            elif letter.refused is None and letter.event_id is not None:
                each_round.sent_at[letter.event_id] = message.timestamp()[1]

        return delivered

    for letter, more in _paced(producer, each_round.messages, per_second):
        headers: list[tuple[str, str | bytes | None]] = [
            ("content-type", b"application/avro"),
            *more,
        ]
        if letter.refused:
            headers.append((REFUSED_FOR, letter.refused.encode()))
        producer.produce(
            letter.topic,
            key=letter.key,
            value=letter.value,
            headers=headers,
            on_delivery=noting(letter),
        )
    left = producer.flush(120)
    assert not left, f"{left} messages were never acknowledged"
    assert not failures, failures[:3]


def _paced(
    producer: Producer, messages: Sequence[tuple[Letter, Headers]], per_second: float | None
) -> Iterator[tuple[Letter, Headers]]:
    started = time.monotonic()
    for number, message in enumerate(messages):
        producer.poll(0)
        if per_second is None:
            while len(producer) > 50_000:
                producer.poll(0.1)
        else:
            while (wait := started + number / per_second - time.monotonic()) > 0:
                producer.poll(min(wait, 0.01))
        yield message
