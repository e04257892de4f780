"""Does every registry, fake or over HTTP, keep what the codec relies on?"""

from collections.abc import Iterator

import pytest

from schemas.codec import Codec
from schemas.contracts import contract
from schemas.http_registry import HttpSchemaRegistry
from schemas.registry import SchemaRegistry, value_subject
from schemas.topics import Topic
from tests.builders import mediator_assigned
from tests.registries import RegistryInMemory, serving

SCHEMA = contract(Topic.MEDIATOR_ASSIGNED).current.schema
OTHER = contract(Topic.ORDER_FROZEN).current.schema


@pytest.fixture(params=["in memory", "over http"])
def registry(request: pytest.FixtureRequest) -> Iterator[SchemaRegistry]:
    if request.param == "in memory":
        yield RegistryInMemory()
        return
    with serving(RegistryInMemory()) as server:
        client = HttpSchemaRegistry(server.url)
        yield client
        client.close()


def test_a_registered_schema_is_found_by_its_id(registry: SchemaRegistry) -> None:
    schema_id = registry.register("subject", SCHEMA)

    assert registry.schema(schema_id) == SCHEMA


def test_a_schema_that_is_registered_again_keeps_its_id(registry: SchemaRegistry) -> None:
    first = registry.register("subject", SCHEMA)

    assert registry.register("subject", SCHEMA) == first


def test_two_schemas_have_two_ids(registry: SchemaRegistry) -> None:
    assert registry.register("subject", SCHEMA) != registry.register("subject", OTHER)


def test_an_unknown_id_has_no_schema(registry: SchemaRegistry) -> None:
    assert registry.schema(99) is None


def test_an_event_goes_through_the_registry_and_comes_back(registry: SchemaRegistry) -> None:
    event = mediator_assigned()

    value = Codec(registry).encode(event)

    assert Codec(registry).decode(event.topic, value) == event


def test_a_subject_is_named_after_its_topic() -> None:
    assert value_subject("order.disputed") == "order.disputed-value"
