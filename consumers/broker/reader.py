"""Reading topics without a consumer group."""

from collections.abc import Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from consumers.broker.connection import CLOSE_SECONDS, connect, message_of, translated
from services.messages import Message
from services.settings import Settings


class TopicReader:
    """Reads topics from now on as a member of no group: commits nothing, and disturbs nobody."""

    def __init__(self, settings: Settings, topics: Sequence[str]) -> None:
        """Stand at the end of each topic, all of which exist. Raises `BrokerUnavailableError`."""
        self._address = settings.kafka_bootstrap_servers or ""
        with translated(self._address):
            self._client: Any = connect(
                KafkaConsumer,
                settings,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                allow_auto_create_topics=False,
                fetch_max_wait_ms=50,
            )
            self._partitions = [
                TopicPartition(topic, number)
                for topic in topics
                for number in sorted(self._client.partitions_for_topic(topic) or ())
            ]
            self._client.assign(self._partitions)
            for partition, offset in self._client.end_offsets(self._partitions).items():
                self._client.seek(partition, offset)

    def read(self, timeout: float) -> list[Message]:
        """What there is to read within `timeout` seconds, each partition's in order."""
        with translated(self._address):
            found = self._client.poll(timeout_ms=int(timeout * 1000))
        return [message_of(record) for records in found.values() for record in records]

    def at_the_end(self) -> bool:
        """Whether everything that is on the topics at this moment has been read."""
        with translated(self._address):
            ends = self._client.end_offsets(self._partitions)
            return all(self._client.position(each) >= end for each, end in ends.items())

    def close(self) -> None:
        """Disconnect."""
        with translated(self._address):
            self._client.close(autocommit=False, timeout_ms=int(CLOSE_SECONDS * 1000))
