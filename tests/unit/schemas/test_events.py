"""Which fields make an event, and which are refused, by name?"""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.currencies import ACTIVE_CURRENCIES
from schemas.errors import ContractError
from schemas.events import (
    Event,
    EvidenceKind,
    Ground,
    OpenedBy,
    OrderDisputed,
    VerdictDecision,
    VerdictIssued,
    event_from_record,
)
from schemas.reasons import Reason
from schemas.records import record_from
from schemas.topics import Topic
from tests.builders import mediator_assigned, order_disputed, verdict_issued

EVENTS: list[Event] = [order_disputed(), mediator_assigned(), verdict_issued()]
MISSING = object()

every_event = pytest.mark.parametrize("event", EVENTS, ids=[event.topic for event in EVENTS])


def read(event: Event, **changes: Any) -> Event:
    """Read an event back from its record, after some changes to the record."""
    record = record_from(event) | changes
    kept = {name: value for name, value in record.items() if value is not MISSING}
    return event_from_record(event.topic, kept)


def refusal(event: Event, **changes: Any) -> ContractError:
    with pytest.raises(ContractError) as caught:
        read(event, **changes)
    return caught.value


@every_event
def test_an_event_comes_back_from_its_record(event: Event) -> None:
    assert read(event) == event


@every_event
def test_an_event_cannot_be_changed(event: Event) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.order_id = "order-2"  # type: ignore[misc]


@every_event
@pytest.mark.parametrize("value", ["", "x" * 65, "a\0b", "a\ud800"])
def test_an_id_that_cannot_be_one_is_refused(event: Event, value: str) -> None:
    ids = [name for name in record_from(event) if name.endswith("_id") and name != "event_id"]

    for name in ids:
        caught = refusal(event, **{name: value})
        assert caught.reason is Reason.INVALID_ID
        assert f"`{name}`" in caught.explanation
    assert {"order_id", "dispute_id"} <= set(ids)


@pytest.mark.parametrize("value", ["x", "x" * 64, " ", "commande n° 7", "💡" * 64])
def test_an_id_of_1_to_64_characters_is_taken_as_it_is(value: str) -> None:
    assert read(mediator_assigned(), order_id=value).order_id == value


@every_event
@pytest.mark.parametrize(
    "value",
    [
        "",
        "event-1",
        "0f8fad5bd9cb469fa16570867728950e",
        "{0f8fad5b-d9cb-469f-a165-70867728950e}",
        "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e",
        "0f8fad5b-d9cb-469f-a165-70867728950e\n",
        "0f8fad5b-d9cb-469f-a165-7086772895\u0966e",
    ],
)
def test_an_event_id_that_is_no_uuid_of_36_characters_is_refused(event: Event, value: str) -> None:
    assert refusal(event, event_id=value).reason is Reason.INVALID_ID


@every_event
def test_an_event_id_is_the_same_in_either_case(event: Event) -> None:
    assert read(event, event_id=str(event.event_id).upper()) == event


@every_event
@pytest.mark.parametrize("value", [-1, 253_402_300_800_000, 2**63 - 1, -(2**63)])
def test_a_time_outside_1970_to_9999_is_refused(event: Event, value: int) -> None:
    assert refusal(event, occurred_at=value).reason is Reason.INVALID_TIMESTAMP


def test_a_time_is_exact_to_the_millisecond_and_in_utc() -> None:
    first = read(mediator_assigned(), occurred_at=0).occurred_at
    last = read(mediator_assigned(), occurred_at=253_402_300_799_999).occurred_at

    assert first == datetime(1970, 1, 1, tzinfo=UTC)
    assert last == datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
    assert first.tzinfo is UTC


@pytest.mark.parametrize("value", ["EURO", "eur", "", "EU", "€", "XXX", "DEM", "EUR "])
def test_a_currency_that_is_not_active_is_refused(value: str) -> None:
    caught = refusal(order_disputed(), currency=value)

    assert caught.reason is Reason.INVALID_CURRENCY
    assert repr(value) in caught.explanation


def test_the_currencies_are_codes_of_three_letters() -> None:
    assert {"EUR", "USD", "JPY", "CHF", "KWD"} <= ACTIVE_CURRENCIES
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in ACTIVE_CURRENCIES)


