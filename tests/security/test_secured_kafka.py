"""Does each user do on Kafka only what is theirs, and does each refusal say what to do?"""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from consumers.bootstrap import ALL_TOPICS, CONSUMERS
from consumers.broker import Admin, Consumer, Publisher
from schemas.codec import Codec
from schemas.events import Event
from schemas.topics import INBOUND, OUTBOUND, dead_letter_topic
from services.errors import BrokerAccessError, BrokerUnavailableError
from services.messages import Outgoing
from services.storage import schema, tables
from services.storage.database import Database
from tests.brokers.report import BrokerReport
from tests.brokers.unavailable import UnavailableError
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.conftest import REPORT
from tests.e2e.commands import Mediation
from tests.eventually import eventually
from tests.integration.looking import rows_of
from tests.security.kafka_refusals import REFUSALS
from tests.security.running import running
from tests.security.secured_kafka import (
    ACLS,
    PASSWORD,
    PRINCIPALS,
    STRANGER,
    TOPICS,
    SecuredKafka,
    acl,
    secured_kafka,
)

VERDICT_CONSUMER = "mediation-verdict-issued"
DEAD_LETTERS = [dead_letter_topic(topic) for topic in INBOUND]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def shared_secured(request: pytest.FixtureRequest) -> Iterator[SecuredKafka]:
    """The one secured broker of the test run; skips, or fails where a broker is required."""
    try:
        with secured_kafka() as broker:
            yield broker
    except UnavailableError as reason:
        if request.config.stash[REPORT].required:
            pytest.fail(f"Apache Kafka is required, and there is none: {reason}", pytrace=False)
        pytest.skip(f"no Apache Kafka: {reason}")


@pytest.fixture
def secured(request: pytest.FixtureRequest, shared_secured: SecuredKafka) -> SecuredKafka:
    BrokerReport.note(request.node, shared_secured.broker)
    return shared_secured


def said_of(event: Event) -> Outgoing:
    return Outgoing(event.topic.value, event.order_id.encode(), Codec().encode(event), ())


def upgrade(url: str) -> None:
    with closing(Database(url)) as database:
        schema.upgrade(database)


def write(kafka: SecuredKafka, user: str, *messages: Outgoing) -> None:
    with closing(Publisher(kafka.settings(user))) as publisher:
        publisher.publish(messages)


def read(kafka: SecuredKafka, user: str, topic: str, group: str) -> None:
    """Be a member of the group until a poll has been answered."""
    with closing(Consumer(kafka.settings(user), topic=topic, group=group)) as consumer:
        eventually(lambda: consumer.poll(1, 0.2) or consumer._gained or None, 20, "a partition")


def test_the_files_say_each_topic_once_and_what_nobody_else_may() -> None:
    named = [name for each in TOPICS["topics"] for name in each["names"]]
    writers: dict[str, list[str]] = {}
    readers: dict[str, list[str]] = {}
    for each in ACLS["principals"]:
        for allowed in each["allow"]:
            if allowed["type"] == "topic":
                for name in allowed["names"]:
                    for operation, users in (("Write", writers), ("Read", readers)):
                        if operation in allowed["operations"]:
                            users.setdefault(name, []).append(each["principal"])

    assert sorted(named) == sorted(ALL_TOPICS)
    assert writers.pop("verdict.issued") == writers.pop("mediator.assigned") == ["mediation-tool"]
    assert writers.pop("order.disputed") == ["order-service"]
    assert writers == {str(name): ["mediation-relay"] for name in (*OUTBOUND, *DEAD_LETTERS)}
    for name, definition in CONSUMERS.items():
        assert readers[definition.topic.value] == [f"mediation-{name}"]


def test_the_pipeline_works_with_each_process_as_its_own_user(
    secured: SecuredKafka, empty_database_url: str, tmp_path: Path
) -> None:
    settings = {"database_url": empty_database_url, "members": "1"}
    mediation = Mediation(tmp_path, settings | secured.environment("mediation-ops"))
    upgrade(empty_database_url)
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                running(name, tmp_path, **settings, **secured.environment(f"mediation-{name}"))
            )
            for name in (*CONSUMERS, "relay")
        ]
        for each in processes:
            each.until_ready()
        write(secured, "order-service", said_of(order_disputed()))
        write(secured, "mediation-tool", said_of(mediator_assigned()), said_of(verdict_issued()))
        write(secured, "mediation-tool", said_of(verdict_issued(name="too late")))
        eventually(lambda: secured.ends_of("refund.requested") == 1, 60, "money is asked for")
        eventually(lambda: secured.ends_of("verdict.issued.dead-letter") == 1, 30, "a mirror")
        doctor = mediation("doctor", "-o", "json").json
        assert [each["check"] for each in doctor if each["status"] == "FAIL"] == ["dead letters"]
        assert [each.stop() for each in processes] == [0, 0, 0, 0]
    assert not any("error" in each.said for each in processes)
    assert not any(PASSWORD in each.said for each in processes)


