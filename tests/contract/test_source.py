"""What does a runner rely on? The same of Kafka and of the topic in memory."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass

import pytest
from kafka import KafkaProducer

from consumers.broker import Consumer
from consumers.runner import Source
from services.errors import BrokerUnavailableError
from services.messages import Message
from services.settings import load_settings
from tests.brokers.broker import Broker
from tests.brokers.report import BrokerReport
from tests.eventually import eventually
from tests.simulation.broker import MemoryBroker, MemorySource


@dataclass(frozen=True, slots=True)
class World:
    """A topic of four partitions: how to produce to it, and how to join a group on it."""

    produce: Callable[[int, bytes], object]
    join: Callable[[], Source]


@pytest.fixture(params=["memory", "embedded", "apache"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with ExitStack() as stack:
        if request.param == "memory":
            memory = MemoryBroker()
            yield World(
                lambda partition, value: memory.append("topic", partition, b"key", value),
                lambda: stack.enter_context(MemorySource(memory, "group")),
            )
            return
        fixture = "embedded_kafka" if request.param == "embedded" else "apache_kafka_alone"
        broker: Broker = request.getfixturevalue(fixture)
        BrokerReport.note(request.node, broker)
        broker.create_topics("topic")
        settings = load_settings(
            kafka_bootstrap_servers=broker.bootstrap_servers,
            kafka_api_version=broker.api_version and "2.1",
            kafka_session_timeout=6.0,
        )
        producer = stack.enter_context(closing(KafkaProducer(**broker.client_options())))

        def produce(partition: int, value: bytes) -> None:
            sent = producer.send("topic", key=b"key", value=value, partition=partition)
            sent.get(timeout=60)

        yield World(
            produce,
            lambda: stack.enter_context(closing(Consumer(settings, topic="topic", group="group"))),
        )


def read(source: Source, count: int) -> list[Message]:
    """The next `count` messages, and no more."""
    found: list[Message] = []

    def enough() -> bool:
        found.extend(source.poll(count - len(found), 0.5))
        return len(found) >= count

    eventually(enough, 60, f"{count} messages")
    return found


@contextmanager
def consuming(source: Source) -> Iterator[list[Message]]:
    """Poll in a thread of its own, as a member that is a process does; yields what has come.

    Two members must not take turns in one thread: a join that completes while its member is not
    polling is lost by the library, and begun again.
    """
    received: list[Message] = []
    stop = threading.Event()

    def poll() -> None:
        while not stop.is_set():
            with suppress(BrokerUnavailableError):
                received.extend(source.poll(10, 1.0))

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield received
    finally:
        stop.set()
        thread.join()


def test_the_messages_of_a_partition_come_in_order(world: World) -> None:
    for number in range(20):
        world.produce(number % 2, b"%d" % number)

    found = read(world.join(), 20)

    for partition in (0, 1):
        offsets = [each.offset for each in found if each.partition == partition]
        assert offsets == list(range(10))


def test_what_was_not_committed_is_delivered_to_the_next_member(world: World) -> None:
    world.produce(0, b"one")
    with closing(world.join()) as first:
        read(first, 1)

    assert [each.value for each in read(world.join(), 1)] == [b"one"]


def test_what_was_committed_is_not_delivered_again(world: World) -> None:
    for value in (b"one", b"two"):
        world.produce(0, value)
    with closing(world.join()) as first:
        first.commit(read(first, 1))

    assert [each.value for each in read(world.join(), 1)] == [b"two"]


def test_holding_delivers_nothing_and_loses_nothing(world: World) -> None:
    world.produce(0, b"one")
    source = world.join()
    batch = read(source, 1)
    world.produce(0, b"two")

    source.hold(1.0, lambda: False)

    # A broker may take partitions away at any time, and then delivers again what was not committed.
    ours = source.still_ours(batch)
    source.commit(ours)
    expected = [b"two"] if ours else [b"one", b"two"]
    assert [each.value for each in read(source, len(expected))] == expected


def test_what_another_member_took_over_is_no_longer_ours_and_reaches_somebody(
    world: World,
) -> None:
    for partition in range(4):
        world.produce(partition, b"%d" % partition)
    first = world.join()
    batch = read(first, 4)

    with consuming(world.join()) as received:

        def handed_over() -> bool:
            with suppress(BrokerUnavailableError):
                first.hold(1.0, lambda: False)
            return len(first.still_ours(batch)) < len(batch) and bool(received)

        eventually(handed_over, 60, "the second member is given partitions")
        ours = {each.partition for each in first.still_ours(batch)}
        theirs = {each.partition for each in received}
        assert theirs & ours == set()
        with consuming(first) as read_again:
            eventually(
                lambda: {m.partition for m in [*received, *read_again]} | ours == {0, 1, 2, 3},
                60,
                "every message is with one of them",
            )
