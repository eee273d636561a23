"""Business unit economics: what a conversation, a ticket, an active user or a task costs.

The attributed cost of AI beside a metric of the business, by the same dimensions and month: cost
per unit is the quotient of both sums. Cost without the metric, the metric without cost, and cost
that nobody can be shown to have caused are rows of their own, so that every sum stays whole.

Source: docs/unit-economics.md.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.allocation import AS_BILLED, UNATTRIBUTED, AttributionQuery
from pertoken.engine import quoted, quoted_text
from pertoken.errors import ConfigError, HubError, alternatives
from pertoken.exports import METRIC_DIMENSIONS
from pertoken.pipeline.attribution_view import queried_attribution, view_attribution
from pertoken.pipeline.metrics import view_metrics
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations

AGGREGATIONS = ("sum", "mean", "max")
UNITS_PER = {"1": 1, "1K": 1_000, "1M": 1_000_000}
METRICS_COLUMNS = {
    "Metric": "text", "Dimensions": "text", "Values": "count", "FirstDay": "date",
    "LastDay": "date", "MetricQuantity": "quantity",
}  # fmt: skip
_MEASURES = {
    "BillingCurrency": "text", "Metric": "text", "MetricQuantity": "quantity",
    "EffectiveCost": "money", "x_UnitCost": "price", "x_UnitCostUnit": "text",
    "x_TokenQuantity": "quantity", "MeasuredShare": "share", "UnattributedShare": "share",
    "CostWithoutMetricShare": "share", "MetricWithoutCostShare": "share", "ResidualReason": "text",
}  # fmt: skip
_TIMES = ("BillingMonth", "ChargeDate")
_DIGITS = 76
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class UnitsQuery:
    """What is asked for: a metric, the dimensions, days, how it adds up over days, and the cost.

    `by` None takes every dimension that the metric is stated by. `aggregation` is sum, or mean or
    max over days for what cannot be added from day to day, such as active users.
    """

    metric: str
    by: tuple[str, ...] | None = None
    start: date | None = None
    end: date | None = None
    currency: str | None = None
    evidence: str | None = None
    idle: str = "spread"
    reservations: str = AS_BILLED
    aggregation: str = "sum"
    per: str = "1"


@dataclass(slots=True)
class _Cost:
    """What a cell costs in a currency, and what of it was measured."""

    cost: Decimal = _ZERO
    measured: Decimal = _ZERO
    tokens: Decimal = _ZERO


def business_metrics_table(engine: Engine, relations: Relations) -> Table:
    """The metrics of a hub: by which dimensions and for which days each is stated."""
    _require_metrics(engine, relations)
    stated = ", ".join(
        f"CASE WHEN count({quoted(name)}) > 0 THEN {quoted_text(name)} END"
        for name in METRIC_DIMENSIONS
    )
    rows = engine.rows(
        f"SELECT min(Metric) AS Name, nullif(concat_ws(',', {stated}), ''), count(*), min(Day), "
        'max(Day), sum("Value") FROM metric_values GROUP BY lower(Metric) ORDER BY Name'
    )
    return Table(
        "metrics", tuple(Column(name, kind) for name, kind in METRICS_COLUMNS.items()), tuple(rows)
    )


def units_table(engine: Engine, relations: Relations, query: UnitsQuery, rules: Rules) -> Table:
    """Cost per unit of a metric: one row per month, dimensions and currency.

    Keeps:   the sum of EffectiveCost; of each month the metric, which stands once per currency.
    Raises:  ConfigError for a metric or dimension that is not there; HubError without metrics.
    """
    _require_metrics(engine, relations)
    name, stated = _found_metric(engine, query.metric)
    by = stated if query.by is None else query.by
    _check_by(name, by, stated)
    people = tuple(each for each in by if each not in _TIMES)
    metric = _metric_sums(engine, name, query, by)
    costs = _costs(engine, relations, query, rules, by)
    units = _Units(name, query, metric, costs, len(people))
    currencies = sorted({key[-1] for key in costs}, key=str) or [None]
    rows = [row for currency in currencies for row in units.rows(currency)]
    rows += [units.row(key, None, None, units.shares(key[0], {})) for key in units.absent]
    kinds = {"BillingMonth": "date"} | {
        each: "date" if each == "ChargeDate" else "text" for each in by if each != "BillingMonth"
    }
    columns = tuple(Column(each, kind) for each, kind in (kinds | _MEASURES).items())
    return Table("units", columns, tuple(rows))


def _require_metrics(engine: Engine, relations: Relations) -> None:
    if not view_metrics(engine, relations):
        raise HubError(
            f"There are no business metrics in the hub {relations.root}.",
            "Expected a table with a date, a dimension such as Application, and a metric.",
            "Run `pertoken ingest metrics.csv`; docs/unit-economics.md shows the columns.",
        )


def _found_metric(engine: Engine, asked: str) -> tuple[str, tuple[str, ...]]:
    """A metric as it is spelt, and the dimensions that every value of it states."""
    counts = ", ".join(f"count({quoted(name)})" for name in METRIC_DIMENSIONS)
    rows = engine.rows(
        f"SELECT min(Metric), count(*), {counts} FROM metric_values GROUP BY lower(Metric)"
    )
    folded = {_folded(row[0]): row for row in rows}
    row = folded.get(_folded(asked))
    if row is None:
        names = sorted(str(each[0]) for each in rows)
        raise ConfigError(
            f"There is no metric '{asked}'.",
            f"Expected one of the hub's: {', '.join(names)}.",
            f"Nearest: {alternatives(asked, names)}.",
        )
    held = zip(METRIC_DIMENSIONS, row[2:], strict=True)
    return str(row[0]), tuple(name for name, count in held if count == row[1])


def _folded(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "").replace(" ", "")


def _check_by(name: str, by: tuple[str, ...], stated: tuple[str, ...]) -> None:
    allowed = (*stated, *_TIMES)
    for each in by:
        if each not in allowed:
            raise ConfigError(
                f"The metric '{name}' is not stated by {each}.",
                f"Expected dimensions that each of its values has: {', '.join(allowed)}.",
                f"Nearest: {alternatives(each, allowed)}.",
            )


def _metric_sums(
    engine: Engine, name: str, query: UnitsQuery, by: tuple[str, ...]
) -> dict[tuple[object, ...], Decimal]:
    """The metric by month and dimensions, added over days as `aggregation` says."""
    values = {"ChargeDate": "Day"} | {each: quoted(each) for each in METRIC_DIMENSIONS}
    shown = "".join(f", {values[each]}" for each in by if each != "BillingMonth")
    conditions = [f"lower(Metric) = {quoted_text(name.lower())}"]
    if query.start:
        conditions.append(f"Day >= DATE {quoted_text(query.start.isoformat())}")
    if query.end:
        conditions.append(f"Day < DATE {quoted_text(query.end.isoformat())}")
    days: dict[tuple[object, ...], list[Decimal]] = defaultdict(list)
    for _, quantity, *key in engine.rows(
        f"SELECT Day, sum(\"Value\"), strftime(Day, '%Y-%m'){shown} FROM metric_values "
        f"WHERE {' AND '.join(conditions)} GROUP BY Day{shown} ORDER BY Day"
    ):
        days[tuple(key)].append(quantity)
    return {key: _aggregated(found, query.aggregation) for key, found in days.items()}


def _aggregated(days: list[Decimal], aggregation: str) -> Decimal:
    if aggregation == "max":
        return max(days)
    with localcontext(prec=_DIGITS):
        whole = sum(days, _ZERO)
        return whole if aggregation == "sum" else whole / len(days)


def _costs(
    engine: Engine, relations: Relations, query: UnitsQuery, rules: Rules, by: tuple[str, ...]
) -> dict[tuple[object, ...], _Cost]:
    """The attributed cost by month, dimensions and currency."""
    view_attribution(
        engine, relations, rules, by_usage=query.evidence != "tags",
        reservations=query.reservations,
    )  # fmt: skip
    asked = AttributionQuery(
        by=tuple(each for each in by if each != "BillingMonth"),
        evidence=query.evidence,
        start=query.start,
        end=query.end,
        currency=query.currency,
        idle=query.idle,
        reservations=query.reservations,
    )
    sums: dict[tuple[object, ...], _Cost] = defaultdict(_Cost)
    for row in queried_attribution(engine, asked, rules).to_dicts():
        dimensions = (row[each] for each in by if each != "BillingMonth")
        each = sums[row["BillingMonth"], *dimensions, row["BillingCurrency"]]
        with localcontext(prec=_DIGITS):
            each.cost += _number(row["EffectiveCost"])
            each.tokens += _number(row["x_TokenQuantity"])
            if row["Evidence"] == "measured":
                each.measured += _number(row["EffectiveCost"])
    return sums


@dataclass(frozen=True, slots=True)
class _Units:
    """A metric and its costs, by month and dimensions; costs by currency too."""

    name: str
    query: UnitsQuery
    metric: dict[tuple[object, ...], Decimal]
    costs: dict[tuple[object, ...], _Cost]
    people: int

    @property
    def absent(self) -> list[tuple[object, ...]]:
        """What is counted and costs nothing in any currency."""
        priced = {key[:-1] for key in self.costs}
        return sorted((key for key in self.metric if key not in priced), key=str)

    def rows(self, currency: object) -> Iterable[tuple[object, ...]]:
        """The rows of one currency, months in order, the dearest first."""
        own = {key[:-1]: cost for key, cost in self.costs.items() if key[-1] == currency}
        for month in sorted({key[0] for key in own}, key=str):
            found = {key: cost for key, cost in own.items() if key[0] == month}
            shares = self.shares(month, found)
            for key in sorted(found, key=lambda each: (-found[each].cost, str(each))):
                yield self.row(key, currency, found[key], shares)

    def shares(
        self, month: object, found: dict[tuple[object, ...], _Cost]
    ) -> tuple[Decimal | None, ...]:
        """Of a month: cost unattributed, cost without the metric, the metric without cost."""
        whole = _sum(cost.cost for cost in found.values())
        residual = _sum(cost.cost for key, cost in found.items() if self._is_residual(key))
        without = _sum(
            cost.cost
            for key, cost in found.items()
            if key not in self.metric and not self._is_residual(key)
        )
        counted = _sum(value for key, value in self.metric.items() if key[0] == month)
        lost = _sum(self.metric[key] for key in self.absent if key[0] == month)
        return _share(residual, whole), _share(without, whole), _share(lost, counted)

    def row(
        self,
        key: tuple[object, ...],
        currency: object,
        cost: _Cost | None,
        shares: tuple[Decimal | None, ...],
    ) -> tuple[object, ...]:
        """One row of the table; without a cost the metric alone."""
        quantity, per = self.metric.get(key), UNITS_PER[self.query.per]
        unit_cost = None
        if cost is not None and quantity:
            with localcontext(prec=_DIGITS):
                unit_cost = (cost.cost * per / quantity).quantize(Decimal("1e-12"))
        reason = "NoCost" if cost is None else "NoMetric" if quantity is None else None
        return (
            *key, currency, self.name,
            None if quantity is None else quantity.quantize(Decimal("1e-12")),
            None if cost is None else cost.cost, unit_cost,
            self.name if per == 1 else f"{per} {self.name}",
            None if cost is None else cost.tokens or None,
            None if cost is None else _share(cost.measured, cost.cost), *shares,
            "Unattributed" if self._is_residual(key) else reason,
        )  # fmt: skip

    def _is_residual(self, key: tuple[object, ...]) -> bool:
        return self.people > 0 and UNATTRIBUTED in key[1:]


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    with localcontext(prec=_DIGITS):
        return sum(amounts, _ZERO)


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    with localcontext(prec=_DIGITS):
        return (part / whole).quantize(Decimal("1e-12")) if whole else None


def _number(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else _ZERO
