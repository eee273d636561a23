"""The `invoices` table of the hub: the totals of invoice files, and those that count for a month.

A file replaces an earlier one of the same name that begins with the same month. An InvoiceId that
two files state for a month counts once, as the file written last has it.

Source: docs/reference.md, "Invoices".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pertoken.exports import INVOICES, at_hand
from pertoken.pipeline.invoice_file import Invoice, parse_invoices
from pertoken.pipeline.reference_tables import reference_table_query
from pertoken.pipeline.references import file_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

    from pertoken.engine import Engine
    from pertoken.exports import ExportRun, RunKey
    from pertoken.hub import LedgerRun, Snapshot

INVOICE_COLUMNS = {
    "BillingMonth": "VARCHAR", "BillingCurrency": "VARCHAR", "Amount": "DECIMAL(38,18)",
    "Scope": "VARCHAR", "InvoiceId": "VARCHAR", "InvoiceIssuerName": "VARCHAR",
    "Tax": "DECIMAL(38,18)", "RunId": "VARCHAR",
}  # fmt: skip
"""The columns of the hub's `invoices` table and their types; Amount holds Tax."""


def invoices_table(run: ExportRun) -> pa.Table:
    """The invoices of a file as Arrow, in the columns of `invoices`."""
    import pyarrow as pa  # noqa: PLC0415 - only a writer needs Arrow

    rows: list[tuple[Any, ...]] = [
        (each.month, each.currency, each.amount, each.scope, each.invoice_id, each.issuer,
         each.tax, run.run_id)
        for each in parse_invoices(file_text(at_hand(run).path), run.export_name)
    ]  # fmt: skip
    kinds = {"VARCHAR": pa.string(), "DECIMAL(38,18)": pa.decimal128(38, 18)}
    arrays = [
        pa.array([row[place] for row in rows], kinds[kind])
        for place, kind in enumerate(INVOICE_COLUMNS.values())
    ]
    return pa.table(arrays, names=list(INVOICE_COLUMNS))


def invoices_query(
    engine: Engine,
    snapshot: Snapshot,
    ledger: Iterable[LedgerRun],
    found: Mapping[RunKey, ExportRun],
) -> str | None:
    """The query of the new `invoices` table; None when nothing changed.

    Gives: the invoices of every file that counts, those of files known before as they were.
    """
    return reference_table_query(
        engine,
        snapshot,
        "invoices",
        INVOICE_COLUMNS,
        counting=(filter(_counts, snapshot.runs), filter(_counts, ledger)),
        rows_of=lambda key: invoices_table(found[key]),
    )


def invoices_of_month(engine: Engine, snapshot: Snapshot, month: str) -> tuple[Invoice, ...]:
    """The invoices that count for a month; of one InvoiceId that of the file written last."""
    if not snapshot.view(engine, "invoices"):
        return ()
    written = {run.run_id: str(run.submitted_time) for run in snapshot.runs if _counts(run)}
    rows = engine.rows(
        "SELECT BillingMonth, BillingCurrency, Amount, Scope, InvoiceId, InvoiceIssuerName, Tax, "
        "RunId FROM invoices WHERE BillingMonth = ? "
        "ORDER BY BillingCurrency, Scope, InvoiceId, InvoiceIssuerName, Amount, RunId",
        [month],
    )
    invoices = [Invoice(*row) for row in rows]
    last: dict[tuple[object, ...], Invoice] = {}
    for place, each in enumerate(sorted(invoices, key=lambda each: written[each.source])):
        number = each.invoice_id.casefold() if each.invoice_id else place
        last[number, each.currency, each.scope] = each
    return tuple(each for each in invoices if each in last.values())


def _counts(run: LedgerRun) -> bool:
    return run.dataset == INVOICES and run.status == "reference"
