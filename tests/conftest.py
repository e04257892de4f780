"""What every test may ask for. Rule: nothing starts before the first test that asks for it.

`kafka` runs a test once on the embedded broker and once on Apache Kafka, each time an empty one.
`empty_database_url` gives each test a PostgreSQL database of its own.
"""

import itertools
import os
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql
from sqlalchemy import make_url

from consumers.embedded import EmbeddedBroker, EmbeddedDatabase
from tests.brokers.apache import apache_kafka
from tests.brokers.broker import Broker
from tests.brokers.cleaning import left_as_found
from tests.brokers.report import BrokerReport
from tests.brokers.unavailable import UnavailableError
from tests.postgres import hasty_postgres

REPORT = pytest.StashKey[BrokerReport]()
_DATABASE_NUMBERS = itertools.count(1)

# The time of one example says more of the machine than of the code; in CI a failure must come back.
# `make simulate` asks for "thorough": ten chapters (tests/properties) of so many runs a property.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=2_000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "here")
)


def pytest_configure(config: pytest.Config) -> None:
    required = os.environ.get("REQUIRE_APACHE_KAFKA") == "1"
    config.stash[REPORT] = BrokerReport(required=required)


@pytest.hookimpl(trylast=True)  # after coverage: these are to be the last lines
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("brokers")
    passed = terminalreporter.getreports("passed")
    for line in terminalreporter.config.stash[REPORT].lines(passed):
        terminalreporter.write_line(line)


def pytest_sessionfinish(session: pytest.Session) -> None:
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    report = session.config.stash[REPORT]
    if terminal is not None and report.is_short_of_apache(terminal.getreports("passed")):
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def embedded_kafka() -> Iterator[Broker]:
    """An embedded broker of the test's own."""
    with EmbeddedBroker() as broker:
        yield Broker(
            name="embedded",
            description=f"embedded librdkafka {broker.version}",
            bootstrap_servers=broker.bootstrap_servers,
            api_version=broker.api_version,
        )


@pytest.fixture(scope="session")
def shared_apache_kafka(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """The one Apache Kafka of the test run; skips, or fails where it is required."""
    report = request.config.stash[REPORT]
    try:
        with apache_kafka() as broker:
            yield broker
    except UnavailableError as reason:
        report.why_no_apache = str(reason)
        if report.required:
            pytest.fail(f"Apache Kafka is required, and there is none: {reason}", pytrace=False)
        pytest.skip(f"no Apache Kafka: {reason}")


@pytest.fixture
def apache_kafka_alone(shared_apache_kafka: Broker) -> Iterator[Broker]:
    """The Apache Kafka, emptied after the test of all that the test brought."""
    with left_as_found(shared_apache_kafka) as broker:
        yield broker


@pytest.fixture(params=["embedded", "apache"])
def kafka(request: pytest.FixtureRequest) -> Broker:
    """An empty broker: the test runs once on each kind."""
    fixtures = {"embedded": "embedded_kafka", "apache": "apache_kafka_alone"}
    broker: Broker = request.getfixturevalue(fixtures[request.param])
    BrokerReport.note(request.node, broker)
    return broker


@pytest.fixture(scope="session")
def database_server() -> Iterator[EmbeddedDatabase]:
    """One PostgreSQL for the test run, which need not survive a power cut."""
    with hasty_postgres("mediation-") as server:
        yield server


@pytest.fixture
def empty_database_url(database_server: EmbeddedDatabase) -> Iterator[str]:
    """A database with nothing in it, dropped afterwards with whoever is still connected."""
    name = f"test_{next(_DATABASE_NUMBERS)}"
    create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(database_server.url, autocommit=True) as connection:
        connection.execute(create)
        try:
            url = make_url(database_server.url).set(database=name)
            yield url.render_as_string(hide_password=False)
        finally:
            connection.execute(drop)
