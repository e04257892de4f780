"""Delivers the events of a history in every order, each once more wherever it may come again.

Rule: the three topics keep their own order and none among each other. Orders with the same
beginning share it, and beginnings after which all that matters is equal share what follows; each
order is counted, and each ending checked.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import factorial, prod

from schemas.codec import Codec
from schemas.events import Event
from schemas.topics import INBOUND
from services.flood import FloodGate
from services.mediation import Mediation
from services.messages import Message
from tests.deliveries import Deliveries
from tests.exhaustive.endings import Remembered, demanded_of, remembered
from tests.exhaustive.families import History
from tests.simulation.store import MemoryStore, Tables

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)

Places = tuple[int, ...]
"""How many messages of each topic were delivered."""


@dataclass
class Exploration:
    """The delivery orders of one history, and what came of them."""

    history: History
    orders: int = 0
    divergent: int = 0
    transactions: int = 0
    example: str = ""


def orders_of(history: History) -> int:
    """How many delivery orders there are: told by arithmetic, and not by exploring."""
    lengths = [len(lane) for lane in lanes_of(history)]
    total = sum(lengths)
    interleavings = factorial(total) // prod(map(factorial, lengths))
    return interleavings * (1 + total * (total + 1) // 2)


def lanes_of(history: History) -> list[list[Event]]:
    """The events of each topic, in its order."""
    return [[event for event in history.events if event.topic is topic] for topic in INBOUND]


def explore(history: History, codec: Codec, *, merge: bool = True) -> Exploration:
    """Deliver a history in every order; without `merge`, also what follows equal beginnings."""
    explorer = _Explorer(history, codec, merge)
    found = explorer.found
    found.orders, found.divergent = explorer.follow(Tables(), (0,) * len(INBOUND), False)
    return found


@dataclass
class _Explorer:
    history: History
    codec: Codec
    merge: bool
    found: Exploration = field(init=False)
    _path: list[Message] = field(default_factory=list)
    _seen: dict[tuple[Remembered, Places, bool], tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        deliveries = Deliveries()
        self.found = Exploration(self.history)
        self._lanes = [deliveries.all(*lane) for lane in lanes_of(self.history)]
        self._demanded = demanded_of(self.history, self.codec)
        self._store = MemoryStore()
        self._store.observer = self._count
        flood = FloodGate(limit=1.0)
        self._mediations = {
            topic.value: Mediation(
                self._store, self.codec, group=f"mediation.{topic}", clock=lambda: NOW, flood=flood
            )
            for topic in INBOUND
        }

    def follow(self, tables: Tables, places: Places, repeated: bool) -> tuple[int, int]:
        """Count the orders that go on from here, and those of them that end otherwise."""
        state = remembered(tables)
        here = (state, places, repeated)
        if self.merge and here in self._seen:
            return self._seen[here]
        orders = divergent = 0
        if places == tuple(map(len, self._lanes)):
            orders, divergent = 1, self._check(state)
        for message, places_then, repeated_then in self._next(places, repeated):
            self._path.append(message)
            after = self._deliver(tables, message)
            more, wrong = self.follow(after, places_then, repeated_then)
            self._path.pop()
            orders, divergent = orders + more, divergent + wrong
        self._seen[here] = (orders, divergent)
        return orders, divergent

    def _next(self, places: Places, repeated: bool) -> list[tuple[Message, Places, bool]]:
        """What may be delivered next: the first of a topic, or, once, one that was delivered."""
        fresh = [
            (lane[place], (*places[:number], place + 1, *places[number + 1 :]), repeated)
            for number, (lane, place) in enumerate(zip(self._lanes, places, strict=True))
            if place < len(lane)
        ]
        if repeated:
            return fresh
        delivered = zip(self._lanes, places, strict=True)
        return fresh + [
            (message, places, True) for lane, place in delivered for message in lane[:place]
        ]

    def _deliver(self, tables: Tables, message: Message) -> Tables:
        self._store.committed = tables
        self._mediations[message.topic].handle([message])
        return self._store.committed

    def _count(self, _tables: Tables) -> None:
        self.found.transactions += 1

    def _check(self, ending: Remembered) -> int:
        differences = self._demanded.differences(ending)
        if differences and not self.found.example:
            path = "\n".join(
                f"    {number}. {self._words(m)}" for number, m in enumerate(self._path, 1)
            )
            self.found.example = f"{', '.join(differences)}:\n{path}"
        return len(differences) > 0

    def _words(self, message: Message) -> str:
        event = self.codec.decode(message.topic, message.value)
        return f"{message.topic} of {event.dispute_id}, offset {message.offset}"
