"""Which Apache Kafka do the tests take, and what do they say of it at the end?"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.brokers.apache import BOOTSTRAP_SERVERS, Source, apache_kafka, named_broker
from tests.brokers.broker import Broker
from tests.brokers.report import BrokerReport
from tests.brokers.unavailable import UnavailableError


def a_source(description: str) -> Source:
    @contextmanager
    def source() -> Iterator[Broker]:
        yield Broker(name="apache", description=description, bootstrap_servers="127.0.0.1:1")

    return source


def no_source(reason: str) -> Source:
    def source() -> AbstractContextManager[Broker]:
        raise UnavailableError(reason)

    return source


def a_passed_test(*brokers: tuple[str, str]) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid="test",
        location=("file", 1, "test"),
        keywords={},
        outcome="passed",
        longrepr=None,
        when="call",
        user_properties=[("broker", broker) for broker in brokers],
    )


def test_the_first_source_that_has_a_broker_is_taken() -> None:
    sources = [no_source("not set"), a_source("a container"), a_source("a JVM")]

    with apache_kafka(sources) as broker:
        description = broker.description

    assert description == "a container"


def test_when_no_source_has_one_every_reason_is_given() -> None:
    sources = [no_source("not set"), no_source("no engine"), no_source("no Java")]

    with pytest.raises(UnavailableError, match="not set; no engine; no Java"):
        apache_kafka(sources).__enter__()


def test_the_environment_may_name_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BOOTSTRAP_SERVERS, "kafka:9092")

    with named_broker() as broker:
        servers = broker.bootstrap_servers

    assert servers == "kafka:9092"


def test_the_brokers_used_are_counted() -> None:
    passed = [
        a_passed_test(("embedded", "embedded librdkafka 2")),
        a_passed_test(("apache", "Apache Kafka 4")),
        a_passed_test(("apache", "Apache Kafka 4")),
        a_passed_test(),
    ]

    lines = BrokerReport(required=True).lines(passed)

    assert lines == [
        "brokers used: embedded librdkafka 2 (1 passed), Apache Kafka 4 (2 passed)",
    ]


def test_a_run_without_apache_kafka_says_why() -> None:
    report = BrokerReport(required=False, why_no_apache="no Java")

    lines = report.lines([a_passed_test(("embedded", "embedded librdkafka 2"))])

    assert lines[-1] == "Apache Kafka was NOT used: no Java"
    assert not report.is_short_of_apache([])


def test_a_run_that_requires_apache_kafka_fails_without_it() -> None:
    report = BrokerReport(required=True)

    assert report.is_short_of_apache([a_passed_test(("embedded", "embedded librdkafka 2"))])
    assert not report.is_short_of_apache([a_passed_test(("apache", "Apache Kafka 4"))])
