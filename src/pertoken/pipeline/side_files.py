"""Files of a folder that are sources by their content, beside exports and telemetry.

Exports of tags and tables of business metrics have no manifest. Only the head of a file is read.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from typing import TYPE_CHECKING

from pertoken.exports import is_metric_table, is_tag_header, is_tag_json

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 1 << 16
_PARQUET = "PAR1"


def is_reference_file(path: Path) -> bool:
    """Whether a file holds tags by date or business metrics.

    Raises: OSError, when it cannot be opened.
    """
    head = _text_head(path)
    if head.startswith(_PARQUET):
        return is_metric_table(*_parquet_head(path))
    if head[:1] in ("{", "["):
        return is_tag_json(head)
    header = _row(head, 0)
    return is_tag_header(header) or is_metric_table(header, _row(head, 1))


def _text_head(path: Path) -> str:
    """The beginning of a text file, gzip or not; empty for anything else."""
    with path.open("rb") as file:
        start = file.read(4)
    opener = gzip.open if start[:2] == b"\x1f\x8b" else open
    try:
        with opener(path, "rb") as file:
            return file.read(_HEAD).decode("utf-8-sig", "replace").lstrip()
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return ""


def _parquet_head(path: Path) -> tuple[list[str], list[str]]:
    """The columns of a Parquet file and its first row as text; nothing of a broken one."""
    import pyarrow as pa  # noqa: PLC0415 - only an ingest of Parquet needs Arrow
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            batch = next(file.iter_batches(batch_size=1), None)
            names = file.schema_arrow.names
    except (pa.ArrowException, OSError):
        return [], []
    first = batch.to_pylist() if batch is not None else []
    cells = first[0].values() if first else ()
    return names, ["" if cell is None else str(cell) for cell in cells]


def _row(head: str, number: int) -> list[str]:
    """A row of a CSV whose beginning is known, the header first; empty where there is none."""
    try:
        rows = list(csv.reader(head.splitlines()[: number + 1]))
    except csv.Error:
        return []
    return rows[number] if len(rows) > number else []
