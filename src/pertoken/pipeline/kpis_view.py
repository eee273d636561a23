"""Key figures of allocation: for the hub and for each team, month by month.

Shares are of AI EffectiveCost. The whole hub is the row of Team All. A figure that cannot be known
is NULL, and UnknownReason says why.
Source: docs/allocation.md, "Key figures".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.allocation import IS_TAGGED, UNATTRIBUTED, AttributionQuery
from pertoken.errors import ConfigError, alternatives
from pertoken.pipeline.attribution_view import queried_attribution, view_attribution
from pertoken.pipeline.metrics import view_metrics
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
    "Metric": "text", "MetricQuantity": "quantity", "x_MetricUnitCost": "price",
    "UnknownReason": "text",
}  # fmt: skip
ALL = "All"
_MILLION = 1_000_000
_DIGITS = 76


@dataclass(slots=True)
class _Sums:
    """What a team, or the hub, has in a month."""

    cost: Decimal = Decimal(0)
    attributed: Decimal = Decimal(0)
    measured: Decimal = Decimal(0)
    tagged: Decimal = Decimal(0)
    token_cost: Decimal = Decimal(0)
    tokens: Decimal = Decimal(0)
    into: Decimal = Decimal(0)
    cached: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Metric:
    """A metric of the business by month and team (All: every value); or why there is none."""

    name: str | None
    values: dict[tuple[str, str], Decimal]
    reason: str = ""

    def of(self, month: str, team: str) -> tuple[Decimal | None, str]:
        """What was counted in a month, or why that is not known."""
        value = self.values.get((month, team))
        if value or self.name is None:
            return value, self.reason
        stated = any(each != ALL for _, each in self.values)
        return None, "NoMetricValue" if team == ALL or stated else "MetricNotByTeam"


def kpis_table(
    engine: Engine, relations: Relations, rules: Rules, metric: str | None = None
) -> Table:
    """One row per month, team and currency, the hub's first.

    Takes:   metric, a metric of the business whose sum over the month's days divides the cost; None
             takes the hub's only one.
    Gives:   the columns of KPI_COLUMNS; UnknownReason names each figure that is NULL, and why.
    Raises:  ConfigError for a metric that the hub has not.
    """
    counted = _metric(engine, relations, metric)
    view_attribution(engine, relations, rules)
    by = ("Team", "x_TokenDirection", "x_TokenCacheAction", IS_TAGGED)
    sums: dict[tuple[str, str, str], _Sums] = defaultdict(_Sums)
    with localcontext(prec=_DIGITS):
        for row in queried_attribution(engine, AttributionQuery(by=by), rules).to_dicts():
            month, currency = str(row["BillingMonth"]), str(row["BillingCurrency"])
            _add(sums[month, currency, ALL], row)
            if row["Team"] != UNATTRIBUTED:
                _add(sums[month, currency, str(row["Team"])], row)
        ordered = sorted(
            sums, key=lambda key: (key[0], key[1], key[2] != ALL, -sums[key].cost, key[2])
        )
        rows = tuple(
            _row(key, sums[key], sums[key[0], key[1], ALL].cost, counted) for key in ordered
        )
    columns = tuple(Column(name, kind) for name, kind in KPI_COLUMNS.items())
    return Table("kpis", columns, rows)


def _metric(engine: Engine, relations: Relations, asked: str | None) -> _Metric:
    held = "SELECT min(Metric) AS Name FROM metric_values GROUP BY lower(Metric) ORDER BY Name"
    found = engine.rows(held) if view_metrics(engine, relations) else []
    names = [str(row[0]) for row in found]
    if asked is None and len(names) != 1:
        return _Metric(None, {}, "SeveralMetrics" if names else "NoMetric")
    name = next((each for each in names if asked is None or each.lower() == asked.lower()), None)
    if name is None:
        raise ConfigError(
            f"There is no metric '{asked}'.",
            f"Expected one of the hub's: {', '.join(names) or 'it has none'}.",
            f"Nearest: {alternatives(str(asked), names)}.",
        )
    values: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for month, team, value in engine.rows(
        "SELECT strftime(Day, '%Y-%m'), Team, sum(\"Value\") FROM metric_values "
        "WHERE lower(Metric) = ? GROUP BY strftime(Day, '%Y-%m'), Team",
        [name.lower()],
    ):
        values[str(month), ALL] += value
        if team is not None:
            values[str(month), str(team)] += value
    return _Metric(name, values)


def _add(sums: _Sums, row: dict[str, object]) -> None:
    cost, tokens = _number(row["EffectiveCost"]), _number(row["x_TokenQuantity"])
    sums.cost += cost
    sums.token_cost += _number(row["x_TokenCost"])
    sums.tokens += tokens
    if row["ResidualReason"] is None:
        sums.attributed += cost
    if row["Evidence"] == "measured":
        sums.measured += cost
    if row[IS_TAGGED] == "true":
        sums.tagged += cost
    if row["x_TokenDirection"] == "Input":
        sums.into += tokens
        if row["x_TokenCacheAction"] == "Read":
            sums.cached += tokens


def _row(
    key: tuple[str, str, str], sums: _Sums, whole: Decimal, metric: _Metric
) -> tuple[object, ...]:
    month, currency, team = key
    unit_cost = _share(sums.token_cost * _MILLION, sums.tokens)
    attributed = _share(sums.attributed, sums.cost)
    quantity, without_metric = metric.of(month, team)
    figures = {
        "ShareOfCost": (_share(sums.cost, whole), "NoCost"),
        "AttributedShare": (attributed, "NoCost"),
        "UnattributedShare": (None if attributed is None else 1 - attributed, "NoCost"),
        "MeasuredShare": (_share(sums.measured, sums.cost), "NoCost"),
        "TaggedShare": (_share(sums.tagged, sums.cost), "NoCost"),
        "CachedShare": (_share(sums.cached, sums.into), "NoInputTokens"),
        "x_TokenQuantity": (sums.tokens or None, "NoTokens"),
        "x_UnitCost": (unit_cost, "NoTokens"),
        "MetricQuantity": (quantity, without_metric),
        "x_MetricUnitCost": (_share(sums.cost, quantity) if quantity else None, without_metric),
    }
    unknown = [f"{name}: {reason}" for name, (value, reason) in figures.items() if value is None]
    held = {name: value for name, (value, _) in figures.items()} | {
        "BillingMonth": month, "Team": team, "BillingCurrency": currency,
        "EffectiveCost": sums.cost, "x_UnitCostUnit": f"{_MILLION} Tokens", "Metric": metric.name,
        "UnknownReason": "; ".join(unknown) or None,
    }  # fmt: skip
    return tuple(held[name] for name in KPI_COLUMNS)


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part / whole).quantize(Decimal("1e-12")) if whole else None


def _number(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)
