"""Budgets that a person keeps in a file, and how each stands: actual, forecast, breach, odds.

A budget is an amount per month for the charges that its conditions name, in one currency, from a
month to a month. The file that counts is kept in the hub; earlier ones stay beside it.

Source: docs/reference.md, "Budgets".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError
from pertoken.hub import documents, keep_document
from pertoken.periods import month_end, month_of, month_start
from pertoken.pipeline.dated_file import cell_text, dated_rows
from pertoken.pipeline.forecast_view import OutlookQuery, month_end_row, month_outlooks
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun
    from pertoken.pipeline.audience import Relations
    from pertoken.pipeline.cost_history import CostHistory
    from pertoken.pipeline.forecast_view import Outlook
    from pertoken.pipeline.plans import Plan
    from pertoken.stores import Folder

FOLDER = "budgets"
BUDGET_COLUMNS = {
    "Budget": "text", "BillingMonth": "date", "BillingCurrency": "text", "BudgetCost": "money",
    "ActualCost": "money", "Through": "date", "EffectiveCost": "money", "Low80": "money",
    "High80": "money", "BudgetProbability": "share", "BreachDate": "date", "Status": "text",
    "Owner": "text", "Condition": "text", "Reason": "text",
}  # fmt: skip
OVER, AT_RISK, WITHIN, UNKNOWN = "over", "breach expected", "within", "unknown"
_COLUMNS = ("Kind", "Budget", "Amount", "BillingCurrency", "From", "To", "Owner", "Where")


@dataclass(frozen=True, slots=True)
class Budget:
    """An amount per month; `where` are pairs of column and value; `until` None is open."""

    name: str
    amount: Decimal
    currency: str
    since: str
    until: str | None
    owner: str | None
    where: tuple[tuple[str, str], ...]

    def holds(self, month: str) -> bool:
        """Whether the budget counts in a month."""
        return self.since <= month and (self.until is None or month <= self.until)


def read_budgets(path: Path) -> tuple[Budget, ...]:
    """The budgets of a TOML or CSV file.

    Takes:   `[[budget]]` tables with budget (its name), amount, billing_currency, from, to, owner
             and where, or a CSV of the same columns; where is "COLUMN=VALUE; COLUMN=VALUE", in
             TOML also a table. Nothing in where is the whole of the currency.
    Raises:  ConfigError that names every row that cannot be read.
    """
    faults: list[str] = []
    budgets = [_budget(at, row, faults) for at, row in dated_rows(path, {"budget": ""}, _COLUMNS)]
    found = [each for each in budgets if each is not None]
    spans = [(each.name, each.since, each.until) for each in found]
    for place, (name, since, until) in enumerate(spans):
        for other, first, last in spans[:place]:
            if other == name and first <= (until or "9999") and since <= (last or "9999"):
                faults.append(f"the budget '{name}' stands twice for one month")
    if faults:
        raise ConfigError(
            f"{path} has {len(faults)} faults: {'; '.join(faults)}.",
            "Expected budget, amount, billing_currency and from (YYYY-MM), each name once a month.",
            "Mend the rows; nothing of the file was used.",
        )
    return tuple(found)


def save_budgets(root: Folder, path: Path) -> Folder:
    """Make a file of budgets the one that counts; gives where the hub keeps it."""
    read_budgets(path)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    saved = saved_budgets(root)
    if saved and saved[-1].stem.endswith(digest):
        return root / FOLDER / saved[-1].name
    name = f"{len(saved) + 1:06d}-{digest}{path.suffix.casefold()}"
    return keep_document(root / FOLDER, name, content)


def saved_budgets(root: Folder) -> list[Path]:
    """The files of budgets in a hub, the one that counts last."""
    return documents(root / FOLDER, (".toml", ".csv"))


def hub_budgets(root: Folder, file: Path | None = None) -> tuple[Budget, ...]:
    """The budgets of a file, else those that count in the hub; none where it has none."""
    saved = saved_budgets(root)
    if file is not None:
        return read_budgets(file)
    return read_budgets(saved[-1]) if saved else ()


@dataclass(frozen=True, slots=True)
class BudgetQuery:
    """Which budgets, in which month (None: the first day ahead's), with what is planned."""

    budgets: tuple[Budget, ...]
    month: str | None = None
    plans: tuple[Plan, ...] = ()


def budgets_table(
    engine: Engine,
    relations: Relations,
    runs: Iterable[LedgerRun],
    query: BudgetQuery,
    rules: Rules,
) -> Table:
    """One row per budget that counts in the month, in the order of the file.

    Gives:   EffectiveCost is what the month will have cost: actual days and the forecast of the
             rest. NULL with a Reason where no charge meets the conditions or none is in the
             currency.
    """
    runs = tuple(runs)
    rows = []
    known: dict[tuple[tuple[str, ...], str], tuple[Outlook, ...]] = {}
    for budget in query.budgets:
        by = tuple(column for column, _ in budget.where)
        if (by, budget.currency) not in known:
            known[by, budget.currency] = _outlooks(
                engine, relations, runs, by, query, rules, budget.currency
            )
        row = _row(budget, known[by, budget.currency], query.month)
        if row is not None:
            rows.append(tuple(row[name] for name in BUDGET_COLUMNS))
    columns = tuple(Column(name, kind) for name, kind in BUDGET_COLUMNS.items())
    return Table("budgets", columns, tuple(rows))


def _outlooks(  # noqa: PLR0917 - what a forecast needs
    engine: Engine,
    relations: Relations,
    runs: Iterable[LedgerRun],
    by: tuple[str, ...],
    query: BudgetQuery,
    rules: Rules,
    currency: str,
) -> tuple[Outlook, ...]:
    asked = OutlookQuery(by=by, plans=query.plans)
    month = query.month
    found = month_outlooks(engine, relations, runs, asked, rules, month)
    return tuple(each for each in found if each.history.currency == currency)


def _row(budget: Budget, found: Sequence[Outlook], month: str | None) -> dict[str, Any] | None:
    said = "; ".join(f"{column}={value}" for column, value in budget.where) or None
    row: dict[str, Any] = dict.fromkeys(BUDGET_COLUMNS)
    row |= {
        "Budget": budget.name, "BillingMonth": month, "BillingCurrency": budget.currency,
        "BudgetCost": budget.amount, "Owner": budget.owner, "Condition": said,
    }  # fmt: skip
    if not found:
        wanted = month or budget.since
        reason = f"no AI charges in {budget.currency}"
        none = row | {"BillingMonth": wanted, "Status": UNKNOWN, "Reason": reason}
        return none if budget.holds(wanted) else None
    outlook = found[0]
    wanted = month or month_of(outlook.cost.days[0])
    if not budget.holds(wanted):
        return None
    row["BillingMonth"] = wanted
    place = place_of(budget, outlook.history)
    if place is None:
        return row | {"Status": UNKNOWN, "Reason": f"no charge meets {said}"}
    if month_end(wanted) <= outlook.cost.days[0]:
        return row | _past(budget, outlook, place, wanted)
    ended = month_end_row(outlook, place, wanted, budget.amount)
    row |= {name: ended[name] for name in BUDGET_COLUMNS if name in ended}
    row["Status"] = _status(ended["ActualCost"], ended["EffectiveCost"], budget.amount)
    return row


def _status(actual: Decimal, expected: Decimal, amount: Decimal) -> str:
    if actual > amount:
        return OVER
    return AT_RISK if expected > amount else WITHIN


def place_of(budget: Budget, history: CostHistory) -> int | None:
    """The place of the budget's group in a history; -1 is the total, None where it has none."""
    if not budget.where:
        return -1
    wanted = tuple(value.casefold() for _, value in budget.where)
    for place, key in enumerate(history.keys):
        if tuple("" if each is None else str(each).casefold() for each in key) == wanted:
            return place
    return None


def _past(budget: Budget, outlook: Outlook, place: int, month: str) -> dict[str, Any]:
    """A month that is over: what it cost is known."""
    history = outlook.history
    key = None if place == -1 else history.keys[place]
    start, end = month_start(month), month_end(month)
    actual = history.booked_between(key, start, end)
    running, breach = Decimal(0), None
    for number in range((end - start).days):
        day = start + timedelta(days=number)
        running += history.booked_between(key, day, day + timedelta(days=1))
        if running > budget.amount and breach is None:
            breach = day
    return {
        "ActualCost": actual, "Through": min(history.days[-1], end - timedelta(days=1)),
        "EffectiveCost": actual, "BudgetProbability": Decimal(int(actual > budget.amount)),
        "BreachDate": breach, "Status": _status(actual, actual, budget.amount),
        "Reason": "the month is over",
    }  # fmt: skip


def _budget(place: str, row: Mapping[str, Any], faults: list[str]) -> Budget | None:
    before = len(faults)
    name, currency = cell_text(row.get("Budget")), cell_text(row.get("BillingCurrency"))
    if name is None:
        faults.append(f"{place}: no name in Budget")
    if currency is None:
        faults.append(f"{place}: no BillingCurrency")
    text = cell_text(row.get("Amount"))
    try:
        amount = Decimal(text or "")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0:
        faults.append(f"{place}: Amount '{text or ''}' is no number above 0")
    since = _month(row.get("From"), f"{place}: From", faults)
    until = None if cell_text(row.get("To")) is None else _month(row["To"], f"{place}: To", faults)
    if since and until and until < since:
        faults.append(f"{place}: To {until} lies before From {since}")
    where = _where(row.get("Where"), place, faults)
    if len(faults) > before or name is None or currency is None or since is None:
        return None
    owner = cell_text(row.get("Owner"))
    return Budget(name, amount, currency.upper(), since, until, owner, where)


def _month(value: object, place: str, faults: list[str]) -> str | None:
    text = value.isoformat()[:7] if isinstance(value, date) else cell_text(value)
    try:
        return month_of(date.fromisoformat(f"{text}-01"))
    except ValueError:
        faults.append(f"{place} '{text or ''}' is not YYYY-MM")
        return None


def _where(value: object, place: str, faults: list[str]) -> tuple[tuple[str, str], ...]:
    if isinstance(value, dict):
        return tuple((str(column), str(each)) for column, each in value.items())
    pairs = []
    for part in (cell_text(value) or "").split(";"):
        column, sign, each = part.partition("=")
        if part.strip() and not (sign and column.strip()):
            faults.append(f"{place}: '{part.strip()}' in Where is not COLUMN=VALUE")
        elif part.strip():
            pairs.append((column.strip(), each.strip()))
    return tuple(pairs)
