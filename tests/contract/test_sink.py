"""What does the relay rely on? The same of Kafka and of the sink in memory."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import pytest
from kafka import KafkaConsumer, TopicPartition

from consumers.broker import Publisher
from consumers.outbox_relay import Sink
from services.errors import MediationError
from services.messages import Outgoing
from services.settings import Settings, load_settings
from tests.brokers.broker import PARTITIONS, Broker
from tests.brokers.report import BrokerReport
from tests.eventually import eventually
from tests.simulation.sink import MemorySink

TOPIC = "order.frozen"


@dataclass(frozen=True, slots=True)
class World:
    """A sink, and all that has arrived on the topic: of each key in the order of its partition."""

    sink: Sink
    arrived: Callable[[], list[Outgoing]]


def settings_for(broker: Broker) -> Settings:
    return load_settings(
        kafka_bootstrap_servers=broker.bootstrap_servers,
        kafka_api_version=broker.api_version and "2.1",
    )


@pytest.fixture(params=["memory", "embedded", "apache"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "memory":
        memory = MemorySink()
        yield World(memory, lambda: memory.published)
        return
    fixture = "embedded_kafka" if request.param == "embedded" else "apache_kafka_alone"
    broker: Broker = request.getfixturevalue(fixture)
    BrokerReport.note(request.node, broker)
    broker.create_topics(TOPIC)
    with ExitStack() as stack:
        sink = stack.enter_context(closing(Publisher(settings_for(broker))))
        options = broker.client_options()
        reader = stack.enter_context(closing(KafkaConsumer(group_id=None, **options)))
        reader.assign([TopicPartition(TOPIC, number) for number in range(PARTITIONS)])
        reader.seek_to_beginning()
        read: list[Outgoing] = []

        def arrived() -> list[Outgoing]:
            for records in reader.poll(timeout_ms=200).values():
                read.extend(
                    Outgoing(each.topic, each.key, each.value, tuple(each.headers))
                    for each in records
                )
            return read

        yield World(sink, arrived)


def all_arrived(world: World, count: int) -> list[Outgoing]:
    """What has arrived once that is `count` messages, and no more."""
    eventually(lambda: len(world.arrived()) >= count, 60, f"{count} messages arrive")
    found = world.arrived()
    assert len(found) == count
    return found


def test_the_messages_of_a_key_arrive_in_the_order_of_the_batches(world: World) -> None:
    keys = [b"order-1", b"order-2", b"order-3"]
    sent = [Outgoing(TOPIC, keys[number % 3], b"%d" % number) for number in range(300)]

    world.sink.publish(sent[:200])
    world.sink.publish(sent[200:])

    found = all_arrived(world, len(sent))
    for key in keys:
        assert [m for m in found if m.key == key] == [m for m in sent if m.key == key]


def test_the_messages_of_a_key_stay_in_order_when_they_are_more_than_one_record_batch(
    world: World,
) -> None:
    sent = [Outgoing(TOPIC, b"order-1", b"%d" % number + bytes(40_000)) for number in range(50)]

    world.sink.publish(sent)

    assert all_arrived(world, len(sent)) == sent


def test_key_value_and_headers_arrive_as_they_were_sent(world: World) -> None:
    headers = (("ce_id", b"1"), ("ce_id", b"twice"), ("empty", b""))
    sent = Outgoing(TOPIC, b"\x00key", bytes(range(256)), headers)

    world.sink.publish([sent])

    assert all_arrived(world, 1) == [sent]


def test_no_key_or_no_value_stays_none(world: World) -> None:
    sent = {Outgoing(TOPIC, b"order-1", None), Outgoing(TOPIC, None, b"value")}

    world.sink.publish([*sent])

    assert set(all_arrived(world, 2)) == sent


def test_a_message_of_neither_key_nor_value_arrives_with_an_empty_value(world: World) -> None:
    world.sink.publish([Outgoing(TOPIC, None, None)])

    assert all_arrived(world, 1) == [Outgoing(TOPIC, None, b"")]


def test_a_header_without_a_value_arrives_with_an_empty_one(world: World) -> None:
    world.sink.publish([Outgoing(TOPIC, b"order-1", b"value", (("empty", None),))])

    (found,) = all_arrived(world, 1)
    assert found.headers == (("empty", b""),)


def test_an_empty_batch_publishes_nothing(world: World) -> None:
    world.sink.publish([])

    assert all_arrived(world, 0) == []


def test_a_message_larger_than_the_broker_takes_is_an_error_of_our_tree(world: World) -> None:
    with pytest.raises(MediationError):
        world.sink.publish([Outgoing(TOPIC, b"order-1", bytes(2 * 1024 * 1024))])

    world.sink.publish([Outgoing(TOPIC, b"order-1", b"small")])
    assert [each.value for each in all_arrived(world, 1)] == [b"small"]
