"""Cases in the database: locked by order first, read whole, and only what changed is written."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from schemas.effects import PayoutRequested, RefundRequested
from schemas.events import Evidence, EvidenceKind, Ground, OpenedBy, VerdictDecision
from services.errors import StorageError
from services.rules.case import Case, Dispute, DisputeState, Resolution, Terms
from services.storage import binary
from services.storage.binary import Columns, Question, Rows
from services.storage.driver import AnyConnection

Placed = tuple[str, int, Dispute]  # with its order, and its place among the disputes of that

_ADD_STUBS = """
INSERT INTO cases (order_id) SELECT order_id FROM {rows} ON CONFLICT DO NOTHING RETURNING order_id
"""
_CASES = """
SELECT order_id, frozen, chat_locked, reviews_blocked, sequence
FROM cases WHERE order_id = ANY({order_id}) ORDER BY order_id
"""
_LOCK_CASES = f"{_CASES} FOR UPDATE"
_DISPUTES = """
SELECT order_id, dispute_id, state, opened_by, buyer_id, seller_id,
    currency, captured_minor, fees_minor, commission_minor,
    opened_at, opened_by_event_id, mediator_id, assigned_at,
    resolved_by_event_id, mediator_id, decision, ground, reasons, resolved_at,
    refund_minor, payout_minor, platform_minor, set_aside
