"""Every fact that can be said, at random: strategies for events and effects."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

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
