"""A table on a terminal: dense, right-aligned figures, the unknown as an en dash, never 0.

What does not fit is handled in this order, and nothing is left out in silence: header names break
between their words; columns with one value in every row move into a line below; text is shortened
in the middle; at last whole columns are left out, from the right, and named below.

Source: docs/how-it-works.md (stdout is data).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pertoken.reports.cells import value_text
from pertoken.reports.layout import (
    GAP,
    Line,
    folded,
    header_lines,
    longest_word,
    point_aligned,
    print_lines,
    print_text,
    shortened,
    width_of,
)
from pertoken.reports.matrix import matrix_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pertoken.reports.table import Column, Table

__all__ = ["matrix_text", "table_text"]
NUMBER_KINDS = frozenset({"money", "price", "quantity", "count", "share"})
_SHORTEST_TEXT = 12
_SHORTEST_KEPT_TEXT = 28


@dataclass(slots=True)
class _Shown:
    """A column as it will be printed."""

    column: Column
    texts: list[str]
    width: int
    least: int

    @property
    def right(self) -> bool:
        return self.column.kind in NUMBER_KINDS


def table_text(table: Table, console: Console, *, keep: Sequence[str] = ()) -> None:
    """Print a table.

    Takes:   keep, the columns that are left out last when the terminal is too narrow for all
             (BillingCurrency is always among them, because it names the amounts).
    """
    if not table.rows:
        print_text(console, f"No rows ({', '.join(table.column_names)}).", "dim")
        return
    columns = [_shown(table, index, keep) for index in range(len(table.columns))]
    shown, constant, absent = _fitted(columns, console.width, keep)
    headers = [header_lines(each.column.name, each.width) for each in shown]
    height = max(len(lines) for lines in headers)
    lines = [
        Line(tuple(header[at] for header in _bottom_aligned(headers, height)), "bold")
        for at in range(height)
    ]
    cells = [[shortened(text, each.width) for text in each.texts] for each in shown]
    lines += [Line(row) for row in zip(*cells, strict=True)]
    print_lines(console, lines, [each.width for each in shown], [each.right for each in shown])
    if constant:
        pairs = [f"{each.column.name} {each.texts[0]}" for each in constant]
        _print_caption(console, ["In every row:", *pairs])
    if absent:
        names = [each.column.name for each in absent]
        _print_caption(console, ["Left out, too wide:", *names, "(--format csv has them)"])


def _print_caption(console: Console, parts: Sequence[str]) -> None:
    for line in folded(parts, console.width, indent="  "):
        print_text(console, line, "dim")


def _shown(table: Table, index: int, keep: Sequence[str]) -> _Shown:
    column = table.columns[index]
    names = table.column_names
    currency_at = names.index("BillingCurrency") if "BillingCurrency" in names else None
    texts = [
        value_text(column, row[index], None if currency_at is None else str(row[currency_at]))
        for row in table.rows
    ]
    if column.kind == "price":
        texts = point_aligned(texts)
    width = max(width_of(texts), longest_word(column.name))
    least = width
    if column.kind not in NUMBER_KINDS | {"date", "time", "flag"}:
        readable = _SHORTEST_KEPT_TEXT if column.name in keep else _SHORTEST_TEXT
        least = min(width, max(readable, longest_word(column.name)))
    return _Shown(column, texts, width, least)


def _fitted(
    columns: list[_Shown], room: int, keep: Sequence[str]
) -> tuple[list[_Shown], list[_Shown], list[_Shown]]:
    """The columns to print, those with one value in every row, and those left out."""
    kept = {"BillingCurrency", *keep}
    shown = list(columns)
    constant: list[_Shown] = []
    absent: list[_Shown] = []
    if _needed(shown) > room and len(columns[0].texts) > 1:
        constant = [each for each in columns if _is_constant(each)]
        constant = constant if len(constant) < len(columns) else constant[1:]
        shown = [each for each in columns if each not in constant]
    while len(shown) > 1 and sum(each.least + GAP for each in shown) - GAP > room:
        spare = [each for each in shown if each.column.name not in kept] or shown
        absent.insert(0, spare[-1])
        shown.remove(spare[-1])
    while _needed(shown) > room:
        wide = max(shown, key=lambda each: each.width - each.least)
        if wide.width == wide.least:
            break
        wide.width -= 1
    return shown, constant, absent


def _needed(columns: Sequence[_Shown]) -> int:
    return sum(each.width + GAP for each in columns) - GAP


def _is_constant(shown: _Shown) -> bool:
    return len(set(shown.texts)) == 1 and shown.column.kind not in NUMBER_KINDS


def _bottom_aligned(headers: Sequence[list[str]], height: int) -> list[list[str]]:
    return [[""] * (height - len(lines)) + lines for lines in headers]
