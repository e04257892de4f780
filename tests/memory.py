"""A topic and its consumer groups in memory. It passes the same contract tests as Kafka itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from services.errors import BrokerUnavailableError
from services.messages import Message, Outgoing

LARGEST_BYTES = 1024 * 1024
"""The longest value that a broker takes unless it is told otherwise."""


@dataclass
class MemoryTopic:
    """Partitions of messages, and what each consumer group has committed. `away`: no answer."""

    partitions: int = 4
    away: bool = False
    logs: dict[int, list[Message]] = field(default_factory=dict)
    committed: dict[tuple[str, int], int] = field(default_factory=dict)
    members: dict[str, list["MemorySource"]] = field(default_factory=dict)

    def append(self, partition: int, value: bytes) -> None:
        """Produce a message."""
        log = self.logs.setdefault(partition, [])
        log.append(Message("topic", partition, len(log), 0, b"key", value))

    def rebalance(self, group: str) -> None:
        """Deal the partitions anew: everything is revoked first, as by Kafka's eager protocol."""
        members = self.members[group]
        for number, member in enumerate(members):
            dealt = [n for n in range(self.partitions) if n % len(members) == number]
            member.take(dealt)


class MemorySource:
    """A member of a consumer group of a `MemoryTopic`."""

    def __init__(self, topic: MemoryTopic, group: str) -> None:
        self._topic = topic
        self._group = group
        self._positions: dict[int, int] = {}
        self._lost: set[int] = set()
        self.held: list[float] = []
        topic.members.setdefault(group, []).append(self)
        topic.rebalance(group)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self, partitions: Sequence[int]) -> None:
        """Called by a rebalance."""
        self._lost |= set(self._positions)
        committed = self._topic.committed
        self._positions = {n: committed.get((self._group, n), 0) for n in partitions}

    def poll(self, limit: int, timeout: float) -> list[Message]:
        self._require_broker()
        self._lost.clear()
        found: list[Message] = []
        for partition, position in self._positions.items():
            read = self._topic.logs.get(partition, [])[position : position + limit - len(found)]
            self._positions[partition] += len(read)
            found += read
        return found

    def commit(self, messages: Sequence[Message]) -> None:
        for each in messages:
            if each.partition not in self._lost:
                self._topic.committed[self._group, each.partition] = each.offset + 1

    def hold(self, seconds: float, stopping: Callable[[], bool]) -> None:
        self._require_broker()
        self.held.append(seconds)

    def still_ours(self, messages: Sequence[Message]) -> list[Message]:
        return [each for each in messages if each.partition not in self._lost]

    def close(self) -> None:
        members = self._topic.members[self._group]
        if self in members:
            members.remove(self)
            self._topic.rebalance(self._group)

    def _require_broker(self) -> None:
        if self._topic.away:
            raise BrokerUnavailableError("the broker is away")


@dataclass
class MemorySink:
    """Keeps what is published, as a topic keeps it; refuses the first `failures` batches."""

    failures: int = 0
    published: list[Outgoing] = field(default_factory=list)

    def publish(self, batch: Sequence[Outgoing]) -> None:
        if self.failures:
            self.failures -= 1
            raise BrokerUnavailableError("the broker is away")
        if any(len(each.value or b"") > LARGEST_BYTES for each in batch):
            raise BrokerUnavailableError("a message is too large")
        self.published += map(_as_it_arrives, batch)

    def close(self) -> None:
        """Nothing to disconnect from."""


def _as_it_arrives(sent: Outgoing) -> Outgoing:
    """What the Kafka library cannot send as nothing arrives empty."""
    is_nothing = sent.key is None and sent.value is None
    headers = tuple((name, value or b"") for name, value in sent.headers)
    return replace(sent, value=b"" if is_nothing else sent.value, headers=headers)
