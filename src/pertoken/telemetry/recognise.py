"""What a file of telemetry is, by its content: column names, or the first keys of its JSON.

A name says nothing. Only the head of a file is read here, and of a Parquet file its footer.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pertoken.telemetry.sources import OTLP, REST_METRICS, Source, source_of_columns, sources

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 1 << 16
_BLOCK = 1 << 20
_KEYS = re.compile(rb'"([A-Za-z_][\w.]*)"\s*:')
_NAMES = re.compile(rb'"name"\s*:\s*"([A-Za-z_][\w.]*)"')


@dataclass(frozen=True, slots=True)
class TelemetryFile:
    """A file of telemetry; `digest` is its SHA-256, by which the same file is known again.

    `layout` is csv, parquet, rows (JSON objects or a table in JSON), metrics (the REST answer of
    Azure Monitor) or otlp. `path` is the local file to read, `shown` what the user called it.
    """

    path: str
    digest: str
    source: Source
    layout: str
    shown: str = ""


def recognised(path: Path) -> TelemetryFile | None:
    """What a file is when it holds telemetry; None for anything else.

    Raises: OSError, when it cannot be opened.
    """
    with path.open("rb") as file:
        start = file.read(4)
    found = _of_parquet(path) if start == b"PAR1" else _of_text(path, start)
    if found is None:
        return None
    source, layout = found
    return TelemetryFile(str(path), _digest(path), source, layout, str(path))


def _of_parquet(path: Path) -> tuple[Source, str] | None:
    import pyarrow as pa  # noqa: PLC0415 - lazy on purpose
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        names = pq.read_schema(path).names
    except (pa.ArrowException, OSError):
        return None  # whoever reads it as charges says why
    source = source_of_columns(names)
    return (source, "parquet") if source else None


def _of_text(path: Path, start: bytes) -> tuple[Source, str] | None:
    opener = gzip.open if start[:2] == b"\x1f\x8b" else open
    try:
        with opener(path, "rb") as file:
            head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return None
    return _of_json(head) if head[:1] in (b"{", b"[") else _of_csv(head)


def _of_json(head: bytes) -> tuple[Source, str] | None:
    keys = {key.decode() for key in _KEYS.findall(head)}
    if {"value", "timeseries"} <= keys and "name" in keys:
        return sources()[REST_METRICS], "metrics"
    if keys & {"resourceSpans", "resourceMetrics", "resource_spans"}:
        return sources()[OTLP], "otlp"
    named = {name.decode() for name in _NAMES.findall(head)}
    table = named if {"tables", "columns"} <= keys else set()
    source = source_of_columns(keys | table)
    return (source, "rows") if source else None


def _of_csv(head: bytes) -> tuple[Source, str] | None:
    try:
        header = next(csv.reader(head.decode("utf-8").splitlines()[:1]), [])
    except (UnicodeDecodeError, csv.Error):
        return None
    source = source_of_columns(header)
    return (source, "csv") if source else None


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
