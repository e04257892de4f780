"""Finding an Apache Kafka: named by the environment, else a container, else a local JVM.

Rule: the first that answers is taken; when none does, each says why not.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

from tests.brokers.broker import Broker
from tests.brokers.container import container_broker
from tests.brokers.local_jvm import local_jvm_broker
from tests.brokers.unavailable import UnavailableError

BOOTSTRAP_SERVERS = "MEDIATION_TEST_KAFKA_BOOTSTRAP_SERVERS"


class Source(Protocol):
    """A place where a broker may be. Entering raises UnavailableError where there is none."""

    def __call__(self) -> AbstractContextManager[Broker]:
        """The broker, for as long as the context lasts."""


@contextmanager
def named_broker() -> Iterator[Broker]:
    """The broker that the environment names; nobody here starts or stops it."""
    servers = os.environ.get(BOOTSTRAP_SERVERS, "")
    if not servers:
        raise UnavailableError(f"{BOOTSTRAP_SERVERS} is not set")
    description = f"Apache Kafka at {servers} (named by the environment)"
    yield Broker(name="apache", description=description, bootstrap_servers=servers)


SOURCES: Sequence[Source] = (named_broker, container_broker, local_jvm_broker)


@contextmanager
def apache_kafka(sources: Sequence[Source] = SOURCES) -> Iterator[Broker]:
    """The first source's broker that there is.

    Raises:
        UnavailableError: there is none; the message says why, for every source.
    """
    reasons = []
    with ExitStack() as stack:
        for source in sources:
            try:
                broker = stack.enter_context(source())
            except UnavailableError as reason:
                reasons.append(str(reason))
            else:
                yield broker
                return
    raise UnavailableError("; ".join(reasons))
