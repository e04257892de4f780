"""Do the real processes and commands work, each as the user of its role and in no other?"""

from contextlib import ExitStack
from pathlib import Path

import pytest

from consumers.bootstrap import ALL_TOPICS, CONSUMERS
from services.storage.rights import CONSOLE, CONSUMER, MENDER, READER, RELAY
from tests.architecture.tree import ROOT
from tests.brokers.broker import Broker
from tests.e2e.commands import Mediation
from tests.eventually import eventually
from tests.security.conftest import ROLES, Guarded
from tests.security.running import running

EVERY_ROLE_MAY = ", ".join(f"{role} UPDATE events" for role in sorted(ROLES))

pytestmark = pytest.mark.slow


@pytest.fixture
def kafka_settings(embedded_kafka: Broker) -> dict[str, str]:
    embedded_kafka.create_topics(*ALL_TOPICS)
    return {
        "kafka_bootstrap_servers": embedded_kafka.bootstrap_servers,
        "kafka_api_version": "2.1",
        "members": "1",
    }


def test_a_story_from_event_to_effect(
    guarded: Guarded, kafka_settings: dict[str, str], tmp_path: Path
) -> None:
    def mediation(role: str) -> Mediation:
        return Mediation(tmp_path, kafka_settings | {"database_url": guarded.url(role)})

    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                running(name, tmp_path, database_url=guarded.url(role), **kafka_settings)
            )
            for name, role in [*((name, CONSUMER) for name in CONSUMERS), ("relay", RELAY)]
        ]
        for each in processes:
            each.until_ready()
        published = mediation(READER)("publish", str(ROOT / "docs/example.jsonl"))
        assert published.code == 0, published.err
        with guarded.administered() as connection:
            eventually(
                lambda: (
                    connection.execute(
                        "SELECT (SELECT count(*) FROM dead_letters), count(*) FROM settlements"
                    ).fetchone()
                    == (1, 2)
                    and connection.execute("SELECT FROM outbox").fetchone() is None
                ),
                60,
                "the example was decided, and what it brings about published",
            )
        assert mediation(READER)("verify").code == 0
        assert "RESOLVED" in mediation(READER)("case", "show", "order-1").out
        replayed = mediation(MENDER)("dead-letters", "replay", "--reason", "verdict_final")
        assert "error" not in replayed.err
        examined = mediation(READER)("doctor", "-o", "json").json
        assert {each["check"]: each["status"] for each in examined}["rights"] == "OK"
        assert [each["check"] for each in examined if each["status"] == "FAIL"] == ["dead letters"]
        assert [each.stop() for each in processes] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("process", "role", "lacks"),
    [("relay", READER, "DELETE outbox"), ("verdict-issued", RELAY, "INSERT cases")],
)
def test_a_process_in_another_role_does_not_start(
    guarded: Guarded,
    kafka_settings: dict[str, str],
    tmp_path: Path,
    process: str,
    role: str,
    lacks: str,
) -> None:
    ended = Mediation(tmp_path, kafka_settings | {"database_url": guarded.url(role)})(
        "run", process
    )

    assert ended.code == 4
    assert f"user_of_{role} {lacks}" in ended.err
    assert "mediation db upgrade" in ended.err


def test_a_console_that_mends_needs_the_right_to(guarded: Guarded, tmp_path: Path) -> None:
    settings = {
        "database_url": guarded.url(CONSOLE),
        "kafka_bootstrap_servers": "127.0.0.1:1",
        "ops_port": "1",
        "ops_host": "localhost",
        "ops_token": "a-token-of-the-tests",
    }
    ended = Mediation(tmp_path, settings)("run", "ops")

    assert ended.code == 4
    assert "INSERT" in ended.err or "UPDATE" in ended.err


def test_the_doctor_names_a_right_that_is_missing_and_one_too_many(
    guarded: Guarded, kafka_settings: dict[str, str], tmp_path: Path
) -> None:
    mediation = Mediation(tmp_path, kafka_settings | {"database_url": guarded.url(READER)})
    said = []
    for change in (
        "REVOKE INSERT ON settlements FROM mediation_consumer",
        "GRANT INSERT ON settlements TO mediation_consumer; GRANT UPDATE ON events TO PUBLIC",
    ):
        with guarded.administered() as connection:
            connection.execute(change)
        examined = {each["check"]: each for each in mediation("doctor", "-o", "json").json}
        said.append((examined["rights"]["status"], examined["rights"]["detail"]))

    assert said == [
        ("FAIL", "missing: mediation_consumer INSERT settlements"),
        ("FAIL", f"never needed, and there: {EVERY_ROLE_MAY}"),
    ]
