"""The charges behind a gap: meters, prices, accounts, invoices and files that find it in the bill.

Source: claim_charges.sql; docs/reconciliation.md, "The claim".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.engine import sql_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pertoken.engine import Engine, Row

CHARGE_COLUMNS = {
    "InvoiceId": "VARCHAR", "InvoiceIssuerName": "VARCHAR", "ProviderName": "VARCHAR",
    "SkuMeter": "VARCHAR", "SkuPriceId": "VARCHAR", "BillingAccountId": "VARCHAR",
    "SubAccountId": "VARCHAR", "BillingMonth": "VARCHAR", "x_SkuMeterId": "VARCHAR",
    "x_PricingUnitDescription": "VARCHAR", "x_BilledUnitPrice": "DECIMAL(38,18)",
    "x_UnitQuantity": "DECIMAL(38,18)", "x_RunId": "VARCHAR", "x_SourceFile": "VARCHAR",
}  # fmt: skip
"""Columns that `claimed_charges` must have (NULL where an export lacks them) and their types."""

_DIGITS = 50
_TEXTS = (
    "pricing_unit", "sku_meter", "sku_meter_id", "sku_price_id", "billing_account_id",
    "sub_account_id", "invoice_id", "billing_month", "run_id", "source_file", "sheet_run_id",
    "provider",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Charges:
    """Charges of one day, resource, model, token kind and currency.

    A price is None where it is not stated, or where the charges state several; a text lists all of
    them, parted by '; '. `cost` is EffectiveCost.
    """

    billed_price: Decimal | None
    sheet_price: Decimal | None
    texts: dict[str, str | None]
    rows: int
    tokens: int | None
    cost: Decimal


def claim_charges(engine: Engine) -> dict[tuple[object, ...], list[Charges]]:
    """The charges of every day, resource, model, direction, cache action and currency.

    Takes:   an engine in which `claimed_charges`, `meters` and `claimed_prices` are named.
    Gives:   those of each billed price and price of the sheet apart.
    """
    found: dict[tuple[object, ...], list[Charges]] = {}
    for row in engine.rows(sql_file("pertoken.reconciliation", "claim_charges")):
        found.setdefault(tuple(row[:6]), []).append(_charges(row))
    return found


def joined_charges(parts: Iterable[Charges]) -> Charges:
    """Charges taken together: a price where all state the same one."""
    held = list(parts)
    tokens = [part.tokens for part in held]
    with localcontext() as context:
        context.prec = _DIGITS
        cost = sum((part.cost for part in held), Decimal(0))
    return Charges(
        _only(part.billed_price for part in held),
        _only(part.sheet_price for part in held),
        {name: _listed(part.texts[name] for part in held) for name in _TEXTS},
        sum(part.rows for part in held),
        None if None in tokens else sum(each for each in tokens if each is not None),
        cost,
    )


def _charges(row: Row) -> Charges:
    texts = dict(zip(_TEXTS, row[8:20], strict=True))
    return Charges(row[6], row[7], texts, row[20], row[21], row[22])


def _only(prices: Iterable[Decimal | None]) -> Decimal | None:
    distinct = set(prices)
    return distinct.pop() if len(distinct) == 1 else None


def _listed(texts: Iterable[str | None]) -> str | None:
    words = {word for text in texts if text for word in text.split("; ")}
    return "; ".join(sorted(words)) or None
