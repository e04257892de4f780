"""What do the consumers and the relay rely on in a broker? The same on both kinds."""

from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from tests.brokers.broker import PARTITIONS, Broker
from tests.eventually import eventually

TOPIC = "order.disputed"


def publish(kafka: Broker, *values: bytes, key: bytes | None = b"order-1") -> None:
    """Publish in order, and wait for every acknowledgement."""
    producer = KafkaProducer(acks="all", enable_idempotence=True, **kafka.client_options())
    sent = [producer.send(TOPIC, key=key, value=value) for value in values]
    for each in sent:
        each.get(timeout=60)
    producer.close()


def consumer(kafka: Broker, group: str = "mediation.order-disputed") -> KafkaConsumer:
    reader = KafkaConsumer(
        TOPIC,
        group_id=group,
        session_timeout_ms=6_000,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **kafka.client_options(),
    )
    # Known before it joins: a member that does not know its topic's partitions yet is assigned
    # none, and joins again.
    reader.partitions_for_topic(TOPIC)
    return reader


def read(reader: KafkaConsumer, count: int) -> list[ConsumerRecord]:
    """Exactly `count` records, in the order in which they came."""
    records: list[ConsumerRecord] = []

    def enough() -> bool:
        for batch in reader.poll(timeout_ms=700).values():
            records.extend(batch)
        return len(records) >= count

    eventually(enough, timeout=60, message=f"{count} records arrive")
    assert len(records) == count
    return records


def commit(reader: KafkaConsumer, record: ConsumerRecord) -> None:
    partition = TopicPartition(record.topic, record.partition)
    reader.commit({partition: OffsetAndMetadata(record.offset + 1, "", -1)})


def test_a_topic_has_the_partitions_that_were_asked_for(kafka: Broker) -> None:
    kafka.create_topics(TOPIC)

    producer = KafkaProducer(**kafka.client_options())
    partitions = producer.partitions_for(TOPIC)
    producer.close()

    assert partitions == set(range(PARTITIONS))


def test_key_value_and_headers_arrive_as_they_were_sent(kafka: Broker) -> None:
    kafka.create_topics(TOPIC)
    headers = [("ce_id", b"1"), ("ce_id", b"twice"), ("empty", b"")]
    value = bytes(range(256))

    producer = KafkaProducer(**kafka.client_options())
    producer.send(TOPIC, key=b"\x00key", value=value, headers=headers).get(timeout=60)
    producer.close()
    reader = consumer(kafka)
    (record,) = read(reader, 1)
    reader.close()

    assert (record.key, record.value, list(record.headers)) == (b"\x00key", value, headers)


def test_no_key_and_no_value_stay_none(kafka: Broker) -> None:
    kafka.create_topics(TOPIC)

    producer = KafkaProducer(**kafka.client_options())
    producer.send(TOPIC, key=b"order-1", value=None).get(timeout=60)
    producer.send(TOPIC, key=None, value=b"no key").get(timeout=60)
    producer.close()
    reader = consumer(kafka)
    records = read(reader, 2)
    reader.close()

    assert {(record.key, record.value) for record in records} == {
        (b"order-1", None),
        (None, b"no key"),
    }


def test_records_of_one_key_keep_their_order(kafka: Broker) -> None:
    kafka.create_topics(TOPIC)
    values = [str(number).encode() for number in range(500)]

    publish(kafka, *values)
    reader = consumer(kafka)
    records = read(reader, len(values))
    reader.close()

    assert [record.value for record in records] == values
    assert len({record.partition for record in records}) == 1


def test_a_group_goes_on_where_its_last_consumer_committed(kafka: Broker) -> None:
    kafka.create_topics(TOPIC)
    publish(kafka, b"first", b"second", b"third")

    first = consumer(kafka)
    commit(first, read(first, 3)[1])
    first.close()
    second = consumer(kafka)
    rest = read(second, 1)
    second.close()

    assert [record.value for record in rest] == [b"third"]


def test_an_uncommitted_record_is_delivered_again(kafka: Broker) -> None:
    kafka.create_topics(TOPIC)
    publish(kafka, b"first")

    first = consumer(kafka)
    read(first, 1)
    first.close(autocommit=False)
    second = consumer(kafka)
    again = read(second, 1)
    second.close()

    assert [record.value for record in again] == [b"first"]


def test_another_group_reads_everything_for_itself(kafka: Broker) -> None:
    kafka.create_topics(TOPIC)
    publish(kafka, b"first")

    mine = consumer(kafka, "mediation.order-disputed")
    commit(mine, read(mine, 1)[0])
    mine.close()
    other = consumer(kafka, "someone.else")
    theirs = read(other, 1)
    other.close()

    assert [record.value for record in theirs] == [b"first"]


def test_every_test_finds_an_empty_broker(kafka: Broker) -> None:
    kafka.create_topics(TOPIC)

    reader = consumer(kafka)
    partitions = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
    ends = reader.end_offsets(partitions)
    committed = [reader.committed(partition) for partition in partitions]
    reader.close()

    assert set(ends.values()) == {0}
    assert committed == [None] * PARTITIONS
