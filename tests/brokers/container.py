"""Apache Kafka in a container, where a Docker engine answers."""

from collections.abc import Iterator
from contextlib import contextmanager

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from tests.brokers.broker import Broker
from tests.brokers.unavailable import UnavailableError

# Confluent's packaging of Apache Kafka 3.9: what testcontainers knows how to start.
_IMAGE = "confluentinc/cp-kafka:7.9.0"


@contextmanager
def container_broker() -> Iterator[Broker]:
    """A KRaft node in a container of its own."""
    _ask_the_engine()
    from testcontainers.community.kafka import KafkaContainer

    container = KafkaContainer(_IMAGE).with_kraft()
    container.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
    try:
        container.start(timeout=120)
    except Exception as error:  # whatever the engine, the registry or the image has to say
        container.stop()
        raise UnavailableError(f"the container {_IMAGE} did not start: {error}") from error
    try:
        yield Broker(
            name="apache",
            description=f"Apache Kafka in a container ({_IMAGE})",
            bootstrap_servers=container.get_bootstrap_server(),
        )
    finally:
        container.stop()


def _ask_the_engine() -> None:
    try:
        client = docker.from_env(timeout=5)
        try:
            client.ping()
        finally:
            client.close()
    except (DockerException, RequestException, OSError) as error:
        raise UnavailableError("no Docker engine answers") from error
