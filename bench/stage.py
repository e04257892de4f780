"""Where contestants meet: one Apache Kafka, one PostgreSQL, fresh databases and forgotten groups.

Rule: everything is on loopback and in one directory, and ends with its owner. The database is as
durable as it is by default. Each contestant gets a database of its own, made from one template, and
a group that nobody has read with.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from sqlalchemy import make_url

from consumers.bootstrap import ALL_TOPICS
from consumers.broker import Admin
from consumers.embedded import EmbeddedDatabase
from schemas.topics import INBOUND
from services.settings import Settings, load_settings
from services.storage import schema
from services.storage.database import Database
from tests.brokers.local_jvm import LocalNode
from tests.eventually import eventually

PARTITIONS = 12
TEMPLATE = "bench_template"
_INBOUND = tuple(topic.value for topic in INBOUND)


@dataclass(slots=True)
class Stage:
    """Made by `open_stage`."""

    directory: Path
    node: LocalNode
    server_url: str
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    @property
    def servers(self) -> str:
        """The address of Apache Kafka."""
        return self.node.address

    def url(self, database: str) -> str:
        """Of one database, for libpq and SQLAlchemy alike."""
        return make_url(self.server_url).set(database=database).render_as_string(False)

    def connection(self, database: str) -> psycopg.Connection:
        """In autocommit."""
        return psycopg.connect(self.url(database), autocommit=True)

    def settings(self, database: str, servers: str = "", **chosen: Any) -> Settings:
        """For a process of the pipeline that works on `database`."""
        return load_settings(
            kafka_bootstrap_servers=servers or self.servers,
            database_url=self.url(database),
            **chosen,
        )

    @contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[str]:
        """The name of a fresh copy of `template`, for as long as the context lasts."""
        name = f"bench_{next(self._numbers)}"
        self.make_database(name, template)
        try:
            yield name
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def make_database(self, name: str, template: str = TEMPLATE) -> None:
        """A copy of `template` that stays until the end."""
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        self.execute("CHECKPOINT")  # so that nobody pays for it on the way

    def execute(self, statement: str) -> None:
        """Tell the server something."""
        with self.connection("postgres") as connection:
            connection.execute(statement.encode())

    def log(self, name: str) -> Path:
        """Where the process of this name may write."""
        return self.directory / f"{name.replace(' ', '-')}.{next(self._numbers)}.log"

    def forget(self, group: str) -> None:
        """Let the next member of `group` begin at the beginning."""
        client = AdminClient({"bootstrap.servers": self.servers, "log_level": 2})

        def forgotten() -> bool:
            (answer,) = client.delete_consumer_groups([group]).values()
            try:
                answer.result()
            except KafkaException as error:
                return bool(error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND)
            return True

        eventually(forgotten, 60, f"the group {group} is empty")

    def make_topics(self, partitions: int = PARTITIONS) -> None:
        """Every topic of the pipeline, anew and empty."""
        admin = Admin(self.settings("postgres"))
        try:
            present = admin.topics() & set(ALL_TOPICS)
            self._remove(sorted(present))
            eventually(lambda: not admin.topics() & set(ALL_TOPICS), 60, "the topics are gone")
            inbound = [name for name in ALL_TOPICS if name in _INBOUND]
            others = [name for name in ALL_TOPICS if name not in _INBOUND]
            admin.create_topics(inbound, partitions=partitions, replication_factor=1)
            admin.create_topics(
                others,
                partitions=partitions,
                replication_factor=1,
                message_timestamp_type="LogAppendTime",  # the broker says when it took an effect
            )
            eventually(lambda: admin.topics() >= set(ALL_TOPICS), 60, "the topics are known")
        finally:
            admin.close()

    def _remove(self, topics: Sequence[str]) -> None:
        if topics:
            client = AdminClient({"bootstrap.servers": self.servers, "log_level": 2})
            for answer in client.delete_topics(list(topics)).values():
                answer.result()


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Start Apache Kafka and PostgreSQL, with the topics and the template in them."""
    with tempfile.TemporaryDirectory(prefix="mediation-bench-") as folder:
        directory = Path(folder)
        (directory / "broker").mkdir()
        with EmbeddedDatabase(directory) as database:
            _remember_commits(database.url)  # which holds from the next start on
        with EmbeddedDatabase(directory) as database:
            node = LocalNode(directory / "broker")
            try:
                node.start()
                stage = Stage(directory, node, database.url)
                stage.make_topics()
                stage.execute(f"CREATE DATABASE {TEMPLATE}")
                upgraded = Database(stage.url(TEMPLATE))
                schema.upgrade(upgraded)
                upgraded.close()
                yield stage
            finally:
                node.stop()


def _remember_commits(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
