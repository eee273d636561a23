"""Exact products and priced units, as SQL.

DECIMAL(38,18) times DECIMAL(38,18) does not fit 38 digits. Each factor is therefore split into its
whole part and its fraction; the four partial products fit, and only the product of the fractions
is rounded, to 18 digits after the point. No price and no quantity is cut before it is multiplied.

A unit of measure is a number of blocks and words: '1K' is 1000, '1 Hour' and '1/Hour' are one
hour. Two units agree when their words do; a price is carried from one block to another by a power
of ten, which is exact, and by nothing else.

Source: docs/decisions/0006-price-filling.md; reference of unit strings: Azure Retail Prices API,
unitOfMeasure.
"""

from __future__ import annotations

MONEY = "DECIMAL(38,18)"
_WHOLE, _FRACTION = "DECIMAL(18,0)", "DECIMAL(18,18)"
_TENS = 12
_NUMBER = "^ *([0-9]+) ?([KM])?( |/|$)"
"""A number, and K or M when a blank, a slash or the end follows it."""
_LEAD = "^ *[0-9]+ ?([KM]?( |/|$))?"


def exact_product(first: str, second: str) -> str:
    """SQL: the product of two DECIMAL(38,18), rounded once to 18 digits after the point.

    NULL where a factor is NULL or has more than 18 digits before the point.
    """
    parts = [
        (f"TRY_CAST(floor({each}) AS {_WHOLE})", f"CAST({each} - floor({each}) AS {_FRACTION})")
        for each in (first, second)
    ]
    (whole_a, fraction_a), (whole_b, fraction_b) = parts
    products = (
        f"{whole_a} * {whole_b}",
        f"{whole_a} * {fraction_b}",
        f"{fraction_a} * {whole_b}",
        f"{fraction_a} * {fraction_b}",
    )
    return "(" + " + ".join(f"TRY_CAST({each} AS {MONEY})" for each in products) + ")"


def unit_block(unit: str) -> str:
    """SQL: how many single units a unit of measure holds, DECIMAL(38,18); NULL without a number."""
    text = f"upper(trim({unit}))"
    number = f"nullif(regexp_extract({text}, '{_NUMBER}', 1), '')"
    scale = f"regexp_extract({text}, '{_NUMBER}', 2)"
    size = f"CASE {scale} WHEN 'K' THEN 1000 WHEN 'M' THEN 1000000 ELSE 1 END"
    return f"CAST(TRY_CAST({number} AS DECIMAL(12,0)) * {size} AS {MONEY})"


def unit_words(unit: str) -> str:
    """SQL: the words of a unit of measure in one spelling; empty for a bare count such as '1K'."""
    rest = f"regexp_replace(upper(trim({unit})), '{_LEAD}', '')"
    return f"regexp_replace(trim({rest}), '([A-Z]{{3,}})S$', '\\1')"


def block_factor(wanted: str, stated: str) -> str:
    """SQL: what a price per `stated` block is multiplied by to be per `wanted` block.

    NULL where the stated block is another one and no power of ten.
    """
    powers = " ".join(
        f"WHEN {stated} = {10**power} THEN CAST({reciprocal(power)} AS {MONEY})"
        for power in range(_TENS + 1)
    )
    return (
        f"CASE WHEN {wanted} = {stated} THEN CAST(1 AS {MONEY}) ELSE "
        f"CAST(CAST({wanted} AS DECIMAL(18,0)) * CAST(CASE {powers} END AS DECIMAL(13,12)) "
        f"AS {MONEY}) END"
    )


def reciprocal(power: int) -> str:
    """10 to the minus `power`, as a decimal literal.

    >>> reciprocal(0), reciprocal(3)
    ('1', '0.001')
    """
    return "1" if power == 0 else f"0.{'0' * (power - 1)}1"
