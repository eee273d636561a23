"""Prices, rates, invoices, tags and metrics as sources: which run each is.

They hold no charges. A price sheet is a run with a manifest; the others are plain files, each a run
of its own. A retail price list and an export of tags stand beside every other one; a rate table and
files of invoices or metrics replace an earlier one of the same file name that starts in the same
month.
Source: docs/prices.md; docs/decisions/0006-price-filling.md.
"""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pertoken.engine import quoted
from pertoken.errors import EngineError, SourceError
from pertoken.exports import (
    BUSINESS_METRICS,
    EXCHANGE_RATES,
    INVOICES,
    JSON_FORMAT,
    PRICE_SHEET,
    REFERENCE_FILES,
    RETAIL_PRICES,
    TAG_SNAPSHOT,
    ExportRun,
    Part,
    at_hand,
    check_run,
    is_metric_table,
    is_tag_header,
    is_tag_json,
    parse_metrics,
    parse_tag_export,
)
from pertoken.normalize import FILE_COLUMN, UNREADABLE
from pertoken.periods import month_of, month_start
from pertoken.pipeline.faults import parts_fault, unreadable_fault
from pertoken.pipeline.invoice_file import is_invoice_header, parse_invoices
from pertoken.prices import (
    RATE_COLUMNS,
    is_rate_header,
    parse_rates,
    parse_retail_list,
    rate_source,
    retail_table,
    sheet_select,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from pertoken.engine import Engine
    from pertoken.exports import MetricValue, PlainFile

_SHEET = "source_prices"


def reference_run(engine: Engine, file: PlainFile) -> ExportRun | None:
    """The run that a plain file is when it holds prices, rates or invoices; None for charges.

    Raises: SourceError, when it begins as one of these and cannot be read.
    """
    name = Path(file.path).name
    if file.file_format == JSON_FORMAT and is_tag_json(file_text(file.local)):
        return _tag_run(file)
    if file.file_format == JSON_FORMAT:
        days = [row["EffectiveStart"] for row in _retail_rows(file.local)]
        scope = f"retail price list {file.digest[:12]}"
        return _run(file, RETAIL_PRICES, scope, month_of(max(days)), days)
    header = _header(engine, file) if file.file_format == "csv" else ()
    if is_invoice_header(header):
        first_days = [
            month_start(each.month) for each in parse_invoices(file_text(file.local), name)
        ]
        first, rows = min(first_days), len(first_days)
        return _run(file, INVOICES, f"invoices {name}".lower(), month_of(first), [first] * rows)
    if is_tag_header(header):
        return _tag_run(file)
    if not is_rate_header(header):
        return _metric_run(engine, file, header)
    days = [rate.day for rate in parse_rates(file_text(file.local), name)]
    return _run(file, EXCHANGE_RATES, f"exchange rates {name}".lower(), month_of(min(days)), days)


def reference_rows(engine: Engine, run: ExportRun) -> tuple[int | None, str | None]:
    """The rows of a reference run, and why it must be refused, if it must; every cell is read."""
    if run.dataset in REFERENCE_FILES:
        return run.row_count, None
    fault = check_run(run)
    if fault is not None or not run.parts:
        return run.row_count, fault
    try:
        sheet = view_sheet(engine, run)
        counted: dict[str, int] = dict(
            engine.rows(f'SELECT "{FILE_COLUMN}", count(*) FROM {_SHEET} GROUP BY "{FILE_COLUMN}"')
        )
        cells = ", ".join(f"count({name})" for name in engine.columns(sheet))
        engine.rows(f"SELECT {cells} FROM {sheet}")
    except (EngineError, SourceError) as error:
        return run.row_count, unreadable_fault(error, [part.path for part in run.parts])
    return sum(counted.values()), parts_fault(run, counted)


def view_sheet(engine: Engine, run: ExportRun) -> str:
    """Name the prices of a price sheet `sheet_prices`, in the columns of `prices`."""
    run = at_hand(run)
    paths = [part.path for part in run.parts]
    view = engine.view_parquet if run.file_format == "parquet" else engine.view_csv
    view(_SHEET, paths, with_file=FILE_COLUMN)
    columns = {name: kind for name, kind in engine.columns(_SHEET).items() if name != FILE_COLUMN}
    select = sheet_select(
        columns,
        _SHEET,
        run_id=run.run_id,
        scope=run.scope,
        start=run.start,
        end=run.end,
        marker=UNREADABLE,
    )
    engine.view("sheet_prices", select)
    return "sheet_prices"


def view_prices(engine: Engine, run: ExportRun) -> str:
    """Name the prices of a price sheet or retail list; gives the name."""
    if run.dataset == PRICE_SHEET:
        return view_sheet(engine, run)
    table = retail_table(_retail_rows(at_hand(run).path), run_id=run.run_id, scope=run.scope)
    engine.view_arrow("retail_prices", table)
    return "retail_prices"


def rates_table(run: ExportRun) -> pa.Table:
    """The rates of a rate table as Arrow, in the columns of `rates`."""
    import pyarrow as pa  # noqa: PLC0415 - only a writer needs Arrow

    text = file_text(at_hand(run).path)
    source = rate_source(text, run.export_name)
    rows: list[tuple[Any, ...]] = [
        (rate.day, rate.from_currency, rate.to_currency, rate.rate, rate.kind, source, run.run_id)
        for rate in parse_rates(text, run.export_name)
    ]
    kinds = {"DATE": pa.date32(), "VARCHAR": pa.string(), "DECIMAL(38,18)": pa.decimal128(38, 18)}
    arrays = [
        pa.array([row[place] for row in rows], kinds[kind])
        for place, kind in enumerate(RATE_COLUMNS.values())
    ]
    return pa.table(arrays, names=list(RATE_COLUMNS))


def metric_values(engine: Engine, path: str, file_format: str) -> list[MetricValue]:
    """The values of a file of business metrics; raises SourceError where it cannot be read."""
    name = Path(path).name
    if file_format == "parquet":
        engine.view_parquet("source_metrics", [path])
        header = list(engine.columns("source_metrics"))
        cells = ", ".join(f"CAST({quoted(each)} AS VARCHAR)" for each in header)
        return parse_metrics(header, engine.rows(f"SELECT {cells} FROM source_metrics"), name)
    lines = csv.reader(io.StringIO(file_text(path), newline=""))
    return parse_metrics(next(lines, []), lines, name)


def _header(engine: Engine, file: PlainFile) -> tuple[str, ...]:
    try:
        return engine.view_csv("source_file", [file.local])
    except SourceError:
        return ()  # no CSV: the reader of charges says why


def _tag_run(file: PlainFile) -> ExportRun:
    name = Path(file.path).name
    days = [place.day for place in parse_tag_export(file_text(file.local), name)]
    scope = f"tag snapshot {file.digest[:12]}"
    return _run(file, TAG_SNAPSHOT, scope, month_of(max(days)), days)


def _metric_run(engine: Engine, file: PlainFile, header: Sequence[str]) -> ExportRun | None:
    """The run of a file of business metrics; None for any other file."""
    if file.file_format == "parquet":
        engine.view_parquet("source_file", [file.local])
        header = tuple(engine.columns("source_file"))
    if not header:
        return None
    cells = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in header)
    try:
        first = engine.rows(f"SELECT {cells} FROM source_file LIMIT 1")
    except EngineError:
        return None  # a file that is cut: the reader of charges says why
    if not first or not is_metric_table(header, [cell or "" for cell in first[0]]):
        return None
    days = [each.day for each in metric_values(engine, file.local, file.file_format)]
    scope = f"metrics {Path(file.path).name}".lower()
    return _run(file, BUSINESS_METRICS, scope, month_of(min(days)), days)


def _run(file: PlainFile, dataset: str, scope: str, month: str, days: list[date]) -> ExportRun:
    path = Path(file.local)
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0)
    size = path.stat().st_size
    return ExportRun(
        run_id=file.digest,
        export_name=path.name,
        dataset=dataset,
        dataset_version="",
        scope=scope,
        month=month,
        start=min(days),
        end=max(days) + timedelta(days=1),
        submitted_time=written,
        parts=(Part(path.name, file.path, size, len(days), file.compression, file.stored),),
        row_count=len(days),
        byte_count=size,
        file_format=file.file_format,
        path=file.path,
        manifest_digest=file.digest,
    )


def _retail_rows(path: str) -> list[dict[str, Any]]:
    return parse_retail_list(_bytes(path), path)


def file_text(path: str) -> str:
    """The text of a plain file, gzip or not; raises SourceError for any other than UTF-8."""
    try:
        return _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path} cannot be read: {error.reason}.",
            "Expected text in UTF-8.",
            "Save the file as UTF-8.",
            path=path,
        ) from error


def _bytes(path: str) -> bytes:
    content = Path(path).read_bytes()
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
