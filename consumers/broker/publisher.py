"""Publishing with an idempotent producer that waits for every replica."""

from collections.abc import Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError

from consumers.broker.connection import connect, in_words, translated
from services.errors import BrokerUnavailableError
from services.messages import Outgoing
from services.settings import Settings

_DELIVERY_SECONDS = 15.0


class Publisher:
    """Publishes with an idempotent producer that waits for every replica."""

    def __init__(self, settings: Settings) -> None:
        """Connect. Raises `BrokerUnavailableError`."""
        self._address = settings.kafka_bootstrap_servers or ""
        with translated(self._address):
            self._client: Any = connect(
                KafkaProducer,
                settings,
                acks="all",
                enable_idempotence=True,
                allow_auto_create_topics=False,
                linger_ms=5,
                batch_size=64 * 1024,
                max_block_ms=5000,
                request_timeout_ms=10_000,
                delivery_timeout_ms=int(_DELIVERY_SECONDS * 1000),
            )

    def publish(self, batch: Sequence[Outgoing]) -> None:
        """Publish in order and return once the broker has acknowledged every one.

        Raises:
            BrokerUnavailableError: at least one was not acknowledged; any of them may have been.
        """
        with translated(self._address):
            for topic in dict.fromkeys(each.topic for each in batch):
                self._find(topic)
            sent = [
                self._client.send(
                    each.topic,
                    key=each.key,
                    value=each.value if each.value is not None or each.key is not None else b"",
                    headers=[(_utf8(name), value or b"") for name, value in each.headers],
                )
                for each in batch
            ]
            self._client.flush(timeout=_DELIVERY_SECONDS)
            for each in sent:
                each.get(timeout=_DELIVERY_SECONDS)

    def _find(self, topic: str) -> None:
        """The library waits for a topic that does not exist, and then does not say so."""
        try:
            self._client.partitions_for(topic)
        except KafkaTimeoutError as error:
            raise BrokerUnavailableError(
                f"{self._address}: nothing is known of the topic {topic} ({in_words(error)}):"
                " if it does not exist, run `mediation topics create`"
            ) from error

    def close(self) -> None:
        """Give up what was not acknowledged, and disconnect."""
        with translated(self._address):
            self._client.close(timeout=1.0)


def _utf8(name: str) -> str:
    """A header's name as the library can send it: what is not UTF-8 in it is written out."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")
