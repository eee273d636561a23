"""Invoice totals from a CSV: what was invoiced for a month, in a currency, by whom.

BillingMonth, BillingCurrency and Amount are needed; Scope, InvoiceId, InvoiceIssuerName and Tax may
follow, in any order and letter case. Amount is the total to pay, tax included; Tax is the part of
it that is tax. A column of another name refuses the file, for a misspelt one would go unread.

Source: docs/reference.md, "Invoices".
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NoReturn

from pertoken.errors import ConfigError, SourceError, alternatives
from pertoken.focus.currencies import currencies
from pertoken.periods import parse_month

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NEEDED = ("BillingMonth", "BillingCurrency", "Amount")
OPTIONAL = ("Scope", "InvoiceId", "InvoiceIssuerName", "Tax")
_NAMES = {name.casefold(): name for name in (*NEEDED, *OPTIONAL)}
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_MOST, _SCALE, _SHOWN = Decimal(10) ** 18, 18, 3


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice: its total in `currency` for a billing month; None is what it does not state.

    `scope` is in lower case; `tax` is a part of `amount`; `source` is the RunId of its file.
    """

    month: str
    currency: str
    amount: Decimal
    scope: str | None = None
    invoice_id: str | None = None
    issuer: str | None = None
    tax: Decimal | None = None
    source: str = ""


def is_invoice_header(header: Sequence[str]) -> bool:
    """Whether the header of a CSV has the columns that every invoice states.

    >>> is_invoice_header(["billingmonth", "AMOUNT", "BillingCurrency", "Note"])
    True
    """
    return {name.strip().casefold() for name in header}.issuperset(
        each.casefold() for each in NEEDED
    )


def parse_invoices(text: str, where: str) -> list[Invoice]:
    """The invoices of a file, in its order.

    Raises: SourceError, with row, column and value of the first cells that cannot be read, for a
    column that is not known, for an InvoiceId that stands twice, and for a file without rows.
    """
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    names = _named(next(lines, []), where)
    faults: list[str] = []
    invoices: list[Invoice] = []
    for number, row in enumerate(lines, start=2):
        if any(cell.strip() for cell in row):
            invoices += _invoice(names, row, number, faults)
    if faults:
        more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        _refuse(where, f"{'; '.join(faults[:_SHOWN])}{more}")
    if not invoices:
        _refuse(where, "it holds no invoice")
    times = Counter((each.invoice_id, each.month, each.currency, each.scope) for each in invoices)
    twice = [key[0] for key, count in times.items() if key[0] and count > 1]
    if twice:
        _refuse(where, f"InvoiceId '{twice[0]:.80}' stands twice for one month")
    return invoices


def _named(header: Sequence[str], where: str) -> list[str]:
    """The columns of the header as they are spelt here, in the order of the file."""
    cells = [cell.strip() for cell in header]
    unknown = [cell for cell in cells if cell.casefold() not in _NAMES]
    if unknown:
        nearest = alternatives(unknown[0], _NAMES.values())
        _refuse(where, f"row 1, column '{unknown[0]:.80}' is not known; nearest are {nearest}")
    names = [_NAMES[cell.casefold()] for cell in cells]
    twice = [name for name, count in Counter(names).items() if count > 1]
    missing = [name for name in NEEDED if name not in names]
    if twice or missing:
        _refuse(where, f"row 1 {'has twice' if twice else 'lacks'} {', '.join(twice or missing)}")
    return names


def _invoice(
    names: Sequence[str], row: Sequence[str], number: int, faults: list[str]
) -> Iterator[Invoice]:
    """The invoice of a row; nothing, and its faults, where a cell cannot be read."""
    if len(row) != len(names):
        faults.append(f"row {number} has {len(row)} cells, the header {len(names)}")
        return
    cells = {name: cell.strip() for name, cell in zip(names, row, strict=True)}
    bad = [
        f"row {number}, column {name}: '{cells[name]:.80}' is {why}"
        for name, why in _unreadable(cells)
    ]
    faults += bad
    if not bad:
        yield Invoice(
            month=cells["BillingMonth"],
            currency=cells["BillingCurrency"].upper(),
            amount=Decimal(cells["Amount"]),
            scope=cells.get("Scope", "").lower().rstrip("/") or None,
            invoice_id=cells.get("InvoiceId") or None,
            issuer=cells.get("InvoiceIssuerName") or None,
            tax=Decimal(cells["Tax"]) if cells.get("Tax") else None,
        )


def _unreadable(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The columns of a row that cannot be read, and why."""
    if not _is_month(cells["BillingMonth"]):
        yield "BillingMonth", "no month YYYY-MM"
    if cells["BillingCurrency"].upper() not in currencies():
        yield "BillingCurrency", "no currency of ISO 4217"
    if not _is_amount(cells["Amount"]):
        yield "Amount", "no amount such as 1234.56"
    if cells.get("Tax") and not _is_amount(cells["Tax"]):
        yield "Tax", "no amount such as 1234.56"


def _is_month(text: str) -> bool:
    try:
        return parse_month(text) == text
    except ConfigError:
        return False


def _is_amount(text: str) -> bool:
    """Whether a text is a number in plain form that DECIMAL(38,18) holds."""
    if not text.isascii() or not _NUMBER.fullmatch(text):
        return False
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return False
    return abs(amount) < _MOST and int(amount.as_tuple().exponent) >= -_SCALE


def _refuse(where: str, found: str) -> NoReturn:
    raise SourceError(
        f"{where} holds invoices and cannot be read: {found}.",
        f"Expected the columns {', '.join(NEEDED)} and, where known, {', '.join(OPTIONAL)}.",
        "Mend the file, or leave it out; nothing of it was read.",
        path=where,
    )
