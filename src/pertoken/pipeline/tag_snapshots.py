"""The `tag_snapshots` table of the hub: the tags of places on the days of tag exports.

Every export stands beside the others; of two of one day the one written last speaks for a place.

Source: docs/allocation.md, "Tags that are inherited".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pertoken.exports import TAG_SNAPSHOT, at_hand, parse_tag_export
from pertoken.pipeline.reference_tables import reference_table_query
from pertoken.pipeline.references import file_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

    from pertoken.engine import Engine
    from pertoken.exports import ExportRun, RunKey
    from pertoken.hub import LedgerRun, Snapshot

SNAPSHOT_COLUMNS = {
    "SnapshotDate": "DATE", "Level": "VARCHAR", "Place": "VARCHAR", "SubAccountId": "VARCHAR",
    "TagKey": "VARCHAR", "TagValue": "VARCHAR", "WrittenAt": "TIMESTAMP WITH TIME ZONE",
    "RunId": "VARCHAR",
}  # fmt: skip
"""The columns of `tag_snapshots` and their types; TagKey is NULL for a place without tags."""


def snapshots_table(run: ExportRun) -> pa.Table:
    """The tags of an export as Arrow, in the columns of `tag_snapshots`."""
    import pyarrow as pa  # noqa: PLC0415 - only a writer needs Arrow

    rows: list[tuple[Any, ...]] = [
        (each.day, each.level, each.place, each.subscription, key, value, run.submitted_time,
         run.run_id)
        for each in parse_tag_export(file_text(at_hand(run).path), run.export_name)
        for key, value in each.tags or ((None, None),)
    ]  # fmt: skip
    kinds = {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
    }
    arrays = [
        pa.array([row[place] for row in rows], kinds[kind])
        for place, kind in enumerate(SNAPSHOT_COLUMNS.values())
    ]
    return pa.table(arrays, names=list(SNAPSHOT_COLUMNS))


def snapshots_query(
    engine: Engine,
    snapshot: Snapshot,
    ledger: Iterable[LedgerRun],
    found: Mapping[RunKey, ExportRun],
) -> str | None:
    """The query of the new `tag_snapshots` table; None when nothing changed."""
    return reference_table_query(
        engine,
        snapshot,
        "tag_snapshots",
        SNAPSHOT_COLUMNS,
        counting=(filter(_counts, snapshot.runs), filter(_counts, ledger)),
        rows_of=lambda key: snapshots_table(found[key]),
    )


def _counts(run: LedgerRun) -> bool:
    return run.dataset == TAG_SNAPSHOT and run.status == "reference"
