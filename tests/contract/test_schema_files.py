"""Do the schema files keep what every contract promises?"""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from fastavro import parse_schema

from schemas.contracts import contract, topic_of_fingerprint
from schemas.events import EvidenceKind, Ground, OpenedBy, VerdictDecision
from schemas.flat import why_not_flat
from schemas.topics import INBOUND, OUTBOUND, Topic
from tests.wire import FINGERPRINTS

COMMON_INBOUND = ["event_id", "occurred_at", "dispute_id", "order_id"]
COMMON_OUTBOUND = [
    "effect_id",
    "sequence",
    "occurred_at",
    "order_id",
    "dispute_id",
    "cause_event_id",
]
NAMES = {
    Topic.ORDER_DISPUTED: "OrderDisputed",
    Topic.MEDIATOR_ASSIGNED: "MediatorAssigned",
    Topic.VERDICT_ISSUED: "VerdictIssued",
    Topic.ORDER_FROZEN: "OrderFrozen",
    Topic.ORDER_REACTIVATED: "OrderReactivated",
    Topic.ORDER_CLOSED: "OrderClosed",
    Topic.CHAT_LOCKED: "ChatLocked",
    Topic.CHAT_UNLOCKED: "ChatUnlocked",
    Topic.REVIEW_BLOCKED: "ReviewBlocked",
    Topic.MEDIATION_OPENED: "MediationOpened",
    Topic.REFUND_REQUESTED: "RefundRequested",
    Topic.PAYOUT_REQUESTED: "PayoutRequested",
    Topic.DISPUTE_RESOLVED: "DisputeResolved",
}

every_topic = pytest.mark.parametrize("topic", Topic)


def schema_of(topic: Topic) -> dict[str, Any]:
    return contract(topic).current.schema


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object of a schema: records, fields, enums, arrays."""
    if isinstance(node, list):
        for item in node:
            yield from nodes(item)
    if isinstance(node, dict):
        yield node
        yield from nodes([value for key, value in node.items() if key != "default"])


def enums_of(topic: Topic) -> list[dict[str, Any]]:
    return [node for node in nodes(schema_of(topic)) if node.get("type") == "enum"]


def test_each_topic_has_exactly_one_file() -> None:
    found = {file.name for file in (files("schemas") / "avro").iterdir()}

    assert found == {f"{topic}.v1.avsc" for topic in Topic}


@every_topic
def test_a_schema_is_a_valid_avro_record_named_after_its_fact(topic: Topic) -> None:
    schema = schema_of(topic)

    parse_schema(json.loads(json.dumps(schema)))
    assert (schema["type"], schema["namespace"]) == ("record", "mediation")
    assert schema["name"] == NAMES[topic]
    assert contract(topic).record_name == f"mediation.{NAMES[topic]}"


@every_topic
def test_every_record_field_and_enum_is_documented(topic: Topic) -> None:
    named = [node for node in nodes(schema_of(topic)) if "name" in node]

    assert all(str(node.get("doc", "")).endswith(".") for node in named)
    assert len(named) > len(COMMON_INBOUND)


@every_topic
def test_every_enum_begins_with_unknown_and_defaults_to_it(topic: Topic) -> None:
    for enum in enums_of(topic):
        assert enum["symbols"][0] == enum["default"] == "UNKNOWN"


@every_topic
def test_a_schema_is_flat(topic: Topic) -> None:
    assert why_not_flat(schema_of(topic)) is None


@every_topic
def test_an_array_stands_only_in_the_last_field(topic: Topic) -> None:
    *earlier, _ = schema_of(topic)["fields"]

    assert not [node for node in nodes(earlier) if node.get("type") == "array"]


@every_topic
def test_ids_and_times_carry_their_logical_type(topic: Topic) -> None:
    types = {field["name"]: field["type"] for field in schema_of(topic)["fields"]}

    for name in types.keys() & {"event_id", "effect_id", "cause_event_id", "settlement_id"}:
        assert types[name] == {"type": "string", "logicalType": "uuid"}
    assert types["occurred_at"] == {"type": "long", "logicalType": "timestamp-millis"}


@pytest.mark.parametrize(
    ("topics", "common"), [(INBOUND, COMMON_INBOUND), (OUTBOUND, COMMON_OUTBOUND)]
)
def test_a_schema_begins_with_the_fields_of_its_direction(
    topics: tuple[Topic, ...], common: list[str]
) -> None:
    for topic in topics:
        names = [field["name"] for field in schema_of(topic)["fields"]]
        assert names[: len(common)] == common


def test_defaults_are_those_that_were_promised() -> None:
    defaults = {
        (topic.value, field["name"]): field["default"]
        for topic in Topic
        for field in schema_of(topic)["fields"]
        if "default" in field
    }

    assert defaults == {
        ("order.disputed", "fees_minor"): 0,
        ("order.disputed", "commission_minor"): 0,
        ("verdict.issued", "refund_minor"): None,
        ("verdict.issued", "evidence"): [],
        ("mediation.opened", "replaced_mediator_id"): None,
    }


def test_the_enums_of_the_files_are_those_of_the_code() -> None:
    ours = {kind.__name__: [*kind] for kind in (OpenedBy, VerdictDecision, Ground, EvidenceKind)}

    for topic in Topic:
        for enum in enums_of(topic):
            assert enum["symbols"] == ours[enum["name"]]


def test_no_two_schemas_have_the_same_fingerprint() -> None:
    assert len({contract(topic).current.fingerprint for topic in Topic}) == len(Topic)


@pytest.mark.parametrize(("topic", "fingerprint"), FINGERPRINTS.items())
def test_the_fingerprint_of_an_event_never_changes(topic: str, fingerprint: str) -> None:
    assert contract(Topic(topic)).current.fingerprint.hex() == fingerprint


def test_a_fingerprint_is_the_crc_64_of_the_canonical_form() -> None:
    canonical = (
        '{"name":"mediation.MediatorAssigned","type":"record","fields":['
        '{"name":"event_id","type":"string"},{"name":"occurred_at","type":"long"},'
        '{"name":"dispute_id","type":"string"},{"name":"order_id","type":"string"},'
        '{"name":"mediator_id","type":"string"}]}'
    )

    assert crc_64_avro(b'"int"') == 0x7275D51A3F395C8F  # from Avro's own tests
    found = contract(Topic.MEDIATOR_ASSIGNED).current.fingerprint
    assert found == crc_64_avro(canonical.encode()).to_bytes(8, "little")


def test_a_fingerprint_leads_to_its_topic() -> None:
    for topic in Topic:
        assert topic_of_fingerprint(contract(topic).current.fingerprint) is topic
    assert topic_of_fingerprint(bytes(8)) is None


def crc_64_avro(data: bytes) -> int:
    """The fingerprint as the specification of Avro defines it, bit by bit."""
    empty = 0xC15D213AA4D7A795
    crc = empty
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (empty if crc & 1 else 0)
    return crc
