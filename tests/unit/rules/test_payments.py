"""Who gets what of the money, to the cent?"""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import VerdictDecision
from services.rules.case import Terms
from services.rules.payments import MONEY, Split, round_half_even, split

MOST = 2**63 - 1  # an Avro long


@st.composite
def terms(draw: st.DrawFn, least_price: int = 0) -> Terms:
    """Any consistent terms: 0 <= fees <= captured and 0 <= commission <= price."""
    captured = draw(st.integers(least_price, 10_000) | st.integers(least_price, MOST))
    fees = draw(st.integers(0, captured - least_price))
    commission = draw(st.integers(0, captured - fees))
    return Terms("EUR", captured, fees, commission)


@st.composite
def partial_refunds(draw: st.DrawFn) -> tuple[Terms, int]:
    """Any consistent terms, with a refund of a part of the price."""
    agreed = draw(terms(least_price=2))
    return agreed, draw(st.integers(1, agreed.price_minor - 1))


AGREED = Terms("EUR", captured_minor=10_000, fees_minor=500, commission_minor=1_000)


def test_a_full_refund_gives_the_buyer_all_that_was_captured() -> None:
    assert split(VerdictDecision.FULL_REFUND, AGREED) == Split(10_000, 0, 0)


def test_full_payment_gives_the_seller_the_price_less_the_commission() -> None:
    assert split(VerdictDecision.PAY_SELLER, AGREED) == Split(0, 8_500, 1_500)


def test_a_relaunch_leaves_the_escrow_alone() -> None:
    assert split(VerdictDecision.RELAUNCH, AGREED) == Split(0, 0, 0)


def test_a_partial_refund_takes_its_share_of_the_commission() -> None:
    assert split(VerdictDecision.PARTIAL_REFUND, AGREED, 1_900) == Split(1_900, 6_800, 1_300)


@pytest.mark.parametrize(
    ("refund_minor", "commission_minor"),
    [
        (3, 0),  # 1 × 1 / 4 = 0.25
        (2, 0),  # 1 × 2 / 4 = 0.5, and 0 is even
        (1, 1),  # 1 × 3 / 4 = 0.75
    ],
)
def test_the_share_of_the_commission_is_rounded_half_to_even(
    refund_minor: int, commission_minor: int
) -> None:
    agreed = Terms("EUR", captured_minor=4, fees_minor=0, commission_minor=1)

    shares = split(VerdictDecision.PARTIAL_REFUND, agreed, refund_minor)

    assert shares.platform_minor == commission_minor


def test_a_half_above_an_odd_number_is_rounded_up() -> None:
    agreed = Terms("EUR", captured_minor=4, fees_minor=0, commission_minor=3)

    shares = split(VerdictDecision.PARTIAL_REFUND, agreed, 2)  # 3 × 2 / 4 = 1.5

    assert shares.platform_minor == 2


@pytest.mark.parametrize(
    ("halves", "rounded"), [(1, 0), (3, 2), (5, 2), (7, 4), (9, 4), (11, 6), (13, 6)]
)
def test_every_other_half_is_rounded_up(halves: int, rounded: int) -> None:
    assert round_half_even(halves, 2) == rounded


@given(st.integers(0, MOST**2), st.integers(1, MOST))
def test_rounding_is_exact_for_any_amounts(numerator: int, denominator: int) -> None:
    assert round_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(terms(), st.sampled_from([VerdictDecision.FULL_REFUND, VerdictDecision.PAY_SELLER]))
def test_no_cent_is_made_or_lost_by_a_whole_decision(
    agreed: Terms, decision: VerdictDecision
) -> None:
    shares = split(decision, agreed)

    assert_conserved(agreed, shares)


@given(partial_refunds())
def test_no_cent_is_made_or_lost_by_a_partial_refund(drawn: tuple[Terms, int]) -> None:
    agreed, refund_minor = drawn

    shares = split(VerdictDecision.PARTIAL_REFUND, agreed, refund_minor)

    assert_conserved(agreed, shares)
    assert shares.refund_minor == refund_minor
    assert agreed.fees_minor <= shares.platform_minor
    assert shares.platform_minor <= agreed.fees_minor + agreed.commission_minor


def assert_conserved(agreed: Terms, shares: Split) -> None:
    parts = (shares.refund_minor, shares.payout_minor, shares.platform_minor)
    assert sum(parts) == agreed.captured_minor
    assert min(parts) >= 0


def test_every_decision_but_the_unknown_one_has_its_line_in_the_money_table() -> None:
    assert set(MONEY) == set(VerdictDecision) - {VerdictDecision.UNKNOWN}


def test_an_unknown_decision_divides_nothing() -> None:
    with pytest.raises(ValueError, match=r"^UNKNOWN is not a decision that divides money$"):
        split(VerdictDecision.UNKNOWN, AGREED)


@pytest.mark.parametrize("refund_minor", [None, -1, 0, 9_500])
def test_a_partial_refund_out_of_range_is_never_computed(refund_minor: int | None) -> None:
    said = f"^a partial refund of {refund_minor} is not within 0 and the price$"
    with pytest.raises(ValueError, match=said):
        split(VerdictDecision.PARTIAL_REFUND, AGREED, refund_minor)
