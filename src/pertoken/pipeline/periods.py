"""The `periods` table: rows and costs of every scope, month and BillingCurrency.

State follows from runs alone, never from the clock: a month is open until a run for its every day
was submitted after its end, closed from then on, restated when a later such run replaced it, and
dropped when its charges were taken out of the hub.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pertoken.engine import quoted, quoted_text, sql_file
from pertoken.exports.datasets import dataset_family
from pertoken.periods import month_end, month_start
from pertoken.pipeline.standing import DROPPED, month_costs, standing_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun, Snapshot
    from pertoken.pipeline.standing import Standing

PERIOD_COLUMNS = (
    "BillingMonth", "Scope", "BillingCurrency", "Rows", "BilledCost", "EffectiveCost", "ListCost",
    "ContractedCost", "FirstDay", "LastDay", "DaysWithCharges", "x_WithoutListCost",
    "x_WithoutContractedCost",
)  # fmt: skip
_TYPES = (
    *["VARCHAR"] * 3, "BIGINT", *["DECIMAL(38,18)"] * 4, "DATE", "DATE", *["BIGINT"] * 3,
)  # fmt: skip


def period_totals(
    engine: Engine, snapshot: Snapshot, changed: Mapping[tuple[str, str], Sequence[str]]
) -> str | None:
    """The query of the new `periods` table; None when nothing changed.

    Takes:   the data files of each (scope, month) that changed; none for one that was emptied.
    Gives:   one row per scope, month and BillingCurrency, old months as they were.
    """
    if not changed:
        return None
    selects = []
    columns = ", ".join(quoted(name) for name in PERIOD_COLUMNS)
    if snapshot.view(engine, "periods"):
        gone = " OR ".join(
            f"(Scope = {quoted_text(scope)} AND BillingMonth = {quoted_text(month)})"
            for scope, month in changed
        )
        selects.append(f"SELECT {columns} FROM periods WHERE NOT ({gone})")
    for number, ((scope, month), files) in enumerate(changed.items()):
        if not files:
            continue
        name = f"month_{number}"
        engine.view_parquet(name, list(files))
        totals = sql_file("pertoken.pipeline", "period_totals").replace(
            "FROM charges", f"FROM {name}"
        )
        selects.append(
            f"SELECT {quoted_text(month)} AS BillingMonth, {quoted_text(scope)} AS Scope, totals.* "
            f"FROM ({totals}) AS totals"
        )
    if not selects:
        typed = ", ".join(
            f"CAST(NULL AS {kind}) AS {quoted(name)}"
            for name, kind in zip(PERIOD_COLUMNS, _TYPES, strict=True)
        )
        return f"SELECT {typed} WHERE false"
    return " UNION ALL ".join(selects)


@dataclass(frozen=True, slots=True)
class MonthState:
    """The state of a scope and month, and the last day its applied run covers (exclusive)."""

    state: str
    covered_until: str


def month_states(runs: Iterable[LedgerRun]) -> dict[tuple[str, str], MonthState]:
    """The state of every scope and month with an applied run: open, closed, restated, dropped."""
    runs = list(runs)
    closings = Counter(
        (run.scope, run.month, dataset_family(run.dataset))
        for run in runs
        if run.status in ("applied", "superseded") and closes_month(run)
    )
    states = {}
    for place, standing in standing_runs(runs).items():
        again = any(closings[*place, dataset_family(run.dataset)] > 1 for run in standing)
        closed = "restated" if again else "closed"
        state = closed if all(closes_month(run) for run in standing) else "open"
        states[place] = MonthState(state, _covered_until(standing))
    for place, gone in standing_runs(runs, DROPPED).items():
        states[place] = MonthState(DROPPED, _covered_until(gone))
    return states


def dropped_totals(runs: Iterable[LedgerRun]) -> list[tuple[object, ...]]:
    """What `retain` took out of the hub, as the ledger knows it, in the first PERIOD_COLUMNS.

    Gives: month, scope, currency, rows, BilledCost, EffectiveCost, then NULL for list and
           contracted costs, which no run states. Rows are NULL for a native pair.
    """
    totals: list[tuple[object, ...]] = []
    for (scope, month), gone in sorted(standing_runs(runs, DROPPED).items()):
        counts = {total[0]: total[1] for total in gone[0].totals} if len(gone) == 1 else {}
        totals += [
            (month, scope, currency, counts.get(currency), *costs, None, None)
            for currency, costs in month_costs(gone).items()
        ]
    return totals


def _covered_until(standing: Standing) -> str:
    return min(run.end for run in standing).isoformat()


def closes_month(run: LedgerRun) -> bool:
    """Whether a run covers its whole month and was submitted after the month's end."""
    whole = run.start <= month_start(run.month) and run.end >= month_end(run.month)
    late = run.submitted_time is not None and run.submitted_time.date() >= month_end(run.month)
    return whole and late
