"""What does a schema id mean, with a registry and without one?"""

from typing import Any

import pytest

from schemas.codec import Codec
from schemas.contracts import contract
from schemas.errors import ContractError, RegistryUnavailableError
from schemas.events import MediatorAssigned, OpenedBy, OrderDisputed, VerdictDecision, VerdictIssued
from schemas.reasons import Reason
from schemas.topics import Topic
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.registries import RegistryInMemory
from tests.wire import array, assignment, blocks, common, long, piece, text, verdict

ASSIGNED = "mediator.assigned"


def schema_of(topic: Topic, **changes: Any) -> dict[str, Any]:
    return contract(topic).current.schema | changes


def with_fields(topic: Topic, *fields: dict[str, Any], after: int | None = None) -> dict[str, Any]:
    """The schema of a topic with more fields, at the end or after so many."""
    known = schema_of(topic)["fields"]
    return schema_of(topic, fields=[*known[:after], *fields, *(known[after:] if after else [])])


def confluent(schema_id: int, body: bytes) -> bytes:
    return b"\0" + schema_id.to_bytes(4, "big") + body


def registry_with(*schemas: dict[str, Any]) -> RegistryInMemory:
    registry = RegistryInMemory()
    for at, schema in enumerate(schemas):
        registry.register(f"subject-{at}", schema)
    return registry


def refusal(registry: RegistryInMemory | None, topic: str, value: bytes) -> ContractError:
    with pytest.raises(ContractError) as caught:
        Codec(registry).decode(topic, value)
    return caught.value


class UnreachableRegistry:
    def schema(self, schema_id: int) -> dict[str, Any] | None:
        raise RegistryUnavailableError("away")

    def register(self, subject: str, schema: dict[str, Any]) -> int:
        raise RegistryUnavailableError("away")


@pytest.mark.parametrize("schema_id", [0, 7, 2**32 - 1])
def test_without_a_registry_any_id_is_taken_for_our_own_schema(schema_id: int) -> None:
    event = verdict_issued()
    body = Codec().encode(event)[10:]

    assert Codec().decode("verdict.issued", confluent(schema_id, body)) == event


def test_without_a_registry_the_body_is_read_as_strictly() -> None:
    bent = refusal(None, "verdict.issued", confluent(1, verdict(decision=long(-1))[10:]))
    longer = refusal(None, ASSIGNED, confluent(1, assignment(after=text("more"))[10:]))

    assert bent.reason is Reason.NOT_CANONICAL
    assert longer.reason is Reason.TRAILING_BYTES


def test_an_event_in_our_own_schema_is_read_by_its_id() -> None:
    registry = registry_with(*[schema_of(topic) for topic in Topic])
    codec = Codec(registry)

    for event in (order_disputed(), mediator_assigned(), verdict_issued()):
        value = codec.encode(event)
        assert value[:1] == b"\0"
        assert codec.decode(event.topic, value) == event


def test_single_object_encoding_is_read_beside_a_registry_too() -> None:
    event = order_disputed()

    assert Codec(RegistryInMemory()).decode(event.topic, Codec().encode(event)) == event


def test_our_schemas_are_registered_under_the_subject_of_their_topic() -> None:
    registry = RegistryInMemory()
    codec = Codec(registry)

    for event in (order_disputed(), verdict_issued(), verdict_issued(name="again")):
        codec.encode(event)

    assert registry.subjects == {"order.disputed-value": 1, "verdict.issued-value": 2}
    assert registry.schemas[0] == schema_of(Topic.ORDER_DISPUTED)


def test_an_id_is_asked_for_once() -> None:
    registry = registry_with(schema_of(Topic.MEDIATOR_ASSIGNED))
    codec = Codec(registry)
    value = confluent(1, assignment()[10:])

    codec.decode(ASSIGNED, value)
    codec.decode(ASSIGNED, value)
    with pytest.raises(ContractError):
        codec.decode("verdict.issued", value)

    assert registry.asked == [1]


def test_an_id_that_was_unknown_may_be_known_later() -> None:
    registry = RegistryInMemory()
    codec = Codec(registry)
    value = confluent(1, assignment()[10:])

    with pytest.raises(ContractError, match="id 1 is unknown to the registry"):
        codec.decode(ASSIGNED, value)
    registry.register("subject", schema_of(Topic.MEDIATOR_ASSIGNED))

    assert codec.decode(ASSIGNED, value).topic is Topic.MEDIATOR_ASSIGNED


def test_while_the_registry_is_away_no_event_is_judged() -> None:
    codec = Codec(UnreachableRegistry())

    with pytest.raises(RegistryUnavailableError):
        codec.decode(ASSIGNED, confluent(1, b"whatever"))
    with pytest.raises(RegistryUnavailableError):
        codec.encode(mediator_assigned())


def test_a_newer_schema_with_more_fields_is_read_as_ours() -> None:
    more = {"name": "team", "type": ["null", "string"], "default": None}
    registry = registry_with(with_fields(Topic.MEDIATOR_ASSIGNED, more))
    body = common() + text("mediator-1") + long(1) + text("night shift")

    event = Codec(registry).decode(ASSIGNED, confluent(1, body))

    assert isinstance(event, MediatorAssigned)
    assert event.mediator_id == "mediator-1"


