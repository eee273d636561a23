"""The `restatements` table: what a later complete run changed in a closed month.

A closed month changes only by a later run for its every day. The runs that stood for it before are
compared with those that stand now, and the difference is kept with the commit, so that it can be
shown when the files of either are long gone. Whether the two came together, one after the other, or
the later one first makes no difference.

Source: docs/how-it-works.md, "Restatements".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pertoken.engine import quoted, quoted_text, sql_file
from pertoken.errors import ConfigError, EngineError, SourceError
from pertoken.exports.datasets import dataset_family
from pertoken.normalize import FILE_COLUMN, charges_select
from pertoken.pipeline.periods import closes_month
from pertoken.pipeline.sources import SOURCE, view_source
from pertoken.pipeline.standing import (
    DROPPED,
    ScopeMonth,
    Standing,
    contents,
    gives_commitments_only,
    standing_runs,
)
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pertoken.engine import Engine, Row
    from pertoken.exports import ExportRun
    from pertoken.hub import LedgerRun, Snapshot

FilesOf = Callable[[ScopeMonth], Sequence[str]]

RESTATEMENT_COLUMNS = (
    "ChargeDate", "ResourceId", "SkuMeter", "ChargeCategory", "Change", "BilledCostBefore",
    "BilledCostAfter", "EffectiveCostBefore", "EffectiveCostAfter", "BillingCurrency",
    "ChargeClass", "BillingMonth", "Scope", "RunBefore", "RunAfter",
)  # fmt: skip
_CHANGES = ("BilledCostChange", "EffectiveCostChange")
_COMPARED = (
    "ChargePeriodStart", "ResourceId", "SkuMeter", "ChargeCategory", "ChargeClass",
    "BillingCurrency", "BilledCost", "EffectiveCost",
)  # fmt: skip


def standing_before(runs: Iterable[LedgerRun], standing: Standing) -> Standing | None:
    """The runs that stood for a closed month before those that stand now; None when none did.

    Of each run the latest superseded one of its dataset that covers every day of the month and was
    submitted after its end; of a native pair the partner stays where it was not restated itself.
    """
    if not all(closes_month(run) for run in standing):
        return None
    runs = list(runs)
    before = tuple(_run_before(runs, run) or run for run in standing)
    return None if before == standing else before


def restated_months(
    runs: Sequence[LedgerRun], changed: Iterable[ScopeMonth]
) -> dict[ScopeMonth, tuple[Standing, Standing]]:
    """(before, now) of every month in `changed` that is restated."""
    standing = standing_runs(runs)
    pairs = {}
    for place in changed:
        now = standing.get(place)
        before = standing_before(runs, now) if now else None
        if now and before:
            pairs[place] = (before, now)
    return pairs


def restatements_query(
    engine: Engine,
    snapshot: Snapshot,
    pairs: Mapping[ScopeMonth, tuple[Standing, Standing]],
    files: tuple[FilesOf, FilesOf],
    source_of: Callable[[LedgerRun], ExportRun | None],
) -> str | None:
    """The query of the new `restatements` table; None when nothing is to be kept.

    Takes:   the restated months; the data files that hold a month as of the last commit, and as it
             stands now; where the files of a run are, None where they are not at hand.
    Gives:   RESTATEMENT_COLUMNS: the rows of other months as they were, and what differs in these.
             A month whose earlier charges are at hand no more keeps the rows that it had.
    """
    selects: list[str] = []
    replaced: list[ScopeMonth] = []
    columns = ", ".join(quoted(name) for name in RESTATEMENT_COLUMNS)
    difference = sql_file("pertoken.pipeline", "restatement")
    for number, (place, (before, now)) in enumerate(pairs.items()):
        before_name, after_name = f"before_charges_{number}", f"after_charges_{number}"
        engine.view_parquet(after_name, list(files[1](place)))
        held = standing_runs(snapshot.runs).get(place)
        if contents(held) == contents(before):
            engine.view_parquet(before_name, list(files[0](place)))
        elif not _view_sources(engine, before, before_name, source_of):
            continue
        replaced.append(place)
        rows = difference.replace("before_charges", before_name).replace(
            "after_charges", after_name
        )
        scope, month = place
        selects.append(
            f"SELECT {columns} FROM (SELECT difference.*, {quoted_text(month)} AS BillingMonth, "
            f"{quoted_text(scope)} AS Scope, {quoted_text(_ids(before))} AS RunBefore, "
            f"{quoted_text(_ids(now))} AS RunAfter FROM ({rows}) AS difference) AS named"
        )
    if not selects:
        return None
    if snapshot.view(engine, "restatements"):
        gone = " OR ".join(
            f"(Scope = {quoted_text(scope)} AND BillingMonth = {quoted_text(month)})"
            for scope, month in replaced
        )
        selects.append(f"SELECT {columns} FROM restatements WHERE NOT ({gone})")
    return " UNION ALL ".join(selects)


def restatement_table(engine: Engine, snapshot: Snapshot, month: str) -> Table:
    """What a later complete run changed in a closed month, in the columns of the contract.

    Gives:   RESTATEMENT_COLUMNS and the change of each cost, one row per group of charges that
             differs; no row for a month that was not restated. Costs in BillingCurrency, NULL on
             the side without such a charge; a change is after less before, where a side without a
             charge has no cost.
    Raises:  ConfigError for a month of which the hub has no charges.
    """
    known = (*standing_runs(snapshot.runs), *standing_runs(snapshot.runs, DROPPED))
    months = sorted({month for _, month in known})
    if month not in months:
        raise ConfigError(
            f"The hub has no charges of {month}.",
            f"Expected a month of the hub, YYYY-MM: {', '.join(months) or 'it has none'}.",
            "Give one of them.",
        )
    rows: list[Row] = []
    if snapshot.view(engine, "restatements"):
        columns = ", ".join(quoted(name) for name in RESTATEMENT_COLUMNS)
        changes = ", ".join(
            f"coalesce({cost}CostAfter, 0) - coalesce({cost}CostBefore, 0)"
            for cost in ("Billed", "Effective")
        )
        rows = engine.rows(
            f"SELECT {columns}, {changes} FROM restatements WHERE BillingMonth = ? "
            "ORDER BY Scope, ChargeDate, ResourceId, SkuMeter, ChargeCategory, ChargeClass",
            [month],
        )
    kinds = {"ChargeDate": "date"}
    shown = tuple(
        Column(name, "money" if "Cost" in name else kinds.get(name, "text"))
        for name in (*RESTATEMENT_COLUMNS, *_CHANGES)
    )
    return Table("restatement", shown, tuple(rows))


def _run_before(runs: Iterable[LedgerRun], run: LedgerRun) -> LedgerRun | None:
    earlier = [
        each
        for each in runs
        if each.status == "superseded"
        and (each.scope, each.month) == (run.scope, run.month)
        and dataset_family(each.dataset) == dataset_family(run.dataset)
        and closes_month(each)
        and each.submitted_time is not None
        and run.submitted_time is not None
        and each.submitted_time < run.submitted_time
    ]
    return max(earlier, key=lambda each: (each.submitted_time, each.run_id), default=None)


def _view_sources(
    engine: Engine,
    before: Standing,
    name: str,
    source_of: Callable[[LedgerRun], ExportRun | None],
) -> bool:
    """Name the charges of runs that are in no table, from the runs' own files; False without."""
    selects = []
    for number, run in enumerate(before):
        source = source_of(run)
        if source is None:
            return False
        relation = f"{name}_{number}"
        try:
            view_source(engine, source, only_commitments=gives_commitments_only(run, before))
            columns = {n: kind for n, kind in engine.columns(SOURCE).items() if n != FILE_COLUMN}
            select = charges_select(
                columns, run.dataset, run.dataset_version, SOURCE, run_id=run.run_id
            )
            compared = ", ".join(quoted(column) for column in _COMPARED)
            engine.view_arrow(relation, engine.arrow(f"SELECT {compared} FROM ({select}) AS each"))
        except (EngineError, SourceError):
            return False
        selects.append(f"SELECT * FROM {quoted(relation)}")
    engine.view(name, " UNION ALL ".join(selects))
    return True


def _ids(standing: Standing) -> str:
    return ", ".join(run.run_id for run in standing)
