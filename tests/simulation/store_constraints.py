"""What the store in memory refuses: the constraints and triggers of the database, said again.

Rule: each raises `StorageError` where PostgreSQL would, and the contract tests compare the two.
"""

from schemas.effects import PayoutRequested, RefundRequested
from schemas.events import VerdictDecision
from services.errors import StorageError
from services.rules.case import Case, Dispute, DisputeState, Resolution
from services.rules.contents import GROUNDS
from services.rules.outcome import Outcome
from services.storage.inbox import Entry, Settled

D = VerdictDecision
_SANE_RESTRICTIONS = {(False, False, False), (True, True, False), (False, True, True)}
_LONGEST_IDENTIFIER = 64
_DIGEST_BYTES = 32
_STATES = list(DisputeState)


def require(holds: bool, what: str) -> None:
    """Refuse for good unless this holds."""
    if not holds:
        raise StorageError(what)


def check_identifier(identifier: str | None) -> None:
    fits = identifier is None or 1 <= len(identifier) <= _LONGEST_IDENTIFIER
    require(fits, f"identifier {identifier!r}")


def check_entry(entry: Entry) -> None:
    decision = entry.decision
    check_identifier(entry.event.order_id)
    check_identifier(entry.event.dispute_id)
    require(len(entry.digest) == _DIGEST_BYTES, "events_digest_check")
    require(entry.message.value is not None, "events: null value")
    _check_reason(decision.outcome, decision.reason is not None, "events_rejected_has_a_reason")


def check_settled(settled: Settled) -> None:
    require(settled.outcome is not Outcome.DEFERRED, "parked_events_outcome_check")
    has_reason = settled.reason is not None
    _check_reason(settled.outcome, has_reason, "parked_events_rejected_has_a_reason")


def check_case(before: Case, after: Case) -> None:
    """One row of `cases`, as it was and as it is to be, and the indexes over its disputes."""
    restrictions = (after.frozen, after.chat_locked, after.reviews_blocked)
    require(restrictions in _SANE_RESTRICTIONS, "cases_restrictions_are_sane")
    require(not before.reviews_blocked, "cases: closed by mediation, does not change any more")
    require(after.sequence >= before.sequence, "cases: the sequence of an order only rises")
    unresolved = [each for each in after.disputes if each.state is not DisputeState.RESOLVED]
    require(len(unresolved) <= 1, "disputes_one_unresolved_per_order")
    closing = [each for each in after.disputes if _closes(each)]
    require(len(closing) <= 1, "disputes_one_closing_verdict_per_order")


def check_fit(case: Case) -> None:
    """At the commit: the restrictions of an order against its disputes."""
    unresolved = any(each.state is not DisputeState.RESOLVED for each in case.disputes)
    closed = any(map(_closes, case.disputes))
    fits = (case.frozen, case.reviews_blocked) == (unresolved, closed)
    require(fits, f"order {case.order_id}: the restrictions do not fit its disputes")


def check_dispute(before: Dispute | None, after: Dispute) -> None:
    """One row of `disputes`, as it was, if it was, and as it is to be."""
    for identifier in (after.dispute_id, after.buyer_id, after.seller_id, after.mediator_id):
        check_identifier(identifier)
    terms, is_open = after.terms, after.state is DisputeState.OPEN
    sane = 0 <= terms.fees_minor <= terms.captured_minor
    require(sane and 0 <= terms.commission_minor <= terms.price_minor, "disputes_terms_are_sane")
    fits = is_open == (after.mediator_id is None) and is_open == (after.assigned_at is None)
    require(fits, "disputes_mediator_fits_state")
    neutral = after.mediator_id not in (after.buyer_id, after.seller_id)
    require(neutral, "disputes_mediator_is_neutral")
    whole = (after.state is DisputeState.RESOLVED) == (after.resolution is not None)
    require(whole, "disputes_resolution_is_whole")
    if after.resolution is not None:
        _check_resolution(after, after.resolution)
    if before is not None:
        _check_move(before, after)


def check_settlement(request: RefundRequested | PayoutRequested, dispute: Dispute | None) -> None:
    """The amount and the payee against those of the verdict."""
    require(request.amount_minor > 0, "settlements_amount_minor_check")
    due = None
    if dispute is not None and dispute.resolution is not None:
        resolution = dispute.resolution
        due = (
            (dispute.terms.currency, dispute.buyer_id, resolution.refund_minor)
            if isinstance(request, RefundRequested)
            else (dispute.terms.currency, dispute.seller_id, resolution.payout_minor)
        )
    asked = (request.currency, request.payee_id, request.amount_minor)
    require(asked == due, "settlements: not the verdict's")


def _check_resolution(dispute: Dispute, resolution: Resolution) -> None:
    terms, decision, refund = dispute.terms, resolution.decision, resolution.refund_minor
    payout, platform = resolution.payout_minor, resolution.platform_minor
    require(resolution.reasons.strip(" ") != "", "disputes_reasons_are_given")
    fits = resolution.ground in GROUNDS.get(decision, ())
    require(fits, "disputes_ground_fits_decision")
    require(min(refund, payout, platform) >= 0, "minor_units")
    shared = 0 if decision is D.RELAUNCH else terms.captured_minor
    require(refund + payout + platform == shared, "disputes_money_is_conserved")
    if decision is D.FULL_REFUND:
        require(refund == terms.captured_minor, "disputes_money_fits_decision")
    if decision is D.PAY_SELLER:
        whole = payout == terms.price_minor - terms.commission_minor and refund == 0
        require(whole, "disputes_money_fits_decision")
    if decision is D.PARTIAL_REFUND:
        price = terms.price_minor
        require(0 < refund < price, "disputes_money_fits_decision")
        exact = terms.commission_minor * (price - refund)
        off = abs(2 * ((platform - terms.fees_minor) * price - exact))
        require(off <= price, "disputes_commission_is_in_proportion")


def _check_move(before: Dispute, after: Dispute) -> None:
    require(before.resolution is None, "disputes: a resolved dispute is final")
    on = _STATES.index(after.state) >= _STATES.index(before.state)
    require(on, "disputes: a dispute never goes back to an earlier state")
    same = _fixed(before) == _fixed(after)
    require(same, "disputes: the order, parties and terms of a dispute do not change")


def _fixed(dispute: Dispute) -> tuple[object, ...]:
    who = (dispute.dispute_id, dispute.opened_by, dispute.buyer_id, dispute.seller_id)
    return (*who, dispute.terms, dispute.opened_at, dispute.opened_by_event_id)


def _check_reason(outcome: Outcome, has_reason: bool, what: str) -> None:
    require((outcome is Outcome.REJECTED) == has_reason, what)


def _closes(dispute: Dispute) -> bool:
    return dispute.resolution is not None and dispute.resolution.closes_the_order
