"""`forecast`, the month end and `backtest` of a hub, as tables.

The total of a currency is its own forecast whatever the groups, and the groups are moved to add to
it: every grain shows the same total. Money is rounded once, at 10^-9, and the rounding goes to the
largest group, so that the rows of a day add to the total to the last digit.

Source: docs/forecast-and-anomalies.md, "From the hub".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from pertoken.errors import ConfigError
from pertoken.forecast import Forecast, PriceChange, forecast, month_end_of, with_changes
from pertoken.forecast.backtesting import backtest
from pertoken.forecast.forecasting import MIN_DAYS, REASONS
from pertoken.periods import month_end, month_of, month_start
from pertoken.pipeline.cost_history import CostHistory, cost_histories
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.forecast import MonthEnd
    from pertoken.hub import LedgerRun
    from pertoken.pipeline.audience import Relations
    from pertoken.pipeline.cost_history import Matrix
    from pertoken.pipeline.plans import Plan

MOST_DAYS = 366
LEVELS = (80, 95)
MONEY = Decimal("1e-9")
SHARE = Decimal("1e-6")
PRICE = Decimal("1e-12")
_MILLION = Decimal(1_000_000)
FORECAST_COLUMNS = {
    "BillingCurrency": "text", "EffectiveCost": "money", "Low80": "money", "High80": "money",
    "Low95": "money", "High95": "money", "Method": "text", "x_TokenQuantity": "quantity",
    "x_UnitCost": "price", "x_UnitCostUnit": "text", "Reason": "text",
}  # fmt: skip
MONTH_END_COLUMNS = {
    "BillingCurrency": "text", "ActualCost": "money", "Through": "date", "EffectiveCost": "money",
    "Low80": "money", "High80": "money", "Low95": "money", "High95": "money",
    "RunRateCost": "money", "BudgetCost": "money", "BudgetProbability": "share",
    "BreachDate": "date", "Method": "text", "Reason": "text",
}  # fmt: skip
BACKTEST_COLUMNS = {
    "Grain": "text", "Horizon": "count", "Method": "text", "Series": "count", "MASE": "quantity",
    "WAPE": "share", "Within12Percent": "share", "Coverage80": "share", "Coverage95": "share",
    "BillingCurrency": "text", "Reason": "text",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OutlookQuery:
    """What is forecast: groups, days ahead, one currency or all, and the plans that are known.

    `until` leaves out that day and those after it, as if they had not come yet.
    """

    by: tuple[str, ...] = ()
    horizon: int = 30
    currency: str | None = None
    until: date | None = None
    plans: tuple[Plan, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """One currency: its history, its days ahead in cost and tokens, the total last."""

    history: CostHistory
    cost: Forecast
    tokens: Forecast
    unit_costs: tuple[Decimal | None, ...]
    price_factors: Matrix
    """What known price changes make of each group's cost on each day; 1 without any."""


def outlooks(
    engine: Engine,
    relations: Relations,
    runs: Iterable[LedgerRun],
    query: OutlookQuery,
    rules: Rules,
) -> tuple[Outlook, ...]:
    """The forecast of every currency; none for one without a settled day."""
    if not 1 <= query.horizon <= MOST_DAYS:
        raise ConfigError(
            f"A horizon of {query.horizon} days cannot be forecast.",
            f"Expected 1 to {MOST_DAYS} days.",
            "Give --horizon in that range.",
        )
    histories = cost_histories(
        engine, relations, runs, query.by, rules, currency=query.currency, until=query.until
    )
    meters = _meters(engine)
    return tuple(_outlook(each, query, meters) for each in histories)


