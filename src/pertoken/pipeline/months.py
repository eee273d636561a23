"""The charges of a scope and month, written from the runs that stand for it.

A run whose charges cannot be written is refused and the month decided again, so that one bad value
costs one run and not the ingest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.errors import EngineError
from pertoken.exports import at_hand
from pertoken.meters import VOCABULARY_VERSION
from pertoken.normalize import FILE_COLUMN, charges_select, inferred_select, undecided_charges
from pertoken.pipeline.faults import unreadable_fault
from pertoken.pipeline.pricing import days_of_month
from pertoken.pipeline.sources import SOURCE, view_source
from pertoken.pipeline.standing import (
    ScopeMonth,
    Standing,
    checked_totals,
    contents,
    gives_commitments_only,
    partition_of,
    standing_runs,
)
from pertoken.pipeline.work import (
    Ingest,
    Key,
    found_again,
    key_of,
    note_of,
    prices_of,
    refuse,
    writer_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.hub import LedgerRun


class UnfitRun(Exception):  # noqa: N818 - the name states the fact; it never leaves the steps
    """A run whose charges cannot be written, and why: the run is refused, the rest goes on."""

    def __init__(self, key: Key, fault: str) -> None:
        super().__init__(fault)
        self.key = key
        self.fault = fault


def write_month(ingest: Ingest, standing: Standing) -> tuple[Path, ...]:
    """Write the charges of the runs that stand for a month and put them in its place."""
    files: dict[Path, int] = {}
    for run in standing:
        path, rows = _write_run(ingest, run, standing)
        if rows or run is standing[-1]:
            files[path] = rows
        else:
            path.unlink()
    ingest.engine.view_parquet("new_charges", [str(path) for path in files])
    report = checked_totals(ingest.engine, standing, sum(files.values()))
    ingest.report.written.append(report)
    writer_of(ingest).replace("charges", partition_of(report.scope, report.month), files)
    return tuple(files)


def differing_month(held: dict[ScopeMonth, Standing], ingest: Ingest) -> ScopeMonth | None:
    """The newest month whose charges, as held now, are not those of the runs that stand for it."""
    after = standing_runs(ingest.ledger.values())
    places = sorted(sorted({*held, *after}), key=lambda each: each[1], reverse=True)
    return next((at for at in places if contents(held.get(at)) != contents(after.get(at))), None)


def refuse_lost_runs(ingest: Ingest) -> None:
    """Refuse the runs that would stand, must be read, and are not where they were handed over."""
    while stale := _stale_run(ingest):
        path = ingest.ledger[stale].path
        fault = f"stands for its month again, but its files are gone or changed ({path})"
        refuse(ingest, stale, f"{fault}: hand the run over again")


def months_to_sum(ingest: Ingest) -> dict[ScopeMonth, list[str]]:
    """Scopes and months whose mart must be made, and the files of their charges."""
    months = {place: [str(path) for path in paths] for place, paths in ingest.changed.items()}
    if ingest.snapshot.vocabulary_version != VOCABULARY_VERSION:
        for place in standing_runs(ingest.snapshot.runs):
            if place not in months:
                months[place] = ingest.snapshot.files("charges", partition_of(*place))
    return months


def _write_run(ingest: Ingest, run: LedgerRun, standing: Standing) -> tuple[Path, int]:
    """Write what a run gives to the charges of its month; gives the file and its rows.

    Raises: UnfitRun, when a value of the run is more than a rule can compute with.
    """
    try:
        return _written_charges(ingest, run, standing)
    except EngineError as error:
        if not error.context.get("of_data"):
            raise
        source = ingest.found[key_of(run)]
        fault = unreadable_fault(error, [part.path for part in at_hand(source).parts])
        raise UnfitRun(key_of(run), fault) from error


def _written_charges(ingest: Ingest, run: LedgerRun, standing: Standing) -> tuple[Path, int]:
    engine, writer = ingest.engine, writer_of(ingest)
    source, partition = ingest.found[key_of(run)], partition_of(run.scope, run.month)
    ingest.watch.note(note_of(ingest, run))
    view_source(engine, source, only_commitments=gives_commitments_only(run, standing))
    columns = {n: kind for n, kind in engine.columns(SOURCE).items() if n != FILE_COLUMN}
    path = writer.new_file("charges", partition)
    engine.view(
        "normalized_charges",
        charges_select(columns, run.dataset, run.dataset_version, SOURCE, run_id=run.run_id),
    )
    rows = engine.write_parquet(
        prices_of(ingest).priced_charges("normalized_charges", *days_of_month(run.month)), path
    )
    engine.view_parquet("new_charges", [str(path)])
    if engine.rows(undecided_charges("new_charges"))[0][0]:
        first, path = path, writer.new_file("charges", partition)
        engine.write_parquet(
            inferred_select("new_charges", list(engine.columns("new_charges"))), path
        )
        first.unlink()
    return path, rows


def _stale_run(ingest: Ingest) -> Key | None:
    """An applied run that must be written and whose files are not there, whole, any more."""
    before = standing_runs(ingest.snapshot.runs)
    for place, standing in standing_runs(ingest.ledger.values()).items():
        if contents(before.get(place)) == contents(standing):
            continue
        for run in standing:
            if key_of(run) not in ingest.read and not found_again(ingest, run):
                return key_of(run)
    return None
