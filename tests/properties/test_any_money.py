"""Is the money divided to the cent, whatever the amounts?"""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from schemas.effects import PayoutRequested, RefundRequested
from schemas.events import OrderDisputed, VerdictDecision, VerdictIssued
from services.rules.case import Case
from services.rules.decide import decide
from services.rules.outcome import Decision, Outcome
from services.rules.payments import round_half_even
from tests.builders import mediator_assigned, order_disputed, verdict_issued
from tests.properties.counting import IN_CHAPTERS, RUNS
from tests.properties.drawing import AMOUNTS, MOST, terms
from tests.properties.money import half_even, shares
from tests.properties.steps import REAL_DECISIONS


@st.composite
def halves(draw: st.DrawFn) -> tuple[int, int]:
    """A numerator and a denominator whose quotient lies half way between two whole numbers."""
    half = draw(st.integers(1, MOST))
    return half * (2 * draw(st.integers(0, MOST)) + 1), 2 * half


@st.composite
def openings(draw: st.DrawFn) -> OrderDisputed:
    """A dispute with money that adds up; none of it, at times."""
    captured, fees, commission = draw(terms())
    return order_disputed(captured_minor=captured, fees_minor=fees, commission_minor=commission)


def decided(opening: OrderDisputed, verdict: VerdictIssued) -> Decision:
    case = Case("order-1")
    for event in (opening, mediator_assigned()):
        case = decide(case, event).case
    return decide(case, verdict)


def amount_asked(decision: Decision, kind: type[RefundRequested | PayoutRequested]) -> int | None:
    """The amount of the one request of this kind; None if there is no request."""
    amounts = [each.amount_minor for each in decision.effects if isinstance(each, kind)]
    assert len(amounts) <= 1
    return amounts[0] if amounts else None


@IN_CHAPTERS
@given(
    quotient=st.tuples(st.integers(0, MOST**2), st.integers(1, MOST))
    | st.tuples(st.integers(0, 50), st.integers(1, 20))
    | halves()
)
def test_a_quotient_is_rounded_to_the_nearest_and_a_half_to_the_even(
    chapter: int, quotient: tuple[int, int]
) -> None:
    RUNS["rounding"] += 1

    assert round_half_even(*quotient) == half_even(Fraction(*quotient))


@IN_CHAPTERS
@given(opening=openings(), decision=st.sampled_from(REAL_DECISIONS), amount=AMOUNTS)
def test_each_gets_what_the_reference_says_and_nobody_is_sent_nothing(
    chapter: int, opening: OrderDisputed, decision: VerdictDecision, amount: int
) -> None:
    RUNS["who gets what"] += 1
    partial = decision is VerdictDecision.PARTIAL_REFUND
    verdict = verdict_issued(decision=decision, refund_minor=amount if partial else None)

    answer = decided(opening, verdict)

    price = opening.captured_minor - opening.fees_minor
    if partial and not 0 < amount < price:
        assert answer.outcome is Outcome.REJECTED
        return
    refund, payout, platform = shares(opening, verdict)
    resolution = answer.case.disputes[0].resolution
    assert resolution is not None
    assert resolution.refund_minor == refund >= 0
    assert resolution.payout_minor == payout >= 0
    assert resolution.platform_minor == platform >= 0
    assert amount_asked(answer, RefundRequested) == (refund or None)
    assert amount_asked(answer, PayoutRequested) == (payout or None)


@IN_CHAPTERS
@given(money=terms(least_price=2), part=st.integers(0, MOST))
def test_no_cent_is_made_or_lost_by_a_partial_refund(
    chapter: int, money: tuple[int, int, int], part: int
) -> None:
    RUNS["money conserved"] += 1
    captured, fees, commission = money
    refund_minor = 1 + part % (captured - fees - 1)
    opening = order_disputed(captured_minor=captured, fees_minor=fees, commission_minor=commission)
    verdict = verdict_issued(decision=VerdictDecision.PARTIAL_REFUND, refund_minor=refund_minor)

    resolution = decided(opening, verdict).case.disputes[0].resolution

    assert resolution is not None
    given_out = resolution.refund_minor + resolution.payout_minor
    assert given_out + resolution.platform_minor == captured
    assert resolution.refund_minor == refund_minor
    assert fees <= resolution.platform_minor <= fees + commission
