"""What the steps of one ingest share, and what they all do with it.

`steps.py` tells the path; this file holds what it works on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pertoken.errors import StoreError
from pertoken.exports import KnownRun, decide
from pertoken.pipeline.pricing import PriceBook
from pertoken.pipeline.report import RunReport
from pertoken.pipeline.sources import found_runs, is_unchanged
from pertoken.pipeline.standing import kept_or_dropped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pertoken.engine import Engine
    from pertoken.exports import ExportRun
    from pertoken.hub import LedgerRun, Snapshot, Writer
    from pertoken.pipeline.standing import ScopeMonth
    from pertoken.reports.progress import Advance
    from pertoken.telemetry import TelemetryFile

Key = tuple[str, str, str, str]


@dataclass(slots=True)
class Ingest:
    """What the steps of one ingest share.

    `months` are those of all sources, the newest first; `reported` are the runs of earlier batches.
    """

    engine: Engine
    sources: Sequence[str | Path]
    snapshot: Snapshot
    watch: Advance
    writer: Writer | None = None
    found: dict[Key, ExportRun] = field(default_factory=dict)
    read: set[Key] = field(default_factory=set)
    ledger: dict[Key, LedgerRun] = field(default_factory=dict)
    changed: dict[ScopeMonth, tuple[Path, ...]] = field(default_factory=dict)
    prices: PriceBook | None = None
    telemetry: tuple[TelemetryFile, ...] = ()
    months: tuple[str, ...] = ()
    reported: tuple[LedgerRun, ...] = ()
    report: RunReport = field(default_factory=RunReport)


def decide_ledger(ingest: Ingest) -> None:
    """Decide on every run of the ledger; the report lists those that the sources hold."""
    decisions = decide(known_run(run) for run in ingest.ledger.values())
    for key, run in ingest.ledger.items():
        decision = decisions[key]
        decided = replace(run, status=decision.status, reason=decision.reason)
        ingest.ledger[key] = kept_or_dropped(decided, ingest.snapshot.dropped_before)
    reported = {key_of(run): run for run in ingest.reported}
    reported |= {key: ingest.ledger[key] for key in ingest.found}
    ingest.report.runs = tuple(sorted(reported.values(), key=order_of))


def refuse(ingest: Ingest, key: Key, fault: str) -> None:
    """Give a run a fault, and decide on every run again."""
    ingest.ledger[key] = replace(ingest.ledger[key], fault=fault)
    decide_ledger(ingest)


def found_again(ingest: Ingest, run: LedgerRun) -> bool:
    """Look for a run of the ledger where it was handed over; True when it is there, unchanged.

    Raises: StoreError, when the store it lies in does not answer: then nothing is known.
    """
    key = key_of(run)
    given: tuple[ExportRun, ...] = (ingest.found[key],) if key in ingest.found else ()
    try:
        given = given or found_runs(ingest.engine, [run.path], [run])[0]
    except StoreError as error:
        if not error.context["missing"]:
            raise
    for each in given:
        if is_unchanged(each, run):
            ingest.found[key] = each
            return True
    return False


def key_of(run: LedgerRun) -> Key:
    """What makes a run one: RunId, dataset, scope, month."""
    return run.run_id, run.dataset, run.scope, run.month


def known_run(run: LedgerRun) -> KnownRun:
    """What the decision needs to know of a run of the ledger."""
    return KnownRun(
        run.run_id, run.export_name, run.dataset, run.dataset_version, run.scope, run.month,
        run.start, run.end, run.submitted_time, run.rows, run.fingerprint, run.fault,
        run.sub_account_ids, run.path, run.totals,
    )  # fmt: skip


def note_of(ingest: Ingest, run: ExportRun | LedgerRun) -> str:
    """What is being done now, for a person who waits: the run, and how far the months are."""
    words = f"{run.export_name} {run.month}"
    if len(ingest.months) < 2 or run.month not in ingest.months:  # noqa: PLR2004 - one is no row
        return words
    return f"{words}, month {ingest.months.index(run.month) + 1} of {len(ingest.months)}"


def order_of(run: LedgerRun) -> tuple[str, str, str, str]:
    """The place of a run in a report: by month, scope, dataset, then time."""
    return run.month, run.scope, run.dataset, str(run.submitted_time)


def prices_of(ingest: Ingest) -> PriceBook:
    """The prices that charges are filled from; none before the step that reads them."""
    return ingest.prices or PriceBook(ingest.engine)


def writer_of(ingest: Ingest) -> Writer:
    """The writer of the hub; raises RuntimeError in a plan, which has none."""
    if ingest.writer is None:
        raise RuntimeError("a step that writes was run without a writer")
    return ingest.writer


def same_content(old: LedgerRun, new: LedgerRun) -> bool:
    """Whether two entries are one run with the same bytes."""
    return (key_of(old), old.fingerprint) == (key_of(new), new.fingerprint)
