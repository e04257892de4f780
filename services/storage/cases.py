"""Cases in the database: locked by order first, read whole, and only what changed is written."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from schemas.effects import PayoutRequested, RefundRequested
from schemas.events import Evidence, EvidenceKind, Ground, OpenedBy, VerdictDecision
from services.rules.case import Case, Dispute, DisputeState, Resolution, Terms
from services.storage.tables import cases, disputes, settlements


def lock(connection: Connection, order_ids: Collection[str]) -> dict[str, Case]:
    """Lock the orders until the transaction ends, and return their cases, keyed by order id.

    Orders never heard of get an empty row first, so that there is something to lock: two consumers
    that meet on an order always take turns. Rows are locked in order of `order_id`, so that two
    batches cannot wait for each other.
    """
    ordered = sorted(order_ids)
    if not ordered:
        return {}
    stub = {"frozen": False, "chat_locked": False, "reviews_blocked": False, "sequence": 0}
    connection.execute(
        insert(cases).on_conflict_do_nothing(),
        [{"order_id": order_id, **stub} for order_id in ordered],
    )
    locked = connection.execute(
        select(cases)
        .where(cases.c.order_id.in_(ordered))
        .order_by(cases.c.order_id)
        .with_for_update()
    ).all()
    return _with_disputes(connection, locked)


def read(connection: Connection, order_id: str) -> Case | None:
    """The case of an order, without locking it; None if the order was never heard of."""
    row = connection.execute(select(cases).where(cases.c.order_id == order_id)).one_or_none()
    return None if row is None else _with_disputes(connection, [row])[order_id]


def owners(connection: Connection, dispute_ids: Collection[str]) -> dict[str, str]:
    """The order of each known dispute among `dispute_ids`."""
    if not dispute_ids:
        return {}
    rows = connection.execute(
        select(disputes.c.dispute_id, disputes.c.order_id).where(
            disputes.c.dispute_id.in_(sorted(dispute_ids))
        )
    )
    return {row.dispute_id: row.order_id for row in rows}


def write(connection: Connection, changes: Iterable[tuple[Case, Case]]) -> None:
    """Write the difference between each case as it was locked and as it is now."""
    changed = [(before, after) for before, after in changes if before != after]
    _upsert(connection, cases, cases.c.order_id, [_case_values(after) for _, after in changed])
    _upsert(
        connection,
        disputes,
        disputes.c.dispute_id,
        [
            _dispute_values(after.order_id, position, dispute)
            for before, after in changed
            for position, dispute in enumerate(after.disputes, start=1)
            if dispute not in before.disputes
        ],
    )


def settle(connection: Connection, requests: Sequence[RefundRequested | PayoutRequested]) -> None:
    """Remember the money asked for; a second settlement of the same dispute and kind is refused."""
    if not requests:
        return
    connection.execute(settlements.insert(), [_settlement_values(request) for request in requests])


def settlements_of(connection: Connection, order_id: str) -> Sequence[Row[Any]]:
    """The money asked for on an order, oldest dispute first."""
    return connection.execute(
        select(settlements)
        .join(disputes, settlements.c.dispute_id == disputes.c.dispute_id)
        .where(disputes.c.order_id == order_id)
        .order_by(disputes.c.position, settlements.c.kind.desc())
    ).all()


def _with_disputes(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, Case]:
    found: dict[str, list[Dispute]] = {row.order_id: [] for row in rows}
    for dispute in connection.execute(
        select(disputes)
        .where(disputes.c.order_id.in_(list(found)))
        .order_by(disputes.c.order_id, disputes.c.position)
    ):
        found[dispute.order_id].append(_dispute(dispute))
    return {
        row.order_id: Case(
            order_id=row.order_id,
            frozen=row.frozen,
            chat_locked=row.chat_locked,
            reviews_blocked=row.reviews_blocked,
            sequence=row.sequence,
            disputes=tuple(found[row.order_id]),
        )
        for row in rows
    }


def _upsert(
    connection: Connection, table: Any, key: Any, rows: Sequence[Mapping[str, Any]]
) -> None:
    if not rows:
        return
    statement = insert(table)
    updates = {name: statement.excluded[name] for name in rows[0] if name != key.name}
    connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=updates), rows)


def _case_values(case: Case) -> dict[str, Any]:
    return {
        "order_id": case.order_id,
        "frozen": case.frozen,
        "chat_locked": case.chat_locked,
        "reviews_blocked": case.reviews_blocked,
        "sequence": case.sequence,
    }


def _dispute_values(order_id: str, position: int, dispute: Dispute) -> dict[str, Any]:
    resolution = dispute.resolution
    return {
        "dispute_id": dispute.dispute_id,
        "order_id": order_id,
        "position": position,
        "state": dispute.state.value,
        "opened_by": dispute.opened_by.value,
        "buyer_id": dispute.buyer_id,
        "seller_id": dispute.seller_id,
        "currency": dispute.terms.currency,
        "captured_minor": dispute.terms.captured_minor,
        "fees_minor": dispute.terms.fees_minor,
        "commission_minor": dispute.terms.commission_minor,
        "opened_at": dispute.opened_at,
        "opened_by_event_id": dispute.opened_by_event_id,
        "mediator_id": dispute.mediator_id,
        "assigned_at": dispute.assigned_at,
        "resolved_by_event_id": resolution and resolution.event_id,
        "decision": resolution and resolution.decision.value,
        "ground": resolution and resolution.ground.value,
        "reasons": resolution and resolution.reasons,
        "resolved_at": resolution and resolution.resolved_at,
        "refund_minor": resolution and resolution.refund_minor,
        "payout_minor": resolution and resolution.payout_minor,
        "platform_minor": resolution and resolution.platform_minor,
        "set_aside": resolution
        and [
            {"kind": piece.kind.value, "reference": piece.reference}
            for piece in resolution.set_aside
        ],
    }


def _settlement_values(request: RefundRequested | PayoutRequested) -> dict[str, Any]:
    return {
        "settlement_id": request.settlement_id,
        "dispute_id": request.dispute_id,
        "kind": "REFUND" if isinstance(request, RefundRequested) else "PAYOUT",
        "amount_minor": request.amount_minor,
        "currency": request.currency,
        "payee_id": request.payee_id,
        "event_id": request.cause_event_id,
        "requested_at": request.occurred_at,
    }


def _dispute(row: Row[Any]) -> Dispute:
    return Dispute(
        dispute_id=row.dispute_id,
        state=DisputeState(row.state),
        opened_by=OpenedBy(row.opened_by),
        buyer_id=row.buyer_id,
        seller_id=row.seller_id,
        terms=Terms(
            currency=row.currency,
            captured_minor=row.captured_minor,
            fees_minor=row.fees_minor,
            commission_minor=row.commission_minor,
        ),
        opened_at=row.opened_at,
        opened_by_event_id=row.opened_by_event_id,
        mediator_id=row.mediator_id,
        assigned_at=row.assigned_at,
        resolution=_resolution(row),
    )


def _resolution(row: Row[Any]) -> Resolution | None:
    if row.decision is None:
        return None
    return Resolution(
        event_id=row.resolved_by_event_id,
        mediator_id=row.mediator_id,
        decision=VerdictDecision(row.decision),
        ground=Ground(row.ground),
        reasons=row.reasons,
        resolved_at=row.resolved_at,
        refund_minor=row.refund_minor,
        payout_minor=row.payout_minor,
        platform_minor=row.platform_minor,
        set_aside=tuple(
            Evidence(kind=EvidenceKind(piece["kind"]), reference=piece["reference"])
            for piece in row.set_aside
        ),
    )
