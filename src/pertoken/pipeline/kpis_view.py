"""Key figures of allocation: for the hub and for each team, month by month.

Shares are of AI EffectiveCost. The whole hub is the row of Team All.
Source: docs/allocation.md, "Key figures".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.allocation import UNATTRIBUTED, AttributionQuery
from pertoken.pipeline.attribution_view import queried_attribution, view_attribution
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations

KPI_COLUMNS = {
    "BillingMonth": "date", "Team": "text", "BillingCurrency": "text", "EffectiveCost": "money",
    "ShareOfCost": "share", "AttributedShare": "share", "UnattributedShare": "share",
    "MeasuredShare": "share", "TaggedShare": "share", "CachedShare": "share",
    "x_TokenQuantity": "quantity", "x_UnitCost": "price", "x_UnitCostUnit": "text",
}  # fmt: skip
ALL = "All"
_MILLION = 1_000_000


@dataclass(slots=True)
class _Sums:
    """What a team, or the hub, has in a month."""

    cost: Decimal = Decimal(0)
    attributed: Decimal = Decimal(0)
    measured: Decimal = Decimal(0)
    token_cost: Decimal = Decimal(0)
    tokens: Decimal = Decimal(0)
    into: Decimal = Decimal(0)
    cached: Decimal = Decimal(0)


def kpis_table(engine: Engine, relations: Relations, rules: Rules) -> Table:
    """One row per month, team and currency, the hub's first."""
    view_attribution(engine, relations, rules)
    by = ("Team", "x_TokenDirection", "x_TokenCacheAction")
    sums: dict[tuple[str, str, str], _Sums] = defaultdict(_Sums)
    for row in queried_attribution(engine, AttributionQuery(by=by), rules).to_dicts():
        month, currency = str(row["BillingMonth"]), str(row["BillingCurrency"])
        _add(sums[month, currency, ALL], row)
        if row["Team"] != UNATTRIBUTED:
            _add(sums[month, currency, str(row["Team"])], row)
    tagged = _tagged_shares(engine, rules)
    ordered = sorted(sums, key=lambda key: (key[0], key[1], key[2] != ALL, -sums[key].cost, key[2]))
    rows = tuple(
        _row(key, sums[key], sums[key[0], key[1], ALL].cost, tagged.get(key[:2])) for key in ordered
    )
    columns = tuple(Column(name, kind) for name, kind in KPI_COLUMNS.items())
    return Table("kpis", columns, rows)


def _add(sums: _Sums, row: dict[str, object]) -> None:
    cost, tokens = _number(row["EffectiveCost"]), _number(row["x_TokenQuantity"])
    sums.cost += cost
    sums.token_cost += _number(row["x_TokenCost"])
    sums.tokens += tokens
    if row["ResidualReason"] is None:
        sums.attributed += cost
    if row["Evidence"] == "measured":
        sums.measured += cost
    if row["x_TokenDirection"] == "Input":
        sums.into += tokens
        if row["x_TokenCacheAction"] == "Read":
            sums.cached += tokens


def _row(
    key: tuple[str, str, str], sums: _Sums, whole: Decimal, tagged: Decimal | None
) -> tuple[object, ...]:
    month, currency, team = key
    unit_cost = _share(sums.token_cost * _MILLION, sums.tokens)
    attributed = _share(sums.attributed, sums.cost)
    return (
        month, team, currency, sums.cost, _share(sums.cost, whole), attributed,
        None if attributed is None else 1 - attributed, _share(sums.measured, sums.cost),
        tagged if team == ALL else None, _share(sums.cached, sums.into),
        sums.tokens or None, unit_cost, f"{_MILLION} Tokens",
    )  # fmt: skip


def _tagged_shares(engine: Engine, rules: Rules) -> dict[tuple[str, str], Decimal | None]:
    """The share of cost whose charges have any canonical tag, by month and currency."""
    keys = dict.fromkeys(rule.key for rule in rules.tags)
    query = AttributionQuery(by=tuple(keys), evidence="tags")
    whole: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in queried_attribution(engine, query, rules).to_dicts():
        place = (str(row["BillingMonth"]), str(row["BillingCurrency"]))
        whole[place] += _number(row["EffectiveCost"])
        if row["ResidualReason"] is None:
            held[place] += _number(row["EffectiveCost"])
    return {place: _share(held[place], cost) for place, cost in whole.items()}


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part / whole).quantize(Decimal("1e-12")) if whole else None


def _number(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)
