"""The ground for changes of release, and how far the pipeline has come on a ground.

Rule: no proxies, and a database as empty as a first `mediation db upgrade` finds it.
"""

from collections.abc import Mapping
from contextlib import closing
from functools import partial

from confluent_kafka import Consumer, KafkaException, TopicPartition
from sqlalchemy import make_url

from consumers.bootstrap import ALL_TOPICS, CONSUMERS
from consumers.broker import Admin
from services.settings import load_settings
from tests.eventually import eventually
from tests.faults.ground import PARTITIONS, Ground

SESSION_SECONDS = 6.0

Place = tuple[str, int]
"""A topic and a partition."""


class Stage(Ground):
    """Broker, topics and an empty database; the settings go past the proxies."""

    def _prepare(self) -> None:
        with self.connection() as connection:
            name = connection.info.dbname
        url = make_url(self.url).set(database=name)
        self.settings = load_settings(
            kafka_bootstrap_servers=self.node.address,
            database_url=url.render_as_string(hide_password=False),
            kafka_session_timeout=SESSION_SECONDS,
            batch_size=100,
        )
        admin = Admin(self.settings)
        admin.create_topics(ALL_TOPICS, partitions=PARTITIONS, replication_factor=1)
        admin.close()


def committed(ground: Ground) -> dict[Place, int]:
    """The offset that each partition of the three topics is committed up to."""
    found = {}
    for definition in CONSUMERS.values():
        options = {"bootstrap.servers": ground.node.address, "group.id": definition.group}
        topic = definition.topic.value
        with closing(Consumer(options)) as client:
            for each in eventually(partial(_asked, client, topic), 60, "the offsets are known"):
                found[topic, each.partition] = max(each.offset, 0)
    return found


def _asked(client: Consumer, topic: str) -> list[TopicPartition]:
    """What the broker says; a broker that has just started may not say it yet."""
    try:
        wanted = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        return client.committed(wanted, timeout=10)
    except KafkaException:
        return []


def is_idle(ground: Ground, ends: Mapping[Place, int]) -> bool:
    """Whether everything up to these ends is handled, and every effect of it published."""
    up_to = committed(ground)
    behind = [place for place, end in ends.items() if up_to[place] < end]
    return not behind and not ground.query("SELECT 1 FROM outbox LIMIT 1")
