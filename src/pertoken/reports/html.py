"""A table as HTML for a notebook: figures right aligned, units in the head, the unknown a dash.

What is not shown is counted. Colours are those of the surroundings, so that it reads on light and
dark ground. Every text is escaped: names come from a bill, which anybody may have written into.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from pertoken.reports.cells import value_text
from pertoken.reports.layout import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.reports.table import Column, Table

MOST_ROWS = 30
_FIGURES = frozenset({"money", "price", "quantity", "count", "share"})
_REASONS = ("Reason", "ResidualReason", "x_PriceGap")
_UNKNOWN = "unknown"
_LONG = 40
_CELL = "padding:.2em .8em;border-bottom:1px solid rgba(128,128,128,.25)"
_SIDES = {
    True: "text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap",
    False: "text-align:left;max-width:30em",
}
_QUIET = "opacity:.7;font-weight:normal;font-size:.9em"


def table_html(table: Table, words: Sequence[str] = (), *, most_rows: int = MOST_ROWS) -> str:
    """A table as an HTML fragment.

    Takes:   words, sentences that stand below it; most_rows, how many rows are shown at most.
    Gives:   a figure; a money column names its currency in the head where the table has one only.
             A cell that is NULL is a dash whose title says why, where the row has a reason.
    """
    table = table.without_hints()
    shown = table.rows[:most_rows]
    count = f"{len(table.rows):,} rows"
    if len(shown) < len(table.rows):
        count = f"{len(shown):,} of {count}"
    head = "".join(_head(table, at, column) for at, column in enumerate(table.columns))
    body = "".join(
        "<tr>"
        + "".join(_cell(table, row, at, column) for at, column in enumerate(table.columns))
        + "</tr>"
        for row in shown
    )
    below = "".join(f'<div style="{_QUIET}">{_text(each)}</div>' for each in words)
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse">'
        f'<caption style="text-align:left;{_QUIET}">{_text(table.name)}: {count}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}</div>"
    )


def unit_of(table: Table, column: Column) -> str | None:
    """The unit of a column where it is one: the currency of money, the unit of a unit cost."""
    currency = _only(table, "BillingCurrency")
    if column.kind == "money":
        return currency
    if column.name == "x_UnitCost":
        unit = _only(table, "x_UnitCostUnit")
        return f"{currency or ''} per {unit}".strip() if unit else None
    return "tokens" if column.name == "x_TokenQuantity" else None


def _only(table: Table, name: str) -> str | None:
    """The value of a column where all rows that have one have the same."""
    if name not in table.column_names:
        return None
    at = table.column_names.index(name)
    values = {row[at] for row in table.rows} - {None}
    return str(next(iter(values))) if len(values) == 1 else None


def _head(table: Table, at: int, column: Column) -> str:
    unit = unit_of(table, column)
    below = f'<br><span style="{_QUIET}">{_text(unit)}</span>' if unit else ""
    style = f"{_CELL};{_SIDES[_is_figure(table, at)]};vertical-align:top"
    return f'<th scope="col" style="{style}">{_text(column.name)}{below}</th>'


def _cell(table: Table, row: tuple[object, ...], at: int, column: Column) -> str:
    value, names = row[at], table.column_names
    style = f"{_CELL};{_SIDES[_is_figure(table, at)]}"
    if value is None:
        reasons = (row[names.index(name)] for name in _REASONS if name in names)
        reason = next((str(each) for each in reasons if each), _UNKNOWN)
        title = escape(printable(reason), quote=True)
        return f'<td style="{style}"><span title="{title}">{value_text(column, None)}</span></td>'
    currency = row[names.index("BillingCurrency")] if "BillingCurrency" in names else None
    text = value_text(column, value, None if currency is None else str(currency))
    wrap = "" if len(text) > _LONG else ";white-space:nowrap"
    return f'<td style="{style}{wrap}">{escape(text, quote=True)}</td>'


def _is_figure(table: Table, at: int) -> bool:
    return table.columns[at].kind in _FIGURES


def _text(text: str) -> str:
    return escape(printable(text), quote=True)
