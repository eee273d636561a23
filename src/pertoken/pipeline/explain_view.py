"""A number explained: its formula with its values, what stays outside of it, and where it is from.

Every figure here is the matrix's own, grouped by what decides whether a charge enters the unit
cost. Source: docs/page.md, "The API"; docs/reference.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pertoken.pipeline.views import matrix_table
from pertoken.reports.numbers import EXACT, money_text, price_text, quantity_text
from pertoken.reports.subtotals import unit_cost_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations
    from pertoken.unit_economics import MatrixQuery

DECIDES = ("ChargeCategory", "x_MeterStatus", "x_MeterUse", "Unit", "x_QuantityBasis")
"""What decides whether the cost of a charge enters the unit cost."""


@dataclass(frozen=True, slots=True)
class Part:
    """Charges alike in all that decides whether they count; tokens NULL where they do not."""

    words: tuple[str | None, ...]
    effective_cost: Decimal
    token_cost: Decimal | None
    token_quantity: Decimal | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The figures of one BillingCurrency, the formula in words, its parts, and its runs."""

    currency: str
    effective_cost: Decimal | None
    billed_cost: Decimal | None
    token_cost: Decimal | None
    token_quantity: Decimal | None
    unit_cost: Decimal | None
    formula: str
    parts: tuple[Part, ...]
    runs: tuple[tuple[str, Decimal], ...]


def explained(engine: Engine, relations: Relations, query: MatrixQuery) -> list[Explanation]:
    """The figures of all charges that match a query, per BillingCurrency, highest cost first.

    Takes:   a query; what it groups by is not used.
    Gives:   sums over the parts; the runs of the charges with their EffectiveCost, none for an
             audience that sees no runs.
    Raises:  ConfigError for a column that does not exist; HubError for an empty hub.
    """
    rows = matrix_table(engine, relations, replace(query, by=DECIDES)).to_dicts()
    runs = _runs(engine, relations, query) if relations.runs else {}
    by_currency: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_currency.setdefault(str(row["BillingCurrency"]), []).append(row)
    explanations = [
        _explanation(currency, held, runs.get(currency, ()))
        for currency, held in by_currency.items()
    ]
    return sorted(explanations, key=lambda each: (-(each.effective_cost or 0), each.currency))


def _explanation(
    currency: str, rows: Sequence[dict[str, Any]], runs: Iterable[tuple[str, Decimal]]
) -> Explanation:
    unit = rows[0]["x_UnitCostUnit"]
    effective, billed, cost, tokens = (
        _sum(row[name] for row in rows)
        for name in ("EffectiveCost", "BilledCost", "x_TokenCost", "x_TokenQuantity")
    )
    unit_cost = unit_cost_of(cost, tokens, unit)
    parts = tuple(
        Part(
            tuple(None if row[name] is None else str(row[name]) for name in DECIDES),
            row["EffectiveCost"], row["x_TokenCost"], row["x_TokenQuantity"],
        )
        for row in sorted(rows, key=lambda row: row["EffectiveCost"], reverse=True)
    )  # fmt: skip
    return Explanation(
        currency, effective, billed, cost, tokens, unit_cost,
        _formula(currency, effective, cost, tokens, unit_cost, unit), parts, tuple(runs),
    )  # fmt: skip


def _formula(
    currency: str,
    effective: Decimal | None,
    cost: Decimal | None,
    tokens: Decimal | None,
    unit_cost: Decimal | None,
    unit: str,
) -> str:
    """The unit cost with its values, and the cost that stays outside of it.

    >>> from decimal import Decimal as D
    >>> _formula("USD", D("12.5"), D("10"), D("4000000"), D("2.5"), "1000000 Tokens")
    'x_UnitCost 2.50 USD per 1000000 Tokens = x_TokenCost 10.00 USD / x_TokenQuantity 4,000,000. \
EffectiveCost of 2.50 USD is no cost of proven tokens and stays outside.'
    """
    if effective is None or cost is None or tokens is None or unit_cost is None:
        return (
            f"No unit cost: no usage with proven tokens among these charges; EffectiveCost is "
            f"{money_text(effective, currency)} {currency}."
        )
    words = (
        f"x_UnitCost {price_text(unit_cost)} {currency} per {unit} = x_TokenCost "
        f"{money_text(cost, currency)} {currency} / x_TokenQuantity {quantity_text(tokens)}."
    )
    outside = EXACT.subtract(effective, cost)
    if outside:
        words += (
            f" EffectiveCost of {money_text(outside, currency)} {currency} is no cost of proven "
            "tokens and stays outside."
        )
    return words


def _runs(
    engine: Engine, relations: Relations, query: MatrixQuery
) -> dict[str, list[tuple[str, Any]]]:
    runs: dict[str, list[tuple[str, Any]]] = {}
    for row in matrix_table(engine, relations, replace(query, by=("x_RunId",))).to_dicts():
        held = runs.setdefault(str(row["BillingCurrency"]), [])
        held.append((str(row["x_RunId"]), row["EffectiveCost"]))
    return runs


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    """The exact sum of what is known; None where nothing is."""
    total: Decimal | None = None
    for value in values:
        if value is not None:
            total = value if total is None else EXACT.add(total, value)
    return total
