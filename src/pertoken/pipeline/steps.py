"""The data path of an ingest, one sentence per step. Read this first.

Each step takes the Ingest, whose fields hold what the steps before it found, and says what grain
it turns into what grain, what it may drop (nothing, unless counted) and what it guarantees. The
first four touch nothing: they are what `ingest --plan` runs. A backfill finds its runs once and
takes the steps of MONTH_STEPS for each batch of months (pipeline/batches.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pertoken.errors import SourceError
from pertoken.meters import VOCABULARY_VERSION
from pertoken.pipeline.counting import found_references, references
from pertoken.pipeline.dimensions import new_meters, new_tags
from pertoken.pipeline.invoices import invoices_query
from pertoken.pipeline.metrics import metrics_query
from pertoken.pipeline.months import (
    UnfitRun,
    differing_month,
    months_to_sum,
    refuse_lost_runs,
    write_month,
)
from pertoken.pipeline.periods import period_totals
from pertoken.pipeline.pricing import PriceBook, days_of_month, rates_query, written_prices
from pertoken.pipeline.references import view_prices
from pertoken.pipeline.restatements import restated_months, restatements_query
from pertoken.pipeline.sources import found_runs, read_run
from pertoken.pipeline.standing import ScopeMonth, checked_totals, partition_of, standing_runs
from pertoken.pipeline.tag_snapshots import snapshots_query
from pertoken.pipeline.telemetry_steps import find_telemetry, keep_usage
from pertoken.pipeline.work import (
    Ingest,
    decide_ledger,
    found_again,
    key_of,
    note_of,
    prices_of,
    refuse,
    same_content,
    writer_of,
)
from pertoken.unit_economics import token_costs_select

if TYPE_CHECKING:
    from collections.abc import Callable

    from pertoken.exports import ExportRun
    from pertoken.hub import LedgerRun


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
    ingest.ledger = {key_of(run): run for run in ingest.snapshot.runs}
    for key, run in sorted(ingest.found.items(), key=lambda each: each[0][3], reverse=True):
        known = ingest.ledger.get(key)
        if known and known.fault is None and known.manifest_digest == run.manifest_digest:
            ingest.ledger[key] = replace(known, path=run.path)
            continue
        ingest.watch.note(note_of(ingest, run))
        entry = read_run(ingest.engine, run)
        ingest.watch.advance(bytes=run.byte_count or 0, rows=entry.rows or 0)
        if known is None or known.fault is not None or entry.fault is None:
            ingest.ledger[key] = entry
            ingest.read.add(key)
        else:
            ingest.report.problems += (worse_copy(run, entry),)


def decide_runs(ingest: Ingest) -> None:
    """Ledger entries -> one decision each, a function of the set of runs known."""
    decide_ledger(ingest)


def keep_prices_and_rates(ingest: Ingest) -> None:
    """Reference runs -> `prices`, one row per price of each source, and `rates`, one per rate.

    Drops: the prices of a run that counts no more for its scope and month; the ledger keeps it.
    """
    engine, writer = ingest.engine, writer_of(ingest)
    before, after = references(ingest.snapshot.runs), found_references(ingest)
    book = PriceBook(engine)
    for place in sorted({*before, *after}):
        old, new, partition = before.get(place), after.get(place), partition_of(*place)
        stored = ingest.snapshot.files("prices", partition)
        if old is not None and new is not None and same_content(old, new):
            book.files += stored
            continue
        book.changed_files += stored
        files = {}
        if new is not None:
            path = writer.new_file("prices", partition)
            relation = view_prices(engine, ingest.found[key_of(new)])
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
        writer_of(ingest).overwrite("invoices", query)


def keep_tag_snapshots(ingest: Ingest) -> None:
    """Exports of tags -> `tag_snapshots`, one row per day, place and tag of each.

    Drops nothing: a place without tags is a row without a key, for it ends what it had before.
    """
    query = snapshots_query(ingest.engine, ingest.snapshot, ingest.ledger.values(), ingest.found)
    if query is not None:
        writer_of(ingest).overwrite("tag_snapshots", query)


def keep_metrics(ingest: Ingest) -> None:
    """Files of business metrics -> `metrics`, one row per day, metric and dimensions of each.

    Drops: the values of a file that was handed over anew; the ledger keeps the run.
    """
    query = metrics_query(ingest.engine, ingest.snapshot, ingest.ledger.values(), ingest.found)
    if query is not None:
        writer_of(ingest).overwrite("metrics", query)


def normalize_months(ingest: Ingest) -> None:
    """Applied runs -> FOCUS charges of every scope and month whose run, or native pair, changed.

    Keeps: rows, BilledCost and EffectiveCost per BillingCurrency; raises TotalsDiffer otherwise,
    and nothing is committed. A month whose run is applied no more is emptied. Missing list and
    contracted prices are filled from `prices` as the charges are written.
    """
    held = standing_runs(ingest.snapshot.runs)
    refuse_lost_runs(ingest)
    while (place := differing_month(held, ingest)) is not None:
        new = standing_runs(ingest.ledger.values()).get(place)
        if new is None:
            writer_of(ingest).replace("charges", partition_of(*place), {})
            ingest.changed[place] = ()
            ingest.report.emptied.append(place)
            del held[place]
            continue
        try:
            ingest.changed[place] = write_month(ingest, new)
            held[place] = new
        except UnfitRun as unfit:
            refuse(ingest, unfit.key, unfit.fault)
            refuse_lost_runs(ingest)


def price_charges(ingest: Ingest) -> None:
    """Charges of months that a changed price touches -> the same charges, filled anew.

    Keeps: rows and every value that the export states; raises TotalsDiffer otherwise.
    """
    book, writer, engine = prices_of(ingest), writer_of(ingest), ingest.engine
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
    writer = writer_of(ingest)
    if new_meters(ingest.engine, ingest.snapshot, files):
        writer.overwrite("meters", "SELECT * FROM meters ORDER BY x_MeterKey")
    if new_tags(ingest.engine, ingest.snapshot, files):
        writer.overwrite("tags", "SELECT * FROM tags ORDER BY x_TagsKey, TagKey")


def sum_token_costs(ingest: Ingest) -> None:
    """Charges of changed months -> the daily mart of AI charges.

    Keeps: EffectiveCost and BilledCost of AI charges. After a change of the vocabulary the mart of
    every month is made again, because it decides which charges are AI.
    """
    writer = writer_of(ingest)
    for (scope, month), files in months_to_sum(ingest).items():
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
        writer_of(ingest).overwrite("periods", query)


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
        return ingest.found[key_of(run)] if found_again(ingest, run) else None

    pairs = restated_months(runs, sorted(touched))
    query = restatements_query(ingest.engine, ingest.snapshot, pairs, (held, current), source)
    if query is not None:
        writer_of(ingest).overwrite("restatements", query)


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
    ingest.report.commit_id = writer_of(ingest).commit(
        ordered, vocabulary_version=VOCABULARY_VERSION
    )


FIND_STEPS: tuple[Callable[[Ingest], None], ...] = (
    find_telemetry,
    discover_exports,
)
MONTH_STEPS: tuple[Callable[[Ingest], None], ...] = (
    read_new_runs,
    decide_runs,
    keep_prices_and_rates,
    keep_invoices,
    keep_tag_snapshots,
    keep_metrics,
    normalize_months,
    price_charges,
    read_meters,
    sum_token_costs,
    total_periods,
    keep_restatements,
    keep_usage,
    commit_hub,
)
STEPS = (*FIND_STEPS, *MONTH_STEPS)
PLAN_STEPS = STEPS[:4]


def worse_copy(run: ExportRun, entry: LedgerRun) -> SourceError:
    """A run of the hub, found again in a state in which it could not be read."""
    return SourceError(
        f"Run {run.run_id} of {run.export_name} {run.month} ({run.path}) is not as the hub has it: "
        f"{entry.fault}.",
        "Expected the run as it was handed over before, or a whole new state of it.",
        "The hub keeps what it has. Copy the run again, or leave it out.",
        run_id=run.run_id,
    )
