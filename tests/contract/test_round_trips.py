"""Does everything that can be said come back as it was said?"""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.contracts import contract
from schemas.currencies import ACTIVE_CURRENCIES
from schemas.effects import (
    ChatLocked,
    ChatUnlocked,
    DisputeResolved,
    Effect,
    MediationOpened,
    OrderClosed,
    OrderFrozen,
    OrderReactivated,
    PayoutRequested,
    RefundRequested,
    ReviewBlocked,
)
from schemas.events import (
    Event,
    Evidence,
    EvidenceKind,
    Ground,
    MediatorAssigned,
    OpenedBy,
    OrderDisputed,
    VerdictDecision,
    VerdictIssued,
)
from schemas.records import record_from
from schemas.topics import OUTBOUND
from tests.registries import RegistryInMemory

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
IDS = st.text(CHARACTERS, min_size=1, max_size=64)
TEXTS = st.text(CHARACTERS, max_size=300)
AMOUNTS = st.integers(0, 2**63 - 1)
INSTANTS = st.integers(0, 253_402_300_799_999).map(
    lambda millis: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)
)
CURRENCIES = st.sampled_from(sorted(ACTIVE_CURRENCIES))
EVIDENCE = st.builds(
    Evidence,
    kind=st.sampled_from(EvidenceKind),
    reference=st.text(CHARACTERS, min_size=1, max_size=200),
)
COMMON: dict[str, st.SearchStrategy[Any]] = {
    "event_id": st.uuids(),
    "occurred_at": INSTANTS,
    "dispute_id": IDS,
    "order_id": IDS,
}
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        OrderDisputed,
        **COMMON,
        buyer_id=IDS,
        seller_id=IDS,
        opened_by=st.sampled_from(OpenedBy),
        currency=CURRENCIES,
        captured_minor=AMOUNTS,
        fees_minor=AMOUNTS,
        commission_minor=AMOUNTS,
    ),
    st.builds(MediatorAssigned, **COMMON, mediator_id=IDS),
    st.builds(
        VerdictIssued,
        **COMMON,
        mediator_id=IDS,
        decision=st.sampled_from(VerdictDecision),
        ground=st.sampled_from(Ground),
        refund_minor=st.none() | AMOUNTS,
        reasons=TEXTS,
        evidence=st.lists(EVIDENCE, max_size=5).map(tuple),
    ),
)
COMMON_OUT: dict[str, st.SearchStrategy[Any]] = {
    "effect_id": st.uuids(),
    "sequence": st.integers(1, 2**31),
    "occurred_at": INSTANTS,
    "order_id": IDS,
    "dispute_id": IDS,
    "cause_event_id": st.uuids(),
}
PAYMENT: dict[str, st.SearchStrategy[Any]] = {
    "settlement_id": st.uuids(),
    "amount_minor": AMOUNTS,
    "currency": CURRENCIES,
    "payee_id": IDS,
}
BARE: tuple[type[Effect], ...] = (
    OrderFrozen,
    OrderReactivated,
    ChatLocked,
    ChatUnlocked,
    ReviewBlocked,
)
DECISIONS = st.sampled_from(VerdictDecision)
EFFECTS: dict[type[Effect], st.SearchStrategy[Effect]] = {
    **{kind: st.builds(kind, **COMMON_OUT) for kind in BARE},
    OrderClosed: st.builds(OrderClosed, **COMMON_OUT, decision=DECISIONS),
    MediationOpened: st.builds(
        MediationOpened,
        **COMMON_OUT,
        mediator_id=IDS,
        replaced_mediator_id=st.none() | IDS,
        buyer_id=IDS,
        seller_id=IDS,
    ),
    RefundRequested: st.builds(RefundRequested, **COMMON_OUT, **PAYMENT),
    PayoutRequested: st.builds(PayoutRequested, **COMMON_OUT, **PAYMENT),
    DisputeResolved: st.builds(
        DisputeResolved,
        **COMMON_OUT,
        decision=DECISIONS,
        ground=st.sampled_from(Ground),
        reasons=TEXTS,
        refund_minor=AMOUNTS,
        payout_minor=AMOUNTS,
        currency=CURRENCIES,
        buyer_id=IDS,
        seller_id=IDS,
    ),
}


@given(EVENTS)
def test_an_event_comes_back_from_single_object_encoding(event: Event) -> None:
    codec = Codec()

    assert codec.decode(event.topic, codec.encode(event)) == event


@given(EVENTS)
def test_an_event_comes_back_from_confluent_framing(event: Event) -> None:
    codec = Codec(RegistryInMemory())

    assert codec.decode(event.topic, codec.encode(event)) == event


@given(EVENTS)
def test_the_record_of_an_event_has_the_fields_of_its_schema(event: Event) -> None:
    record = record_from(event)

    assert [*record] == [field["name"] for field in contract(event.topic).current.schema["fields"]]


@given(st.one_of([*EFFECTS.values()]))
def test_an_effect_comes_back_as_its_record(effect: Effect) -> None:
    codec = Codec()

    read = codec.decode_record(effect.topic, codec.encode(effect))

    assert read == record_from(effect)
    assert [*read] == [*record_from(effect)]


def test_every_effect_has_a_topic_of_its_own() -> None:
    assert {kind.topic for kind in EFFECTS} == set(OUTBOUND)
    assert len(EFFECTS) == len(OUTBOUND)


@given(EVENTS, EVENTS)
def test_two_events_have_the_same_digest_only_if_they_say_the_same(a: Event, b: Event) -> None:
    codec = Codec()

    assert (codec.digest(a) == codec.digest(b)) == (a == b)


@given(EVENTS)
def test_the_framing_changes_nothing_in_the_digest(event: Event) -> None:
    codecs = [Codec(), Codec(RegistryInMemory())]

    digests = {codec.digest(codec.decode(event.topic, codec.encode(event))) for codec in codecs}

    assert digests == {Codec().digest(event)}
