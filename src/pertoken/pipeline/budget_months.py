"""Budgets month by month beside what their charges cost: what a report plots, without a forecast.

A month that is not over holds its settled days, and Through says which is the last. A cost that no
charge can state is NULL with a Reason. Source: docs/power-bi.md, "What the figures are".
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pertoken.periods import month_end, month_of, month_start
from pertoken.pipeline.budgets import Budget, place_of
from pertoken.pipeline.cost_history import CostHistory, cost_histories
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun
    from pertoken.pipeline.audience import Relations

BUDGET_MONTH_COLUMNS = {
    "ChargeDate": "date", "BillingMonth": "date", "Budget": "text", "BillingCurrency": "text",
    "BudgetCost": "money", "ActualCost": "money", "Through": "date", "Team": "text",
    "Owner": "text", "Condition": "text", "Reason": "text",
}  # fmt: skip


def team_of(budget: Budget) -> str | None:
    """The team that a budget is of; None where it names none."""
    return next((value for column, value in budget.where if column == "Team"), None)


def budget_months(
    engine: Engine,
    relations: Relations,
    runs: Iterable[LedgerRun],
    budgets: Sequence[Budget],
    rules: Rules,
) -> Table:
    """One row per budget and month of the mart in which it counts.

    Takes:   relations whose mart is named `token_costs` in the engine.
    Gives:   ChargeDate, the first day of the month; BudgetCost and ActualCost (EffectiveCost of
             the budget's charges through Through) in BillingCurrency; ActualCost NULL with a
             Reason where no charge can state it; Team, where a condition names one.
    Raises:  ConfigError for a condition on an unknown column.
    """
    runs = tuple(runs)
    [(first, last)] = engine.rows("SELECT min(ChargeDate), max(ChargeDate) FROM token_costs")
    months = list(_months(first, last))
    known: dict[tuple[str, ...], dict[str, CostHistory]] = {}
    rows = []
    for budget in budgets:
        by = tuple(column for column, _ in budget.where)
        if by not in known:
            found = cost_histories(engine, relations, runs, by, rules)
            known[by] = {history.currency: history for history in found}
        history = known[by].get(budget.currency)
        rows += [
            tuple(_row(budget, history, month).values()) for month in months if budget.holds(month)
        ]
    columns = tuple(Column(name, kind) for name, kind in BUDGET_MONTH_COLUMNS.items())
    return Table("budget_months", columns, tuple(rows))


def _row(budget: Budget, history: CostHistory | None, month: str) -> dict[str, Any]:
    said = "; ".join(f"{column}={value}" for column, value in budget.where) or None
    row: dict[str, Any] = dict.fromkeys(BUDGET_MONTH_COLUMNS)
    start, end = month_start(month), month_end(month)
    row |= {
        "ChargeDate": start, "BillingMonth": month, "Budget": budget.name,
        "BillingCurrency": budget.currency, "BudgetCost": budget.amount, "Team": team_of(budget),
        "Owner": budget.owner, "Condition": said,
    }  # fmt: skip
    if history is None:
        return row | {"Reason": f"no AI charges in {budget.currency}"}
    place = place_of(budget, history)
    if place is None:
        return row | {"Reason": f"no charge meets {said}"}
    if end <= history.days[0] or start > history.days[-1]:
        return row | {"Reason": "no settled day of the month"}
    key = None if place == -1 else history.keys[place]
    return row | {
        "ActualCost": history.booked_between(key, start, end),
        "Through": min(history.days[-1], end - timedelta(days=1)),
    }


def _months(first: date, last: date) -> Iterator[str]:
    day = first.replace(day=1)
    while day <= last:
        yield month_of(day)
        day = month_end(month_of(day))