FROM disputes WHERE order_id = ANY({order_id}) ORDER BY order_id, position
"""
_OWNERS = "SELECT dispute_id, order_id FROM disputes WHERE dispute_id = ANY({dispute_id})"


def add_stubs(connection: AnyConnection, order_ids: Collection[str]) -> list[str]:
    """Give orders never heard of an empty row; returns the others, which are not locked yet.

    So there is something to lock: two consumers that meet on an order always take turns. A row that
    was made here is locked by that, and nothing is known of its order. Rows are made, and then
    locked (by `questions`), in order of `order_id`, so that two batches cannot wait for each other.
    All are made before any is locked: who waits for a new row to be committed must not hold one
    that its maker still needs.
    """
    wanted = {"order_id": sorted(order_ids)}
    made = {order_id for (order_id,) in binary.fetch(connection, _ADD_STUBS, wanted)}
    return [order_id for order_id in wanted["order_id"] if order_id not in made]


def questions(order_ids: Sequence[str]) -> list[Question]:
    """Lock the rows of these orders until the transaction ends, and read them; then their disputes.

    Disputes are a question of their own, so that it sees what was committed while we waited for the
    locks.
    """
    known = {"order_id": order_ids}
    return [Question(_LOCK_CASES, known), Question(_DISPUTES, known)]


def owners_question(dispute_ids: Collection[str]) -> Question:
    """The order of each known dispute among `dispute_ids`, beside its id."""
    return Question(_OWNERS, {"dispute_id": sorted(dispute_ids)})


def owners(connection: AnyConnection, dispute_ids: Collection[str]) -> dict[str, str]:
    """The order of each known dispute among `dispute_ids`."""
    return dict(binary.ask(connection, [owners_question(dispute_ids)])[0])


def assemble(rows: Rows, disputes_of_them: Rows) -> dict[str, Case]:
    """The cases, by order id, from what `questions` are answered.

    Who reads without a lock may be told of a dispute whose order was not there a moment before.
    """
    found: dict[str, list[Dispute]] = {order_id: [] for order_id, *_ in rows}
    for order_id, *row in disputes_of_them:
        if order_id in found:
            found[order_id].append(_dispute(row))
    return {
        order_id: Case(
            order_id, frozen, chat_locked, reviews_blocked, sequence, tuple(found[order_id])
        )
        for order_id, frozen, chat_locked, reviews_blocked, sequence in rows
    }


def read(connection: AnyConnection, order_id: str) -> Case | None:
    """The case of an order, without locking it; None if the order was never heard of."""
    return read_all(connection, [order_id]).get(order_id)


def read_all(connection: AnyConnection, order_ids: Collection[str]) -> dict[str, Case]:
    """The cases of those of these orders that were heard of, without locking them."""
    wanted = {"order_id": sorted(order_ids)}
    answers = binary.ask(connection, [Question(_CASES, wanted), Question(_DISPUTES, wanted)])
    return assemble(*answers)


def write(connection: AnyConnection, changes: Iterable[tuple[Case, Case]]) -> None:
    """Write the difference between each case as it was locked and as it is now."""
    changed = [(before, after) for before, after in changes if before != after]
    if not changed:
        return
    columns = _case_columns([after for _, after in changed])
    _all(len(changed), binary.update(connection, "cases", "order_id", columns))
    new, moved = _changed_disputes(changed)
    if moved:  # first, since an order may have a new dispute only once its last one is resolved
        columns = _dispute_columns(moved)
        _all(len(moved), binary.update(connection, "disputes", "dispute_id", columns))
    if new:
        binary.append(connection, "disputes", _dispute_columns(new))


def settle(
    connection: AnyConnection, requests: Sequence[RefundRequested | PayoutRequested]
) -> None:
    """Remember the money asked for; a second settlement of the same dispute and kind is refused."""
    if requests:
        binary.append(connection, "settlements", _settlement_columns(requests))


def _all(meant: int, written: int) -> None:
    """An update of a row that is not there is no error to the database."""
    if written != meant:
        raise StorageError(f"{meant} rows were to be updated, and {written} are there")


def _changed_disputes(changed: Iterable[tuple[Case, Case]]) -> tuple[list[Placed], list[Placed]]:
    """The disputes that are new, and those that were known and are not what they were."""
    new, moved = [], []
    for before, after in changed:
        known = {dispute.dispute_id: dispute for dispute in before.disputes}
        for position, dispute in enumerate(after.disputes, start=1):
            if dispute.dispute_id not in known:
                new.append((after.order_id, position, dispute))
            elif dispute != known[dispute.dispute_id]:
                moved.append((after.order_id, position, dispute))
    return new, moved


def _case_columns(changed: Sequence[Case]) -> Columns:
    return {
        "order_id": [case.order_id for case in changed],
        "frozen": [case.frozen for case in changed],
        "chat_locked": [case.chat_locked for case in changed],
        "reviews_blocked": [case.reviews_blocked for case in changed],
        "sequence": [case.sequence for case in changed],
    }


def _dispute_columns(changed: Sequence[Placed]) -> Columns:
    every = [dispute for _, _, dispute in changed]
    terms = [dispute.terms for dispute in every]
    resolutions = [dispute.resolution for dispute in every]
    return {
        "dispute_id": [each.dispute_id for each in every],
        "order_id": [order_id for order_id, _, _ in changed],
        "position": [position for _, position, _ in changed],
        "state": [each.state.value for each in every],
        "opened_by": [each.opened_by.value for each in every],
        "buyer_id": [each.buyer_id for each in every],
        "seller_id": [each.seller_id for each in every],
        "currency": [each.currency for each in terms],
        "captured_minor": [each.captured_minor for each in terms],
        "fees_minor": [each.fees_minor for each in terms],
        "commission_minor": [each.commission_minor for each in terms],
        "opened_at": [each.opened_at for each in every],
        "opened_by_event_id": [each.opened_by_event_id for each in every],
        "mediator_id": [each.mediator_id for each in every],
        "assigned_at": [each.assigned_at for each in every],
        "resolved_by_event_id": [each and each.event_id for each in resolutions],
        "decision": [each and each.decision.value for each in resolutions],
        "ground": [each and each.ground.value for each in resolutions],
        "reasons": [each and each.reasons for each in resolutions],
        "resolved_at": [each and each.resolved_at for each in resolutions],
        "refund_minor": [each and each.refund_minor for each in resolutions],
        "payout_minor": [each and each.payout_minor for each in resolutions],
        "platform_minor": [each and each.platform_minor for each in resolutions],
        "set_aside": [each and Jsonb(_set_aside(each)) for each in resolutions],
    }


def _set_aside(resolution: Resolution) -> list[dict[str, str]]:
    return [
        {"kind": piece.kind.value, "reference": piece.reference} for piece in resolution.set_aside
    ]


def _settlement_columns(requests: Sequence[RefundRequested | PayoutRequested]) -> Columns:
    return {
        "settlement_id": [each.settlement_id for each in requests],
        "dispute_id": [each.dispute_id for each in requests],
        "kind": ["REFUND" if isinstance(each, RefundRequested) else "PAYOUT" for each in requests],
        "amount_minor": [each.amount_minor for each in requests],
        "currency": [each.currency for each in requests],
        "payee_id": [each.payee_id for each in requests],
        "event_id": [each.cause_event_id for each in requests],
        "requested_at": [each.occurred_at for each in requests],
    }


def _dispute(row: Sequence[Any]) -> Dispute:
    dispute_id, state, opened_by, buyer_id, seller_id = row[:5]
    opened_at, opened_by_event_id, mediator_id, assigned_at = row[9:13]
    return Dispute(
        dispute_id=dispute_id,
        state=DisputeState[state],
        opened_by=OpenedBy[opened_by],
        buyer_id=buyer_id,
        seller_id=seller_id,
        terms=Terms(*row[5:9]),
        opened_at=opened_at,
        opened_by_event_id=opened_by_event_id,
        mediator_id=mediator_id,
        assigned_at=assigned_at,
        resolution=_resolution(row[13:]),
    )


def _resolution(row: Sequence[Any]) -> Resolution | None:
    event_id, mediator_id, decision, ground, reasons, resolved_at, *amounts, set_aside = row
    if event_id is None:
        return None
    refund_minor, payout_minor, platform_minor = amounts
    return Resolution(
        event_id=event_id,
        mediator_id=mediator_id,
        decision=VerdictDecision[decision],
        ground=Ground[ground],
        reasons=reasons,
        resolved_at=resolved_at,
        refund_minor=refund_minor,
        payout_minor=payout_minor,
        platform_minor=platform_minor,
        set_aside=tuple(
            Evidence(kind=EvidenceKind[piece["kind"]], reference=piece["reference"])
            for piece in set_aside
        ),
    )
