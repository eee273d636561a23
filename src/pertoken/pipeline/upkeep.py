"""Upkeep of a hub: merge small files, remove files that nobody needs, keep the last months only.

Each takes the hub's one lock, writes under its one commit, and changes no figure of a month that
stays: killed at any moment the hub is as before or as after. With `plan` the hub is only read.

Source: docs/decisions/0041-upkeep.md.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.engine import quoted, quoted_text
from pertoken.errors import ConfigError, TotalsDiffer
from pertoken.hub import TABLES, remove_files, table_files
from pertoken.periods import months_before
from pertoken.pipeline.periods import dropped_totals
from pertoken.pipeline.standing import DROPPED, kept_or_dropped, standing_runs
from pertoken.pipeline.statement_pins import pinned_versions
from pertoken.pipeline.views import require_charges
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from pertoken.engine import Engine, Row
    from pertoken.hub import Hub, LedgerRun, Snapshot, Writer

SMALL_BYTES = 128_000_000
"""A file under this size is small: Delta's own advice is files of 128 MB and more."""

COMPACT_COLUMNS = ("Table", "BillingMonth", "x_ScopeKey", "Files", "FilesAfter", "Rows", "Bytes")
VACUUM_COLUMNS = ("Table", "KeptFiles", "KeptBytes", "RemovedFiles", "RemovedBytes")
RETAIN_COLUMNS = (
    "BillingMonth", "Scope", "BillingCurrency", "Rows", "BilledCost", "EffectiveCost", "Change",
)  # fmt: skip
_KINDS = {"BilledCost": "money", "EffectiveCost": "money"}
_TEXTS = ("Table", "BillingMonth", "x_ScopeKey", "Scope", "BillingCurrency", "Change")
_MONTHLY = ("charges", "token_costs", "usage")


def compact(engine: Engine, hub: Hub, *, plan: bool, wait_seconds: float) -> Table:
    """Merge the small files of every partition into one; no row changes.

    Gives:   one row per partition with two files or more, one of them under SMALL_BYTES.
    Keeps:   rows, and per column the values that are known and their sum; TotalsDiffer otherwise,
             and nothing is committed.
    Raises:  HubError when the hub cannot be written.
    """
    snapshot = hub.snapshot(engine)
    require_charges(snapshot)
    if plan:
        return _compact_table([_listed(engine, place) for place in _scattered(snapshot)])
    with hub.writer(engine, wait_seconds=wait_seconds) as writer:
        merged = [_merged(engine, writer, place) for place in _scattered(writer.snapshot)]
        if merged:
            _commit(writer, writer.snapshot.runs)
    return _compact_table(merged)


def vacuum(
    engine: Engine, hub: Hub, *, keep_hours: float, plan: bool, wait_seconds: float
) -> Table:
    """Remove the data files that no kept commit needs.

    Takes:   keep_hours: a commit that was the last one at some moment of these hours is kept, for a
             reader may still hold it. What statements were made from is always kept.
    Gives:   one row per table: files and bytes that stay and that go.
    Raises:  HubError when the hub cannot be written; ConfigError for hours below 0.
    """
    if keep_hours < 0:
        raise ConfigError(
            f"'{keep_hours:g}' hours cannot be kept.",
            "Expected a number of hours, 0 or more: for so long a reader may hold a commit.",
            "Give --keep-hours 24, or 0 when nothing reads the hub.",
        )
    since = datetime.now(UTC) - timedelta(hours=keep_hours)
    snapshot = hub.snapshot(engine)
    require_charges(snapshot)
    if plan:
        found = table_files(engine, snapshot, since, pinned_versions(engine, snapshot))
    else:
        with hub.writer(engine, wait_seconds=wait_seconds) as writer:
            pinned = pinned_versions(engine, writer.snapshot)
            found = table_files(engine, writer.snapshot, since, pinned)
            for each in found:
                writer.check()
                remove_files(each)
    rows = [
        (each.table, len(each.kept), sum(each.kept.values()), len(each.unneeded),
         sum(each.unneeded.values()))
        for each in found
    ]  # fmt: skip
    return _table("vacuum", VACUUM_COLUMNS, rows)


def retain(engine: Engine, hub: Hub, *, months: int, plan: bool, wait_seconds: float) -> Table:
    """Keep the last billing months of charges, token_costs and usage; record which were dropped.

    Takes:   months, how many, counted back from the newest month with charges.
    Gives:   one row per month, scope and currency: what its runs state, and whether it is kept,
             dropped now, was dropped before, or is wanted again (the next ingest brings it back).
    Keeps:   every figure of the months that stay; the runs of those that go.
    Raises:  ConfigError for less than one month; HubError when the hub cannot be written.
    """
    if months < 1:
        raise ConfigError(
            f"'{months}' months cannot be kept.",
            "Expected 1 or more: the newest billing month always stays.",
            "Give a number such as 24.",
        )
    snapshot = hub.snapshot(engine)
    require_charges(snapshot)
    if plan:
        return _retain_table(snapshot, _first_month(snapshot, months))
    with hub.writer(engine, wait_seconds=wait_seconds) as writer:
        snapshot = writer.snapshot
        first = _first_month(snapshot, months)
        table = _retain_table(snapshot, first)
        if first != snapshot.dropped_before:
            _drop(engine, writer, first)
    return table


