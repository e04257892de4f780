"""Can a person see why a message was refused, and all of its bytes?"""

import base64
from typing import Any

import pytest
from kafka import KafkaProducer

from tests.e2e.commands import Dev, Mediation
from tests.eventually import eventually

VALUE = b"\xc3\x01\x1b[31m not Avro" + bytes(2000)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def letter(dev: Dev) -> Any:
    """The dead letter of a message that is no event."""
    version = tuple(int(part) for part in dev.ready["kafka_api_version"].split("."))
    producer = KafkaProducer(bootstrap_servers=dev.ready["bootstrap_servers"], api_version=version)
    producer.send("verdict.issued", key=b"k\x00", value=VALUE, headers=[("h\x1b", b"\x1b[0m\xff")])
    producer.close()

    def listed() -> Any:
        found = dev.mediation("dead-letters", "list", "--reason", "unknown_schema", "-o", "json")
        return found.json[0] if found.json else None

    return eventually(listed, timeout=30, message="the message would be a dead letter")


def test_a_refused_message_is_listed_with_its_reason(letter: Any) -> None:
    assert letter["topic"] == "verdict.issued"
    assert letter["status"] == "OPEN"
    assert "fingerprint" in letter["explanation"]


def test_as_json_its_bytes_are_whole(mediation: Mediation, letter: Any) -> None:
    shown = mediation("dead-letters", "show", letter["dead_letter_id"], "-o", "json").json

    assert base64.b64decode(shown["value_base64"]) == VALUE
    assert base64.b64decode(shown["key_base64"]) == b"k\x00"
    assert shown["headers"] == [
        {"name": "h\x1b", "value_base64": base64.b64encode(b"\x1b[0m\xff").decode()}
    ]
    assert shown["reason_description"].startswith("The value names a schema")


def test_for_people_its_bytes_are_shown_and_never_obeyed(mediation: Mediation, letter: Any) -> None:
    page = mediation("dead-letters", "show", letter["dead_letter_id"]).out

    assert "\x1b" not in page
    assert "c3 01 1b 5b 33 31 6d 20 6e 6f 74 20 41 76 72 6f  ...[31m not Avro" in page
    assert r"h\x1b: \x1b[0m\xff" in page
    assert "more bytes; -o json has them all" in page


def test_filters_leave_out_what_was_not_asked_for(mediation: Mediation, letter: Any) -> None:
    ended = mediation("dead-letters", "list", "--topic", "order.disputed", "-o", "json")

    assert letter["dead_letter_id"] not in [each["dead_letter_id"] for each in ended.json]


def test_a_dead_letter_that_is_none_is_a_problem(mediation: Mediation) -> None:
    ended = mediation("dead-letters", "show", "5b0c4f0e-6d0a-5c63-9f50-0d1c2ad0b3f7")

    assert ended.code == 1
    assert ended.err.startswith("error: there is no dead letter 5b0c4f0e")


@pytest.mark.parametrize(
    "arguments",
    [("show", "7"), ("list", "--reason", "x"), ("list", "--topic", "x"), ("list", "--limit", "0")],
)
def test_a_wrong_question_is_a_matter_of_usage(
    mediation: Mediation, arguments: tuple[str, ...]
) -> None:
    ended = mediation("dead-letters", *arguments)

    assert ended.code == 2
    assert "Usage: mediation dead-letters" in ended.err
