"""The three events that are consumed, as frozen values.

Rule of this file: an event that exists is well formed. Its fields have been checked one by one
(`schemas.fields`); whether it makes sense in the life of an order is for the rules to say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from schemas.fields import LONGEST_REFERENCE, Fields
from schemas.records import Record
from schemas.topics import Topic
from schemas.values import quick


class OpenedBy(StrEnum):
    """Who opened a dispute."""

    UNKNOWN = "UNKNOWN"
    BUYER = "BUYER"
    SELLER = "SELLER"
    PLATFORM = "PLATFORM"


class VerdictDecision(StrEnum):
    """What a mediator decided (rules 7 to 10)."""

    UNKNOWN = "UNKNOWN"
    FULL_REFUND = "FULL_REFUND"
    PARTIAL_REFUND = "PARTIAL_REFUND"
    RELAUNCH = "RELAUNCH"
    PAY_SELLER = "PAY_SELLER"


class Ground(StrEnum):
    """On which ground a mediator decided (rules 7 to 10)."""

    UNKNOWN = "UNKNOWN"
    ORDER_NOT_CONFORMING = "ORDER_NOT_CONFORMING"
    TERMS_BREACHED = "TERMS_BREACHED"
    PROCESS_BREACHED = "PROCESS_BREACHED"
    WORK_PARTLY_CONFORMING = "WORK_PARTLY_CONFORMING"
    PARTIES_AGREED = "PARTIES_AGREED"
    MISUNDERSTANDING = "MISUNDERSTANDING"
    DELIVERY_CONFORMING = "DELIVERY_CONFORMING"


class EvidenceKind(StrEnum):
    """Where a piece of evidence comes from; only OFF_PLATFORM does not count (rule 6)."""

    UNKNOWN = "UNKNOWN"
    MESSAGE = "MESSAGE"
    DELIVERY = "DELIVERY"
    REQUEST = "REQUEST"
    SERVICE_TEXT = "SERVICE_TEXT"
    FILE = "FILE"
    OFF_PLATFORM = "OFF_PLATFORM"


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One piece of evidence that a verdict cites."""

    kind: EvidenceKind
    reference: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDisputed:
    """A dispute was opened on an order. Amounts are in minor units of `currency`."""

    topic: ClassVar[Topic] = Topic.ORDER_DISPUTED

    event_id: UUID
    occurred_at: datetime
    dispute_id: str
    order_id: str
    buyer_id: str
    seller_id: str
    opened_by: OpenedBy
    currency: str
    captured_minor: int
    fees_minor: int = 0
    commission_minor: int = 0


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class MediatorAssigned:
    """A mediator was put in charge of a dispute, the first one or another."""

    topic: ClassVar[Topic] = Topic.MEDIATOR_ASSIGNED

    event_id: UUID
    occurred_at: datetime
    dispute_id: str
    order_id: str
    mediator_id: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictIssued:
    """A mediator decided a dispute; `refund_minor` is stated for a partial refund alone."""

    topic: ClassVar[Topic] = Topic.VERDICT_ISSUED

    event_id: UUID
    occurred_at: datetime
    dispute_id: str
    order_id: str
    mediator_id: str
    decision: VerdictDecision
    ground: Ground
    refund_minor: int | None = None
    reasons: str
    evidence: tuple[Evidence, ...] = ()


Event = OrderDisputed | MediatorAssigned | VerdictIssued


def event_from_record(topic: Topic, record: Record) -> Event:
    """Check the fields of a record and build the event of `topic` from it.

    Raises:
        ContractError: a field is missing, of another type, or cannot be what it should be.
        KeyError: no events are consumed from `topic`.
    """
    return _BUILDERS[topic](Fields(record))


def _order_disputed(fields: Fields) -> OrderDisputed:
    return OrderDisputed(
        event_id=fields.uuid("event_id"),
        occurred_at=fields.instant("occurred_at"),
        dispute_id=fields.id("dispute_id"),
        order_id=fields.id("order_id"),
        buyer_id=fields.id("buyer_id"),
        seller_id=fields.id("seller_id"),
        opened_by=fields.symbol("opened_by", OpenedBy),
        currency=fields.currency("currency"),
        captured_minor=fields.amount("captured_minor"),
        fees_minor=fields.amount("fees_minor", default=0),
        commission_minor=fields.amount("commission_minor", default=0),
    )


def _mediator_assigned(fields: Fields) -> MediatorAssigned:
    return MediatorAssigned(
        event_id=fields.uuid("event_id"),
        occurred_at=fields.instant("occurred_at"),
        dispute_id=fields.id("dispute_id"),
        order_id=fields.id("order_id"),
        mediator_id=fields.id("mediator_id"),
    )


def _verdict_issued(fields: Fields) -> VerdictIssued:
    return VerdictIssued(
        event_id=fields.uuid("event_id"),
        occurred_at=fields.instant("occurred_at"),
        dispute_id=fields.id("dispute_id"),
        order_id=fields.id("order_id"),
        mediator_id=fields.id("mediator_id"),
        decision=fields.symbol("decision", VerdictDecision),
        ground=fields.symbol("ground", Ground),
        refund_minor=fields.amount_or_none("refund_minor"),
        reasons=fields.text("reasons"),
        evidence=tuple(_evidence(piece) for piece in fields.list("evidence")),
    )


def _evidence(fields: Fields) -> Evidence:
    return Evidence(
        kind=fields.symbol("kind", EvidenceKind),
        reference=fields.text("reference", at_least=1, at_most=LONGEST_REFERENCE),
    )


_BUILDERS: Final[Mapping[Topic, Callable[[Fields], Event]]] = {
    Topic.ORDER_DISPUTED: _order_disputed,
    Topic.MEDIATOR_ASSIGNED: _mediator_assigned,
    Topic.VERDICT_ISSUED: _verdict_issued,
}
