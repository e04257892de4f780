"""One consumer at a time, started and stopped as an operator would.

Rule: an operator has the command line, its exit codes and its last words, and nothing else.
"""

import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kafka import KafkaProducer

from consumers.bootstrap import ALL_TOPICS, CONSUMERS
from consumers.broker import Admin
from consumers.processes import Children
from schemas.codec import Codec
from schemas.events import Event
from services.settings import load_settings
from services.storage import schema
from services.storage.database import Database
from tests.brokers.broker import PARTITIONS, Broker
from tests.e2e.commands import COMMAND, Ended, Mediation
from tests.integration.looking import letters

NAME = "order-disputed"
TOPIC = "order.disputed"
WINDOW = 20
MOST = WINDOW // 2


class Desk:
    """An operator's desk before an empty pipeline whose gate counts over `WINDOW` messages.

    A batch is a message, so that what is held back is known to the message.
    """

    def __init__(self, broker: Broker, database_url: str, directory: Path) -> None:
        broker.create_topics(*ALL_TOPICS)
        version = broker.api_version and ".".join(str(number) for number in broker.api_version)
        self._said = {
            "kafka_bootstrap_servers": broker.bootstrap_servers,
            "kafka_session_timeout": "6",
            "database_url": database_url,
            "flood_window": str(WINDOW),
            "batch_size": "1",
            "members": str(broker.members),
        } | ({"kafka_api_version": version} if version else {})
        self._settings = load_settings(**self._said)
        self._directory = directory
        self._producer = KafkaProducer(**broker.client_options())
        self.database = Database(database_url)
        schema.upgrade(self.database)

    def close(self) -> None:
        """Leave the desk."""
        self._producer.close()
        self.database.close()

    def publish(self, messages: Iterable[tuple[Event | None, bytes]]) -> None:
        """Publish to `TOPIC`: for each its value, under the key of its event if it has one."""
        sent = [
            self._producer.send(TOPIC, key=event and event.order_id.encode(), value=value)
            for event, value in messages
        ]
        for each in sent:
            each.get(timeout=60)

    def publish_elsewhere(self, *events: Event) -> None:
        """Publish good events, each to its own topic."""
        for event in events:
            key, value = event.order_id.encode(), Codec().encode(event)
            self._producer.send(event.topic.value, key=key, value=value).get(timeout=60)

    def mediation(self, *arguments: str, **settings: str) -> Ended:
        """Run a command to its end."""
        return Mediation(self._directory, self._said | settings)(*arguments)

    @contextmanager
    def consumer(self, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
        """The consumer at work; it must end with 0 when it is asked to at the end of the block."""
        command = Mediation(self._directory, self._said | settings)
        with (
            (self._directory / "consumer.log").open("ab") as log,
            subprocess.Popen(
                [*COMMAND, "run", NAME],
                stdout=log,
                stderr=log,
                cwd=self._directory,
                env=command.environment(),
            ) as process,
        ):
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                code = process.wait(15)
        assert code == 0, f"the consumer ended with {code}"

    @contextmanager
    def the_others(self) -> Iterator[None]:
        """The other two consumers and the relay at work."""
        children = Children(self._settings, self._directory / "logs", lambda _: None)
        children.start(["mediator-assigned", "verdict-issued", "relay"])
        try:
            yield
        finally:
            children.stop()

    def reasons(self) -> list[str]:
        """The reasons of all dead letters of `TOPIC`."""
        return [str(reason) for topic, reason in letters(self.database) if topic == TOPIC]

    def committed(self) -> int:
        """How many messages the consumer has left behind it."""
        admin = Admin(self._settings)
        try:
            found = admin.committed(CONSUMERS[NAME].group, TOPIC, range(PARTITIONS))
        finally:
            admin.close()
        return sum(found.values())
