"""Attributed cost: the parts of the bill by any dimensions, each with its evidence.

A dimension is what a call said of its caller (telemetry), what a tag says of a resource (tags), or
what a person's rule says (rules). Without a choice telemetry speaks, and a rule for what it leaves.
What nothing proves is one row per reason that reads Unattributed, unless a person's spread divides
it. Facts of the charge itself, such as its model or its day, can stand beside the dimensions and
are never in doubt.

Source: docs/allocation.md.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.allocation.attribution_query import PER
from pertoken.allocation.attribution_sql import AttributionSelect
from pertoken.engine import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.allocation.attribution_query import AttributionQuery
    from pertoken.allocation.rules import Rules
    from pertoken.engine import Engine, Row

MEASURES = {
    "BillingCurrency": "text", "EffectiveCost": "money", "x_TokenCost": "money",
    "x_TokenQuantity": "quantity", "x_UnitCost": "price", "x_UnitCostUnit": "text",
    "Evidence": "text", "ResidualReason": "text", "x_IdleCost": "money",
    "x_SpreadRule": "text",
}  # fmt: skip
_DIGITS = 50
_COST_SCALE = -18
_QUANTITY_SCALE = -12


def attribution_columns(query: AttributionQuery) -> dict[str, str]:
    """The columns of an attribution and their kinds, in order."""
    by = {name: "date" if name == "ChargeDate" else "text" for name in query.by}
    return {"BillingMonth": "date"} | by | MEASURES


def attribution_rows(
    engine: Engine, query: AttributionQuery, rules: Rules, *, meter_columns: Sequence[str]
) -> list[Row]:
    """The rows of an attribution, in the order of `attribution_columns`.

    Takes:   an engine in which `tagged_parts` (the parts of the bill with their canonical tags),
             `meters` and `organisation` are named; for platform cost `tagged_platform` too.
    Gives:   one row per month, dimensions, currency, evidence, reason and spread.
    Keeps:   the cost and tokens of the bill, or of the chosen platform charges, to the last
             decimal.
    Raises:  ConfigError for a dimension that nothing can give.
    """
    sql = AttributionSelect(engine, query, rules, meter_columns).sql()
    return [_row(row, query) for row in engine.rows(sql)]


def attribution_select(
    engine: Engine, query: AttributionQuery, rules: Rules, *, meter_columns: Sequence[str]
) -> str:
    """The SELECT of an attribution, for tables that are too long to hold: no quotient.

    Takes:   as `attribution_rows`.
    Gives:   BillingMonth, the dimensions, BillingCurrency, EffectiveCost, x_TokenCost and
             x_IdleCost as DECIMAL(38,18), x_TokenQuantity as DECIMAL(38,12), Evidence,
             ResidualReason, x_SpreadRule; x_TokenCost, x_TokenQuantity and x_IdleCost NULL where
             there are none.
    Keeps:   the cost and tokens of the bill, to the last decimal.
    """
    sql = AttributionSelect(engine, query, rules, meter_columns).sql()
    keys = [f"key_{place}" for place in range(len(query.by))]
    names = ("BillingMonth", *keys, "BillingCurrency", "Cost", "TokenCost", "Tokens", "Evidence",
             "ResidualReason", "Idle", "SpreadRule")  # fmt: skip
    shown = "".join(f"{key} AS {quoted(name)}, " for key, name in zip(keys, query.by, strict=True))
    none = "NULLIF({0}, 0)"
    spent = "CASE WHEN Tokens <> 0 OR TokenCost <> 0 THEN TokenCost END"
    return (
        f"SELECT BillingMonth, {shown}BillingCurrency, {_decimal('Cost', 18)} AS EffectiveCost, "
        f"{_decimal(spent, 18)} AS x_TokenCost, {_decimal(none.format('Tokens'), 12)} AS "
        f"x_TokenQuantity, Evidence, ResidualReason, {_decimal(none.format('Idle'), 18)} AS "
        f"x_IdleCost, SpreadRule AS x_SpreadRule FROM ({sql}) AS sums({', '.join(names)})"
    )


def _decimal(units: str, scale: int) -> str:
    """SQL: whole units as a decimal, exact: the product has one digit set, the last."""
    one = "0." + "0" * (scale - 1) + "1"
    unit = f"CAST('{one}' AS DECIMAL({scale},{scale}))"
    return f"CAST(CAST({units} AS DECIMAL(38,0)) * {unit} AS DECIMAL(38,{scale}))"


def _row(row: Row, query: AttributionQuery) -> Row:
    shown = len(query.by) + 1
    currency, cost, token_cost, tokens, evidence, reason, idle, spread = row[shown:]
    spent, quantity = _scaled(token_cost, _COST_SCALE), _scaled(tokens, _QUANTITY_SCALE)
    base = PER[query.per]
    unit_cost = None
    if quantity:
        with localcontext() as context:
            context.prec = _DIGITS
            unit_cost = (spent * base / quantity).quantize(Decimal("1e-12"))
    return (
        *row[:shown], currency, _scaled(cost, _COST_SCALE), spent if quantity or spent else None,
        quantity or None, unit_cost, f"{base} Tokens" if base > 1 else "Tokens", evidence, reason,
        _scaled(idle, _COST_SCALE) if idle else None, spread,
    )  # fmt: skip


def _scaled(units: object, scale: int) -> Decimal:
    with localcontext() as context:
        context.prec = _DIGITS
        return Decimal(int(str(units).partition(".")[0])).scaleb(scale)
