"""Who must get what, computed another way than the rules do it: in fractions.

Rule: nothing here imports `services.rules`.
"""

from fractions import Fraction
from math import floor

from schemas.events import OrderDisputed, VerdictDecision, VerdictIssued


def half_even(exact: Fraction) -> int:
    """The nearest whole number, and of two that are as near the even one."""
    below = floor(exact)
    return min(below, below + 1, key=lambda whole: (abs(whole - exact), whole % 2))


def shares(opening: OrderDisputed, verdict: VerdictIssued) -> tuple[int, int, int]:
    """What buyer, seller and platform get by this verdict; nothing moves in a relaunch."""
    captured, fees = opening.captured_minor, opening.fees_minor
    price, commission = captured - fees, opening.commission_minor
    match verdict.decision:
        case VerdictDecision.FULL_REFUND:
            return captured, 0, 0
        case VerdictDecision.PAY_SELLER:
            return 0, price - commission, fees + commission
        case VerdictDecision.PARTIAL_REFUND:
            refund = verdict.refund_minor or 0
            cut = half_even(commission * Fraction(price - refund, price))
            return refund, price - refund - cut, fees + cut
        case _:
            return 0, 0, 0
