"""An export run: what one manifest (or one plain file) says was delivered.

The dates are half-open here: a manifest's endDate is an inclusive day and is converted where it
is read. Counts are what the manifest claims; `verification` holds them against the disk.

Source: Microsoft Learn, "tutorial-improved-exports" (manifest of Cost Management exports).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from pertoken.stores import StoreFile

RunKey = tuple[str, str, str, str]
"""RunId, dataset, scope, month: a plain file is one RunId in several scopes and months."""


@dataclass(frozen=True, slots=True)
class Part:
    """One blob of a run.

    `name` is container-relative as in the manifest; `path` is the file, or the URL, it is read
    from; `compression` is `none` or `gzip`, of a CSV as a whole (Parquet compresses inside).
    `stored` is the object of a part in a store, None for a local one and for one that is missing.
    """

    name: str
    path: str
    byte_count: int | None
    row_count: int | None
    compression: str = "none"
    stored: StoreFile | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ExportRun:
    """One run of one export: one dataset, one scope, one month.

    `scope` is in lower case and empty when the manifest names none (the rows' BillingAccountId
    then stands for it); `end` is exclusive; `file_format` is `csv` or `parquet`, or the
    manifest's word when it is neither; `path` is the folder of the manifest, or the plain file;
    `row_count` and `byte_count` are None where unknown, never 0 for unknown.
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
    parts: tuple[Part, ...]
    row_count: int | None
    byte_count: int | None
    file_format: str
    path: str
    manifest_digest: str
    blob_count: int | None = None

    @property
    def key(self) -> RunKey:
        """What makes the run one: RunId, dataset, scope, month."""
        return self.run_id, self.dataset, self.scope, self.month

    @property
    def is_plain(self) -> bool:
        """Whether the run is rows of a plain file: its digest stands for RunId and manifest."""
        return self.run_id == self.manifest_digest
