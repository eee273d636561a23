"""The matrix on a terminal: a grouped hierarchy with subtotals, one block per currency.

Two currencies are two blocks, never one sum. A unit cost beside which a ~ stands is a quotient
over tokens of more than one use, modality or tier. Where a terminal is too narrow, BilledCost is
left out first and x_TokenCost next, and a line says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.reports.layout import (
    GAP,
    Line,
    header_lines,
    longest_word,
    point_aligned,
    print_lines,
    print_text,
    printable,
    shortened,
    width_of,
)
from pertoken.reports.numbers import UNKNOWN, money_text, price_text, quantity_text
from pertoken.reports.subtotals import subtotals, tokens_per_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pertoken.reports.subtotals import Subtotal
    from pertoken.reports.table import Table

_MARK = ""
_LEFT_OUT_FIRST = ("BilledCost", "x_TokenCost")
_INDENT = "  "
_LABEL_WANTED = 36
_LABEL_LEAST = 12


def matrix_text(table: Table, by: Sequence[str], console: Console) -> None:
    """Print the matrix; see `reports.subtotals.subtotals` for the columns and their sums."""
    lines = subtotals(table, by)
    if not lines:
        print_text(console, "No rows: no charge matches.", "dim")
        return
    labels = [_label(line) for line in lines]
    texts = _number_texts(lines)
    widths = {name: max(width_of(cells), longest_word(name)) for name, cells in texts.items()}
    shown, label_width = _fitted(widths, width_of([*labels, *by]), console.width)
    path = _path_lines(by, label_width)
    columns = [[shortened(label, label_width) for label in labels]]
    columns += [texts[name] for name in shown]
    all_widths = [label_width, *(widths[name] for name in shown)]
    right = [False] + [True] * len(shown)
    cells = list(zip(*columns, strict=True))
    for currency in dict.fromkeys(line.currency for line in lines):
        block = [
            Line(row, "" if line.is_leaf else "bold")
            for line, row in zip(lines, cells, strict=True)
            if line.currency == currency
        ]
        rule = Line(tuple("─" * width for width in all_widths), "dim")
        header = _header(currency, path, shown, all_widths)
        gap = [] if currency == lines[0].currency else [Line(("",) * len(all_widths))]
        body = [*block[:-1], rule, block[-1]] if len(block) > 1 else block
        print_lines(console, [*gap, *header, *body], all_widths, right)
    _print_captions(console, lines, [name for name in texts if name not in shown])


def _label(line: Subtotal) -> str:
    if not line.labels:
        return f"Total {line.currency or UNKNOWN}"
    name = line.labels[-1]
    text = UNKNOWN if name is None else printable(str(name))
    return _INDENT * (len(line.labels) - 1) + text


def _number_texts(lines: Sequence[Subtotal]) -> dict[str, list[str]]:
    """The cells of each column, and the marks of mixed unit costs where there are any."""
    texts = {
        "EffectiveCost": [money_text(line.effective_cost, line.currency) for line in lines],
        "BilledCost": [money_text(line.billed_cost, line.currency) for line in lines],
        "x_TokenCost": [money_text(line.token_cost, line.currency) for line in lines],
        "x_TokenQuantity": [quantity_text(line.token_quantity) for line in lines],
        "x_UnitCost": point_aligned([price_text(line.unit_cost) for line in lines]),
    }
    if any(_is_marked(line) for line in lines):
        texts[_MARK] = ["~" if _is_marked(line) else "" for line in lines]
    return texts


def _is_marked(line: Subtotal) -> bool:
    return line.mixed and line.unit_cost is not None


def _fitted(widths: dict[str, int], label: int, room: int) -> tuple[list[str], int]:
    """The columns that fit beside a readable label, and the width of the label."""
    shown = list(widths)
    for name in _LEFT_OUT_FIRST:
        if _room_for_label(widths, shown, room) < min(label, _LABEL_WANTED):
            shown.remove(name)
    return shown, min(label, max(_LABEL_LEAST, _room_for_label(widths, shown, room)))


def _room_for_label(widths: dict[str, int], shown: Sequence[str], room: int) -> int:
    return room - sum(widths[name] + GAP for name in shown)


def _header(
    currency: str | None, path: Sequence[str], shown: Sequence[str], widths: Sequence[int]
) -> list[Line]:
    """The currency above the `by` columns, and the names of the numbers at their side."""
    names = [header_lines(name, width) for name, width in zip(shown, widths[1:], strict=True)]
    height = max(1 + len(path), *(len(lines) for lines in names))
    first = [currency or UNKNOWN, *[""] * (height - 1 - len(path)), *path]
    columns = [first, *([""] * (height - len(lines)) + lines for lines in names)]
    return [Line(tuple(row), "bold") for row in zip(*columns, strict=True)]


def _path_lines(by: Sequence[str], width: int) -> list[str]:
    """The `by` columns from the outermost in, as few lines as a width allows."""
    lines = [""]
    for name in by:
        step = f" > {name}" if lines[-1] else name
        if lines[-1] and len(lines[-1] + step) > width:
            lines.append("")
            step = f"> {name}"
        lines[-1] += step
    return [shortened(line, width) for line in lines]


def _print_captions(console: Console, lines: Sequence[Subtotal], absent: Sequence[str]) -> None:
    unit = next((line.unit for line in lines if line.unit is not None), None)
    captions = []
    if unit is not None:
        captions.append(f"x_UnitCost is x_TokenCost per {tokens_per_unit(unit):,} tokens.")
    if any(_is_marked(line) for line in lines):
        captions.append("~ mixed: tokens of more than one use, modality or tier.")
    if absent:
        captions.append(f"Left out, too wide: {', '.join(absent)} (--format csv has them).")
    for caption in captions:
        print_text(console, caption, "dim")
