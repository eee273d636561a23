"""Spreads in SQL: parts without a value of a dimension, divided among those that have one.

Relation in, relation out, in whole units. The shares of a key stand in a row, the largest last;
each value takes what the shares through its own make of a part beyond those before it, so that what
the division leaves is with the largest share, and the sum is the part for any cost. Weights are
those of whole months, whatever days are asked for, so that the days of a month sum to it.

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


def spread_select(
    parts: str, value: str, spreads: Sequence[Spread], shares: str, columns: Sequence[str], *,
    unless: str = "false",
) -> str:  # fmt: skip
    """The SELECT of parts in which those that spreads match are divided.

    Takes:   parts, a query with `value` (NULL where nothing states the dimension) and Reason;
             shares, the relation of `view_spread_shares`; columns, what conditions may name;
             unless, SQL that is true of parts that stay whatever the conditions say.
    Gives:   the columns of parts, a row for each value where a part is divided, and for `value` V
             V_spread (the name of the spread, NULL where the part is whole) and V_nokey (true
             where a spread matches and its key weighs nothing).
    Keeps:   the sums of CostUnits, TokenCostUnits and QuantityUnits.
    """
    held = (*columns, RESIDUAL_REASON)
    matches = " ".join(
        f"WHEN {condition(spread.when, spread.since, spread.until, held)} THEN {number}"
        for number, spread in enumerate(spreads, 1)
    )
    names = " ".join(
        f"WHEN {number} THEN {quoted_text(spread.name)}" for number, spread in enumerate(spreads, 1)
    )
    divided = ", ".join(f"{_divided(unit)} AS {unit}" for unit in UNITS)
    column = quoted(value)
    return (
        f"SELECT matched.* EXCLUDE ({', '.join(UNITS)}, {column}, SpreadNumber), {divided}, "
        f'coalesce(matched.{column}, shares."Value") AS {column}, '
        f"CASE WHEN shares.Through IS NOT NULL THEN CASE matched.SpreadNumber {names} END END "
        f"AS {quoted(value + '_spread')}, "
        "matched.SpreadNumber IS NOT NULL AND shares.Through IS NULL "
        f"AS {quoted(value + '_nokey')} "
        f"FROM (SELECT reasoned.* EXCLUDE ({RESIDUAL_REASON}), "
        f"CASE WHEN {column} IS NULL AND NOT ({unless}) THEN CASE {matches} END END "
        "AS SpreadNumber FROM "
        f"(SELECT *, coalesce(Reason, 'NoDimension') AS {RESIDUAL_REASON} FROM ({parts}) AS parts) "
        f"AS reasoned) AS matched LEFT JOIN {quoted(shares)} AS shares "
        "ON shares.SpreadNumber = matched.SpreadNumber "
        "AND shares.BillingMonth = matched.BillingMonth "
        "AND shares.BillingCurrency = matched.BillingCurrency"
    )


def _divided(unit: str) -> str:
    """SQL: what of a part's units is a value's; all of it where nothing is divided."""
    units = f"CAST(matched.{unit} AS HUGEINT)"
    return (
        f"CAST(CASE WHEN shares.Through IS NULL THEN {units} ELSE "
        f"{units} * shares.Through // {WHOLE} - {units} * shares.Before // {WHOLE} END "
        "AS DECIMAL(38,0))"
    )


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