def test_an_older_schema_with_fewer_fields_takes_our_defaults() -> None:
    older = schema_of(
        Topic.ORDER_DISPUTED,
        fields=[
            field
            for field in schema_of(Topic.ORDER_DISPUTED)["fields"]
            if field["name"] not in {"fees_minor", "commission_minor"}
        ],
    )
    parties = text("buyer-1") + text("seller-1") + long(1)
    body = common() + parties + text("EUR") + long(5_000)

    event = Codec(registry_with(older)).decode("order.disputed", confluent(1, body))

    assert isinstance(event, OrderDisputed)
    assert (event.opened_by, event.captured_minor) == (OpenedBy.BUYER, 5_000)
    assert (event.fees_minor, event.commission_minor) == (0, 0)


def test_a_symbol_that_we_do_not_know_is_read_as_unknown() -> None:
    schema = schema_of(Topic.VERDICT_ISSUED)
    newer = {"name": "VerdictDecision", "type": "enum", "symbols": ["UNKNOWN", "SPLIT_EVENLY"]}
    fields = [
        field | {"type": newer} if field["name"] == "decision" else field
        for field in schema["fields"]
    ]
    registry = registry_with(schema | {"fields": fields})

    event = Codec(registry).decode("verdict.issued", confluent(1, verdict(decision=long(1))[10:]))

    assert isinstance(event, VerdictIssued)
    assert event.decision is VerdictDecision.UNKNOWN


def test_a_newer_schema_is_read_as_strictly_as_ours() -> None:
    flag = {"name": "urgent", "type": "boolean"}
    registry = registry_with(with_fields(Topic.MEDIATOR_ASSIGNED, flag))
    honest = common() + text("mediator-1")

    bent = refusal(registry, ASSIGNED, confluent(1, honest + b"\2"))
    longer = refusal(registry, ASSIGNED, confluent(1, honest + b"\1\0"))
    cut = refusal(registry, ASSIGNED, confluent(1, honest))

    assert [bent.reason, longer.reason, cut.reason] == [
        Reason.NOT_CANONICAL,
        Reason.TRAILING_BYTES,
        Reason.UNDECODABLE,
    ]


def test_an_int_of_more_than_32_bits_is_refused() -> None:
    registry = registry_with(
        with_fields(Topic.MEDIATOR_ASSIGNED, {"name": "priority", "type": "int"})
    )
    honest = common() + text("mediator-1")

    Codec(registry).decode(ASSIGNED, confluent(1, honest + long(2**31 - 1)))
    caught = refusal(registry, ASSIGNED, confluent(1, honest + long(2**31)))

    assert caught.reason is Reason.NOT_CANONICAL
    assert "more than 32 bits" in caught.explanation


def test_another_blocking_passes_in_a_newer_schema_too() -> None:
    more = {"name": "language", "type": "string"}
    registry = registry_with(with_fields(Topic.VERDICT_ISSUED, more, after=4))
    items = [piece(1, "m-1"), piece(2, "d-1")]
    said = common() + text("fr") + text("mediator-1") + long(1) + long(1) + long(0) + text("Why.")
    forms = [array(*items), blocks([(1, True), (1, False)], items)]

    events = [Codec(registry).decode("verdict.issued", confluent(1, said + form)) for form in forms]

    assert events[0] == events[1]


def test_a_newer_schema_that_cannot_be_read_as_ours_is_refused() -> None:
    fields = [
        field | {"type": "long"} if field["name"] == "mediator_id" else field
        for field in schema_of(Topic.MEDIATOR_ASSIGNED)["fields"]
    ]
    registry = registry_with(schema_of(Topic.MEDIATOR_ASSIGNED, fields=fields))

    caught = refusal(registry, ASSIGNED, confluent(1, common() + long(1)))

    assert caught.reason is Reason.UNKNOWN_SCHEMA
    assert "backward-compatible" in caught.explanation


def of_strings(**changes: Any) -> dict[str, Any]:
    """A schema by the name of ours, with one more field of another type."""
    return with_fields(Topic.MEDIATOR_ASSIGNED, {"name": "more", **changes})


RECURSIVE = of_strings(type=["null", "mediation.MediatorAssigned"])
NULLS = of_strings(type={"type": "array", "items": "null"})


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        pytest.param(schema_of(Topic.VERDICT_ISSUED), "'mediation.VerdictIssued'", id="another"),
        pytest.param(schema_of(Topic.MEDIATOR_ASSIGNED, namespace="x"), "'x.", id="namespace"),
        pytest.param(RECURSIVE, "neither simple nor a flat array", id="recursive"),
        pytest.param(NULLS, "neither simple nor a flat array", id="array_of_nulls"),
        pytest.param({"type": "string"}, "not a record with fields", id="no_record"),
        pytest.param(
            of_strings(type={"type": "enum", "name": "Bad", "symbols": ["not a symbol"]}),
            "not valid Avro",
            id="invalid",
        ),
        pytest.param(
            schema_of(Topic.MEDIATOR_ASSIGNED, name=3), "not valid Avro", id="name_of_no_kind"
        ),
    ],
)
def test_a_schema_that_is_not_for_this_topic_is_refused(schema: dict[str, Any], says: str) -> None:
    caught = refusal(registry_with(schema), ASSIGNED, confluent(1, b"\2" * 100))

    assert caught.reason is Reason.UNKNOWN_SCHEMA
    assert says in caught.explanation
    assert "mediation.MediatorAssigned" in caught.explanation
