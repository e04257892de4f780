"""Apache Kafka in a container, where a Docker engine of this machine answers."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from tests.brokers.broker import Broker
from tests.brokers.local_jvm import answers
from tests.brokers.unavailable import UnavailableError
from tests.eventually import eventually

_IMAGE = "apache/kafka:4.1.1"  # as deploy/compose has it
_REQUIRED = "REQUIRE_DOCKER"


@contextmanager
def container_broker() -> Iterator[Broker]:
    """A KRaft node in a container of its own; with REQUIRE_DOCKER=1 it fails where it cannot be."""
    try:
        yield from _container_broker()
    except UnavailableError as reason:
        if os.environ.get(_REQUIRED) == "1":
            raise RuntimeError(f"{_REQUIRED}=1, and {reason}") from reason
        raise


def _container_broker() -> Iterator[Broker]:
    _ask_the_engine()
    from testcontainers.core.container import DockerContainer

    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    container = DockerContainer(_IMAGE)
    ports: dict[str, Any] = container.ports
    host, port = address.split(":")
    ports["9092/tcp"] = (host, int(port))  # on loopback alone, as the Docker library takes it
    for name, value in _settings(address).items():
        container.with_env(name, value)
    try:
        container.start()
        eventually(lambda: answers(address), timeout=60, message="the broker would answer")
    except Exception as error:  # whatever the engine, the registry or the image has to say
        container.stop()
        raise UnavailableError(f"the container {_IMAGE} did not start: {error}") from error
    try:
        yield Broker(
            name="apache",
            description=f"Apache Kafka in a container ({_IMAGE})",
            bootstrap_servers=address,
        )
    finally:
        container.stop()


def _settings(address: str) -> dict[str, str]:
    """As tests/kafka/server.properties, in the words of the image."""
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{address}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
    }


def _ask_the_engine() -> None:
    try:
        client = docker.from_env(timeout=5)
        try:
            client.ping()
        finally:
            client.close()
    except (DockerException, RequestException, OSError) as error:
        raise UnavailableError("no Docker engine answers") from error
