"""Numbers as text: exact for machines, readable for people, and never made up.

`plain` keeps every digit. The others round for the eye, half away from zero: what is not zero is
never shown as zero ("<0.01"), what is not the whole is never shown as the whole (">99.9 %"), and
the unknown is an en dash. Negative numbers carry a hyphen-minus, so that a copied cell pastes as
a number.

Source: ISO 4217:2015, list one (minor units).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

UNKNOWN = "–"  # noqa: RUF001 - an en dash is meant
EXACT = Context(prec=400, rounding=ROUND_HALF_UP)
"""Arithmetic that loses no digit of any sum of DECIMAL(38,18), nor of values far beyond it."""

_NO_MINOR_UNIT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_MINOR_UNITS = {
    **dict.fromkeys(_NO_MINOR_UNIT.split(), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_PRICE_DIGITS = 4
_PRICE_DECIMALS = 2
_WHOLE_FROM = 10_000


def decimal_of(value: object) -> Decimal:
    """A cell as Decimal; a float is refused, because its digits are not those of the bill."""
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise TypeError(f"expected a finite Decimal or an int, not {value!r}")


def plain(value: Decimal | int) -> str:
    """Every digit, no exponent, no trailing zeros.

    >>> plain(Decimal("1E+3")), plain(Decimal("0E-18")), plain(Decimal("-2.50"))
    ('1000', '0', '-2.5')
    """
    text = format(decimal_of(value), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def minor_units(currency: str | None) -> int:
    """Decimals of a currency; 2 where ISO 4217 has no entry.

    >>> minor_units("USD"), minor_units("JPY"), minor_units("KWD")
    (2, 0, 3)
    """
    return _MINOR_UNITS.get(currency or "", 2)


def money_text(amount: Decimal | None, currency: str | None = None) -> str:
    """An amount to the minor unit of its currency, grouped by thousands.

    >>> money_text(Decimal("1234567.891"), "USD"), money_text(Decimal("1234.5"), "JPY")
    ('1,234,567.89', '1,235')
    >>> money_text(Decimal("-0.004"), "USD"), money_text(Decimal(0), "USD")
    ('>-0.01', '0.00')
    """
    if amount is None:
        return UNKNOWN
    decimals = minor_units(currency)
    shown = _rounded(amount, decimals)
    if shown.is_zero() and amount:
        least = f"{_unit(decimals):f}"
        return f"<{least}" if amount > 0 else f">-{least}"
    return _grouped(shown)


def price_text(price: Decimal | None) -> str:
    """A price to four significant digits, and at least two decimals.

    >>> [price_text(Decimal(each)) for each in ("5", "0.0375", "15", "5.25950", "0.00012345")]
    ['5.00', '0.0375', '15.00', '5.26', '0.0001235']
    """
    if price is None:
        return UNKNOWN
    decimals = max(_PRICE_DECIMALS, _PRICE_DIGITS - 1 - price.adjusted() if price else 0)
    whole, _, fraction = _grouped(_rounded(price, decimals)).partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(_PRICE_DECIMALS, '0')}"


def quantity_text(quantity: Decimal | int | None) -> str:
    """A quantity grouped by thousands; decimals, as of a price, of a part of a small one only.

    >>> quantity_text(Decimal("58554000.000")), quantity_text(Decimal("0.12345"))
    ('58,554,000', '0.1235')
    >>> quantity_text(Decimal("4098263302.000000000124"))
    '4,098,263,302'
    """
    if quantity is None:
        return UNKNOWN
    number = decimal_of(quantity)
    if number == number.to_integral_value(context=EXACT) or abs(number) >= _WHOLE_FROM:
        return _grouped(_rounded(number, 0))
    return price_text(number)


def share_text(share: Decimal | None) -> str:
    """A share in percent with one decimal.

    >>> [share_text(Decimal(each)) for each in ("0.821", "1", "0.99999", "0.0001", "0")]
    ['82.1 %', '100.0 %', '>99.9 %', '<0.1 %', '0.0 %']
    """
    if share is None:
        return UNKNOWN
    percent = EXACT.multiply(share, Decimal(100))
    shown = _rounded(percent, 1)
    if shown == 100 and share < 1:  # noqa: PLR2004 - the whole
        return ">99.9 %"
    if shown.is_zero() and share:
        return "<0.1 %" if share > 0 else ">-0.1 %"
    return f"{_grouped(shown)} %"


def significant_digits(value: Decimal | int) -> int:
    """Digits that carry the value.

    >>> significant_digits(Decimal("1200.50")), significant_digits(Decimal("0.0010"))
    (5, 1)
    """
    return len(plain(value).lstrip("-").replace(".", "").strip("0"))


def _unit(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)


def _rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(_unit(decimals), context=EXACT)


def _grouped(value: Decimal) -> str:
    return f"{abs(value) if value.is_zero() else value:,f}"
