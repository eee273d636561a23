"""Spreads in SQL: parts without a value of a dimension, divided among those that have one.

Relation in, relation out, in whole units. Parts that are answered as one row are summed before they
are divided, so that the work follows the answer and not the bill. The shares of a key stand in a
row, the largest last; each value takes what the shares through its own make of a sum beyond those
before it, so that what the division leaves is with the largest share, and the parts are the sum.
Weights are those of whole months, whatever days are asked for, so that days sum to their month.

Source: docs/allocation.md, "Spreads"; docs/decisions/0031-spreads.md.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pertoken.allocation.canonical import condition
from pertoken.allocation.spreads import RESIDUAL_REASON, WHOLE, whole_shares
from pertoken.engine import quoted, quoted_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pertoken.allocation.spreads import Spread
    from pertoken.engine import Engine

UNITS = ("CostUnits", "TokenCostUnits", "QuantityUnits")
Place = tuple[str, str]
"""A billing month and billing currency."""


def view_spread_shares(
    engine: Engine, name: str, parts: str, value: str, spreads: Sequence[Spread]
) -> None:
    """Name the shares of spreads of one dimension.

    Takes:   parts, the query of the parts of whole months; value, its column of the dimension.
    Gives:   one row per SpreadNumber (the place in `spreads`, from 1), BillingMonth,
             BillingCurrency and Value: the sum of the shares Before it and Through it (of WHOLE).
    """
    import pyarrow as pa  # noqa: PLC0415 - lazy on purpose

    found = engine.rows(
        f"SELECT BillingMonth, BillingCurrency, {quoted(value)} AS Held, "
        "sum(CAST(CostUnits AS HUGEINT)), sum(CAST(QuantityUnits AS HUGEINT)) "
        f"FROM ({parts}) AS parts GROUP BY BillingMonth, BillingCurrency, {quoted(value)}"
    )
    weights: dict[Place, dict[str, tuple[int, int]]] = defaultdict(dict)
    for month, currency, held, cost, tokens in found:
        of_place = weights[month, currency]
        if held is not None:
            of_place[held] = (_whole(cost), _whole(tokens))
    rows = list(_rows(spreads, weights))
    kinds = {
        "SpreadNumber": pa.int64(), "BillingMonth": pa.string(), "BillingCurrency": pa.string(),
        "Value": pa.string(), "Before": pa.int64(), "Through": pa.int64(),
    }  # fmt: skip
    columns = {
        each: pa.array([row[place] for row in rows], kind)
        for place, (each, kind) in enumerate(kinds.items())
    }
    engine.view_arrow(name, pa.table(columns))


def spread_match(spreads: Sequence[Spread], columns: Sequence[str]) -> str:
    """SQL: the place, from 1, of the first spread whose conditions hold for a part; else NULL.

    Takes:   columns, what conditions may name; the relation has RESIDUAL_REASON too.
    """
    held = (*columns, RESIDUAL_REASON)
    matches = " ".join(
        f"WHEN {condition(spread.when, spread.since, spread.until, held)} THEN {number}"
        for number, spread in enumerate(spreads, 1)
    )
    return f"CASE {matches} END"


def spread_select(
    parts: str, value: str, spreads: Sequence[Spread], shares: str, *, unless: str = "false"
) -> str:
    """The SELECT of parts in which those that spreads match are divided.

    Takes:   parts, a query with `value` V (NULL where nothing states the dimension) and V_match,
             the `spread_match` of each; shares, the relation of `view_spread_shares`; unless, SQL
             that is true of parts that stay whatever matches.
    Gives:   the columns of parts, a row for each value where a part is divided, and V_spread (the
             name of the spread, NULL where the part is whole) and V_nokey (true where a spread
             matches and its key weighs nothing).
    Keeps:   the sums of CostUnits, TokenCostUnits and QuantityUnits.
    """
    names = " ".join(
        f"WHEN {number} THEN {quoted_text(spread.name)}" for number, spread in enumerate(spreads, 1)
    )
    divided = ", ".join(f"{_divided(unit)} AS {unit}" for unit in UNITS)
    return (
        f"SELECT matched.* EXCLUDE ({', '.join(UNITS)}, {value}, {value}_match, SpreadNumber), "
        f'{divided}, coalesce(matched.{value}, shares."Value") AS {value}, '
        f"CASE WHEN shares.Through IS NOT NULL THEN CASE matched.SpreadNumber {names} END END "
        f"AS {value}_spread, "
        "matched.SpreadNumber IS NOT NULL AND shares.Through IS NULL "
        f"AS {value}_nokey "
        f"FROM (SELECT *, CASE WHEN {value} IS NULL AND NOT ({unless}) THEN {value}_match END "
        f"AS SpreadNumber FROM ({parts}) AS parts) AS matched "
        f"LEFT JOIN {quoted(shares)} AS shares ON shares.SpreadNumber = matched.SpreadNumber "
        "AND shares.BillingMonth = matched.BillingMonth "
        "AND shares.BillingCurrency = matched.BillingCurrency"
    )


def _divided(unit: str) -> str:
    """SQL: what of a part's units is a value's; all of it where nothing is divided."""
    units = f"CAST(matched.{unit} AS HUGEINT)"
    through, before = (_up_to(units, f"shares.{bound}") for bound in ("Through", "Before"))
    return (
        f"CAST(CASE WHEN shares.Through IS NULL THEN {units} ELSE {through} - ({before}) END "
        "AS DECIMAL(38,0))"
    )


def _up_to(units: str, bound: str) -> str:
    """SQL: units x bound // WHOLE, without a product that 128 bits do not hold."""
    return f"{units} // {WHOLE} * {bound} + {units} % {WHOLE} * {bound} // {WHOLE}"


def _rows(
    spreads: Sequence[Spread], weights: Mapping[Place, Mapping[str, tuple[int, int]]]
) -> Iterator[tuple[int, str, str, str, int, int]]:
    for number, spread in enumerate(spreads, 1):
        for (month, currency), held in sorted(weights.items()):
            through = 0
            for value, share in reversed(_shares(spread, held).items()):
                before, through = through, through + share
                yield number, month, currency, value, before, through


def _shares(spread: Spread, held: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """The shares of a spread in a month and currency, the largest first."""
    if spread.by == "shares":
        return dict(spread.shares)
    return whole_shares(
        {
            value: cost if spread.by == "cost" else tokens if spread.by == "tokens" else 1
            for value, (cost, tokens) in held.items()
        }
    )


def _whole(units: object) -> int:
    return int(str(units).partition(".")[0])
