"""Billed prices against the price sheet: charges that were rated at another price.

Source: docs/reconciliation.md, "Price drift".
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.engine import sql_file

if TYPE_CHECKING:
    from pertoken.engine import Engine, Row

NEEDED = ("x_BilledUnitPrice", "x_SkuMeterId", "x_PricingUnitDescription")
"""Columns that charges must have to be held against a price sheet."""

_DIGITS = 50


def drift_rows(engine: Engine) -> list[Row]:
    """The charges rated at another price than their sheet's, in the order of GAP_COLUMNS.

    Takes:   an engine in which `charges`, `meters` and `prices` are named.
    Gives:   one row per day, resource and meter, tokens equal and GapCost what was billed above
             the sheet (negative: below); nothing where charges state no billed price.
    """
    return [row for row, _ in priced_drifts(engine)]


def priced_drifts(engine: Engine) -> list[tuple[Row, tuple[Decimal, Decimal]]]:
    """The rows of `drift_rows`, each with its billed price and that of the sheet."""
    columns = engine.columns("charges")
    if any(name not in columns for name in NEEDED):
        return []
    drifts: list[tuple[Row, tuple[Decimal, Decimal]]] = []
    for row in engine.rows(sql_file("pertoken.reconciliation", "price_drift")):
        day, resource, model, direction, action, tokens, currency, billed, sheet, cost = row
        with localcontext() as context:
            context.prec = _DIGITS
            gap = (cost - cost * sheet / billed).quantize(Decimal("1e-18"))
        drift = (day, resource, None, model, direction, action, tokens, tokens, 0, gap, currency,
                 "PriceDrift")  # fmt: skip
        drifts.append((drift, (billed, sheet)))
    return drifts
