"""Can a consumer read whatever a publisher chose to send?"""

from contextlib import closing

import pytest
from kafka import KafkaProducer

from consumers.broker import Consumer
from services.errors import BrokerUnavailableError
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
