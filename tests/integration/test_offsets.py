"""Does a commit of offsets hold nobody up, and come about in the end?"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from structlog.testing import capture_logs

from consumers.broker import Consumer
from services.messages import Message
from services.settings import load_settings
from tests.brokers.refusing import Failure, RefusingBroker, Request, refusing_broker
from tests.eventually import eventually

PLACE = TopicPartition("topic", 0)
SPEAKS = (2, 1)


@pytest.fixture
def broker() -> Iterator[RefusingBroker]:
    with refusing_broker() as broker:
        broker.create_topic("topic", 1)
        yield broker


@pytest.fixture
def consumer(broker: RefusingBroker) -> Iterator[Consumer]:
    with closing(joined(broker)) as consumer:
        yield consumer


def joined(broker: RefusingBroker) -> Consumer:
    settings = load_settings(
        kafka_bootstrap_servers=broker.bootstrap_servers, kafka_api_version="2.1"
    )
    return Consumer(settings, topic="topic", group="group")


def reached(broker: RefusingBroker) -> dict[str, Any]:
    return {"bootstrap_servers": broker.bootstrap_servers, "api_version": SPEAKS}


def produce(broker: RefusingBroker) -> None:
    with closing(KafkaProducer(**reached(broker))) as producer:
        producer.send("topic", b"value", partition=0).get(timeout=30)


def read_one(broker: RefusingBroker, consumer: Consumer) -> list[Message]:
    produce(broker)
    return eventually(lambda: consumer.poll(10, 0.2), 30, "the message comes")


def committed(broker: RefusingBroker) -> int | None:
    with closing(KafkaConsumer(group_id="group", **reached(broker))) as client:
        offset: int | None = client.committed(PLACE, timeout_ms=5000)
        return offset


def test_an_offset_is_committed_while_its_consumer_goes_on(
    broker: RefusingBroker, consumer: Consumer
) -> None:
    consumer.commit(read_one(broker, consumer))
    consumer.poll(10, 0.2)

    assert eventually(lambda: committed(broker), 10) == 1


def test_a_commit_that_is_refused_is_told_and_tried_again(
    broker: RefusingBroker, consumer: Consumer
) -> None:
    messages = read_one(broker, consumer)
    broker.refuse(Request.OFFSET_COMMIT, Failure.COORDINATOR_NOT_AVAILABLE)

    with capture_logs() as logs:
        consumer.commit(messages)
        eventually(
            lambda: (
                consumer.poll(10, 0.2)
                or [each for each in logs if each["event"] == "offset_commit_failed"][2:]
            ),
            30,
            "it is tried again and again",
        )
    assert committed(broker) is None
    broker.serve(Request.OFFSET_COMMIT)

    assert eventually(lambda: consumer.poll(10, 0.2) or committed(broker), 30) == 1


def test_what_is_due_is_committed_before_a_consumer_leaves(broker: RefusingBroker) -> None:
    with closing(joined(broker)) as consumer:
        consumer.commit(read_one(broker, consumer))

    assert committed(broker) == 1
