"""Amounts of money for people: `100.00 EUR`. Only this file knows how small a minor unit is."""

from typing import Final

_DIGITS: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS: Final = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}
_USUAL: Final = 2


def amount(minor: int, currency: str) -> str:
    """`minor` units of an ISO 4217 currency, exactly, with as many decimals as the currency has."""
    digits = _EXPONENTS.get(currency, _USUAL)
    sign, whole = ("-" if minor < 0 else ""), abs(minor)
    if digits == 0:
        return f"{sign}{whole} {currency}"
    units, rest = divmod(whole, 10**digits)
    return f"{sign}{units}.{rest:0{digits}} {currency}"
