"""A Kafka in memory: topics, partitions, and groups whose generations fence late commits.

It passes the same contract tests as Kafka itself. Rule: the broker's side (`MemoryBroker`) knows
the truth about a group at once; a member's side (`MemorySource`) learns of it when it asks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Protocol, Self, TypeVar

from services.errors import BrokerUnavailableError
from services.messages import Message, Outgoing

T = TypeVar("T")


class Wire(Protocol):
    """A client's way to the server. On a real one anything may happen to a call."""

    def call(self, point: str, request: Callable[[], T]) -> T:
        """What the server answers; or BrokerUnavailableError, and it may have been done or not."""

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition, `seconds` at most; whether it is true."""

    def now(self) -> float:
        """Seconds on a clock that never jumps."""


class StraightWire:
    """Nothing happens on it, and nothing is waited for."""

    def call(self, point: str, request: Callable[[], T]) -> T:
        return request()

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        return condition()

    def now(self) -> float:
        return 0.0


@dataclass
class Group:
    """A consumer group of one topic. Everything is dealt anew when a member comes or goes."""

    topic: str
    generation: int = 0
    members: list[int] = field(default_factory=list)
    committed: dict[int, int] = field(default_factory=dict)


@dataclass
class MemoryBroker:
    """The server. `away`: no answer. `changed` is called when somebody may have waited for it."""

    partitions: int = 4
    away: bool = False
    logs: dict[str, list[list[Message]]] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    published: list[Outgoing] = field(default_factory=list)
    changed: Callable[[], None] = lambda: None
    _member_ids: "count[int]" = field(default_factory=count)

    def log(self, topic: str) -> list[list[Message]]:
        """The messages of a topic, partition by partition."""
        if topic not in self.logs:
            self.logs[topic] = [[] for _ in range(self.partitions)]
        return self.logs[topic]

    def append(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, at_ms: int = 0
    ) -> Message:
        """Produce a message to a topic that is consumed."""
        log = self.log(topic)[partition]
        message = Message(topic, partition, len(log), at_ms, key, value)
        log.append(message)
        self.changed()
        return message

    def publish(self, outgoing: Outgoing) -> None:
        """Produce a message to a topic that nobody here consumes."""
        self.require()
        self.published.append(_as_it_arrives(outgoing))

    def require(self) -> None:
        """Raises `BrokerUnavailableError` while the broker is away."""
        if self.away:
            raise BrokerUnavailableError("the broker is away")

    def join(self, name: str) -> int:
        """A new member of a group."""
        self.require()
        member = next(self._member_ids)
        self.groups[name].members.append(member)
        self.rebalance(name)
        return member

    def leave(self, name: str, member: int | None) -> None:
        """A member leaves, or is taken for dead."""
        if member in self.groups[name].members:
            self.groups[name].members.remove(member)
            self.rebalance(name)

    def rebalance(self, name: str) -> None:
        """Deal the partitions of a group anew."""
        self.groups[name].generation += 1
        self.changed()

    def dealt(self, name: str, member: int) -> dict[int, int]:
        """The partitions of a member, and the committed offset of each."""
        self.require()
        group = self.groups[name]
        share, members = group.members.index(member), len(group.members)
        turn = group.generation  # so that a rebalance moves partitions, also among the same members
        return {
            n: group.committed.get(n, 0)
            for n in range(self.partitions)
            if (n + turn) % members == share
        }

    def commit(
        self, name: str, member: int | None, generation: int, offsets: dict[int, int]
    ) -> None:
        """Commit offsets; refused unless the member is one of the group as it is now."""
        self.require()
        group = self.groups[name]
        if member not in group.members or generation != group.generation:
            raise BrokerUnavailableError("a rebalance has taken the partitions away")
        self.accept(name, member, generation, offsets)

    def accept(
        self, name: str, member: int | None, generation: int, offsets: dict[int, int]
    ) -> None:
        """Write committed offsets."""
        self.groups[name].committed.update(offsets)


class MemorySource:
    """A member of a consumer group: what `consumers.broker.Consumer` is to Kafka."""

    def __init__(
        self,
        broker: MemoryBroker,
        group: str,
        topic: str = "topic",
        wire: Wire | None = None,
    ) -> None:
        self._broker = broker
        self._name = group
        self._topic = topic
        self._wire: Wire = wire or StraightWire()
        self._generation = -1
        self._positions: dict[int, int] = {}
        self._lost: set[int] = set()
        self._uncommitted: dict[int, int] = {}
        self.held: list[float] = []
        self.member: int | None = None
        broker.groups.setdefault(group, Group(topic))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def poll(self, limit: int, timeout: float) -> list[Message]:
        self._commit_what_is_due()
        self._catch_up()
        self._wire.wait(lambda: self._is_behind() or self._has_more(), timeout)
        found = self._wire.call("fetch", lambda: self._fetch(limit))
        if self._is_behind():
            return []
        self._lost.clear()
        for each in found:
            self._positions[each.partition] = each.offset + 1
        return found

    def commit(self, messages: Sequence[Message]) -> None:
        for each in messages:
            if each.partition not in self._lost:
                self._uncommitted[each.partition] = each.offset + 1
        self._commit_what_is_due()

    def hold(self, seconds: float, stopping: Callable[[], bool]) -> None:
        self.held.append(seconds)
        deadline = self._wire.now() + seconds
        more = True
        while more:
            self._catch_up()
            left = deadline - self._wire.now()
            more = self._wire.wait(lambda: stopping() or self._is_behind(), left)
            more = more and not stopping()

    def still_ours(self, messages: Sequence[Message]) -> list[Message]:
        return [each for each in messages if each.partition not in self._lost]

    def close(self) -> None:
        self._commit_what_is_due()
        self._wire.call("leave", self.vanish)

    def vanish(self) -> None:
        """The broker counts this member out."""
        self._broker.leave(self._name, self.member)

    @property
    def _group(self) -> Group:
        return self._broker.groups[self._name]

    def _is_behind(self) -> bool:
        return self._generation != self._group.generation

    def _has_more(self) -> bool:
        log = self._broker.log(self._topic)
        return any(len(log[n]) > position for n, position in self._positions.items())

    def _catch_up(self) -> None:
        """After a rebalance everything that we had is lost, then what we are given is gained."""
        if self._broker.away:
            self._wire.call("heartbeat", self._broker.require)  # to be refused takes time, too
        while self._is_behind():
            self._lost |= set(self._positions)
            self._positions = {}
            self._uncommitted.clear()
            if self.member not in self._group.members:
                self._wire.call("join", self._join)
            self._wire.call("sync", self._sync)

    def _join(self) -> None:
        self.member = self._broker.join(self._name)

    def _sync(self) -> None:
        if self.member in self._group.members:
            self._positions = self._broker.dealt(self._name, self.member)
            self._generation = self._group.generation

    def _fetch(self, limit: int) -> list[Message]:
        self._broker.require()
        log = self._broker.log(self._topic)
        found: list[Message] = []
        for partition, position in self._positions.items():
            found += log[partition][position : position + limit - len(found)]
        return found

    def _commit_what_is_due(self) -> None:
        due, generation = dict(self._uncommitted), self._generation
        if not due:
            return
        try:
            self._wire.call(
                "commit_offsets",
                lambda: self._broker.commit(self._name, self.member, generation, due),
            )
        except BrokerUnavailableError:
            return  # tried again at the next poll
        self._uncommitted.clear()


def _as_it_arrives(sent: Outgoing) -> Outgoing:
    """What the Kafka library cannot send as nothing arrives empty."""
    is_nothing = sent.key is None and sent.value is None
    headers = tuple((name, value or b"") for name, value in sent.headers)
    return replace(sent, value=b"" if is_nothing else sent.value, headers=headers)
