"""The whole pipeline as its users see it: events go into Kafka, effects come out of Kafka.

What is read back is decoded with fastavro and the schema files alone, so that a mistake of the
codec cannot hide itself.
"""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fastavro
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

import schemas
from consumers.bootstrap import ALL_TOPICS
from consumers.stack import Stack
from schemas.codec import Codec
from schemas.events import Event
from schemas.topics import OUTBOUND
from services.settings import load_settings
from services.storage import outbox
from services.storage.database import Database
from tests.brokers.broker import PARTITIONS, Broker
from tests.eventually import eventually
from tests.histories import History

_SINGLE_OBJECT_HEADER_BYTES = 10
_CONFLUENT_HEADER_BYTES = 5


@dataclass(frozen=True, slots=True)
class Published:
    """One message that was read back."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]

    @property
    def said(self) -> dict[str, Any]:
        """The effect in it."""
        file = Path(schemas.__file__).parent / "avro" / f"{self.topic}.v1.avsc"
        schema = fastavro.parse_schema(json.loads(file.read_text()))
        value = self.value or b""
        framed = value.startswith(b"\x00")
        header = _CONFLUENT_HEADER_BYTES if framed else _SINGLE_OBJECT_HEADER_BYTES
        body = io.BytesIO(value[header:])
        record = fastavro.schemaless_reader(body, schema, None)
        assert isinstance(record, dict)
        return record


@dataclass
class Pipeline:
    """A running pipeline; `running_pipeline` makes one."""

    stack: Stack
    broker: Broker
    database: Database
    _producer: KafkaProducer
    _reader: KafkaConsumer
    _read: list[Published] = field(default_factory=list)

    def publish(self, *events: Event) -> None:
        """Publish events in this order, keyed by order."""
        codec = Codec()
        self.publish_bytes((e.topic.value, e.order_id.encode(), codec.encode(e)) for e in events)

    def publish_bytes(self, messages: Iterable[tuple[str, bytes | None, bytes | None]]) -> None:
        """Publish (topic, key, value) as they are."""
        sent = [self._producer.send(topic, key=key, value=value) for topic, key, value in messages]
        for each in sent:
            each.get(timeout=60)

    def published(self, *topics: str) -> list[Published]:
        """All that was ever published to `topics`; by default to every topic written to."""
        for records in self._reader.poll(timeout_ms=100).values():
            for record in records:
                self._read.append(
                    Published(record.topic, record.key, record.value, dict(record.headers))
                )
        return [each for each in self._read if not topics or each.topic in topics]

    def effects_of(self, order_id: str) -> list[tuple[int, str]]:
        """Sequence and topic of the effects of an order, each once, by sequence.

        On each topic they came in this order, too; only what came before may come once more.
        """
        effects: dict[str, tuple[int, str]] = {}
        newest: dict[str, int] = {}
        outbound = {topic.value for topic in OUTBOUND}
        for each in self.published():
            if each.topic in outbound and each.key == order_id.encode():
                said = each.said
                if said["effect_id"] not in effects:
                    sequence = int(said["sequence"])
                    assert sequence > newest.get(each.topic, 0), f"{said} overtook another"
                    newest[each.topic] = sequence
                    effects[said["effect_id"]] = (sequence, each.topic)
        return sorted(effects.values())

    def wait_for_effects(self, order_id: str, topics: list[str], timeout: float = 60) -> None:
        """Wait until the effects of an order are exactly `topics`, numbered from 1 without gaps."""
        expected = list(enumerate(topics, start=1))
        eventually(
            lambda: self._moving() and len(self.effects_of(order_id)) >= len(expected),
            timeout,
            f"{order_id} would have the effects {topics}",
        )
        assert self.effects_of(order_id) == expected

    def wait_for_histories(self, histories: Sequence[History], timeout: float = 120) -> None:
        """Wait until every history has its effects and nothing more is on its way; look again."""
        for history in histories:
            self.wait_for_effects(history.order_id, history.effects, timeout)
        eventually(
            lambda: self._moving() and self.outbox_is_empty(), timeout, "the outbox is empty"
        )
        self.published()
        for history in histories:
            assert self.effects_of(history.order_id) == list(enumerate(history.effects, start=1))

    def outbox_is_empty(self) -> bool:
        """Whether all that was decided is published."""
        with self.database.transaction() as connection:
            return outbox.count(connection) == 0

    def wait_for(self, *topics: str, count: int, timeout: float = 60) -> list[Published]:
        """Wait until at least `count` messages were published to `topics`, and return them."""
        return (
            eventually(
                lambda: self._moving() and len(found := self.published(*topics)) >= count and found,
                timeout,
                f"{count} messages on {topics}",
            )
            or []
        )

    def _moving(self) -> bool:
        self.stack.mend()
        return True


@contextmanager
def running_pipeline(
    broker: Broker, database_url: str, data_dir: Path, **settings: Any
) -> Iterator[Pipeline]:
    """The four processes on this broker and database, ready for work."""
    version = broker.api_version and ".".join(str(number) for number in broker.api_version)
    broker.create_topics(*ALL_TOPICS)
    chosen = load_settings(
        members=broker.members,
        kafka_bootstrap_servers=broker.bootstrap_servers,
        kafka_api_version=version,
        database_url=database_url,
        kafka_session_timeout=6.0,
        **settings,
    )
    producer = KafkaProducer(**broker.client_options())
    reader = KafkaConsumer(**broker.client_options(), auto_offset_reset="earliest")
    inbound = {topic for topic in ALL_TOPICS if f"{topic}.dead-letter" in ALL_TOPICS}
    reader.assign(
        [TopicPartition(t, n) for t in ALL_TOPICS if t not in inbound for n in range(PARTITIONS)]
    )
    reader.seek_to_beginning()
    database = Database(database_url)
    try:
        with Stack(chosen, data_dir) as stack:
            stack.start_processes()
            stack.wait_until_ready()
            yield Pipeline(stack, broker, database, producer, reader)
    finally:
        database.close()
        reader.close()
        producer.close()
