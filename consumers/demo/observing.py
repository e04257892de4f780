"""What was really seen: on the topics by a reader of our own, and in the database.

Rule: everything about our orders is kept, doubles and strangers included; what belongs to other
orders is not looked at. Nothing is judged here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from consumers.broker import Admin
from consumers.demo.staging import MARK, Staged
from schemas.codec import Codec
from schemas.topics import INBOUND, OUTBOUND, dead_letter_topic
from services.errors import ContractError
from services.messages import Message
from services.rules.case import Case
from services.storage import cases, dead_letters, one_order, outbox
from services.storage.database import Database

TOPICS: Final = (
    *(topic.value for topic in (*INBOUND, *OUTBOUND)),
    *(dead_letter_topic(topic) for topic in INBOUND),
)
"""Everything that is read: what goes in, what comes out, and the dead letters."""

GROUPS: Final = {
    "order.disputed": "mediation.order-disputed",
    "mediator.assigned": "mediation.mediator-assigned",
    "verdict.issued": "mediation.verdict-issued",
}
"""The consumer group of each topic that goes in."""

_OUTBOUND = frozenset(topic.value for topic in OUTBOUND)
_NEWEST = 2_000

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EffectSeen:
    """A message on an output topic; `record` is None when it could not be read, `flaw` says why."""

    message: Message
    record: Mapping[str, Any] | None
    flaw: str = ""

    @property
    def said(self) -> Mapping[str, Any]:
        """The record; empty if it could not be read."""
        return self.record or {}


@dataclass(slots=True)
class Seen:
    """All that was seen of one order, up to now.

    Attributes:
        places: where the message of each step lies on its topic.
        handled: the steps whose offset their consumer has committed.
        effects: in the order of reading, with repetitions.
        mirrors: the messages on the dead-letter topics, likewise.
        case: the order and its disputes in the database.
        timeline: the order's events as `one_order.timeline` tells them.
        settlements: as the database has them.
        letters: the dead letters in the database.
    """

    places: dict[str, Message] = field(default_factory=dict)
    handled: set[str] = field(default_factory=set)
    effects: list[EffectSeen] = field(default_factory=list)
    mirrors: list[Message] = field(default_factory=list)
    case: Case | None = None
    timeline: Sequence[Row] = ()
    settlements: Sequence[Row] = ()
    letters: Sequence[Row] = ()

    @property
    def distinct_effects(self) -> list[EffectSeen]:
        """The effects that could be read, each once however often it was published, by sequence."""
        once: dict[tuple[str, str], EffectSeen] = {}
        for each in self.effects:
            if each.record is not None:
                once.setdefault((each.message.topic, each.record["effect_id"]), each)
        return sorted(once.values(), key=lambda each: each.said["sequence"])

    def row_of(self, event_id: UUID) -> Row | None:
        """The timeline's row for this event, if it stands there."""
        return next((row for row in self.timeline if row["event_id"] == event_id), None)

    def letter_at(self, step: str) -> Row | None:
        """The dead letter for the message of this step, if there is one."""
        place = self.places.get(step)
        return next((row for row in self.letters if place and _is_at(row, place)), None)


class Observer:
    """Watches the orders of one run. `seen` is by order, in the order of `orders`."""

    def __init__(
        self, orders: Sequence[Staged], database: Database, admin: Admin, codec: Codec
    ) -> None:
        self.orders = orders
        self.seen = tuple(Seen() for _ in orders)
        self._database = database
        self._admin = admin
        self._codec = codec
        self._by_key = {order.key: seen for order, seen in zip(orders, self.seen, strict=True)}
        self._steps = {
            order.mark(step.name): (seen, step.name)
            for order, seen in zip(orders, self.seen, strict=True)
            for step in order.scenario.steps
        }

    def take(self, messages: Iterable[Message]) -> None:
        """Sort what was read from the topics."""
        for message in messages:
            marked = self._steps.get(dict(message.headers).get(MARK) or b"")
            if message.topic in _OUTBOUND:
                if (ours := self._by_key.get(message.key or b"")) is not None:
                    ours.effects.append(self._read(message))
            elif marked and message.topic in GROUPS:
                marked[0].places.setdefault(marked[1], message)
            elif marked:
                marked[0].mirrors.append(message)

    def look(self) -> None:
        """See which messages have been handled, and how the cases stand."""
        for topic, group in GROUPS.items():
            waiting = [
                (seen, step, place)
                for seen in self.seen
                for step, place in seen.places.items()
                if place.topic == topic and step not in seen.handled
            ]
            partitions = {place.partition for _, _, place in waiting}
            reached = self._admin.committed(group, topic, partitions) if partitions else {}
            for seen, step, place in waiting:
                if reached.get(place.partition, 0) > place.offset:
                    seen.handled.add(step)
        with self._database.transaction() as connection:
            for order, seen in zip(self.orders, self.seen, strict=True):
                seen.case = cases.read(connection, order.order_id)

    def collect(self) -> None:
        """Read everything that the database holds of our orders."""
        with self._database.transaction() as connection:
            letters = [
                dead_letters.get(connection, row.dead_letter_id)
                for topic in GROUPS
                for row in dead_letters.newest(
                    connection, dead_letters.Choice(topic=topic), limit=_NEWEST
                )
                if self._is_ours(dict(row._mapping))
            ]
            ours = [dict(row._mapping) for row in letters if row is not None]
            for order, seen in zip(self.orders, self.seen, strict=True):
                id_ = order.order_id
                seen.case = cases.read(connection, id_)
                seen.timeline = _rows(one_order.timeline(connection, id_))
                seen.settlements = _rows(one_order.settlements_of(connection, id_))
                seen.letters = [row for row in ours if row["key"] == order.key]

    def is_settled(self) -> bool:
        """Whether all that the database holds of our orders has been published and read."""
        with self._database.transaction() as connection:
            if outbox.count(connection, list(self._by_key)):
                return False
        return all(
            len(seen.distinct_effects) >= (seen.case.sequence if seen.case else 0)
            and len(seen.mirrors) >= len(seen.letters)
            for seen in self.seen
        )

    def _is_ours(self, row: Row) -> bool:
        places = (place for seen in self.seen for place in seen.places.values())
        known = {order.order_id for order in self.orders}
        return row["order_id"] in known or any(_is_at(row, place) for place in places)

    def _read(self, message: Message) -> EffectSeen:
        try:
            return EffectSeen(message, self._codec.decode_record(message.topic, message.value))
        except ContractError as error:
            return EffectSeen(message, None, str(error))


def _is_at(row: Row, place: Message) -> bool:
    return (row["topic"], row["partition"], row["offset"]) == (
        place.topic,
        place.partition,
        place.offset,
    )


def _rows(found: Iterable[Any]) -> list[Row]:
    return [dict(row._mapping) for row in found]
