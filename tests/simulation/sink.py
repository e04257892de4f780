"""What a relay publishes to, in memory. It passes the same contract tests as Kafka itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from services.errors import BrokerUnavailableError
from services.messages import Outgoing
from tests.simulation.broker import MemoryBroker, StraightWire, Wire

LARGEST_BYTES = 1024 * 1024
"""The longest value that a broker takes unless it is told otherwise."""


@dataclass
class MemorySink:
    """What `consumers.broker.Publisher` is to Kafka; refuses the first `failures` batches."""

    failures: int = 0
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    wire: Wire = field(default_factory=StraightWire)

    @property
    def published(self) -> list[Outgoing]:
        """All that has arrived."""
        return self.broker.published

    def publish(self, batch: Sequence[Outgoing]) -> None:
        if self.failures:
            self.failures -= 1
            raise BrokerUnavailableError("the broker is away")
        if any(len(each.value or b"") > LARGEST_BYTES for each in batch):
            raise BrokerUnavailableError("a message is too large")
        failed: dict[tuple[str, bytes | None], BrokerUnavailableError] = {}
        for each in batch:
            # An idempotent producer never writes past a message that failed; other keys go on.
            if (each.topic, each.key) not in failed:
                try:
                    self.wire.call("produce", partial(self.broker.publish, each))
                except BrokerUnavailableError as error:
                    failed[each.topic, each.key] = error
        for failure in failed.values():
            raise failure

    def close(self) -> None:
        self.wire.call("disconnect", lambda: None)