def month_outlooks(
    engine: Engine,
    relations: Relations,
    runs: Iterable[LedgerRun],
    query: OutlookQuery,
    rules: Rules,
    month: str | None,
) -> tuple[Outlook, ...]:
    """The forecast of every currency through the end of a month, or of the first day's month."""
    histories = cost_histories(
        engine, relations, runs, query.by, rules, currency=query.currency, until=query.until
    )
    meters = _meters(engine)
    found = []
    for history in histories:
        ahead = history.days[-1] + timedelta(days=1)
        last = month_end(month or month_of(ahead))
        horizon = (last - ahead).days
        if horizon > MOST_DAYS:
            raise ConfigError(
                f"The month {month} ends {horizon} days after the data.",
                f"Expected at most {MOST_DAYS} days.",
                "Ask for an earlier month.",
            )
        found.append(_outlook(history, replace(query, horizon=max(horizon, 1)), meters))
    return tuple(found)


def forecast_table(found: Sequence[Outlook], by: Sequence[str]) -> tuple[Table, tuple[str, ...]]:
    """Rows by currency, group and day, and what a person should know of them."""
    by = tuple(name for name in by if name != "BillingCurrency")
    rows = [row for each in found for row in _rows(each)]
    kinds = {"ChargeDate": "date"} | dict.fromkeys(by, "text") | FORECAST_COLUMNS
    columns = tuple(Column(name, kind) for name, kind in kinds.items())
    return Table("forecast", columns, tuple(rows)), notes_of(found)


def notes_of(found: Sequence[Outlook]) -> tuple[str, ...]:
    """What a person should know: scopes that ended, groups without a forecast of their own."""
    notes = [note for each in found for note in each.history.notes]
    for each in found:
        short = [method for method in each.cost.methods[:-1] if method == "too short"]
        if short and each.history.by:
            notes.append(
                f"{each.history.currency}: {len(short)} groups have under {MIN_DAYS} days of "
                "history; they take their mean, without an interval."
            )
    return tuple(notes)


def month_end_table(found: Sequence[Outlook], month: str | None, budget: Decimal | None) -> Table:
    """The end of a month for every currency and group: actual, expected, its odds of a budget.

    Takes:   month, else the one of the first day ahead; budget, of the total of one currency.
    Raises:  ConfigError for a month that is over or beyond the horizon, for a budget with groups
             or several currencies.
    """
    by = found[0].history.by if found else ()
    if budget is not None and (by or len(found) > 1):
        raise ConfigError(
            f"One budget was given for {'groups' if by else f'{len(found)} currencies'}.",
            "Expected a budget of the total of one currency.",
            "Give --currency and no --by, or keep budgets in a file: pertoken budgets.",
        )
    rows = []
    for each in found:
        for place in (*range(len(each.history.keys)),) if by else (-1,):
            ended = month_end_row(each, place, month, budget)
            key = each.history.keys[place] if by else ()
            rows.append((ended["BillingMonth"], *key, *(ended[n] for n in MONTH_END_COLUMNS)))
    kinds = {"BillingMonth": "date"} | dict.fromkeys(by, "text") | MONTH_END_COLUMNS
    columns = tuple(Column(name, kind) for name, kind in kinds.items())
    return Table("month end", columns, tuple(rows))


def month_end_row(
    outlook: Outlook, place: int, month: str | None, budget: Decimal | None
) -> dict[str, Any]:
    """The end of a month of one group (its place) or the total (-1)."""
    history, ahead = outlook.history, outlook.cost
    month = month or month_of(ahead.days[0])
    start, end = month_start(month), month_end(month)
    if end <= ahead.days[0]:
        raise ConfigError(
            f"The month {month} is over: the data reaches {history.days[-1]}.",
            f"Expected {month_of(ahead.days[0])} or a later month.",
            "Ask `periods` or `matrix` for what it cost.",
        )
    panel = history.booked_panel(start)
    if not panel.days:  # the month has not begun: its booked cost is none yet
        panel = replace(panel, days=(history.days[-1],), values=np.zeros((len(history.keys), 1)))
    key = None if place == -1 else history.keys[place]
    actual = history.booked_between(key, start, end)
    limit = None if budget is None else float(budget)
    ended: MonthEnd = month_end_of(panel, ahead, month, row=place, budget=limit)
    unsure = not ahead.low or bool(np.isnan(ahead.low[LEVELS[0]][place]).any())
    method = ahead.methods[place]
    return {
        "BillingMonth": month,
        "BillingCurrency": history.currency,
        "ActualCost": actual,
        "Through": history.days[-1],
        "EffectiveCost": actual + money(ended.expected - ended.actual_to_date),
        **{
            f"{side}{level}": None if unsure else money(bounds[level])
            for level in LEVELS
            for side, bounds in (("Low", ended.low), ("High", ended.high))
        },
        "RunRateCost": _run_rate(history, key, start, end),
        "BudgetCost": budget,
        "BudgetProbability": None
        if ended.budget_probability is None or unsure
        else _number(ended.budget_probability, SHARE),
        "BreachDate": _breach(history, key, start, budget) or ended.breach_day,
        "Method": method,
        "Reason": history.ended or REASONS[method],
    }