def _scattered(snapshot: Snapshot) -> list[tuple[str, dict[str, str], list[str]]]:
    """Table, partition and files, wherever there are several and one of them is small."""
    places = []
    for table, columns in TABLES.items():
        groups: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
        for path in snapshot.files(table):
            groups[tuple(_partition(path, columns).values())].append(path)
        places += [
            (table, dict(zip(columns, values, strict=True)), files)
            for values, files in sorted(groups.items())
            if len(files) > 1 and min(Path(file).stat().st_size for file in files) < SMALL_BYTES
        ]
    return places


def _partition(path: str, columns: tuple[str, ...]) -> dict[str, str]:
    """The partition that a data file lies in, as its folders say."""
    folders = Path(path).parts[-1 - len(columns) : -1]
    return dict(zip(columns, (folder.partition("=")[2] for folder in folders), strict=True))


def _listed(engine: Engine, place: tuple[str, dict[str, str], list[str]]) -> Row:
    table, partition, files = place
    engine.view_parquet("scattered", files)
    rows = engine.rows("SELECT count(*) FROM scattered")[0][0]
    size = sum(Path(file).stat().st_size for file in files)
    month, scope = partition.get("BillingMonth"), partition.get("x_ScopeKey")
    return table, month, scope, len(files), 1, rows, size


def _merged(engine: Engine, writer: Writer, place: tuple[str, dict[str, str], list[str]]) -> Row:
    """Write the rows of several files into one and put it in their place."""
    listed = _listed(engine, place)
    table, partition, files = place
    before = _facts(engine, "scattered")
    path = writer.new_file(table, partition)
    rows = engine.write_parquet("SELECT * FROM scattered", path)
    engine.view_parquet("merged", [str(path)])
    after = _facts(engine, "merged")
    if before != after:
        differing = ", ".join(sorted(name for name in before if before[name] != after.get(name)))
        raise TotalsDiffer(
            f"{len(files)} files of {table} {partition} and the one made of them differ in "
            f"{differing or 'their columns'}.",
            "Expected equal rows, known values and sums of every column.",
            "Nothing was committed. Files changed meanwhile, or this is a defect: report it.",
        )
    writer.replace(table, partition, {path: rows})
    return listed


def _facts(engine: Engine, relation: str) -> dict[str, object]:
    """Rows, and of every column how many values are known and, for numbers, their sum."""
    kinds = engine.columns(relation)
    parts, names = ["count(*)"], ["Rows"]
    for name, kind in kinds.items():
        parts.append(f"count({quoted(name)})")
        names.append(name)
        if kind.startswith("DECIMAL") or kind == "BIGINT":
            parts.append(f"sum({quoted(name)})")
            names.append(f"sum of {name}")
    facts = engine.rows(f"SELECT {', '.join(parts)} FROM {relation}")[0]
    return dict(zip(names, facts, strict=True))


def _first_month(snapshot: Snapshot, months: int) -> str:
    """The first billing month that is kept, counted back from the newest with charges."""
    newest = max(month for _, month in _known_places(snapshot))
    return months_before(newest, months - 1)


def _known_places(snapshot: Snapshot) -> set[tuple[str, str]]:
    return {*standing_runs(snapshot.runs), *standing_runs(snapshot.runs, DROPPED)}


def _drop(engine: Engine, writer: Writer, first: str) -> None:
    """Empty every partition before a month, take it out of periods, and commit both."""
    for table in _MONTHLY:
        columns = TABLES[table]
        partitions = [_partition(path, columns) for path in writer.snapshot.files(table)]
        for each in {tuple(each.items()): each for each in partitions}.values():
            if each["BillingMonth"] < first:
                writer.replace(table, each, {})
    if writer.snapshot.view(engine, "periods"):
        writer.overwrite(
            "periods", f"SELECT * FROM periods WHERE BillingMonth >= {quoted_text(first)}"
        )
    _commit(writer, [kept_or_dropped(run, first) for run in writer.snapshot.runs], first)


def _commit(writer: Writer, runs: list[LedgerRun] | tuple[LedgerRun, ...], first: str = "") -> None:
    words = writer.snapshot.vocabulary_version
    writer.commit(runs, vocabulary_version=words, dropped_before=first or None)


def _retain_table(snapshot: Snapshot, first: str) -> Table:
    rows = [
        (*row[:6], "dropped before" if str(row[0]) < first else "wanted again")
        for row in dropped_totals(snapshot.runs)
    ]
    held = tuple(replace(run, status=DROPPED) for run in snapshot.runs if run.status == "applied")
    rows += [
        (*row[:6], "dropped" if str(row[0]) < first else "kept") for row in dropped_totals(held)
    ]
    return _table("retain", RETAIN_COLUMNS, sorted(rows, key=lambda row: row[:3]))


def _compact_table(rows: list[Row]) -> Table:
    return _table("compact", COMPACT_COLUMNS, rows)


def _table(title: str, names: tuple[str, ...], rows: list[Row]) -> Table:
    columns = tuple(
        Column(name, "text" if name in _TEXTS else _KINDS.get(name, "count")) for name in names
    )
    return Table(title, columns, tuple(rows))
