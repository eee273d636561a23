"""The charges of one run as a relation, and what they hold.

A run of an export is all of its parts. A plain FOCUS file holds several accounts and months; each
pair is a run of its own, and its relation is the file's rows of that pair.
"""

from __future__ import annotations

import csv
import gzip
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.engine import quoted, quoted_text
from pertoken.errors import EngineError, SourceError
from pertoken.exports import FOCUS_FILE, ExportRun, Part, check_run, fingerprint
from pertoken.hub import LedgerRun
from pertoken.normalize import UNREADABLE, SourceFacts, read_expression, source_facts

if TYPE_CHECKING:
    from pertoken.engine import Engine
    from pertoken.exports import PlainFile

SOURCE = "source_charges"


def view_source(engine: Engine, run: ExportRun) -> None:
    """Name the charges of a run SOURCE, with the file of each in x_SourceFile."""
    whole = SOURCE if run.dataset != FOCUS_FILE else "source_file"
    _view_files(engine, run.file_format, [part.path for part in run.parts], whole)
    if run.dataset == FOCUS_FILE:
        columns = engine.columns(whole)
        account = read_expression("BillingAccountId", columns)
        start = read_expression("BillingPeriodStart", columns)
        charged = read_expression("ChargePeriodStart", columns)
        engine.view(
            SOURCE,
            f"SELECT * FROM {quoted(whole)} "
            f"WHERE lower(coalesce({account}, '')) = {quoted_text(run.scope)} "
            f"AND strftime(coalesce({start}, {charged}), '%Y-%m') = {quoted_text(run.month)}",
        )


def plain_runs(engine: Engine, file: PlainFile) -> tuple[ExportRun, ...]:
    """The runs of a plain FOCUS file: one per BillingAccountId and month, as its rows say.

    Raises: SourceError, when the file cannot be read as FOCUS charges.
    """
    path = Path(file.path)
    try:
        _view_files(engine, file.file_format, [file.path], SOURCE)
        facts = source_facts(engine, SOURCE)
    except EngineError as error:
        raise SourceError(
            f"{file.path} cannot be read: {_reason(error, [file.path])}.",
            "Expected a FOCUS file: CSV or Parquet with BilledCost, EffectiveCost, "
            "BillingCurrency and ChargePeriodStart in every row.",
            "Mend the file, or leave it out.",
        ) from error
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0)
    return tuple(
        ExportRun(
            run_id=file.digest,
            export_name=path.name,
            dataset=FOCUS_FILE,
            dataset_version="",
            scope=group.billing_account_id.lower(),
            month=group.month,
            start=group.first_day,
            end=group.last_day + timedelta(days=1),
            submitted_time=written,
            parts=(Part(path.name, file.path, None, group.rows, file.compression),),
            row_count=group.rows,
            byte_count=path.stat().st_size,
            file_format=file.file_format,
            path=file.path,
            manifest_digest=file.digest,
        )
        for group in facts.groups
    )


def read_run(engine: Engine, run: ExportRun) -> LedgerRun:
    """What a run holds, or why it must be refused: its `fault`. Nothing is written.

    Every part is checked for presence, size and rows before any charge of the run is used.
    """
    entry = ledger_entry(run)
    fault = None if run.dataset == FOCUS_FILE else check_run(run)
    if fault is not None:
        return _with(entry, fault=fault, rows=run.row_count)
    if not run.parts:
        return _with(entry, rows=0, sub_account_ids=frozenset())
    with ThreadPoolExecutor(max_workers=1) as hashing:
        digest = hashing.submit(fingerprint, run)
        try:
            view_source(engine, run)
            facts = source_facts(engine, SOURCE)
        except (EngineError, SourceError) as error:
            paths = [part.path for part in run.parts]
            return _with(entry, fault=_reason(error, paths), rows=run.row_count)
        fault = _row_fault(run, facts) or _month_fault(run, facts)
        return _with(
            entry,
            fault=fault,
            rows=facts.rows,
            fingerprint=f"{digest.result()}:{run.scope}:{run.month}",
            sub_account_ids=facts.sub_account_ids,
            totals=tuple(
                (currency, rows, str(billed), str(effective))
                for currency, rows, billed, effective in facts.totals
            ),
        )


def ledger_entry(run: ExportRun) -> LedgerRun:
    """A run as the ledger keeps it, before anything of it is read."""
    return LedgerRun(
        run_id=run.run_id,
        export_name=run.export_name,
        dataset=run.dataset,
        dataset_version=run.dataset_version,
        scope=run.scope,
        month=run.month,
        start=run.start,
        end=run.end,
        submitted_time=run.submitted_time,
        path=run.path,
        manifest_digest=run.manifest_digest,
    )


def _with(entry: LedgerRun, **values: object) -> LedgerRun:
    return replace(entry, **values)  # type: ignore[arg-type]


def _view_files(engine: Engine, file_format: str, paths: list[str], name: str) -> None:
    if file_format == "parquet":
        engine.view_parquet(name, paths, with_file="x_SourceFile")
    else:
        engine.view_csv(name, paths, with_file="x_SourceFile")


def _row_fault(run: ExportRun, facts: SourceFacts) -> str | None:
    """Why the rows read are not those that the manifest states, or None."""
    for part in run.parts:
        rows = facts.rows_by_file.get(part.path, 0)
        if part.row_count is not None and part.row_count != rows:
            return (
                f"part {Path(part.path).name} has {rows} rows, the manifest says {part.row_count}"
            )
    if run.row_count is not None and run.row_count != facts.rows:
        return f"the parts have {facts.rows} rows, the manifest says {run.row_count}"
    return None


def _month_fault(run: ExportRun, facts: SourceFacts) -> str | None:
    """Why the charges are not of the month that the manifest states, or None."""
    others = sorted({group.month for group in facts.groups} - {run.month})
    if not others:
        return None
    return f"holds charges of {', '.join(others)}, the manifest says {run.month}"


def _reason(error: EngineError | SourceError, paths: list[str]) -> str:
    """One line for the ledger: what cannot be read, and where."""
    detail = str(error.context.get("detail", error))
    _, marker, unread = detail.partition(UNREADABLE)
    if not marker:
        return " ".join(error.found.removeprefix("The engine could not run a query: ").split())
    column, _, value = unread.partition("=")
    value = value.splitlines()[0] if value else ""
    where = _place_of(column, value, paths)
    what = f"{column} '{value}' cannot be read" if value.strip() else f"{column} is missing"
    return f"{what}{where}"


def _place_of(column: str, value: str, paths: list[str]) -> str:
    """The file and row of the first such value in CSV files; nothing for Parquet."""
    for path in paths:
        with Path(path).open("rb") as file:
            magic = file.read(4)
        if magic == b"PAR1":
            continue
        opener = gzip.open if magic[:2] == b"\x1f\x8b" else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines), start=2):
                found = {str(key).casefold(): cell for key, cell in row.items()}
                if (found.get(column.casefold()) or "") == value:
                    return f" ({Path(path).name}, row {number})"
    return ""
