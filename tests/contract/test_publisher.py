"""What else does the relay rely on in Kafka? Partitions by key, and order also where it refuses."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from consumers.broker import Publisher
from services.errors import BrokerUnavailableError
from services.messages import Outgoing
from tests.brokers.broker import PARTITIONS, Broker
from tests.brokers.report import BrokerReport
from tests.contract.test_sink import settings_for

SMALL = "topic.of.small.batches"


@pytest.fixture
def broker(apache_kafka_alone: Broker, request: pytest.FixtureRequest) -> Broker:
    BrokerReport.note(request.node, apache_kafka_alone)
    return apache_kafka_alone


@pytest.fixture
def publisher(broker: Broker) -> Iterator[Publisher]:
    with closing(Publisher(settings_for(broker))) as publisher:
        yield publisher


@pytest.fixture
def small(broker: Broker) -> str:
    """A topic of one partition that takes record batches of 3,000 bytes."""
    with closing(KafkaAdminClient(**broker.client_options())) as admin:
        wanted = {
            "num_partitions": 1,
            "replication_factor": 1,
            "configs": {"max.message.bytes": "3000"},
        }
        admin.create_topics({SMALL: wanted}, wait_for_metadata=True)
    return SMALL


def everything_on(broker: Broker, topic: str) -> list[Any]:
    """All records of a topic, each partition's in order."""
    with closing(KafkaConsumer(group_id=None, **broker.client_options())) as reader:
        partitions = [
            TopicPartition(topic, number) for number in reader.partitions_for_topic(topic)
        ]
        reader.assign(partitions)
        reader.seek_to_beginning()
        ends = reader.end_offsets(partitions)
        found: list[Any] = []
        while any(reader.position(each) < ends[each] for each in partitions):
            found += [record for some in reader.poll(200).values() for record in some]
        return found


def test_a_key_goes_to_the_partition_to_which_the_library_would_send_it(
    broker: Broker, publisher: Publisher
) -> None:
    broker.create_topics("order.frozen")
    keys = [b"", b"x", *(b"order-%d" % number for number in range(200))]

    publisher.publish([Outgoing("order.frozen", key, b"ours") for key in keys])
    with closing(KafkaProducer(**broker.client_options())) as library:
        for key in keys:
            library.send("order.frozen", key=key, value=b"theirs")

    places = defaultdict(list)
    for record in everything_on(broker, "order.frozen"):
        places[record.key].append(record.partition)
    assert {len(found) for found in places.values()} == {2}
    assert all(ours == theirs for ours, theirs in places.values())
    assert {ours for ours, _ in places.values()} == set(range(PARTITIONS))


def test_messages_without_a_key_are_spread(broker: Broker, publisher: Publisher) -> None:
    broker.create_topics("order.frozen")

    publisher.publish([Outgoing("order.frozen", None, b"value")] * 200)

    used = {record.partition for record in everything_on(broker, "order.frozen")}
    assert used == set(range(PARTITIONS))


def test_what_a_topic_does_not_take_at_once_arrives_in_parts_and_in_order(
    broker: Broker, publisher: Publisher, small: str
) -> None:
    values = [b"%d" % number + bytes(300) for number in range(100)]

    publisher.publish([Outgoing(small, b"order-1", value) for value in values])

    assert [record.value for record in everything_on(broker, small)] == values


@pytest.mark.parametrize(
    "values",
    [[b"first", bytes(100_000), b"few"], [bytes(600_000), *[bytes(2000)] * 400]],
    ids=["in_its_batch", "in_batches_after_it"],
)
def test_nothing_of_a_partition_follows_a_message_that_was_refused(
    broker: Broker, publisher: Publisher, small: str, values: Sequence[bytes]
) -> None:
    with pytest.raises(BrokerUnavailableError):
        publisher.publish([Outgoing(small, b"order-1", value) for value in values])

    assert [record.value for record in everything_on(broker, small)] in ([], [b"first"])


def test_a_topic_that_does_not_exist_is_named_with_its_remedy(publisher: Publisher) -> None:
    with pytest.raises(BrokerUnavailableError, match="mediation topics create"):
        publisher.publish([Outgoing("no.such.topic", b"order-1", b"value")])
