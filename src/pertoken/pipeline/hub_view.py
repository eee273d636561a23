"""What the page needs to know of a hub before it asks: months, scopes, currencies, columns.

Source: docs/page.md.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.exports.datasets import dataset_family
from pertoken.pipeline.audience import PRICE_COLUMN
from pertoken.pipeline.report import RunReport
from pertoken.pipeline.standing import partition_of
from pertoken.pipeline.trust import trust_card
from pertoken.pipeline.views import require_charges, view_dimensions
from pertoken.reports import Column, Table
from pertoken.reports.numbers import EXACT
from pertoken.unit_economics import MART_DIMENSIONS

if TYPE_CHECKING:
    from datetime import date

    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun
    from pertoken.pipeline.audience import SeenRelations
    from pertoken.reports.trust_card import TrustCard

RESTATEMENT_COLUMNS = {
    "BillingMonth": "date", "Scope": "text", "BillingCurrency": "text", "RunId": "text",
    "SubmittedTime": "time", "Status": "text", "Rows": "count", "BilledCost": "money",
    "EffectiveCost": "money", "RowsChange": "count", "BilledCostChange": "money",
    "EffectiveCostChange": "money",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class HubSummary:
    """What a hub holds, for one audience; scopes are pairs of x_ScopeKey and name."""

    months: tuple[tuple[str, str], ...]
    scopes: tuple[tuple[str, str], ...]
    currencies: tuple[str, ...]
    through_day: date | None
    tag_keys: tuple[str, ...]


def hub_summary(engine: Engine, relations: SeenRelations) -> HubSummary:
    """Months with their state (open where any scope is), scopes, currencies by cost, tag keys."""
    require_charges(relations)
    view_dimensions(engine, relations)
    relations.view(engine, "periods")
    rows = engine.rows(
        "SELECT BillingMonth, Scope, BillingCurrency, EffectiveCost, LastDay FROM periods "
        "ORDER BY BillingMonth, Scope, BillingCurrency"
    )
    states = relations.states
    months: dict[str, str] = {}
    costs: dict[str, Decimal] = defaultdict(Decimal)
    for month, scope, currency, cost, _ in rows:
        state = states[scope, month].state
        months[month] = state if months.get(month) != "open" else "open"
        costs[currency] = EXACT.add(costs[currency], cost or Decimal(0))
    tags = engine.rows("SELECT DISTINCT TagKey FROM tags WHERE TagKey <> '' ORDER BY TagKey")
    return HubSummary(
        months=tuple(sorted(months.items())),
        scopes=tuple(
            (partition_of(scope, "")["x_ScopeKey"], scope)
            for scope in dict.fromkeys(row[1] for row in rows)
        ),
        currencies=tuple(sorted(costs, key=lambda each: (-costs[each], each))),
        through_day=max((row[4] for row in rows), default=None),
        tag_keys=tuple(row[0] for row in tags),
    )


def whole_months(relations: SeenRelations) -> tuple[tuple[str, str], ...]:
    """Every month of the hub with its state, for whom no charges are shown."""
    months: dict[str, str] = {}
    for (_, month), of_scope in sorted(relations.states.items()):
        if of_scope.state == "dropped":
            continue
        months[month] = of_scope.state if months.get(month) != "open" else "open"
    return tuple(sorted(months.items()))


def columns_table(engine: Engine, relations: SeenRelations) -> Table:
    """The columns that can stand in `by` and `where`, and whether the daily mart holds them."""
    require_charges(relations)
    view_dimensions(engine, relations)
    relations.view(engine, "charges")
    meters = [name for name in engine.columns("meters") if name != "x_MeterKey"]
    charges = [name for name in engine.columns("charges") if name not in meters]
    fast = {*MART_DIMENSIONS, *meters}
    tags = engine.rows("SELECT DISTINCT TagKey FROM tags WHERE TagKey <> '' ORDER BY TagKey")
    names = [*meters, "ChargeDate", *charges, *(f"Tags.{row[0]}" for row in tags)]
    rows = tuple((name, name in fast or name.startswith("Tags.")) for name in names)
    return Table("columns", (Column("Name", "text"), Column("InDailyMart", "flag")), rows)


def hub_card(engine: Engine, relations: SeenRelations) -> TrustCard:
    """The trust card of a hub as it stands: of the whole bill, or of an audience's own charges."""
    sees_all = relations.audience.sees_all
    card = trust_card(engine, relations, RunReport(runs=relations.runs), whole=sees_all)
    if sees_all:
        return card
    summary = hub_summary(engine, relations)
    totals = tuple(
        each._replace(source_billed_cost=None, source_effective_cost=None) for each in card.totals
    )
    return replace(
        card,
        months=tuple(month for month, _ in summary.months),
        scopes=tuple(name for _, name in summary.scopes),
        totals=totals,
    )


def restatements_table(runs: tuple[LedgerRun, ...]) -> Table:
    """The runs of every scope and month that was restated, and what each changed.

    Gives:   one row per run and BillingCurrency, in the order of submission; changes against the
             run of the same dataset before, NULL for the first.
    """
    chains: dict[tuple[str, str, str], list[LedgerRun]] = defaultdict(list)
    for run in runs:
        if run.status in ("applied", "superseded") and run.totals:
            chains[run.month, run.scope, dataset_family(run.dataset)].append(run)
    rows: list[tuple[object, ...]] = []
    for (month, scope, _), chain in sorted(chains.items()):
        if len(chain) > 1:
            rows += _steps(month, scope, chain)
    return Table(
        "restatements",
        tuple(Column(name, kind) for name, kind in RESTATEMENT_COLUMNS.items()),
        tuple(rows),
    )


def _steps(month: str, scope: str, chain: list[LedgerRun]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    former: dict[str, tuple[int, Decimal, Decimal]] = {}
    for run in sorted(chain, key=lambda each: (str(each.submitted_time), each.run_id)):
        for currency, count, billed, effective in run.totals:
            now = (count, Decimal(billed), Decimal(effective))
            before = former.get(currency)
            differences = (
                (None, None, None)
                if before is None
                else (
                    now[0] - before[0],
                    EXACT.subtract(now[1], before[1]),
                    EXACT.subtract(now[2], before[2]),
                )
            )
            rows.append(
                (month, scope, currency, run.run_id, run.submitted_time, run.status, *now,
                 *differences)
            )  # fmt: skip
            former[currency] = now
    return rows


def is_price_column(name: str) -> bool:
    """Whether a column states a list or contracted price, which only finance sees."""
    return PRICE_COLUMN.search(name) is not None
