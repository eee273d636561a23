"""The `metrics` table of the hub: what a business counted, and the values that count.

A file replaces an earlier one of the same name that begins with the same month. Of a metric that
two files state for one day and dimensions the file written last counts.

Source: docs/unit-economics.md, "Business metrics".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pertoken.exports import BUSINESS_METRICS, METRIC_DIMENSIONS, at_hand
from pertoken.pipeline.reference_tables import reference_table_query
from pertoken.pipeline.references import metric_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

    from pertoken.engine import Engine
    from pertoken.exports import ExportRun, RunKey
    from pertoken.hub import LedgerRun, Snapshot
    from pertoken.pipeline.audience import Relations

METRIC_COLUMNS = {
    "Day": "DATE", "Metric": "VARCHAR", "Value": "DECIMAL(38,18)",
    **dict.fromkeys(METRIC_DIMENSIONS, "VARCHAR"),
    "WrittenAt": "TIMESTAMP WITH TIME ZONE", "RunId": "VARCHAR",
}  # fmt: skip
"""The columns of `metrics` and their types; a dimension is NULL where the metric is not by it."""


def metrics_table(engine: Engine, run: ExportRun) -> pa.Table:
    """The values of a file as Arrow, in the columns of `metrics`."""
    import pyarrow as pa  # noqa: PLC0415 - only a writer needs Arrow

    rows: list[tuple[Any, ...]] = []
    for each in metric_values(engine, at_hand(run).path, run.file_format):
        held = dict(each.dimensions)
        dimensions = (held.get(name) for name in METRIC_DIMENSIONS)
        rows.append((each.day, each.metric, each.value, *dimensions, run.submitted_time,
                     run.run_id))  # fmt: skip
    kinds = {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "DECIMAL(38,18)": pa.decimal128(38, 18),
        "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
    }
    arrays = [
        pa.array([row[place] for row in rows], kinds[kind])
        for place, kind in enumerate(METRIC_COLUMNS.values())
    ]
    return pa.table(arrays, names=list(METRIC_COLUMNS))


def metrics_query(
    engine: Engine,
    snapshot: Snapshot,
    ledger: Iterable[LedgerRun],
    found: Mapping[RunKey, ExportRun],
) -> str | None:
    """The query of the new `metrics` table; None when nothing changed."""
    return reference_table_query(
        engine,
        snapshot,
        "metrics",
        METRIC_COLUMNS,
        counting=(filter(_counts, snapshot.runs), filter(_counts, ledger)),
        rows_of=lambda key: metrics_table(engine, found[key]),
    )


def view_metrics(engine: Engine, relations: Relations) -> bool:
    """Name the values that count `metric_values`, each cell once; False where there are none."""
    if not relations.view(engine, "metrics"):
        return False
    cell = ", ".join(("Day", "lower(Metric)", *METRIC_DIMENSIONS))
    engine.view(
        "metric_values",
        f"SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY {cell} "
        "ORDER BY WrittenAt DESC, RunId) AS Delivery FROM metrics) AS stated WHERE Delivery = 1",
    )
    return True


def _counts(run: LedgerRun) -> bool:
    return run.dataset == BUSINESS_METRICS and run.status == "reference"