def backtest_table(histories: Iterable[CostHistory], horizons: Sequence[int] = (7, 30)) -> Table:
    """How good forecasts would have been on this history, against seasonal naive."""
    rows = []
    for history in histories:
        for row in backtest(history.panel(history.use), horizons, total=history.use[-1]):
            judged = row["MASE"] is not None
            values = [
                row[name] if isinstance(row[name], (str, int)) or row[name] is None
                else _number(row[name], SHARE)
                for name in list(BACKTEST_COLUMNS)[:-2]
            ]  # fmt: skip
            reason = None if judged else (
                f"no origin with 28 days of history before it and {row['Horizon']} after it"
            )  # fmt: skip
            rows.append((*values, history.currency, reason))
    columns = tuple(Column(name, kind) for name, kind in BACKTEST_COLUMNS.items())
    return Table("backtest", columns, tuple(rows))


def money(value: float) -> Decimal:
    """A forecast in money, rounded once."""
    return _number(value, MONEY)


def _number(value: float, unit: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = 50
        return Decimal(repr(float(value))).quantize(unit)


def _outlook(
    history: CostHistory, query: OutlookQuery, meters: Mapping[str, Mapping[str, Any]]
) -> Outlook:
    to_come = 0.0 if history.ended else 1.0
    cost = _ahead(history, history.use * to_come, query.horizon)
    tokens = _ahead(history, history.tokens * to_come, query.horizon)
    changes = _changes(history, query.plans, meters)
    priced = with_changes(cost, changes) if changes else cost
    known = cost.values != 0
    return Outlook(
        history=history,
        cost=priced,
        tokens=tokens,
        unit_costs=tuple(_unit_cost(history, key) for key in (*history.keys, None)),
        price_factors=np.where(known, priced.values / np.where(known, cost.values, 1.0), 1.0),
    )


def _ahead(history: CostHistory, values: Matrix, horizon: int) -> Forecast:
    return forecast(history.panel(values), horizon, total=values[-1])


def _changes(
    history: CostHistory, plans: Sequence[Plan], meters: Mapping[str, Mapping[str, Any]]
) -> list[PriceChange]:
    """Price changes to come, as each group feels them: by its share of cost in their cell."""
    changes = []
    for plan in plans:
        if plan.factor is None or plan.start <= history.days[-1]:
            continue
        for key in history.keys:
            own = [cell for cell in history.recent if cell.key == key]
            whole = sum(cell.cost for cell in own)
            inside = sum(
                cell.cost
                for cell in own
                if _matches(plan.cell, history, cell.resource, meters.get(cell.meter, {}))
            )
            if whole > 0 and inside > 0:
                factor = 1 + inside / whole * (float(plan.factor) - 1)
                named = dict(zip(history.by, key, strict=True))
                changes.append(PriceChange(plan.start, factor, named))
    return changes


def _matches(
    cell: Mapping[str, str],
    history: CostHistory,
    resource: str | None,
    meter: Mapping[str, Any],
) -> bool:
    for name, wanted in cell.items():
        if name == "BillingCurrency":
            held: Any = history.currency
        elif name == "ResourceId":
            held = resource
            if held is not None and "/" not in wanted:
                held = held.rsplit("/", 1)[-1]
        elif name in meter:
            held = meter[name]
        else:
            raise ConfigError(
                f"A price change names {name} = '{wanted}', which a forecast cannot tell apart.",
                "Expected BillingCurrency, ResourceId or a column of the meter.",
                "Name the model, scope, tier, direction or meter whose price changes.",
            )
        if held is None or str(held).casefold() != wanted.casefold():
            return False
    return True


def _meters(engine: Engine) -> dict[str, dict[str, Any]]:
    names = list(engine.columns("meters"))
    return {
        row[names.index("x_MeterKey")]: dict(zip(names, row, strict=True))
        for row in engine.rows("SELECT * FROM meters")
    }


def _unit_cost(history: CostHistory, key: tuple[Any, ...] | None) -> Decimal | None:
    """Cost per million tokens of the last four weeks' mix, each meter at its last price."""
    counted = [cell for cell in history.recent if cell.tokens > 0 and key in (None, cell.key)]
    tokens = sum(cell.tokens for cell in counted)
    if tokens <= 0:
        return None
    return _number(sum(cell.cost for cell in counted) / tokens * float(_MILLION), PRICE)


def _rows(outlook: Outlook) -> Iterable[tuple[Any, ...]]:
    cost, tokens, history = outlook.cost, outlook.tokens, outlook.history
    spans = range(len(cost.days))
    by_day = [_added(cost.values[:, number], MONEY) for number in spans]
    counts = [_added(tokens.values[:, number], Decimal(1)) for number in spans]
    for place, key in enumerate(history.keys):
        counted = bool(np.nansum(np.abs(history.tokens[place])) > 0)
        for number, day in enumerate(cost.days):
            quantity = counts[number][place] if counted else None
            yield (
                day, *key, history.currency, by_day[number][place],
                *(_bound(cost, side, level, place, number)
                  for level in LEVELS for side in ("low", "high")),
                cost.methods[place], quantity,
                _priced(outlook, place, number) if counted else None,
                "1000000 Tokens" if counted else None,
                history.ended or REASONS[cost.methods[place]],
            )  # fmt: skip


def _priced(outlook: Outlook, place: int, number: int) -> Decimal | None:
    """The unit cost of a group on a day ahead, with the price changes that have come by then."""
    unit_cost = outlook.unit_costs[place]
    factor = float(outlook.price_factors[place, number])
    return None if unit_cost is None else _number(float(unit_cost) * factor, PRICE)


def _added(values: Any, unit: Decimal) -> list[Decimal]:  # noqa: ANN401 - a column of a matrix
    """The groups of a day, the total last, rounded so that they add up."""
    parts = [_number(value, unit) for value in values[:-1]]
    total = _number(values[-1], unit)
    if parts:
        largest = max(range(len(parts)), key=lambda place: abs(parts[place]))
        parts[largest] += total - sum(parts, Decimal(0))
    return [*parts, total]


def _bound(ahead: Forecast, side: str, level: int, place: int, number: int) -> Decimal | None:
    bounds = ahead.low if side == "low" else ahead.high
    value = bounds[level][place, number]
    return None if np.isnan(value) else money(value)


def _run_rate(
    history: CostHistory, key: tuple[Any, ...] | None, start: date, end: date
) -> Decimal | None:
    """The mean of the month's days so far, times its days; unknown days are no days."""
    place = -1 if key is None else history.keys.index(key)
    known = [
        number
        for number, day in enumerate(history.days)
        if start <= day < end and not np.isnan(history.use[place, number])
    ]
    if not known:
        return None
    actual = history.booked_between(key, start, end)
    return (actual / len(known) * (end - start).days).quantize(MONEY)


def _breach(
    history: CostHistory, key: tuple[Any, ...] | None, start: date, budget: Decimal | None
) -> date | None:
    """The day on which booked cost was above the budget already."""
    if budget is None:
        return None
    running = Decimal(0)
    for day in history.days:
        if day >= start:
            running += history.booked_between(key, day, day + timedelta(days=1))
            if running > budget:
                return day
    return None
