"""Who gets what of the money in escrow.

Rule: refund + payout + platform = captured, always, to the cent (docs/rules.md). Amounts are
whole minor units of one currency; no float ever touches them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from schemas.effects import PayoutRequested, RefundRequested
from schemas.events import VerdictDecision, VerdictIssued
from schemas.values import quick
from services.rules.case import Terms
from services.rules.change import Change
from services.rules.identity import SettlementKind, settlement_id


@quick
@dataclass(frozen=True, slots=True)
class Split:
    """What leaves the escrow, in minor units; all three are 0 if it stays (a relaunch)."""

    refund_minor: int
    payout_minor: int
    platform_minor: int


def round_half_even(numerator: int, denominator: int) -> int:
    """The quotient as the nearest whole number, a half going to the even one.

    In exact integers, with numerator >= 0 and denominator > 0.
    """
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    up = twice > denominator or (twice == denominator and quotient % 2 == 1)
    return quotient + up


def _partial_refund(terms: Terms, refund_minor: int) -> Split:
    kept = terms.price_minor - refund_minor
    commission = round_half_even(terms.commission_minor * kept, terms.price_minor)
    return Split(refund_minor, kept - commission, terms.fees_minor + commission)


MONEY: Mapping[VerdictDecision, Callable[[Terms, int], Split]] = MappingProxyType(
    {
        VerdictDecision.FULL_REFUND: lambda terms, _: Split(terms.captured_minor, 0, 0),
        VerdictDecision.PARTIAL_REFUND: _partial_refund,
        VerdictDecision.PAY_SELLER: lambda terms, _: Split(
            0,
            terms.price_minor - terms.commission_minor,
            terms.fees_minor + terms.commission_minor,
        ),
        VerdictDecision.RELAUNCH: lambda _terms, _: Split(0, 0, 0),
    }
)
"""The money table of docs/rules.md: (terms, refund of a partial refund) -> who gets what."""


def refund_in_range(terms: Terms, refund_minor: int | None) -> bool:
    """Whether a partial refund gives something and leaves something: 0 < refund < price."""
    return refund_minor is not None and 0 < refund_minor < terms.price_minor


def split(decision: VerdictDecision, terms: Terms, refund_minor: int | None = None) -> Split:
    """Who gets what by this decision; `refund_minor` matters for a partial refund alone.

    The terms must be consistent (fees <= captured, commission <= price), as the content checks of
    `order.disputed` see to.

    Raises:
        ValueError: the decision divides no money (UNKNOWN), or a partial refund is out of range.
    """
    if decision not in MONEY:
        raise ValueError(f"{decision} is not a decision that divides money")
    if decision is VerdictDecision.PARTIAL_REFUND and not refund_in_range(terms, refund_minor):
        raise ValueError(f"a partial refund of {refund_minor} is not within 0 and the price")
    return MONEY[decision](terms, refund_minor or 0)


def settle(change: Change[VerdictIssued], shares: Split) -> None:
    """Ask for the refund, then for the payout; a zero amount triggers nothing."""
    if shares.refund_minor != 0:
        _request_refund(change, shares.refund_minor)
    if shares.payout_minor != 0:
        _request_payout(change, shares.payout_minor)


def _request_refund(change: Change[VerdictIssued], amount_minor: int) -> None:
    dispute = change.dispute
    change.emit(
        RefundRequested(
            **change.stamp(RefundRequested.topic),
            settlement_id=settlement_id(dispute.dispute_id, SettlementKind.REFUND),
            amount_minor=amount_minor,
            currency=dispute.terms.currency,
            payee_id=dispute.buyer_id,
        )
    )


def _request_payout(change: Change[VerdictIssued], amount_minor: int) -> None:
    dispute = change.dispute
    change.emit(
        PayoutRequested(
            **change.stamp(PayoutRequested.topic),
            settlement_id=settlement_id(dispute.dispute_id, SettlementKind.PAYOUT),
            amount_minor=amount_minor,
            currency=dispute.terms.currency,
            payee_id=dispute.seller_id,
        )
    )
