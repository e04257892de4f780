"""What does this release make of an event in a newer version than its own, with a registry?"""

import json
from typing import Any

import pytest

from schemas.codec import Codec
from schemas.contracts import contract
from schemas.reasons import Reason
from schemas.records import record_from
from schemas.topics import Topic
from services.mediation import Mediation
from services.messages import Message
from services.reading import Handled
from services.rules.outcome import Outcome
from services.storage.database import Database
from services.storage.postgres import PostgresStore
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.deliveries import Deliveries
from tests.faults.upgrade_next import body_of
from tests.integration.conftest import SetClock
from tests.integration.looking import case_of
from tests.registries import RegistryInMemory

NEW_GROUND = "SELLER_VANISHED"
NEW_KIND = "VIDEO_CALL"


def newer(topic: Topic, *changes: tuple[str, str]) -> dict[str, Any]:
    """The schema of a topic as a later release may have it; changes are made to its text."""
    text = json.dumps(contract(topic).current.schema)
    for before, after in changes:
        assert text.count(before) == 1
        text = text.replace(before, after)
    schema: dict[str, Any] = json.loads(text)
    return schema


VERDICT_V2 = newer(
    Topic.VERDICT_ISSUED,
    ('"DELIVERY_CONFORMING"]', f'"DELIVERY_CONFORMING", "{NEW_GROUND}"]'),
    ('"OFF_PLATFORM"]', f'"OFF_PLATFORM", "{NEW_KIND}"]'),
)
DISPUTE_V2 = newer(Topic.ORDER_DISPUTED)
DISPUTE_V2["fields"].append({"name": "opened_via", "type": "string", "default": ""})


class Publisher:
    """One that has moved on to newer versions, and registers them."""

    def __init__(self, registry: RegistryInMemory, deliveries: Deliveries) -> None:
        self._registry = registry
        self._deliveries = deliveries

    def says(self, topic: Topic, schema: dict[str, Any], record: dict[str, Any]) -> Message:
        id_ = self._registry.register(f"{topic}-value", schema)
        framed = b"\x00" + id_.to_bytes(4, "big") + body_of(schema, record)
        return self._deliveries.of_bytes(topic.value, framed)


@pytest.fixture
def registry() -> RegistryInMemory:
    return RegistryInMemory()


@pytest.fixture
def publisher(registry: RegistryInMemory, deliveries: Deliveries) -> Publisher:
    return Publisher(registry, deliveries)


@pytest.fixture
def mediation(database: Database, clock: SetClock, registry: RegistryInMemory) -> Mediation:
    store = PostgresStore(database)
    return Mediation(store, Codec(registry), group="mediation.test", clock=clock)


def verdict(publisher: Publisher, **changes: Any) -> Message:
    record = record_from(verdict_issued()) | changes
    return publisher.says(Topic.VERDICT_ISSUED, VERDICT_V2, record)


def in_mediation(mediation: Mediation, deliveries: Deliveries) -> None:
    handled = mediation.handle(deliveries.all(order_disputed(), mediator_assigned()))
    assert [each.outcome for each in handled] == [Outcome.APPLIED, Outcome.APPLIED]


def only(handled: list[Handled]) -> Handled:
    (one,) = handled
    return one


def test_a_field_that_only_a_newer_version_has_is_passed_over(
    database: Database, mediation: Mediation, publisher: Publisher
) -> None:
    said = record_from(order_disputed()) | {"opened_via": "app"}

    handled = mediation.handle([publisher.says(Topic.ORDER_DISPUTED, DISPUTE_V2, said)])

    assert only(handled).event == order_disputed()
    assert case_of(database).frozen


def test_a_newer_kind_of_evidence_is_unknown_and_the_verdict_stands(
    database: Database, mediation: Mediation, publisher: Publisher, deliveries: Deliveries
) -> None:
    in_mediation(mediation, deliveries)
    evidence = [{"kind": NEW_KIND, "reference": "call-1"}]

    handled = mediation.handle([verdict(publisher, evidence=evidence)])

    assert only(handled).outcome is Outcome.APPLIED
    assert case_of(database).closed


def test_a_newer_ground_is_never_guessed(
    database: Database, mediation: Mediation, publisher: Publisher, deliveries: Deliveries
) -> None:
    in_mediation(mediation, deliveries)

    handled = mediation.handle([verdict(publisher, ground=NEW_GROUND)])

    assert only(handled).reason is Reason.UNKNOWN_GROUND
    assert case_of(database).frozen


def test_an_event_is_the_same_in_a_newer_version_that_says_no_more(
    mediation: Mediation, publisher: Publisher, deliveries: Deliveries
) -> None:
    in_mediation(mediation, deliveries)
    again = record_from(order_disputed()) | {"opened_via": ""}

    handled = mediation.handle([publisher.says(Topic.ORDER_DISPUTED, DISPUTE_V2, again)])

    assert only(handled).outcome is Outcome.IGNORED
