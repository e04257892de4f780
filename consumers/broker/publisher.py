"""Publishing with an idempotent producer that waits for every replica."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from consumers.broker.batches import HEADER_BYTES, RECORD_OVERHEAD, deliver, encode
from consumers.broker.connection import connect, in_words, translated
from consumers.broker.partitions import murmur2, partition_of
from services.clock import Clock, system_clock
from services.errors import BrokerUnavailableError
from services.messages import Outgoing
from services.settings import Settings

_DELIVERY_SECONDS = 15.0
_BATCH_BYTES = 512 * 1024
_LARGEST_BYTES = 1024 * 1024  # what a broker takes unless it is told otherwise


class Publisher:
    """Publishes with an idempotent producer that waits for every replica."""

    def __init__(self, settings: Settings, clock: Clock = system_clock) -> None:
        """Connect. Raises `BrokerUnavailableError`."""
        self._address = settings.kafka_bootstrap_servers or ""
        self._clock = clock
        with translated(self._address):
            self._client: Any = connect(
                KafkaProducer,
                settings,
                acks="all",
                enable_idempotence=True,
                allow_auto_create_topics=False,
                linger_ms=0,  # what is handed over is a whole batch
                batch_size=_BATCH_BYTES,
                max_request_size=_LARGEST_BYTES,
                max_block_ms=5000,
                request_timeout_ms=10_000,
                delivery_timeout_ms=int(_DELIVERY_SECONDS * 1000),
            )

    def publish(self, batch: Sequence[Outgoing]) -> None:
        """Publish in order and return once the broker has acknowledged every one.

        Nothing of a partition follows what was not acknowledged.

        Raises:
            BrokerUnavailableError: at least one was not acknowledged; any of them may have been.
        """
        if not batch:
            return
        now_ms = int(self._clock().timestamp() * 1000)
        with translated(self._address):
            batches = {place: _batches(sent) for place, sent in self._placed(batch).items()}
            deliver(self._client, batches, now_ms, _DELIVERY_SECONDS)

    def _placed(self, batch: Sequence[Outgoing]) -> dict[TopicPartition, list[bytes]]:
        """The records of each partition, in order."""
        partitions = {topic: self._find(topic) for topic in {each.topic for each in batch}}
        hash_of = cache(murmur2)  # the effects of an order are neighbours
        placed = defaultdict(list)
        for each in batch:
            if each.key is None:
                number = self._any_partition(each)
            else:
                number = partition_of(hash_of(each.key), partitions[each.topic])
            placed[TopicPartition(each.topic, number)].append(encode(each))
        return placed

    def _any_partition(self, message: Outgoing) -> int:
        partitioner, value = self._client.config["partitioner"], message.value
        found: int = partitioner.partition(
            message.topic, None, None, value, value, self._client._metadata
        )
        return found

    def _find(self, topic: str) -> list[int]:
        """The partitions of a topic in ascending order, as the partitioning by key wants them.

        The library waits for a topic that does not exist, and then does not say so.
        """
        try:
            return sorted(self._client.partitions_for(topic))
        except KafkaTimeoutError as error:
            raise BrokerUnavailableError(
                f"{self._address}: nothing is known of the topic {topic} ({in_words(error)}):"
                " if it does not exist, run `mediation topics create`"
            ) from error

    def close(self) -> None:
        """Give up what was not acknowledged, and disconnect."""
        with translated(self._address):
            self._client.close(timeout=1.0)


def _batches(records: Sequence[bytes]) -> list[list[bytes]]:
    """The records of a partition, in batches of `_BATCH_BYTES` at most, or of one record."""
    batches: list[list[bytes]] = []
    room = 0
    for record in records:
        weight = len(record) + RECORD_OVERHEAD
        if weight + HEADER_BYTES > _LARGEST_BYTES:
            raise MessageSizeTooLargeError(f"a message of {len(record)} bytes")
        if weight > room:
            batches.append([])
            room = _BATCH_BYTES
        batches[-1].append(record)
        room -= weight
    return batches
