"""The steps of an ingest that bring telemetry in: what was used, beside what was billed.

A file is telemetry by its content. Folders are searched beside the runs of exports, never inside
one; what is no telemetry there is left alone. Files that the hub has are known by their bytes.
Source: docs/telemetry.md.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.errors import SourceError
from pertoken.exports import files_at
from pertoken.pipeline.side_files import is_reference_file
from pertoken.pipeline.telemetry_parts import ReadFile, Together, count_together, usage_of
from pertoken.stores import StorePath, is_store_url, kept_files
from pertoken.telemetry import (
    USAGE_COLUMNS,
    TelemetryFile,
    UsageFinding,
    combined_usage_select,
    recognised,
    unknown_counts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from pertoken.engine import Engine
    from pertoken.hub import Writer
    from pertoken.pipeline.work import Ingest

FILE_COLUMNS = {
    "FileDigest": "text", "Path": "text", "Source": "text", "Rows": "count", "FirstTime": "time",
    "LastTime": "time", "IngestedAt": "time", "Findings": "text",
}  # fmt: skip
"""The columns of `usage_files`, one row per file of telemetry in the hub."""

UNKNOWN_SOURCE = "columns of tokens, and of no known source (docs/telemetry.md)"
_MANIFEST = "manifest.json"
_ENDINGS = (".csv", ".csv.gz", ".json", ".json.gz", ".jsonl", ".ndjson", ".parquet", ".gz")


def find_telemetry(ingest: Ingest) -> None:
    """Sources -> files of telemetry, which leave the sources; what remains are exports.

    Exports of tags that lie in a folder become sources of their own, as if they had been named.
    Drops nothing: a file that is no telemetry stays a source.
    """
    found: dict[str, TelemetryFile] = {}
    rest: list[str | Path] = []
    for source in ingest.sources:
        candidates: Iterable[tuple[Path, str]]
        if is_store_url(str(source)):
            candidates, in_folder, holds_runs = _stored_candidates(StorePath.of(str(source)))
        else:
            path = Path(source)
            candidates = ((file, str(file)) for file in _candidates(path))
            in_folder = path.is_dir()
            holds_runs = in_folder and _holds_manifest(path)
        files, named, doubts = _files_of(candidates, in_folder=in_folder)
        ingest.report.usage_findings += doubts
        ingest.report.telemetry += files
        for file in files:
            found.setdefault(file.digest, file)
        rest += named
        if not (files or named) or holds_runs:
            rest.append(source)
    ingest.sources = rest
    ingest.telemetry = tuple(found.values())


def keep_usage(ingest: Ingest) -> None:
    """Files of telemetry -> `usage`, hourly and each cell once, and `usage_files`.

    Drops: readings that cannot be counted, each counted as a finding. Months without new readings
    stay as they are; no cost is touched.
    """
    engine = ingest.engine
    known = _known_digests(ingest)
    new = [file for file in ingest.telemetry if file.digest not in known]
    ingest.report.usage_known = len(ingest.telemetry) - len(new)
    if not new:
        return
    read: list[ReadFile] = []
    for file in new:
        ingest.watch.note(Path(file.path).name)
        try:
            usage, findings = usage_of(engine, (file,))
        except SourceError as error:
            ingest.report.problems = (*ingest.report.problems, error)
            ingest.report.refused_telemetry[file.digest] = error.found
            continue
        read.append(ReadFile(file, usage, tuple(replace(f, path=file.shown) for f in findings)))
    if not read:
        return
    tables, together = count_together(engine, read)
    ingest.report.usage_findings += [each for one in read for each in one.findings]
    ingest.report.usage_findings += [finding for group in together for finding in group.findings]
    _write_usage(ingest, tables)
    _write_files(ingest, [_listed(one, together) for one in read])
    ingest.report.usage_rows += sum(table.num_rows for table in tables)
    ingest.report.usage_files += len(read)


def _files_of(
    candidates: Iterable[tuple[Path, str]], *, in_folder: bool
) -> tuple[list[TelemetryFile], list[str], list[UsageFinding]]:
    """The telemetry of a source, and the files of a folder that are sources by their content.

    Takes:   candidates, local files and what the user calls each: its path or URL.
    Gives:   also what counts tokens and is of no known source.
    """
    telemetry, named, doubts = [], [], []
    for file, shown in candidates:
        try:
            found = recognised(file)
            if found is not None:
                telemetry.append(replace(found, shown=shown))
            elif in_folder and is_reference_file(file):
                named.append(shown)
            elif columns := unknown_counts(file):
                doubts.append(UsageFinding(shown, UNKNOWN_SOURCE, 0, ", ".join(columns)))
        except OSError:
            continue  # the reader of exports says why
    return telemetry, named, doubts


def _stored_candidates(place: StorePath) -> tuple[list[tuple[Path, str]], bool, bool]:
    """Local copies of what may be telemetry at a URL, with their URLs.

    Gives also: whether the URL is a folder, and whether that holds runs. Beside the runs of exports
    nothing is looked for: what else lies there may be of any size.
    """
    files = files_at(place)
    in_folder = [file.path for file in files] != [place]
    if any(file.path.name.casefold() == _MANIFEST for file in files):
        return [], in_folder, True
    wanted = [file for file in files if file.path.name.casefold().endswith(_ENDINGS)]
    copies = kept_files(wanted)
    pairs = [(copy, str(file.path)) for copy, file in zip(copies, wanted, strict=True)]
    return pairs, in_folder, False


def _candidates(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for parent, folders, names in os.walk(path):
        if _MANIFEST in (name.casefold() for name in names):
            folders.clear()
            continue
        folders.sort()
        yield from (Path(parent, n) for n in sorted(names) if n.casefold().endswith(_ENDINGS))


def _holds_manifest(path: Path) -> bool:
    return any(_MANIFEST in (name.casefold() for name in names) for _, _, names in os.walk(path))


def _known_digests(ingest: Ingest) -> set[str]:
    if not ingest.snapshot.view(ingest.engine, "usage_files"):
        return set()
    return {row[0] for row in ingest.engine.rows("SELECT FileDigest FROM usage_files")}


def _write_usage(ingest: Ingest, tables: list[pa.Table]) -> None:
    """Write every month that new usage falls in: what the hub has and what came, each cell once."""
    import pyarrow as pa  # noqa: PLC0415 - only a writer needs Arrow

    engine, writer = ingest.engine, _writer(ingest)
    engine.view_arrow("usage_arrived", pa.concat_tables(tables))
    months = [row[0] for row in engine.rows("SELECT DISTINCT BillingMonth FROM usage_arrived")]
    names = ", ".join(f'"{name}"' for name in USAGE_COLUMNS)
    kept = [month for month in sorted(months) if month >= ingest.snapshot.dropped_before]
    if len(kept) < len(months):
        ingest.report.usage_findings.append(_too_old(engine, ingest.snapshot.dropped_before))
    for month in kept:
        partition = {"BillingMonth": month}
        deliveries = f"SELECT {names} FROM usage_arrived WHERE BillingMonth = '{month}'"
        stored = ingest.snapshot.files("usage", partition)
        if stored:
            engine.view_parquet("usage_stored", stored)
            deliveries += f" UNION ALL SELECT {names} FROM usage_stored"
        engine.view("usage_deliveries", deliveries)
        path = writer.new_file("usage", partition)
        rows = engine.write_parquet(f'{combined_usage_select()} ORDER BY "Hour"', path)
        writer.replace("usage", partition, {path: rows})


def _too_old(engine: Engine, first_month: str) -> UsageFinding:
    """Usage that came for months which the hub keeps no more."""
    hours, month = engine.rows(
        "SELECT count(*), min(BillingMonth) FROM usage_arrived WHERE BillingMonth < ?",
        [first_month],
    )[0]
    reason = f"months before {first_month} are kept no more (pertoken hub retain)"
    return UsageFinding("usage", reason, hours, month)


def _write_files(ingest: Ingest, listed: list[tuple[object, ...]]) -> None:
    import pyarrow as pa  # noqa: PLC0415 - only a writer needs Arrow

    kinds = {"text": pa.string(), "count": pa.int64(), "time": pa.timestamp("us", tz="UTC")}
    arrays = [
        pa.array([row[place] for row in listed], kinds[kind])
        for place, kind in enumerate(FILE_COLUMNS.values())
    ]
    engine = ingest.engine
    engine.view_arrow("usage_files_arrived", pa.table(arrays, names=list(FILE_COLUMNS)))
    select = "SELECT * FROM usage_files_arrived"
    if ingest.snapshot.view(engine, "usage_files"):
        select = f"SELECT * FROM usage_files UNION ALL {select}"
    _writer(ingest).overwrite("usage_files", select)


def _listed(one: ReadFile, together: Iterable[Together]) -> tuple[object, ...]:
    import pyarrow.compute as pc  # noqa: PLC0415 - only a writer needs Arrow

    file, usage = one.file, one.usage
    times = usage["FirstTime"], usage["LastTime"]
    words = [f"{each.rows} {each.reason}".removeprefix("0 ") for each in one.findings]
    words += [group.words for group in together if file.digest in group.digests]
    return (
        file.digest, file.shown, file.source.name, usage.num_rows, pc.min(times[0]).as_py(),
        pc.max(times[1]).as_py(), datetime.now(UTC), "; ".join(words),
    )  # fmt: skip


def _writer(ingest: Ingest) -> Writer:
    if ingest.writer is None:
        raise RuntimeError("a step that writes was run without a writer")
    return ingest.writer
