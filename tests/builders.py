"""Builds events for the tests.

Rule of this file: a test says only what matters to it; everything else has a sensible default.
An event id is a UUIDv5 of what the event says, so two events that say different things have
different ids, and the same words give the same id in every run. `name` picks another id for the
same content.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from schemas.events import (
    Evidence,
    EvidenceKind,
    Ground,
    MediatorAssigned,
    OpenedBy,
    OrderDisputed,
    VerdictDecision,
    VerdictIssued,
)

OPENED_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ASSIGNED_AT = OPENED_AT + timedelta(hours=30)
DECIDED_AT = OPENED_AT + timedelta(hours=54)

_EVENTS = uuid5(NAMESPACE_URL, "mediation:tests:events")


def event_id(name: str) -> UUID:
    """The id of the event of this name, the same in every run."""
    return uuid5(_EVENTS, name)


def order_disputed(*, name: str | None = None, **overrides: Any) -> OrderDisputed:
    """A dispute of 100.00 EUR, of which 5.00 fees and 10.00 commission, opened by the buyer."""
    said: dict[str, Any] = {
        "occurred_at": OPENED_AT,
        "dispute_id": "dispute-1",
        "order_id": "order-1",
        "buyer_id": "buyer-1",
        "seller_id": "seller-1",
        "opened_by": OpenedBy.BUYER,
        "currency": "EUR",
        "captured_minor": 10_000,
        "fees_minor": 500,
        "commission_minor": 1_000,
    } | overrides
    return OrderDisputed(**_identified("order.disputed", name, said))


def mediator_assigned(*, name: str | None = None, **overrides: Any) -> MediatorAssigned:
    """mediator-1 is put in charge of dispute-1, 30 hours after it was opened."""
    said: dict[str, Any] = {
        "occurred_at": ASSIGNED_AT,
        "dispute_id": "dispute-1",
        "order_id": "order-1",
        "mediator_id": "mediator-1",
    } | overrides
    return MediatorAssigned(**_identified("mediator.assigned", name, said))


_A_GROUND = {
    VerdictDecision.UNKNOWN: Ground.UNKNOWN,
    VerdictDecision.FULL_REFUND: Ground.ORDER_NOT_CONFORMING,
    VerdictDecision.PARTIAL_REFUND: Ground.WORK_PARTLY_CONFORMING,
    VerdictDecision.RELAUNCH: Ground.MISUNDERSTANDING,
    VerdictDecision.PAY_SELLER: Ground.DELIVERY_CONFORMING,
}


def verdict_issued(*, name: str | None = None, **overrides: Any) -> VerdictIssued:
    """mediator-1 decides a full refund, or what `decision` says on a ground that supports it.

    A partial refund is of 40.00 unless `refund_minor` says otherwise.
    """
    decision = overrides.get("decision", VerdictDecision.FULL_REFUND)
    said: dict[str, Any] = {
        "occurred_at": DECIDED_AT,
        "dispute_id": "dispute-1",
        "order_id": "order-1",
        "mediator_id": "mediator-1",
        "decision": decision,
        "ground": _A_GROUND[decision],
        "refund_minor": 4_000 if decision is VerdictDecision.PARTIAL_REFUND else None,
        "reasons": "Two of the three pages that were ordered are missing.",
        "evidence": (evidence(),),
    } | overrides
    return VerdictIssued(**_identified("verdict.issued", name, said))


def evidence(**overrides: Any) -> Evidence:
    """A message exchanged on the platform."""
    return Evidence(**({"kind": EvidenceKind.MESSAGE, "reference": "message-1"} | overrides))


def _identified(topic: str, name: str | None, said: dict[str, Any]) -> dict[str, Any]:
    words = name or " ".join(f"{field}={said[field]!r}" for field in sorted(said))
    return {"event_id": event_id(f"{topic} {words}")} | said
