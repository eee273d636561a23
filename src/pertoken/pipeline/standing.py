"""The runs that stand for a scope and month, and what each gives to its charges.

One FOCUS run gives all of them. Of a native pair the AmortizedCost run gives all of its rows, and
the ActualCost run its purchases and refunds of commitments, which the other does not have; so
BilledCost is that of the one export and EffectiveCost that of the other.

Source: docs/decisions/0007-which-run-stands.md; docs/native-exports.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.errors import TotalsDiffer
from pertoken.exports import ACTUAL_COST, AMORTIZED_COST, holds_charges
from pertoken.pipeline.report import MonthReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun

ScopeMonth = tuple[str, str]
Standing = tuple["LedgerRun", ...]
DROPPED = "dropped"


def standing_runs(runs: Iterable[LedgerRun], status: str = "applied") -> dict[ScopeMonth, Standing]:
    """The runs of charges that are applied, by scope and month; two where they are a pair.

    With DROPPED, those that would be if their month were kept.
    """
    standing: dict[ScopeMonth, Standing] = {}
    for run in sorted(runs, key=lambda each: (each.dataset, each.run_id)):
        if run.status == status and holds_charges(run.dataset):
            place = (run.scope, run.month)
            standing[place] = (*standing.get(place, ()), run)
    return standing


def kept_or_dropped(run: LedgerRun, dropped_before: str) -> LedgerRun:
    """The run, or the run as dropped where its charges are of a month before those kept.

    Takes: dropped_before, the first billing month that is kept; empty where all are.
    """
    if run.status != "applied" or not holds_charges(run.dataset) or run.month >= dropped_before:
        return run
    reason = f"months before {dropped_before} are kept no more (pertoken hub retain)"
    return replace(run, status=DROPPED, reason=reason)


def partition_of(scope: str, month: str) -> dict[str, str]:
    """The partition of a scope and month: a short key of the scope, and the BillingMonth."""
    key = hashlib.sha256(scope.encode()).hexdigest()[:12]
    return {"x_ScopeKey": key, "BillingMonth": month}


def contents(runs: Standing | None) -> tuple[tuple[str, str, str], ...]:
    """What stands for a month, by RunId, dataset and bytes: equal when nothing need be written."""
    return tuple((run.run_id, run.dataset, run.fingerprint) for run in runs or ())


def gives_commitments_only(run: LedgerRun, standing: Sequence[LedgerRun]) -> bool:
    """Whether a run gives only what its partner lacks: purchases and refunds of commitments."""
    datasets = {each.dataset for each in standing}
    return run.dataset == ACTUAL_COST and AMORTIZED_COST in datasets


def month_costs(standing: Sequence[LedgerRun]) -> dict[str, tuple[Decimal, Decimal]]:
    """(BilledCost, EffectiveCost) that a month must have, by BillingCurrency, as its exports say.

    Of a pair BilledCost is that of ActualCost and EffectiveCost that of AmortizedCost.
    """
    by_dataset = {run.dataset: run for run in standing}
    billed = by_dataset.get(ACTUAL_COST, standing[0]).totals
    effective = by_dataset.get(AMORTIZED_COST, standing[0]).totals
    billed_costs = {total[0]: Decimal(total[2]) for total in billed}
    effective_costs = {total[0]: Decimal(total[3]) for total in effective}
    return {
        currency: (
            billed_costs.get(currency, Decimal(0)),
            effective_costs.get(currency, Decimal(0)),
        )
        for currency in sorted({*billed_costs, *effective_costs})
    }


def checked_totals(engine: Engine, standing: Sequence[LedgerRun], rows: int) -> MonthReport:
    """The totals of `new_charges`, the charges of a month as written, held against the source.

    Takes:   the runs that stand for the month; the rows written.
    Gives:   rows and costs per BillingCurrency, before and after.
    Raises:  TotalsDiffer, when a cost is not that of its export, or a row came or went. The rows of
             a pair are those written, as the ledger does not count the purchases of commitments.
    """
    run = standing[0]
    sums = engine.rows(
        "SELECT BillingCurrency, count(*), sum(BilledCost), sum(EffectiveCost) "
        "FROM new_charges GROUP BY BillingCurrency ORDER BY BillingCurrency"
    )
    after = {currency: (count, billed, effective) for currency, count, billed, effective in sums}
    counts = {currency: count for currency, count, _, _ in sums}
    if len(standing) == 1:
        counts = {total[0]: total[1] for total in run.totals}
    before = {
        currency: (counts.get(currency, 0), *costs)
        for currency, costs in month_costs(standing).items()
        if currency in counts or any(costs)
    }
    if before != after or rows != sum(count for count, _, _ in after.values()):
        raise TotalsDiffer(
            f"Run {run.run_id} of {run.export_name} {run.month} has totals {after} after "
            f"normalisation and {before} before ({rows} rows written).",
            "Expected equal rows, BilledCost and EffectiveCost per BillingCurrency.",
            "Nothing was committed. The files changed while they were read, or this is a defect: "
            "report it with the run's manifest.",
        )
    return MonthReport(run.scope, run.month, run.run_id, before, after)
