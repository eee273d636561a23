"""What a file of telemetry is, by its content: column names, or the first keys of its JSON.

A name says nothing. Only the head of a file is read here, and of a Parquet file its footer.
"""

from __future__ import annotations

import csv
import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pertoken.telemetry.sources import OTLP, REST_METRICS, Source, source_of_columns, sources

if TYPE_CHECKING:
    from pathlib import Path

METRICS = "metrics"
"""The layout of the REST answer of Azure Monitor."""
_HEAD = 1 << 16
_BLOCK = 1 << 20
_GZIP = 31
"""What zlib calls a window of gzip."""
_KEYS = re.compile(rb'"([A-Za-z_][\w.]*)"\s*:')
_TIME = re.compile(r"time|date|hour|day|month")
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
    if _is_parquet(path):
        source = source_of_columns(_parquet_columns(path))
        found = (source, "parquet") if source else None
    else:
        head = _head(path)
        found = _of_json(head) if head[:1] in (b"{", b"[") else _of_csv(head)
    if found is None:
        return None
    return TelemetryFile(str(path), _digest(path), *found, str(path))


def unknown_counts(path: Path) -> tuple[str, ...]:
    """The columns of tokens of a table that no source is known by; none of any other file.

    A table with a cost is a bill, and one without a time no telemetry.

    Raises: OSError, when it cannot be opened.
    """
    if _is_parquet(path):
        names = _parquet_columns(path)
    else:
        head = _head(path)
        is_json = head[:1] in (b"{", b"[")
        names = [key.decode() for key in _KEYS.findall(head)] if is_json else _csv_columns(head)
    folded = [name.casefold() for name in names]
    if any("cost" in name for name in folded) or not any(_TIME.search(name) for name in folded):
        return ()
    return tuple(dict.fromkeys(name for name in names if "token" in name.casefold()))


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _parquet_columns(path: Path) -> list[str]:
    """The columns of a Parquet file; none of a broken one, for its reader says why."""
    import pyarrow as pa  # noqa: PLC0415 - lazy on purpose
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        names: list[str] = pq.read_schema(path).names
    except (pa.ArrowException, OSError):
        return []
    return names


def _head(path: Path) -> bytes:
    """The beginning of a text file, gzip or not, also of one that is cut off; empty for no gzip."""
    with path.open("rb") as file:
        content = file.read(_HEAD)
    if content[:2] == b"\x1f\x8b":
        try:
            content = zlib.decompressobj(_GZIP).decompress(content, _HEAD)
        except zlib.error:
            return b""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()


def _of_json(head: bytes) -> tuple[Source, str] | None:
    keys = {key.decode() for key in _KEYS.findall(head)}
    if {"value", "timeseries"} <= keys and "name" in keys:
        return sources()[REST_METRICS], METRICS
    if keys & {"resourceSpans", "resourceMetrics", "resource_spans"}:
        return sources()[OTLP], "otlp"
    named = {name.decode() for name in _NAMES.findall(head)}
    table = named if {"tables", "columns"} <= keys else set()
    source = source_of_columns(keys | table)
    return (source, "rows") if source else None


def _of_csv(head: bytes) -> tuple[Source, str] | None:
    source = source_of_columns(_csv_columns(head))
    return (source, "csv") if source else None


def _csv_columns(head: bytes) -> list[str]:
    try:
        header = next(csv.reader(head.partition(b"\n")[0].decode("utf-8").splitlines()), [])
    except (UnicodeDecodeError, csv.Error):
        return []
    return header


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