@pytest.mark.parametrize("user", [each for each in PRINCIPALS if each != "mediation-tool"])
def test_nobody_but_the_mediation_tool_may_say_what_a_verdict_is(
    secured: SecuredKafka, user: str
) -> None:
    before = secured.ends_of("verdict.issued")

    with pytest.raises(BrokerUnavailableError) as raised:
        write(secured, user, said_of(verdict_issued()))

    assert isinstance(raised.value, BrokerAccessError), raised.value
    assert "deploy/kafka/acls.json" in str(raised.value)
    assert secured.ends_of("verdict.issued") == before


@pytest.mark.parametrize("user", [*PRINCIPALS, STRANGER])
def test_a_user_may_do_with_each_topic_what_the_file_says(secured: SecuredKafka, user: str) -> None:
    expected = {
        (name, operation.upper())
        for each in ACLS["principals"]
        if each["principal"] == user
        for allowed in each["allow"]
        if allowed["type"] == "topic"
        for name in allowed["names"]
        for operation in (*allowed["operations"], "Describe")
    }
    with closing(Admin(secured.settings(user))) as admin:
        found = {
            (each["name"], operation)
            for each in admin._client.describe_topics()
            for operation in each["authorized_operations"]
        }
    assert found == expected


@pytest.mark.parametrize(
    ("user", "topic", "group"),
    [
        (VERDICT_CONSUMER, "order.disputed", "mediation.verdict-issued"),
        (VERDICT_CONSUMER, "verdict.issued", "mediation.order-disputed"),
        ("mediation-relay", "verdict.issued", "mediation.verdict-issued"),
        ("mediation-tool", "verdict.issued", "mediation.verdict-issued"),
    ],
)
def test_what_is_not_theirs_to_read_is_refused(
    secured: SecuredKafka, user: str, topic: str, group: str
) -> None:
    with pytest.raises(BrokerUnavailableError) as raised:
        read(secured, user, topic, group)

    assert isinstance(raised.value, BrokerAccessError), raised.value
    assert "deploy/kafka/acls.json" in str(raised.value)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_says_its_cause_and_what_to_do(
    secured: SecuredKafka, refusal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, cause, remedy = REFUSALS[refusal]
    monkeypatch.setattr("consumers.broker.connection.BOOTSTRAP_SECONDS", 2.0)

    with pytest.raises(BrokerUnavailableError) as raised:
        Admin(secured.settings(VERDICT_CONSUMER, **change(secured)))

    assert isinstance(raised.value, BrokerAccessError), raised.value
    assert cause in str(raised.value)
    assert remedy in str(raised.value)
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize(
    ("process", "user", "changed", "said"),
    [
        ("verdict-issued", VERDICT_CONSUMER, {"kafka_sasl_password": "wr0ng"}, "_PASSWORD"),
        ("verdict-issued", STRANGER, {}, "this user may not see them"),
        ("verdict-issued", "mediation-tool", {}, "verdict.issued (READ)"),
        ("relay", "payment-service", {}, "refund.requested (WRITE)"),
    ],
)
def test_a_process_that_may_not_do_its_work_does_not_start(
    secured: SecuredKafka,
    empty_database_url: str,
    tmp_path: Path,
    process: str,
    user: str,
    changed: dict[str, str],
    said: str,
) -> None:
    if process == "relay":  # it sees all topics, and may write none
        secured.allow(*(acl(user, "topic", name, "Describe") for name in ALL_TOPICS))
    upgrade(empty_database_url)
    settings: dict[str, Any] = secured.environment(user) | changed
    ended = Mediation(tmp_path, settings | {"database_url": empty_database_url})("run", process)
    if process == "relay":
        secured.forbid(*(acl(user, "topic", name, "Describe") for name in ALL_TOPICS))

    assert ended.code == 4, ended.err
    assert said in ended.err
    assert "wr0ng" not in ended.err


def test_a_group_that_is_not_theirs_is_noticed_at_the_start(secured: SecuredKafka) -> None:
    with (
        closing(Admin(secured.settings("mediation-relay"))) as admin,
        pytest.raises(BrokerAccessError, match=r"may not be of this group.*acls\.json"),
    ):
        admin.require_group("mediation.verdict-issued")


def test_a_producer_that_may_write_nothing_is_told_so(secured: SecuredKafka) -> None:
    with pytest.raises(BrokerAccessError, match=r"acls\.json"):
        write(secured, "mediation-ops", said_of(verdict_issued()))


def test_an_acl_that_is_taken_away_at_work_is_said_aloud_and_given_back_goes_on(
    secured: SecuredKafka, empty_database_url: str, tmp_path: Path
) -> None:
    settings = {"database_url": empty_database_url, "members": "1", "backoff_max": "1"}
    upgrade(empty_database_url)
    may_read = acl(VERDICT_CONSUMER, "topic", "verdict.issued", "Read")
    environment = settings | secured.environment(VERDICT_CONSUMER)
    with running("verdict-issued", tmp_path, **environment) as consumer:
        consumer.until_ready()
        secured.forbid(may_read)
        try:
            said = consumer.until_it_says("deploy/kafka/acls.json")
        finally:
            secured.allow(may_read)
        assert '"retrying"' in said
        assert "TopicAuthorizationFailedError" in said
        write(secured, "mediation-tool", said_of(verdict_issued()))
        with closing(Database(empty_database_url)) as database:
            eventually(lambda: rows_of(database, tables.events), 60, "it reads again")
        assert consumer.stop() == 0
