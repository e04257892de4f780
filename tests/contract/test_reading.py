"""Can a consumer read whatever a publisher chose to send?"""

from contextlib import closing

import pytest
from kafka import KafkaProducer

from consumers.broker import Consumer, Publisher
from services.errors import BrokerUnavailableError
from services.messages import Outgoing
from services.settings import load_settings
from tests.brokers.broker import Broker
from tests.eventually import eventually


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
def test_a_compressed_message_is_read(embedded_kafka: Broker, compression: str) -> None:
    embedded_kafka.create_topics("topic")
    options = embedded_kafka.client_options() | {"api_version": (2, 1)}
    with closing(KafkaProducer(**options, compression_type=compression)) as producer:
        producer.send("topic", key=b"key", value=b"value" * 100).get(timeout=10)
    settings = load_settings(
        kafka_bootstrap_servers=embedded_kafka.bootstrap_servers, kafka_api_version="2.1"
    )

    with closing(Consumer(settings, topic="topic", group="group")) as consumer:
        found = eventually(lambda: consumer.poll(10, 1.0), 60)

    assert [each.value for each in found] == [b"value" * 100]


def test_a_message_that_the_library_cannot_read_is_told_of_and_does_not_hang(
    embedded_kafka: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded_kafka.create_topics("topic")
    options = embedded_kafka.client_options() | {"api_version": (2, 1)}
    with closing(KafkaProducer(**options, compression_type="lz4")) as producer:
        producer.send("topic", key=b"key", value=b"value" * 100).get(timeout=10)
    settings = load_settings(
        kafka_bootstrap_servers=embedded_kafka.bootstrap_servers,
        kafka_api_version="2.1",
        kafka_session_timeout=6,
    )

    with closing(Consumer(settings, topic="topic", group="group")) as consumer:
        with monkeypatch.context() as without, pytest.raises(BrokerUnavailableError) as error:
            without.setattr("kafka.codec.has_lz4", lambda: False)
            eventually(lambda: consumer.poll(10, 1.0), 60)
        found = eventually(lambda: consumer.poll(10, 1.0), 60)

    assert "reading topic failed" in str(error.value)
    assert [each.value for each in found] == [b"value" * 100]


class RawName(str):
    """A header's name that is written as bytes which are not UTF-8, as other clients may."""

    __slots__ = ()

    def encode(self, *_: str, **__: str) -> bytes:
        return b"bad\xff"


def test_a_header_name_that_is_not_utf8_is_read_and_mirrored(embedded_kafka: Broker) -> None:
    embedded_kafka.create_topics("topic", "mirror")
    settings = load_settings(
        kafka_bootstrap_servers=embedded_kafka.bootstrap_servers, kafka_api_version="2.1"
    )
    with closing(KafkaProducer(**embedded_kafka.client_options())) as producer:
        producer.send("topic", key=b"key", value=b"v", headers=[(RawName("bad"), b"x")]).get(10)

    with closing(Consumer(settings, topic="topic", group="group")) as consumer:
        (found,) = eventually(lambda: consumer.poll(10, 1.0), 60)
    with closing(Publisher(settings)) as publisher:
        publisher.publish([Outgoing("mirror", found.key, found.value, found.headers)])
    with closing(Consumer(settings, topic="mirror", group="group-2")) as consumer:
        (mirrored,) = eventually(lambda: consumer.poll(10, 1.0), 60)

    assert found.headers == ((b"bad\xff".decode(errors="surrogateescape"), b"x"),)
    assert mirrored.headers == (("bad\\xff", b"x"),)
