"""The records of other libraries as messages of ours, which is what a batch is handed as."""

from typing import Any

from services.messages import Message


def of_confluent(record: Any) -> Message:
    """A `confluent_kafka.Message`."""
    return Message(
        topic=record.topic(),
        partition=record.partition(),
        offset=record.offset(),
        timestamp_ms=record.timestamp()[1],
        key=record.key(),
        value=record.value(),
        headers=tuple(record.headers() or ()),
    )


def of_aiokafka(record: Any) -> Message:
    """An `aiokafka.ConsumerRecord`."""
    return Message(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
    )
