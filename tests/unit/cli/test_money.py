"""How is an amount written?"""

import pytest

from consumers.cli.money import amount
from schemas.currencies import ACTIVE_CURRENCIES


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (10_000, "EUR", "100.00 EUR"),
        (5, "EUR", "0.05 EUR"),
        (0, "EUR", "0.00 EUR"),
        (-5, "EUR", "-0.05 EUR"),
        (1_500, "JPY", "1500 JPY"),
        (1_500, "KWD", "1.500 KWD"),
        (12_345, "CLF", "1.2345 CLF"),
        (2**63 - 1, "USD", "92233720368547758.07 USD"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(
    minor: int, currency: str, written: str
) -> None:
    assert amount(minor, currency) == written


def test_every_currency_with_unusual_decimals_is_an_active_one() -> None:
    from consumers.cli.money import _EXPONENTS

    assert set(_EXPONENTS) <= set(ACTIVE_CURRENCIES)
