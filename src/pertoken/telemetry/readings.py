"""The rows of a file of telemetry, each with the same columns, whatever the file calls them.

Only the columns that `sources` names are selected: a body, a prompt or an IP address in the file is
never read. Values keep their own type or are text; `usage.sql` reads them.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.engine import quoted
from pertoken.errors import SourceError
from pertoken.telemetry.json_rows import json_rows
from pertoken.telemetry.metrics import metric_readings
from pertoken.telemetry.otlp import otlp_readings
from pertoken.telemetry.recognise import METRICS
from pertoken.telemetry.sources import READING_COLUMNS, TOKEN_METRIC
from pertoken.telemetry.token_metric import token_metric_readings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from pertoken.engine import Engine
    from pertoken.telemetry.recognise import TelemetryFile
    from pertoken.telemetry.sources import Source

_BLOCK = 1 << 20
_COUNTS = {"InputTokens", "CacheReadTokens", "CacheWriteTokens", "OutputTokens", "Calls"}


def view_readings(
    engine: Engine,
    file: TelemetryFile,
    name: str = "telemetry_readings",
    *,
    more: Sequence[str] = (),
) -> None:
    """Name the readings of a file: READING_COLUMNS, NULL where the file does not state one.

    Takes:  more, paths of further answers of Azure Monitor, which may be of other metrics.
    Raises: SourceError, when the file cannot be read.
    """
    if file.layout in ("csv", "parquet") and file.source.name != TOKEN_METRIC:
        view = engine.view_csv if file.layout == "csv" else engine.view_parquet
        _check_whole(file.path)
        raw = f"{name}_file"
        view(raw, [file.path])
        engine.view(name, readings_select(file.source, raw, engine.columns(raw)))
        return
    try:
        rows = readings_table(_python_rows(engine, file, more))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SourceError(
            f"{file.path} is not in the shape of its kind, {file.source.name}: "
            f"{type(error).__name__} {error}.",
            "Expected the JSON that its source writes (docs/telemetry.md).",
            "Fetch the telemetry again, or leave the file out.",
        ) from error
    engine.view_arrow(f"{name}_rows", rows)
    engine.view(name, f"SELECT * FROM {quoted(name + '_rows')}")


def readings_select(source: Source, relation: str, columns: Mapping[str, str]) -> str:
    """The SELECT from a file's own columns, and the relation that has them, to READING_COLUMNS."""
    names = source.names(columns)
    shown = [
        f"{_expression(column, names.get(column, ()), columns)} AS {quoted(column)}"
        for column in READING_COLUMNS
    ]
    return f"SELECT {', '.join(shown)} FROM {quoted(relation)}"


def _check_whole(path: str) -> None:
    """Refuse a gzip file that is cut off: DuckDB 1.5 reads it as far as it goes, and says nothing.

    Raises: SourceError.
    """
    with Path(path).open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return
    try:
        with gzip.open(path) as file:
            while file.read(_BLOCK):
                pass
    except (EOFError, OSError, zlib.error) as error:
        raise SourceError(
            f"{path} cannot be read to its end: {error}.",
            "Expected a whole gzip file.",
            "Fetch the telemetry again, or leave the file out; nothing of it counts.",
        ) from error


def readings_table(rows: Iterable[Mapping[str, object]]) -> pa.Table:
    """Readings from Python as text columns."""
    import pyarrow as pa  # noqa: PLC0415 - lazy on purpose

    held = list(rows)
    arrays = [
        pa.array([_text(row.get(column)) for row in held], pa.string())
        for column in READING_COLUMNS
    ]
    return pa.table(arrays, names=list(READING_COLUMNS))


def _expression(column: str, names: tuple[str, ...], columns: Mapping[str, str]) -> str:
    """What states a column: the first name that is not empty; of counts the greatest.

    A resource answers one of two metric families and gives zeros for the other. A count that cannot
    be read stays what it is, so that it is found.
    """
    if not names:
        return "CAST(NULL AS VARCHAR)"
    if column in _COUNTS and len(names) > 1:
        counts = ", ".join(f"TRY_CAST({quoted(name)} AS DOUBLE)" for name in names)
        unread = ", ".join(
            f"CASE WHEN TRY_CAST({quoted(name)} AS DOUBLE) IS NULL THEN "
            f"nullif(trim(CAST({quoted(name)} AS VARCHAR)), '') END"
            for name in names
        )
        return f"coalesce({unread}, CAST(greatest({counts}) AS VARCHAR))"
    if column == "Time" and not columns[names[0]].startswith(("TIMESTAMP", "DATE", "VARCHAR")):
        return _as_text(quoted(names[0]))
    texts = [
        f"nullif(trim(CAST({quoted(name)} AS VARCHAR)), '')"
        if columns.get(name, "VARCHAR") == "VARCHAR"
        else quoted(name)
        for name in names
    ]
    return texts[0] if len(texts) == 1 else f"coalesce({', '.join(_as_text(t) for t in texts)})"


def _as_text(expression: str) -> str:
    return f"CAST({expression} AS VARCHAR)"


def _python_rows(
    engine: Engine, file: TelemetryFile, more: Sequence[str]
) -> Iterable[Mapping[str, object]]:
    if file.layout == METRICS:
        return metric_readings(file.path, *more)
    if file.layout == "otlp":
        return otlp_readings(file.path)
    if file.source.name == TOKEN_METRIC:
        return token_metric_readings(engine, file)
    return json_rows(file.path, file.source)


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    return str(value).strip() if not isinstance(value, bool) else str(value).lower()
