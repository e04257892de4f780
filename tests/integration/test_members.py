"""Is a consumer with two members in one process what two processes with one each would be?

On Apache Kafka alone: with the embedded broker a process has one member.
"""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from schemas.codec import Codec
from schemas.events import OrderDisputed
from tests.brokers.broker import PARTITIONS, Broker
from tests.brokers.report import BrokerReport
from tests.builders import order_disputed
from tests.eventually import eventually
from tests.faults.poison_desk import MOST, NAME, Desk

FIRST, SECOND = f"{NAME}-1", f"{NAME}-2"
EVENTS = 200


@pytest.fixture
def desk(
    apache_kafka_alone: Broker,
    empty_database_url: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Desk]:
    BrokerReport.note(request.node, apache_kafka_alone)
    desk = Desk(apache_kafka_alone, empty_database_url, tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "consumer.log"


def said(log: Path, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line for line in lines if line["event"] == event]


def shares(log: Path) -> list[list[int]]:
    """The partitions that each member, in turn, was given last."""
    given = {line["thread"]: line["partitions"] for line in said(log, "partitions_assigned")}
    return [given.get(f"kafka-io-mediation-{name}", []) for name in (FIRST, SECOND)]


def handled_by(log: Path) -> Counter[str]:
    """How many batches each member handled."""
    return Counter(line["thread"] for line in said(log, "handled"))


def are_shared_out(log: Path) -> bool:
    given = shares(log)
    return all(given) and sorted(chain(*given)) == list(range(PARTITIONS))


def disputes(prefix: str) -> list[tuple[OrderDisputed, bytes]]:
    made = [
        order_disputed(order_id=f"{prefix}-order-{n}", dispute_id=f"{prefix}-dispute-{n}")
        for n in range(EVENTS)
    ]
    return [(each, Codec().encode(each)) for each in made]


def cut_one_connection(desk: Desk) -> None:
    """Of the consumer's connections to the database, the one that was made first."""
    with desk.database.transaction() as connection:
        cut = text(
            "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity"
            " WHERE application_name = :name AND datname = current_database()"
            " ORDER BY backend_start LIMIT 1"
        )
        assert connection.execute(cut, {"name": f"mediation-{NAME}"}).scalar_one()


def test_two_members_share_the_work_and_a_lost_connection_costs_nothing(
    desk: Desk, log: Path
) -> None:
    with desk.consumer(batch_size="10"):
        eventually(lambda: are_shared_out(log), 30, "each member has partitions")
        desk.publish(disputes("before"))
        eventually(lambda: desk.committed() == EVENTS, 30, "all is handled")
        by_both = handled_by(log)
        cut_one_connection(desk)
        desk.publish(disputes("after"))
        eventually(lambda: desk.committed() == 2 * EVENTS, 30, "all is handled")

    assert set(by_both) == {FIRST, SECOND}
    assert [line["thread"] for line in said(log, "retrying")] == [FIRST]
    assert sum(line["applied"] for line in said(log, "handled")) == 2 * EVENTS
    assert said(log, "stopped")


def test_with_more_members_than_partitions_one_is_idle_and_harms_nobody(
    desk: Desk, log: Path
) -> None:
    with desk.consumer(members=str(PARTITIONS + 1)):
        eventually(lambda: _each_was_told(log, PARTITIONS + 1), 30, "each member was told")
        desk.publish(disputes("some"))
        eventually(lambda: desk.committed() == EVENTS, 30, "all is handled")


def test_a_member_that_fails_ends_its_process_with_its_error(desk: Desk) -> None:
    desk.publish([(None, b"junk")] * 2 * MOST)

    ended = desk.mediation("run", NAME)

    assert ended.code == 1
    assert "error: a flood of dead letters" in ended.err
    assert '"event": "member_failed"' in ended.err
    assert len(desk.reasons()) == MOST
    assert desk.committed() <= MOST  # one that leaves may cost the other its last commit


def _each_was_told(log: Path, members: int) -> bool:
    return len({line["thread"] for line in said(log, "partitions_assigned")}) == members
