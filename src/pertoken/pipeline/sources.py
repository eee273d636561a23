"""The charges of one run as a relation, and what they hold.

A run of an export is all of its parts. A plain FOCUS file holds several accounts and months; each
pair is a run of its own, and its relation is the file's rows of that pair. A manifest that names no
scope takes that of its rows.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.conformance import recognise, repaired_select
from pertoken.engine import quoted, quoted_text
from pertoken.errors import EngineError, SourceError
from pertoken.exports import (
    ACTUAL_COST,
    AMORTIZED_COST,
    FOCUS_FILE,
    NATIVE_COST,
    REFERENCE,
    ExportRun,
    Part,
    at_hand,
    check_run,
    discover,
    fingerprint,
)
from pertoken.hub import LedgerRun
from pertoken.normalize import (
    FILE_COLUMN,
    REPAIRED_FROM,
    REPAIRED_TOKENS,
    commitment_evidence,
    is_native,
    native_names,
    native_select,
    native_writing,
    read_expression,
    source_facts,
)
from pertoken.normalize.facts import SourceGroup
from pertoken.pipeline.faults import rows_fault, unreadable_fault
from pertoken.pipeline.references import reference_rows, reference_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pertoken.engine import Engine
    from pertoken.exports import PlainFile

SOURCE = "source_charges"
_NATIVE = "source_rows"


def found_runs(
    engine: Engine, sources: Sequence[str | Path], known: Iterable[LedgerRun] = ()
) -> tuple[tuple[ExportRun, ...], tuple[SourceError, ...]]:
    """The runs in folders and files, those of plain files too, and what is no run.

    Takes:   known, runs of the ledger: what is known of a run is not read again.
    """
    discovery = discover(sources)
    problems = list(discovery.problems)
    scopes = {(run.run_id, run.month, run.manifest_digest): run.scope for run in known if run.scope}
    runs = [_with_scope(engine, run, scopes) for run in discovery.runs]
    for file in discovery.plain_files:
        try:
            runs += plain_runs(engine, file)
        except SourceError as error:
            problems.append(error)
    return tuple(runs), tuple(problems)


def view_source(engine: Engine, run: ExportRun, *, only_commitments: bool = False) -> None:
    """Name the charges of a run SOURCE, with the file of each in FILE_COLUMN.

    Native rows are FOCUS charges there already; `only_commitments` keeps of ActualCost what
    AmortizedCost does not have. Raises: StoreError, when a run of a store cannot be brought here.
    """
    run = at_hand(run)
    whole = "source_file" if run.is_plain else SOURCE
    native = run.dataset in NATIVE_COST
    files = _NATIVE if native else whole
    _view_files(engine, run.file_format, [part.path for part in run.parts], files)
    if native:
        month = None if run.is_plain else run.month
        select = _native_charges(engine, run.dataset, month, only_commitments=only_commitments)
        engine.view(whole, select)
    if run.is_plain:
        columns = engine.columns(whole)
        account = read_expression("BillingAccountId", columns)
        start = read_expression("BillingPeriodStart", columns)
        charged = read_expression("ChargePeriodStart", columns)
        if run.dataset == FOCUS_FILE:
            whole = _repaired(engine, whole)
        engine.view(
            SOURCE,
            f"SELECT * FROM {quoted(whole)} "
            f"WHERE lower(coalesce({account}, '')) = {quoted_text(run.scope)} "
            f"AND strftime(coalesce({start}, {charged}), '%Y-%m') = {quoted_text(run.month)}",
        )


def _repaired(engine: Engine, relation: str) -> str:
    """A FOCUS file, with the tokens that rows of a gateway hold; gives the relation to read.

    A file without the marks of a gateway is read as it is.
    """
    columns = engine.columns(relation)
    if not any(each.repaired for each in recognise(engine, relation, columns)):
        return relation
    found = "x_QuantityBasis IN ('tags', 'columns')"
    kept = ", ".join(quoted(name) for name in columns)
    engine.view(
        "repaired_file",
        f"SELECT {kept}, CASE WHEN {found} THEN x_TokenQuantity END AS {REPAIRED_TOKENS}, "
        f"CASE WHEN {found} THEN x_QuantityBasis END AS {REPAIRED_FROM} "
        f"FROM ({repaired_select(columns, relation)}) AS repaired",
    )
    return "repaired_file"


def _native_charges(
    engine: Engine, dataset: str, month: str | None, *, only_commitments: bool = False
) -> str:
    """The query for the FOCUS charges of the native rows that are named _NATIVE."""
    columns = engine.columns(_NATIVE)
    writing = native_writing(engine, _NATIVE, native_names(columns), month)
    return native_select(columns, dataset, _NATIVE, writing, only_commitments=only_commitments)


def _plain_dataset(engine: Engine) -> str:
    """What a plain file is, named _NATIVE: FOCUS, or a native cost by the commitments it holds.

    Without commitments the two native costs are the same, and ActualCost is the name.
    """
    columns = engine.columns(_NATIVE)
    if not is_native(columns):
        return FOCUS_FILE
    writing = native_writing(engine, _NATIVE, native_names(columns), None)
    bought, used = engine.rows(commitment_evidence(columns, _NATIVE, writing))[0]
    if bought and used:
        raise SourceError(
            f"The file holds {bought} purchases of commitments and {used} charges of their use.",
            "Expected the actual cost or the amortised cost, not both.",
            "Export one of them.",
        )
    return AMORTIZED_COST if used else ACTUAL_COST


def plain_runs(engine: Engine, file: PlainFile) -> tuple[ExportRun, ...]:
    """The runs of a plain file, FOCUS or native: one per BillingAccountId and month of its rows.

    Raises: SourceError, when the file cannot be read as charges.
    """
    reference = reference_run(engine, file)
    if reference is not None:
        return (reference,)
    path = Path(file.local)
    try:
        _view_files(engine, file.file_format, [file.local], _NATIVE)
        dataset = _plain_dataset(engine)
        if dataset == FOCUS_FILE:
            _view_files(engine, file.file_format, [file.local], SOURCE)
        else:
            engine.view(SOURCE, _native_charges(engine, dataset, None))
        groups = _by_scope(source_facts(engine, SOURCE).groups)
    except (EngineError, SourceError) as error:
        raise SourceError(
            f"{file.path} cannot be read: {unreadable_fault(error, [file.local])}.",
            "Expected a FOCUS file: CSV or Parquet with BilledCost, EffectiveCost, "
            "BillingCurrency and ChargePeriodStart in every row; or a native cost export.",
            "Mend the file, or leave it out.",
        ) from error
    if not groups:
        raise SourceError(
            f"{file.path} holds no charges.",
            "Expected a FOCUS file with one row or more; its rows say which months it covers.",
            "Leave it out; a run without charges needs its manifest.",
        )
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0)
    return tuple(
        ExportRun(
            run_id=file.digest,
            export_name=path.name,
            dataset=dataset,
            dataset_version="",
            scope=group.billing_account_id,
            month=group.month,
            start=group.first_day,
            end=group.last_day + timedelta(days=1),
            submitted_time=written,
            parts=(Part(path.name, file.path, None, group.rows, file.compression, file.stored),),
            row_count=group.rows,
            byte_count=path.stat().st_size,
            file_format=file.file_format,
            path=file.path,
            manifest_digest=file.digest,
        )
        for group in groups
    )


def read_run(engine: Engine, run: ExportRun) -> LedgerRun:
    """What a run holds, or why it must be refused: its `fault`. Nothing is written.

    Every part is checked for presence, size and rows before any charge of the run is used. Raises:
    StoreError, when a run of a store cannot be brought here.
    """
    entry, run = ledger_entry(run), at_hand(run)
    if run.dataset in REFERENCE:
        rows, fault = reference_rows(engine, run)
        content = content_of(run) if fault is None else ""
        return replace(entry, rows=rows, fault=fault, fingerprint=content)
    fault = None if run.is_plain else check_run(run)
    if fault is None and not run.parts and not run.scope:
        fault = "the manifest names no scope, and there is no charge to name a BillingAccountId"
    if fault is not None:
        return replace(entry, fault=fault, rows=run.row_count)
    if not run.parts:
        return replace(entry, rows=0, sub_account_ids=frozenset())
    with ThreadPoolExecutor(max_workers=1) as hashing:
        digest = hashing.submit(content_of, run)
        try:
            view_source(engine, run)
            facts = source_facts(engine, SOURCE)
            return replace(
                entry,
                fault=rows_fault(run, facts),
                rows=facts.rows,
                fingerprint=digest.result(),
                sub_account_ids=facts.sub_account_ids,
                totals=tuple(
                    (currency, rows, str(billed), str(effective))
                    for currency, rows, billed, effective in facts.totals
                ),
            )
        except (EngineError, SourceError) as error:
            paths = [part.path for part in run.parts]
            return replace(entry, fault=unreadable_fault(error, paths), rows=run.row_count)


def content_of(run: ExportRun) -> str:
    """What a run's charges are by their bytes: equal for runs that hold the same.

    Raises: SourceError, when a part cannot be read.
    """
    return f"{fingerprint(run)}:{run.scope}:{run.month}"


def is_unchanged(run: ExportRun, known: LedgerRun) -> bool:
    """Whether a run that lies on disk is whole and holds what the ledger knows of it."""
    if run.key != (known.run_id, known.dataset, known.scope, known.month):
        return False
    run = at_hand(run)
    if not run.is_plain and check_run(run) is not None:
        return False
    try:
        return not run.parts or content_of(run) == known.fingerprint
    except SourceError:
        return False


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


def _view_files(engine: Engine, file_format: str, paths: list[str], name: str) -> None:
    if file_format == "parquet":
        engine.view_parquet(name, paths, with_file=FILE_COLUMN)
    else:
        engine.view_csv(name, paths, with_file=FILE_COLUMN)


def _with_scope(
    engine: Engine, run: ExportRun, scopes: dict[tuple[str, str, str], str]
) -> ExportRun:
    """A run whose manifest names no scope, with its rows' BillingAccountId where that is one."""
    if run.scope or not run.parts:
        return run
    known = scopes.get((run.run_id, run.month, run.manifest_digest))
    if known is not None:
        return replace(run, scope=known)
    if check_run(at_hand(run)) is not None:
        return run
    try:
        view_source(engine, run)
        groups = source_facts(engine, SOURCE).groups
    except (EngineError, SourceError):
        return run  # `read_run` says why
    accounts = {group.billing_account_id.lower() for group in groups}
    return replace(run, scope=accounts.pop()) if len(accounts) == 1 else run


def _by_scope(groups: Iterable[SourceGroup]) -> list[SourceGroup]:
    """Groups by the account in lower case, as a scope is: its spelling varies between rows."""
    merged: dict[tuple[str, str], SourceGroup] = {}
    for group in groups:
        key = (group.billing_account_id.lower(), group.month)
        other = merged.get(key)
        merged[key] = SourceGroup(
            *key,
            rows=group.rows + (other.rows if other else 0),
            first_day=min(group.first_day, other.first_day if other else group.first_day),
            last_day=max(group.last_day, other.last_day if other else group.last_day),
        )
    return [merged[key] for key in sorted(merged)]
