"""One broker as the tests see it. Rule: a test never asks which kind it has."""

from dataclasses import dataclass
from typing import Any, Literal

from kafka import KafkaAdminClient, KafkaProducer

from consumers.embedded import EmbeddedBroker

PARTITIONS = EmbeddedBroker.partitions  # it can have no other number, so the tests want that one
MEMBERS = 2

BrokerName = Literal["embedded", "apache"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where a broker is, and what its clients must know.

    Attributes:
        name: which of the two kinds, as in the names of the tests.
        description: what really runs, for the last lines of the test run.
        bootstrap_servers: `host:port`, or several with commas.
        api_version: for kafka-python; None where it can ask the broker.
    """

    name: BrokerName
    description: str
    bootstrap_servers: str
    api_version: tuple[int, int] | None = None

    @property
    def members(self) -> int:
        """How many members of its group a consumer process is here."""
        return EmbeddedBroker.members if self.name == "embedded" else MEMBERS

    def client_options(self) -> dict[str, Any]:
        """What every kafka-python client takes to reach this broker."""
        return {"bootstrap_servers": self.bootstrap_servers, "api_version": self.api_version}

    def create_topics(self, *topics: str) -> None:
        """Make each topic, with `PARTITIONS` partitions and one replica."""
        if self.name == "embedded":
            producer = KafkaProducer(**self.client_options())
            for topic in topics:
                producer.partitions_for(topic)  # asking for a topic is what makes it
            producer.close()
        else:
            admin = KafkaAdminClient(**self.client_options())
            wanted = {"num_partitions": PARTITIONS, "replication_factor": 1}
            admin.create_topics(dict.fromkeys(topics, wanted), wait_for_metadata=True)
            admin.close()
