"""The ledger: every run ever handed over, and what was decided about it.

It is the `runs` table, rewritten whole at each commit, with one more row: the commit itself, which
names the version of every other table. Source: docs/decisions/0002-hub-commit.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    import pyarrow as pa

    from pertoken.engine import Row

LEDGER_COLUMNS = (
    "RunId", "ExportName", "Dataset", "DatasetVersion", "Scope", "BillingMonth", "Start", "End",
    "SubmittedTime", "Status", "Reason", "Rows", "Fault", "Fingerprint", "ManifestDigest",
    "SubAccountIds", "Totals", "Path",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LedgerRun:
    """One run: what its manifest says, what its rows say, what was decided.

    `start` and `end` are days, end exclusive. `rows` is None for a run that was not read. `totals`
    holds (BillingCurrency, rows, BilledCost, EffectiveCost), costs as exact text.
    `sub_account_ids` is None for a run that was not read.
    """

    run_id: str
    export_name: str
    dataset: str
    dataset_version: str
    scope: str
    month: str
    start: date
    end: date
    submitted_time: datetime | None
    path: str
    manifest_digest: str
    rows: int | None = None
    fault: str | None = None
    fingerprint: str = ""
    sub_account_ids: frozenset[str] | None = None
    totals: tuple[tuple[str, int, str, str], ...] = ()
    status: str = ""
    reason: str = ""

    def to_row(self) -> tuple[Any, ...]:
        """The values of LEDGER_COLUMNS."""
        ids = None if self.sub_account_ids is None else json.dumps(sorted(self.sub_account_ids))
        return (
            self.run_id, self.export_name, self.dataset, self.dataset_version, self.scope,
            self.month, self.start, self.end, self.submitted_time, self.status, self.reason,
            self.rows, self.fault, self.fingerprint, self.manifest_digest, ids,
            json.dumps(self.totals), self.path,
        )  # fmt: skip

    @classmethod
    def from_row(cls, row: Row) -> LedgerRun:
        """A run from the values of LEDGER_COLUMNS."""
        values = dict(zip(LEDGER_COLUMNS, row, strict=True))
        ids = values["SubAccountIds"]
        return cls(
            run_id=values["RunId"],
            export_name=values["ExportName"],
            dataset=values["Dataset"],
            dataset_version=values["DatasetVersion"],
            scope=values["Scope"],
            month=values["BillingMonth"],
            start=values["Start"],
            end=values["End"],
            submitted_time=values["SubmittedTime"],
            path=values["Path"],
            manifest_digest=values["ManifestDigest"],
            rows=values["Rows"],
            fault=values["Fault"],
            fingerprint=values["Fingerprint"],
            sub_account_ids=None if ids is None else frozenset(json.loads(ids)),
            totals=tuple(
                (each[0], each[1], each[2], each[3]) for each in json.loads(values["Totals"])
            ),
            status=values["Status"],
            reason=values["Reason"],
        )


def ledger_table(runs: Iterable[LedgerRun], commit: Mapping[str, Any]) -> pa.Table:
    """The `runs` table: one row per run, and the row of the commit with `commit` as JSON."""
    import pyarrow as pa  # noqa: PLC0415 - only a writer needs Arrow

    kinds = {"Start": pa.date32(), "End": pa.date32(), "Rows": pa.int64()}
    kinds["SubmittedTime"] = pa.timestamp("us", tz="UTC")
    rows = [run.to_row() for run in runs]
    arrays = [
        pa.array([*(row[place] for row in rows), None], kinds.get(name, pa.string()))
        for place, name in enumerate(LEDGER_COLUMNS)
    ]
    arrays.append(
        pa.array([*(None for _ in rows), json.dumps(commit, sort_keys=True)], pa.string())
    )
    return pa.table(arrays, names=[*LEDGER_COLUMNS, "Commit"])
