"""The data path of an ingest, one sentence per step. Read this first.

Each step takes the Ingest, whose fields hold what the steps before it found, and says what grain
it turns into what grain, what it may drop (nothing, unless counted) and what it guarantees. The
first three touch nothing: they are what `ingest --plan` runs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pertoken.errors import EngineError, SourceError
from pertoken.exports import EXCHANGE_RATES, INVOICES, ExportRun, KnownRun, decide
from pertoken.meters import VOCABULARY_VERSION
from pertoken.normalize import FILE_COLUMN, charges_select, inferred_select, undecided_charges
from pertoken.pipeline.dimensions import new_meters, new_tags
from pertoken.pipeline.faults import unreadable_fault
from pertoken.pipeline.invoices import invoices_query
from pertoken.pipeline.periods import period_totals
from pertoken.pipeline.pricing import (
    PriceBook,
    days_of_month,
    rates_query,
    written_prices,
)
from pertoken.pipeline.references import view_prices
from pertoken.pipeline.report import RunReport
from pertoken.pipeline.restatements import restated_months, restatements_query
from pertoken.pipeline.sources import SOURCE, found_runs, is_unchanged, read_run, view_source
from pertoken.pipeline.standing import (
    ScopeMonth,
    Standing,
    checked_totals,
    contents,
    gives_commitments_only,
    standing_runs,
)
from pertoken.pipeline.telemetry_steps import find_telemetry, keep_usage
from pertoken.unit_economics import token_costs_select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun, Snapshot, Writer
    from pertoken.reports.progress import Advance
    from pertoken.telemetry import TelemetryFile

Key = tuple[str, str, str, str]


class UnfitRun(Exception):  # noqa: N818 - the name states the fact; it never leaves the steps
    """A run whose charges cannot be written, and why: the run is refused, the rest goes on."""

    def __init__(self, key: Key, fault: str) -> None:
        super().__init__(fault)
        self.key = key
        self.fault = fault


@dataclass(slots=True)
class Ingest:
    """What the steps of one ingest share."""

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
    report: RunReport = field(default_factory=RunReport)


def discover_exports(ingest: Ingest) -> None:
    """Sources -> runs by manifest.json, and one run per account and month of each plain file.

    Drops nothing: what is no run is a problem of the report.
    """
    runs, ingest.report.problems = found_runs(ingest.engine, ingest.sources, ingest.snapshot.runs)
    ingest.found = {run.key: run for run in runs}


def read_new_runs(ingest: Ingest) -> None:
    """Runs -> ledger entries: rows, totals and subscriptions of each run not read before.

    Guarantees: every part is there, of its size and rows, before any of its charges is used.
    """
    ingest.ledger = {_key(run): run for run in ingest.snapshot.runs}
    for key, run in ingest.found.items():
        known = ingest.ledger.get(key)
        if known and known.fault is None and known.manifest_digest == run.manifest_digest:
            ingest.ledger[key] = replace(known, path=run.path)
            continue
        ingest.watch.note(f"{run.export_name} {run.month}")
        entry = read_run(ingest.engine, run)
        ingest.watch.advance(bytes=run.byte_count or 0, rows=entry.rows or 0)
        if known is None or known.fault is not None or entry.fault is None:
            ingest.ledger[key] = entry
            ingest.read.add(key)
        else:
            ingest.report.problems += (_worse_copy(run, entry),)


def decide_runs(ingest: Ingest) -> None:
    """Ledger entries -> one decision each, a function of the set of runs known."""
    decisions = decide(_known(run) for run in ingest.ledger.values())
    for key, run in ingest.ledger.items():
        decision = decisions[key]
        ingest.ledger[key] = replace(run, status=decision.status, reason=decision.reason)
    ingest.report.runs = tuple(
        ingest.ledger[key] for key in sorted(ingest.found, key=lambda each: _order(ingest, each))
    )


def keep_prices_and_rates(ingest: Ingest) -> None:
    """Reference runs -> `prices`, one row per price of each source, and `rates`, one per rate.

    Drops: the prices of a run that counts no more for its scope and month; the ledger keeps it.
    """
    engine, writer = ingest.engine, _writer(ingest)
    before, after = _references(ingest.snapshot.runs), _found_references(ingest)
    book = PriceBook(engine)
    for place in sorted({*before, *after}):
        old, new, partition = before.get(place), after.get(place), partition_of(*place)
        stored = ingest.snapshot.files("prices", partition)
        if old is not None and new is not None and _same_content(old, new):
            book.files += stored
            continue
        book.changed_files += stored
        files = {}
        if new is not None:
            path = writer.new_file("prices", partition)
            relation = view_prices(engine, ingest.found[_key(new)])
            files[path] = written_prices(engine, relation, path)
            book.files.append(str(path))
            book.changed_files.append(str(path))
        writer.replace("prices", partition, files)
    ingest.prices = book
    query = rates_query(engine, ingest.snapshot, ingest.ledger.values(), ingest.found)
    if query is not None:
        writer.overwrite("rates", query)


def keep_invoices(ingest: Ingest) -> None:
    """Files of invoices -> `invoices`, one row per invoice of every file that counts.

    Drops: the invoices of a file that was handed over anew; the ledger keeps the run.
    """
    query = invoices_query(ingest.engine, ingest.snapshot, ingest.ledger.values(), ingest.found)
    if query is not None:
        _writer(ingest).overwrite("invoices", query)


def normalize_months(ingest: Ingest) -> None:
    """Applied runs -> FOCUS charges of every scope and month whose run, or native pair, changed.

    Keeps: rows, BilledCost and EffectiveCost per BillingCurrency; raises TotalsDiffer otherwise,
    and nothing is committed. A month whose run is applied no more is emptied. Missing list and
    contracted prices are filled from `prices` as the charges are written.
    """
    held = standing_runs(ingest.snapshot.runs)
    _refuse_lost_runs(ingest)
    while (place := _differing_month(held, ingest)) is not None:
        new = standing_runs(ingest.ledger.values()).get(place)
        if new is None:
            _writer(ingest).replace("charges", partition_of(*place), {})
            ingest.changed[place] = ()
            ingest.report.emptied.append(place)
            del held[place]
            continue
        try:
            ingest.changed[place] = _write_month(ingest, new)
            held[place] = new
        except UnfitRun as unfit:
            _refuse(ingest, unfit.key, unfit.fault)
            _refuse_lost_runs(ingest)


def price_charges(ingest: Ingest) -> None:
    """Charges of months that a changed price touches -> the same charges, filled anew.

    Keeps: rows and every value that the export states; raises TotalsDiffer otherwise.
    """
    book, writer, engine = _prices(ingest), _writer(ingest), ingest.engine
    days = book.changed_days()
    if days is None:
        return
    for (scope, month), standing in sorted(standing_runs(ingest.ledger.values()).items()):
        since, until = days_of_month(month)
        partition = partition_of(scope, month)
        stored = ingest.snapshot.files("charges", partition)
        if (scope, month) in ingest.changed or days[1] <= since or days[0] >= until:
            continue
        if stored and book.touches(stored):
            path = writer.new_file("charges", partition)
            rows = engine.write_parquet(book.repriced_charges(stored, since, until), path)
            engine.view_parquet("new_charges", [str(path)])
            ingest.report.repriced.append(checked_totals(engine, standing, rows))
            writer.replace("charges", partition, {path: rows})
            ingest.changed[scope, month] = (path,)


def read_meters(ingest: Ingest) -> None:
    """Charges of changed months -> `meters` and `tags`, one row per distinct meter and tag.

    Drops nothing: a meter that cannot be read is a row that says so.
    """
    files = [str(path) for paths in ingest.changed.values() for path in paths]
    writer = _writer(ingest)
    if new_meters(ingest.engine, ingest.snapshot, files):
        writer.overwrite("meters", "SELECT * FROM meters ORDER BY x_MeterKey")
    if new_tags(ingest.engine, ingest.snapshot, files):
        writer.overwrite("tags", "SELECT * FROM tags ORDER BY x_TagsKey, TagKey")


def sum_token_costs(ingest: Ingest) -> None:
    """Charges of changed months -> the daily mart of AI charges.

    Keeps: EffectiveCost and BilledCost of AI charges. After a change of the vocabulary the mart of
    every month is made again, because it decides which charges are AI.
    """
    writer = _writer(ingest)
    for (scope, month), files in _months_to_sum(ingest).items():
        partition = partition_of(scope, month)
        if not files:
            writer.replace("token_costs", partition, {})
            continue
        ingest.engine.view_parquet("charges", files)
        path = writer.new_file("token_costs", partition)
        rows = ingest.engine.write_parquet(token_costs_select(), path)
        writer.replace("token_costs", partition, {path: rows})


def total_periods(ingest: Ingest) -> None:
    """Charges of changed months -> `periods`: rows and costs per scope, month and currency."""
    changed = {place: [str(path) for path in paths] for place, paths in ingest.changed.items()}
    query = period_totals(ingest.engine, ingest.snapshot, changed)
    if query is not None:
        _writer(ingest).overwrite("periods", query)


def keep_restatements(ingest: Ingest) -> None:
    """Months that a later complete run changed -> `restatements`: the difference, by charge group.

    Drops nothing. A month whose earlier charges are at hand no more keeps what is known of it.
    """
    runs = tuple(ingest.ledger.values())
    touched = {*ingest.changed, *((scope, month) for _, _, scope, month in ingest.read)}

    def held(place: ScopeMonth) -> list[str]:
        return ingest.snapshot.files("charges", partition_of(*place))

    def current(place: ScopeMonth) -> list[str]:
        return [str(path) for path in ingest.changed.get(place, ())] or held(place)

    def source(run: LedgerRun) -> ExportRun | None:
        return ingest.found[_key(run)] if _found_again(ingest, run) else None

    pairs = restated_months(runs, sorted(touched))
    query = restatements_query(ingest.engine, ingest.snapshot, pairs, (held, current), source)
    if query is not None:
        _writer(ingest).overwrite("restatements", query)


def commit_hub(ingest: Ingest) -> None:
    """Ledger and table versions -> one commit; nothing is committed where nothing changed."""
    runs = tuple(ingest.ledger.values())
    same_words = ingest.snapshot.vocabulary_version == VOCABULARY_VERSION
    same_runs = set(runs) == set(ingest.snapshot.runs)
    if not ingest.changed and same_runs and same_words and not ingest.report.usage_files:
        return
    ordered = sorted(
        runs,
        key=lambda run: (run.month, run.scope, run.dataset, str(run.submitted_time), run.run_id),
    )
    ingest.report.commit_id = _writer(ingest).commit(ordered, vocabulary_version=VOCABULARY_VERSION)


PLAN_STEPS: tuple[Callable[[Ingest], None], ...] = (
    find_telemetry,
    discover_exports,
    read_new_runs,
    decide_runs,
)
STEPS: tuple[Callable[[Ingest], None], ...] = (
    *PLAN_STEPS,
    keep_prices_and_rates,
    keep_invoices,
    normalize_months,
    price_charges,
    read_meters,
    sum_token_costs,
    total_periods,
    keep_restatements,
    keep_usage,
    commit_hub,
)


def partition_of(scope: str, month: str) -> dict[str, str]:
    """The partition of a scope and month: a short key of the scope, and the BillingMonth."""
    key = hashlib.sha256(scope.encode()).hexdigest()[:12]
    return {"x_ScopeKey": key, "BillingMonth": month}


def _write_month(ingest: Ingest, standing: Standing) -> tuple[Path, ...]:
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
    _writer(ingest).replace("charges", partition_of(report.scope, report.month), files)
    return tuple(files)


def _differing_month(held: dict[ScopeMonth, Standing], ingest: Ingest) -> ScopeMonth | None:
    """The first month whose charges, as held now, are not those of the runs that stand for it."""
    after = standing_runs(ingest.ledger.values())
    places = sorted({*held, *after})
    return next((at for at in places if contents(held.get(at)) != contents(after.get(at))), None)


def _refuse(ingest: Ingest, key: Key, fault: str) -> None:
    ingest.ledger[key] = replace(ingest.ledger[key], fault=fault)
    decide_runs(ingest)


def _refuse_lost_runs(ingest: Ingest) -> None:
    while stale := _stale_run(ingest):
        path = ingest.ledger[stale].path
        fault = f"stands for its month again, but its files are gone or changed ({path})"
        _refuse(ingest, stale, f"{fault}: hand the run over again")


def _write_run(ingest: Ingest, run: LedgerRun, standing: Standing) -> tuple[Path, int]:
    """Write what a run gives to the charges of its month; gives the file and its rows.

    Raises: UnfitRun, when a value of the run is more than a rule can compute with.
    """
    try:
        return _written_charges(ingest, run, standing)
    except EngineError as error:
        if not error.context.get("of_data"):
            raise
        source = _source_of(ingest, run)
        fault = unreadable_fault(error, [part.path for part in source.parts])
        raise UnfitRun(_key(run), fault) from error


def _written_charges(ingest: Ingest, run: LedgerRun, standing: Standing) -> tuple[Path, int]:
    engine, writer = ingest.engine, _writer(ingest)
    source, partition = _source_of(ingest, run), partition_of(run.scope, run.month)
    ingest.watch.note(f"{run.export_name} {run.month}")
    view_source(engine, source, only_commitments=gives_commitments_only(run, standing))
    columns = {n: kind for n, kind in engine.columns(SOURCE).items() if n != FILE_COLUMN}
    path = writer.new_file("charges", partition)
    engine.view(
        "normalized_charges",
        charges_select(columns, run.dataset, run.dataset_version, SOURCE, run_id=run.run_id),
    )
    rows = engine.write_parquet(
        _prices(ingest).priced_charges("normalized_charges", *days_of_month(run.month)), path
    )
    engine.view_parquet("new_charges", [str(path)])
    if engine.rows(undecided_charges("new_charges"))[0][0]:
        first, path = path, writer.new_file("charges", partition)
        engine.write_parquet(
            inferred_select("new_charges", list(engine.columns("new_charges"))), path
        )
        first.unlink()
    return path, rows


def _months_to_sum(ingest: Ingest) -> dict[ScopeMonth, list[str]]:
    """Scopes and months whose mart must be made, and the files of their charges."""
    months = {place: [str(path) for path in paths] for place, paths in ingest.changed.items()}
    if ingest.snapshot.vocabulary_version != VOCABULARY_VERSION:
        for place in standing_runs(ingest.snapshot.runs):
            if place not in months:
                months[place] = ingest.snapshot.files("charges", partition_of(*place))
    return months


def _references(runs: Iterable[LedgerRun]) -> dict[ScopeMonth, LedgerRun]:
    """The price sheet or retail list that counts for each scope and month."""
    return {
        (run.scope, run.month): run
        for run in runs
        if run.status == "reference" and run.dataset not in (EXCHANGE_RATES, INVOICES)
    }


def _found_references(ingest: Ingest) -> dict[ScopeMonth, LedgerRun]:
    """The same after this ingest; a run that must be read and whose files are gone is refused."""
    before = {_key(run): run for run in ingest.snapshot.runs if run.status == "reference"}
    while True:
        gone = [
            run
            for run in ingest.ledger.values()
            if run.status == "reference"
            and not (_key(run) in before and _same_content(before[_key(run)], run))
            and _key(run) not in ingest.read
            and not _found_again(ingest, run)
        ]
        if not gone:
            return _references(ingest.ledger.values())
        for run in gone:
            fault = f"counts again, but its files are gone or changed ({run.path})"
            ingest.ledger[_key(run)] = replace(run, fault=f"{fault}: hand the run over again")
        decide_runs(ingest)


def _same_content(old: LedgerRun, new: LedgerRun) -> bool:
    return (_key(old), old.fingerprint) == (_key(new), new.fingerprint)


def _stale_run(ingest: Ingest) -> Key | None:
    """An applied run that must be written and whose files are not there, whole, any more."""
    before = standing_runs(ingest.snapshot.runs)
    for place, standing in standing_runs(ingest.ledger.values()).items():
        if contents(before.get(place)) == contents(standing):
            continue
        for run in standing:
            if _key(run) not in ingest.read and not _found_again(ingest, run):
                return _key(run)
    return None


def _found_again(ingest: Ingest, run: LedgerRun) -> bool:
    """Look for a run of the ledger where it was handed over; True when it is there, unchanged."""
    key = _key(run)
    given = (ingest.found[key],) if key in ingest.found else ()
    for each in given or found_runs(ingest.engine, [run.path], [run])[0]:
        if is_unchanged(each, run):
            ingest.found[key] = each
            return True
    return False


def _worse_copy(run: ExportRun, entry: LedgerRun) -> SourceError:
    """A run of the hub, found again in a state in which it could not be read."""
    return SourceError(
        f"Run {run.run_id} of {run.export_name} {run.month} ({run.path}) is not as the hub has it: "
        f"{entry.fault}.",
        "Expected the run as it was handed over before, or a whole new state of it.",
        "The hub keeps what it has. Copy the run again, or leave it out.",
        run_id=run.run_id,
    )


def _source_of(ingest: Ingest, run: LedgerRun) -> ExportRun:
    return ingest.found[_key(run)]


def _known(run: LedgerRun) -> KnownRun:
    return KnownRun(
        run.run_id, run.export_name, run.dataset, run.dataset_version, run.scope, run.month,
        run.start, run.end, run.submitted_time, run.rows, run.fingerprint, run.fault,
        run.sub_account_ids, run.path, run.totals,
    )  # fmt: skip


def _key(run: LedgerRun) -> Key:
    return run.run_id, run.dataset, run.scope, run.month


def _order(ingest: Ingest, key: Key) -> tuple[str, str, str, str]:
    run = ingest.ledger[key]
    return run.month, run.scope, run.dataset, str(run.submitted_time)


def _prices(ingest: Ingest) -> PriceBook:
    return ingest.prices or PriceBook(ingest.engine)


def _writer(ingest: Ingest) -> Writer:
    if ingest.writer is None:
        raise RuntimeError("a step that writes was run without a writer")
    return ingest.writer