@pytest.mark.parametrize("name", ["captured_minor", "fees_minor", "commission_minor"])
@pytest.mark.parametrize("value", [-1, -(2**63), 2**63])
def test_an_amount_that_is_negative_or_too_large_is_refused(name: str, value: int) -> None:
    caught = refusal(order_disputed(), **{name: value})

    assert caught.reason is Reason.INVALID_AMOUNT
    assert f"`{name}` is {value}" in caught.explanation


def test_a_negative_refund_is_refused() -> None:
    assert refusal(verdict_issued(), refund_minor=-1).reason is Reason.INVALID_AMOUNT


def test_zero_and_the_largest_amount_are_taken() -> None:
    event = read(order_disputed(), captured_minor=2**63 - 1, fees_minor=0)

    assert isinstance(event, OrderDisputed)
    assert (event.captured_minor, event.fees_minor) == (2**63 - 1, 0)


def test_fields_with_a_default_may_be_absent() -> None:
    disputed = read(order_disputed(), fees_minor=MISSING, commission_minor=MISSING)
    issued = read(verdict_issued(), refund_minor=MISSING, evidence=MISSING)

    assert disputed == dataclasses.replace(order_disputed(), fees_minor=0, commission_minor=0)
    assert isinstance(issued, VerdictIssued)
    assert (issued.refund_minor, issued.evidence) == (None, ())


@every_event
def test_any_other_field_is_required(event: Event) -> None:
    optional = {"fees_minor", "commission_minor", "refund_minor", "evidence"}

    for name in record_from(event).keys() - optional:
        caught = refusal(event, **{name: MISSING})
        assert caught.reason is Reason.UNDECODABLE
        assert caught.explanation == f"The field `{name}` is missing; it is required."


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"order_id": 3}, "`order_id` is 3; it must be a text"),
        ({"occurred_at": "today"}, "`occurred_at` is 'today'; it must be a whole number"),
        ({"occurred_at": True}, "`occurred_at` is True; it must be a whole number"),
        ({"refund_minor": 1.5}, "`refund_minor` is 1.5; it must be a whole number"),
        ({"decision": "MAYBE"}, "`decision` is 'MAYBE'; it must be one of UNKNOWN, FULL_REFUND"),
        ({"evidence": {}}, "`evidence` is {}; it must be an array"),
        ({"evidence": ["m-1"]}, "`evidence[0]` is 'm-1'; it must be a record"),
        ({"evidence": [{"kind": "FILE"}]}, "`evidence[0].reference` is missing"),
        ({"reasons": ["x" * 100]}, "... (104 characters); it must be a text"),
    ],
)
def test_a_field_of_another_type_is_refused(changes: dict[str, Any], says: str) -> None:
    caught = refusal(verdict_issued(), **changes)

    assert caught.reason is Reason.UNDECODABLE
    assert says in caught.explanation.replace("…", "...")


@pytest.mark.parametrize(
    "changes",
    [
        {"reasons": "Because\0"},
        {"reasons": "Because \udfff"},
        {"evidence": [{"kind": "FILE", "reference": "a\0"}]},
        {"evidence": [{"kind": "FILE", "reference": ""}]},
        {"evidence": [{"kind": "FILE", "reference": "x" * 2049}]},
    ],
)
def test_a_text_that_cannot_be_kept_is_refused(changes: dict[str, Any]) -> None:
    assert refusal(verdict_issued(), **changes).reason is Reason.INVALID_TEXT


def test_blank_reasons_and_long_references_are_for_the_rules_to_judge() -> None:
    event = read(
        verdict_issued(),
        reasons="",
        evidence=[{"kind": "UNKNOWN", "reference": "x" * 2048}],
        decision="UNKNOWN",
        ground="UNKNOWN",
    )

    assert isinstance(event, VerdictIssued)
    assert (event.reasons, event.decision) == ("", VerdictDecision.UNKNOWN)


def test_a_topic_without_events_has_none() -> None:
    with pytest.raises(KeyError):
        event_from_record(Topic.ORDER_FROZEN, {})


@pytest.mark.parametrize("symbols", [OpenedBy, VerdictDecision, Ground, EvidenceKind])
def test_every_enum_begins_with_unknown(symbols: type[OpenedBy]) -> None:
    assert next(iter(symbols)) == "UNKNOWN"
