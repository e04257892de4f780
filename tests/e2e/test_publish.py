"""Is a file checked before anything of it is sent, and is it sent as it should be?"""

from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from schemas.codec import Codec
from tests.builders import mediator_assigned, order_disputed
from tests.e2e.commands import Dev, Mediation
from tests.e2e.stories import as_lines, case_of

pytestmark = pytest.mark.slow


def test_one_bad_line_and_nothing_is_published(mediation: Mediation, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    good = order_disputed(order_id="unsent", dispute_id="unsent")
    file.write_bytes(as_lines(good) + b'\n{"topic": "order.disputed", "oder_id": "x"}\n')

    ended = mediation("publish", str(file))

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "error: line 3: 'oder_id' is not a field of order.disputed; did you mean 'order_id'?\n"
        "error: nothing was published: every line must be an event\n"
    )
    assert case_of(mediation, "unsent") is None


def test_a_file_that_is_not_there_is_a_problem(mediation: Mediation) -> None:
    ended = mediation("publish", "no-such-file")

    assert (ended.code, ended.err) == (
        1,
        "error: no-such-file cannot be read: No such file or directory\n",
    )


def test_an_empty_file_publishes_nothing(mediation: Mediation) -> None:
    ended = mediation("publish", "-", "-o", "json", stdin=b"\n")

    assert (ended.code, ended.json) == (0, {})


def test_a_message_is_keyed_by_its_order_and_says_who_it_is(dev: Dev) -> None:
    event = mediator_assigned(order_id="keyed", dispute_id="keyed")

    dev.mediation("publish", "-", stdin=as_lines(event))

    (sent,) = (each for each in everything_on(dev, event.topic) if each.key == b"keyed")
    headers = dict(sent.headers)
    assert Codec().decode(event.topic, sent.value) == event
    assert headers["ce_id"] == str(event.event_id).encode()
    assert headers["ce_type"] == b"mediator.assigned"
    assert headers["ce_specversion"] == b"1.0"
    assert headers["traceparent"].startswith(b"00-" + event.event_id.hex.encode())


def test_publishing_where_nothing_runs_says_what_to_start(alone: Mediation) -> None:
    ended = alone("publish", "-", stdin=as_lines(order_disputed()))

    assert ended.code == 3
    assert "start `mediation dev` in another terminal" in ended.err


def everything_on(dev: Dev, topic: str) -> list[Any]:
    """All messages of a topic."""
    version = tuple(int(part) for part in dev.ready["kafka_api_version"].split("."))
    client = KafkaConsumer(
        bootstrap_servers=dev.ready["bootstrap_servers"],
        api_version=version,
        consumer_timeout_ms=2000,
        auto_offset_reset="earliest",
    )
    client.assign([TopicPartition(topic, n) for n in client.partitions_for_topic(topic)])
    found = list(client)
    client.close()
    return found
