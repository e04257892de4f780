"""arroyo (Sentry's): a batching step, a task that writes, a step that commits."""

from collections.abc import Mapping
from typing import Any

from arroyo import Topic
from arroyo.backends.kafka import KafkaConsumer, KafkaPayload
from arroyo.backends.kafka.configuration import build_kafka_consumer_configuration
from arroyo.processing import StreamProcessor
from arroyo.processing.strategies import (
    BatchStep,
    CommitOffsets,
    ProcessingStrategy,
    ProcessingStrategyFactory,
    RunTask,
)
from arroyo.types import BrokerValue, Commit, Partition
from arroyo.types import Message as Batch

from bench.job import Job
from bench.peers.batch import Handle, handler
from services.messages import Message

_BATCH_SECONDS = 0.2


class Factory(ProcessingStrategyFactory[KafkaPayload]):
    """Makes the steps whenever partitions are assigned."""

    def __init__(self, handle: Handle, batch: int) -> None:
        self._handle = handle
        self._batch = batch

    def create_with_partitions(
        self, commit: Commit, partitions: Mapping[Partition, int]
    ) -> ProcessingStrategy[KafkaPayload]:
        """Batch, write, commit."""
        written = RunTask(self._write, CommitOffsets(commit))
        return BatchStep(self._batch, _BATCH_SECONDS, written)

    def _write(self, batch: Batch[Any]) -> None:
        self._handle([_message(each) for each in batch.payload])


def main() -> None:
    """Run for ever."""
    job = Job.given()
    consumer = KafkaConsumer(
        build_kafka_consumer_configuration(
            {}, bootstrap_servers=[job.servers], group_id=job.group, auto_offset_reset="earliest"
        )
    )
    with handler(job) as handle:
        StreamProcessor(consumer, Topic(job.topic), Factory(handle, job.batch)).run()


def _message(record: BrokerValue[KafkaPayload]) -> Message:
    return Message(
        topic=record.partition.topic.name,
        partition=record.partition.index,
        offset=record.offset,
        timestamp_ms=int(record.timestamp.timestamp() * 1000),
        key=record.payload.key,
        value=record.payload.value,
        headers=tuple(record.payload.headers),
    )


if __name__ == "__main__":
    main()
