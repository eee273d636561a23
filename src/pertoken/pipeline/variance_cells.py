"""The cells of a variance: what a group of charges cost and counted in each of two periods.

They come from the daily mart by way of the matrix; where `by` names a dimension of attribution,
such as Team, from attribution, which tells no list cost. A row of tokens whose sum is negative is a
correction; cost of token meters without proven tokens is a cell of its own.

Source: docs/variance.md, "Variance".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.allocation import AttributionQuery
from pertoken.errors import ConfigError, alternatives
from pertoken.pipeline.attribution_view import attribution_table
from pertoken.unit_economics import (
    MART_DIMENSIONS,
    TAG_PREFIX,
    MatrixQuery,
    can_read_mart,
    matrix_columns,
    matrix_rows,
)
from pertoken.unit_economics.variance import CELL_COLUMNS, TOKENS, Cell, Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations
    from pertoken.pipeline.compared import Period

_FACTS = ("ChargeCategory", "ChargeClass", "CommitmentDiscountStatus", "Unit")
_SIDE_FACTS = ("BillingMonth", "x_ScopeKey")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class VarianceQuery:
    """What is asked for: two periods, groups, filters, and a driver whose cells are shown."""

    before: Period
    after: Period
    by: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    currency: str | None = None
    drill: str | None = None


def variance_cells(
    engine: Engine, relations: Relations, query: VarianceQuery, rules: Rules | None
) -> list[Cell]:
    """What is compared: one cell per group, currency, kind and words.

    Takes:   rules of attribution; None where no dimension of it may be asked for.
    Raises:  ConfigError for a column or dimension that is unknown.
    """
    relations.view(engine, "charges")
    charges, meters = engine.columns("charges"), engine.columns("meters")
    known = {*MART_DIMENSIONS, *meters, *charges}
    unknown = [name for name in query.by if name not in known and not name.startswith(TAG_PREFIX)]
    if unknown and rules is None:
        raise ConfigError(
            f"There is no column '{unknown[0]}'.",
            "Expected a FOCUS or x_ column or Tags.KEY; attribution covers shared charges, "
            "which a team does not see.",
            f"Nearest names: {alternatives(unknown[0], known)}.",
        )
    if rules is None or not unknown:
        rows = _matrix_rows(engine, relations, query, charges, meters)
        rates = _rates(engine, query, charges)
    else:
        rows = tuple(
            _attributed_rows(engine, relations, query, each, rules)
            for each in (query.before, query.after)
        )
        rates = {}
    before, after = (_sides(each, rates) for each in rows)
    return [
        Cell(*key, before=before.get(key), after=after.get(key))
        for key in dict.fromkeys((*after, *before))
    ]


@dataclass(slots=True)
class _Sum:
    """What a cell sums to in one period."""

    cost: Decimal = _ZERO
    quantity: Decimal = _ZERO
    list_cost: Decimal = _ZERO
    list_quantity: Decimal = _ZERO
    rates: set[Decimal | None] | None = None


_Key = tuple[tuple[object, ...], str, str, tuple[object, ...]]
_Row = tuple[tuple[object, ...], dict[str, object]]
"""A group and the facts of its charges."""


def _matrix_rows(
    engine: Engine,
    relations: Relations,
    query: VarianceQuery,
    charges: Mapping[str, str],
    meters: Mapping[str, str],
) -> tuple[list[_Row], ...]:
    """Groups of charges of both periods, with the list cost of tokens where it may be seen."""
    names = tuple(dict.fromkeys((*query.by, *CELL_COLUMNS, *_FACTS, *_SIDE_FACTS)))
    asked = MatrixQuery(by=names, where=query.where, currency=query.currency, per="token")
    from_mart = can_read_mart(asked, meters) and relations.view(engine, "token_costs")
    held = engine.columns("token_costs") if from_mart else charges
    costs = ("Effective", "List") if "ListCost" in held else ("Effective",)

    def rows(period: Period) -> list[_Row]:
        months = (("BillingMonth", period.month),) if period.month else ()
        narrowed = replace(
            asked,
            where=(*query.where, *months),
            start=None if period.month else period.start,
            end=None if period.is_month else period.end,
        )
        found: list[list[dict[str, object]]] = []
        for cost in costs:
            of_cost = replace(narrowed, cost=cost)
            columns = matrix_columns(of_cost)
            answers = matrix_rows(
                engine, of_cost, charge_columns=held, meter_columns=meters, from_mart=from_mart
            )
            found.append([dict(zip(columns, each, strict=True)) for each in answers])
        keys = (*names, "BillingCurrency")
        listed = {tuple(each[key] for key in keys): each for each in found[-1]}
        for row in found[0]:
            of_list = listed[tuple(row[key] for key in keys)] if len(costs) > 1 else {}
            row["ListCost"] = of_list.get("x_TokenCost")
            row["ListQuantity"] = of_list.get("x_TokenQuantity")
        return [(tuple(row[name] for name in query.by), row) for row in found[0]]

    return rows(query.before), rows(query.after)


def _attributed_rows(
    engine: Engine, relations: Relations, query: VarianceQuery, period: Period, rules: Rules
) -> list[_Row]:
    """The same by dimensions of attribution, which tell no list cost."""
    if query.where:
        raise ConfigError(
            f"The filters do not narrow a variance by {', '.join(query.by)}.",
            "Expected filters only beside columns of the charges or Tags.KEY.",
            "Leave out the filters, or group by a tag.",
        )
    facts = [name for name in (*CELL_COLUMNS, "ChargeCategory", "Unit") if name not in query.by]
    asked = AttributionQuery(
        by=(*query.by, *facts),
        start=None if period.month else period.start,
        end=None if period.is_month else period.end,
        currency=query.currency,
    )
    rows = attribution_table(engine, relations, asked, rules).to_dicts()
    return [
        (tuple(row[name] for name in query.by), row)
        for row in rows
        if period.month is None or row["BillingMonth"] == period.month
    ]


def _rates(
    engine: Engine, query: VarianceQuery, held: Mapping[str, str]
) -> dict[tuple[object, ...], Decimal | None]:
    """The exchange rate of each scope and month, where its charges state one for all."""
    pricing = "PricingCurrency" if "PricingCurrency" in held else "x_PricingCurrency"
    if "x_BillingExchangeRate" not in held or pricing not in held:
        return {}
    months = [each.month for each in (query.before, query.after) if each.month]
    narrowed = " AND BillingMonth IN (?, ?)" if months else ""
    rows = engine.rows(
        "SELECT x_ScopeKey, BillingMonth, BillingCurrency, min(x_BillingExchangeRate) AS Least, "
        f"max(x_BillingExchangeRate) AS Most FROM charges WHERE {pricing} <> BillingCurrency"
        f"{narrowed} GROUP BY x_ScopeKey, BillingMonth, BillingCurrency",
        months,
    )
    return {row[:3]: row[3] if row[3] == row[4] else None for row in rows}


def _sides(
    rows: Iterable[_Row], rates: Mapping[tuple[object, ...], Decimal | None]
) -> dict[_Key, Side]:
    """The cells of one period. A token cell of no or negative quantity is no token cell."""
    sums: dict[_Key, _Sum] = defaultdict(_Sum)
    for group, row in rows:
        words = tuple(row[name] for name in CELL_COLUMNS)
        currency = str(row["BillingCurrency"])
        cost, kind = _number(row["EffectiveCost"]), _kind(row)
        if kind != TOKENS:
            sums[group, currency, kind, _other_words(row)].cost += cost
            continue
        token_cost, quantity = _number(row["x_TokenCost"]), _number(row["x_TokenQuantity"])
        if cost != token_cost:
            sums[group, currency, "UnprovenQuantity", words].cost += cost - token_cost
        if not quantity and not token_cost:
            continue
        each = sums[group, currency, TOKENS, words]
        each.cost += token_cost
        each.quantity += quantity
        each.list_cost += _number(row.get("ListCost"))
        each.list_quantity += _number(row.get("ListQuantity"))
        place = (row.get("x_ScopeKey"), row.get("BillingMonth"), currency)
        each.rates = {*(each.rates or ()), rates.get(place)}
    sides: dict[_Key, Side] = {}
    for key, each in sums.items():
        group, currency, kind, words = key
        if kind == TOKENS and each.quantity > 0:
            known = each.list_cost if each.list_quantity == each.quantity else None
            rate = next(iter(each.rates)) if each.rates and len(each.rates) == 1 else None
            sides[key] = Side(each.cost, each.quantity, known or None, rate)
        else:
            kind = "Corrections" if kind == TOKENS else kind
            sides[group, currency, kind, words] = Side(each.cost)
    return sides


def _kind(row: dict[str, object]) -> str:
    """What a group of charges is: tokens, or a driver of its own."""
    if row.get("ChargeClass") == "Correction":
        return "Corrections"
    if row["ChargeCategory"] != "Usage":
        return "OtherCharges"
    if row["x_MeterUse"] == "Capacity":
        return "PtuCover"
    return TOKENS if row["Unit"] == "Tokens" else "OtherUsage"


def _other_words(row: dict[str, object]) -> tuple[object, ...]:
    """The words of a cell without tokens; capacity is told apart by what covers it."""
    if row["x_MeterUse"] == "Capacity":
        covered = row.get("CommitmentDiscountStatus") or "On demand"
        return tuple(covered if name == "x_MeterUse" else row[name] for name in CELL_COLUMNS)
    return tuple(row[name] for name in CELL_COLUMNS)


def _number(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else _ZERO
