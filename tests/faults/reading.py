"""Reading topics to their end with a client that shares nothing with the pipeline's."""

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import fastavro
from confluent_kafka import Consumer, TopicPartition

import schemas

_HEADER_BYTES = 10  # of Avro's single-object encoding
_PATIENCE = 150  # fruitless calls, about half a minute


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    def header(self, name: str) -> str | None:
        """The first header of this name, as text."""
        found = next((value for each, value in self.headers if each == name), None)
        return None if found is None else found.decode()

    @property
    def said(self) -> dict[str, Any]:
        """The effect in it."""
        body = io.BytesIO((self.value or b"")[_HEADER_BYTES:])
        record = fastavro.schemaless_reader(body, _schema(self.topic), None)
        assert isinstance(record, dict)
        return record


@cache
def _schema(topic: str) -> Any:
    file = Path(schemas.__file__).parent / "avro" / f"{topic}.v1.avsc"
    return fastavro.parse_schema(json.loads(file.read_text()))


def read_all(servers: str, topics: Iterable[str]) -> Iterator[Record]:
    """Every record of these topics, each partition's in order, up to the last that is there now."""
    client = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "nobody",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 50,
        }
    )
    try:
        left = dict(_ends(client, topics))
        client.assign([TopicPartition(*place, 0) for place in left])
        patience = _PATIENCE
        while left:
            messages = client.consume(500, timeout=0.2)
            patience = _PATIENCE if messages else patience - 1
            assert patience, f"not read to the end: {left}"
            for message in messages:
                assert message.error() is None, message.error()
                record = _record(message)
                place = (record.topic, record.partition)
                if record.offset + 1 >= left.get(place, 0):
                    left.pop(place, None)
                yield record
    finally:
        client.close()


def _ends(client: Consumer, topics: Iterable[str]) -> Iterator[tuple[tuple[str, int], int]]:
    for topic in topics:
        for number in client.list_topics(topic, timeout=30).topics[topic].partitions:
            _, end = client.get_watermark_offsets(TopicPartition(topic, number), timeout=30)
            if end:
                yield (topic, number), end


def _record(message: Any) -> Record:
    return Record(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        key=message.key(),
        value=message.value(),
        headers=tuple(message.headers() or ()),
    )
