"""Products to the last digit, and units of measure."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pertoken.engine import Engine, local_engine, quoted_text
from pertoken.prices.arithmetic import block_factor, exact_product, unit_block, unit_words

if TYPE_CHECKING:
    from collections.abc import Iterator

EXACT = Context(prec=90)
PRICE = st.decimals("0", "99999", places=18)
QUANTITY = st.decimals("-999999999999", "999999999999", places=18)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = local_engine(memory_limit="500MB", threads=1)
    yield engine
    engine.close()


def money(number: Decimal) -> str:
    return f"CAST({quoted_text(f'{number:f}')} AS DECIMAL(38,18))"


@settings(max_examples=200, deadline=None)
@given(price=PRICE, quantity=QUANTITY)
def test_a_product_is_rounded_once_at_the_18th_digit(
    engine: Engine, price: Decimal, quantity: Decimal
) -> None:
    [(product,)] = engine.rows(f"SELECT {exact_product(money(price), money(quantity))}")
    exact = EXACT.multiply(price, quantity)
    assert abs(EXACT.subtract(product, exact)) <= Decimal("5e-19")


@pytest.mark.parametrize(
    ("unit", "block", "words"),
    [
        ("1K", 1000, ""), ("1M", 1_000_000, ""), ("10K", 10_000, ""), ("100", 100, ""),
        ("1 Hour", 1, "HOUR"), ("1/Hour", 1, "HOUR"), ("1 Hours", 1, "HOUR"),
        ("1 GB/Month", 1, "GB/MONTH"), ("1 GB", 1, "GB"), ("1K/Month", 1000, "MONTH"),
        ("1 Month", 1, "MONTH"), ("1M Tokens", 1_000_000, "TOKEN"), ("1 MB", 1, "MB"),
        ("Hours", None, "HOUR"), ("", None, ""),
    ],
)  # fmt: skip
def test_a_unit_is_blocks_and_words(
    engine: Engine, unit: str, block: int | None, words: str
) -> None:
    text = quoted_text(unit)
    assert engine.rows(f"SELECT {unit_block(text)}, {unit_words(text)}") == [(block, words)]


@pytest.mark.parametrize(
    ("wanted", "stated", "factor"),
    [
        (1000, 1000, "1"), (1_000_000, 1000, "1000"), (1000, 1_000_000, "0.001"), (1, 100, "0.01"),
        (750, 750, "1"), (1000, 750, None), (750, 1000, "0.75"),
    ],
)  # fmt: skip
def test_a_price_is_carried_between_blocks_by_powers_of_ten(
    engine: Engine, wanted: int, stated: int, factor: str | None
) -> None:
    sql = block_factor(money(Decimal(wanted)), money(Decimal(stated)))
    assert engine.rows(f"SELECT {sql}") == [(Decimal(factor) if factor else None,)]
