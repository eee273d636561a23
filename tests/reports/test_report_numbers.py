"""Numbers as text: exact for machines, and true when rounded for the eye."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pertoken.reports.numbers import (
    UNKNOWN,
    money_text,
    plain,
    price_text,
    quantity_text,
    share_text,
    significant_digits,
)

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False)


@given(AMOUNTS)
def test_plain_text_read_back_is_the_same_number_without_exponent(value: Decimal) -> None:
    if abs(value.adjusted()) > 400:
        return
    text = plain(value)
    assert Decimal(text) == value
    assert "E" not in text
    assert text != "-0"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0E-18", "0"),
        ("-0.00", "0"),
        ("1E+3", "1000"),
        ("1E+20", "100000000000000000000"),
        ("1E-12", "0.000000000001"),
        ("-2.500", "-2.5"),
        ("100", "100"),
    ],
)
def test_plain_has_no_exponent_and_no_trailing_zeros(value: str, expected: str) -> None:
    assert plain(Decimal(value)) == expected


@pytest.mark.parametrize("value", [1.5, True, "1", Decimal("NaN"), Decimal("Infinity"), None])
def test_what_is_no_exact_number_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="expected a finite Decimal"):
        plain(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("1234567.894999", "USD", "1,234,567.89"),
        ("0.005", "USD", "0.01"),
        ("-0.005", "USD", "-0.01"),
        ("0", "USD", "0.00"),
        ("-0.00", "USD", "0.00"),
        ("0.0049", "USD", "<0.01"),
        ("-1E-12", "USD", ">-0.01"),
        ("0.4", "JPY", "<1"),
        ("29277.5", "JPY", "29,278"),
        ("1.23456", "KWD", "1.235"),
        ("1.23456", "CLF", "1.2346"),
        ("1E+20", "EUR", "100,000,000,000,000,000,000.00"),
        ("12345678901234567890.123456789012345678", None, "12,345,678,901,234,567,890.12"),
    ],
)
def test_money_has_the_decimals_of_its_currency(
    amount: str, currency: str | None, expected: str
) -> None:
    assert money_text(Decimal(amount), currency) == expected


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("5", "5.00"),
        ("0.0375", "0.0375"),
        ("15.000", "15.00"),
        ("5.259506936820", "5.26"),
        ("0.075", "0.075"),
        ("1234.567", "1,234.57"),
        ("0.000000000001", "0.000000000001"),
        ("0.000123456", "0.0001235"),
        ("9.99996", "10.00"),
        ("-0.55", "-0.55"),
        ("0", "0.00"),
    ],
)
def test_a_price_has_four_significant_digits_and_two_decimals(price: str, expected: str) -> None:
    assert price_text(Decimal(price)) == expected


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("58554000.000000000000000000", "58,554,000"),
        ("-3", "-3"),
        ("1E+20", "100,000,000,000,000,000,000"),
        ("0.5", "0.50"),
        ("1E-12", "0.000000000001"),
        ("0", "0"),
    ],
)
def test_a_whole_quantity_has_no_decimals(quantity: str, expected: str) -> None:
    assert quantity_text(Decimal(quantity)) == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        ("0.8214", "82.1 %"),
        ("1", "100.0 %"),
        ("0.9996", ">99.9 %"),
        ("0.0004", "<0.1 %"),
        ("-0.0004", ">-0.1 %"),
        ("0", "0.0 %"),
        ("1.25", "125.0 %"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: str, expected: str) -> None:
    assert share_text(Decimal(share)) == expected


@pytest.mark.parametrize("text", [money_text, price_text, quantity_text, share_text])
def test_the_unknown_is_an_en_dash(text: Callable[[None], str]) -> None:
    assert text(None) == UNKNOWN == "\N{EN DASH}"


def test_significant_digits_leave_out_leading_and_trailing_zeros() -> None:
    assert significant_digits(Decimal("-0.00120340")) == 5
