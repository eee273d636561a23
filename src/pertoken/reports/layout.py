"""Lines of cells in columns, for a terminal: widths, alignment, shortening, nothing else.

Numbers are never shortened. Long text is shortened in the middle, because the ends of a meter
name or a path tell it from its neighbours. What a terminal would obey (escape sequences, line
breaks) is replaced by spaces before it is printed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

GAP = 2
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ASCII = str.maketrans({"–": "-", "…": ".", "─": "-"})  # noqa: RUF001 - an en dash is meant


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of one line and the rich style of the whole."""

    cells: tuple[str, ...]
    style: str = ""


def printable(text: str) -> str:
    r"""A text that a terminal shows and does not obey.

    >>> printable("gpt\x1b[2J\n4o")
    'gpt [2J 4o'
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else " " for each in text)


def shortened(text: str, width: int) -> str:
    """A text cut in the middle to fit a width in terminal cells.

    >>> shortened("gpt 4o 0513 Input global Tokens", 20)
    'gpt 4o 051…al Tokens'
    """
    from rich.cells import cell_len  # noqa: PLC0415 - lazy on purpose

    if cell_len(text) <= width:
        return text
    head_width = width // 2
    head = _fitting(text, head_width)
    tail = _fitting(text[::-1], width - 1 - cell_len(head))[::-1]
    return f"{head}…{tail}"


def padded(text: str, width: int, *, right: bool) -> str:
    """A text filled with spaces to a width in terminal cells."""
    from rich.cells import cell_len  # noqa: PLC0415 - lazy on purpose

    space = " " * max(0, width - cell_len(text))
    return space + text if right else text + space


def width_of(texts: Sequence[str]) -> int:
    """The widest of some texts, in terminal cells."""
    from rich.cells import cell_len  # noqa: PLC0415 - lazy on purpose

    return max((cell_len(text) for text in texts), default=0)


def point_aligned(texts: Sequence[str]) -> list[str]:
    """Numbers filled on the right, so that their decimal points stand below each other.

    >>> point_aligned(["5.00", "0.0375", "12"])
    ['5.00  ', '0.0375', '12     ']
    """
    decimals = [len(text) - text.rindex(".") if "." in text else 0 for text in texts]
    most = max(decimals, default=0)
    return [text + " " * (most - each) for text, each in zip(texts, decimals, strict=True)]


def right_aligned(texts: Sequence[str]) -> list[str]:
    """Texts filled on the left to the width of the widest."""
    width = width_of(texts)
    return [padded(text, width, right=True) for text in texts]


def folded(parts: Sequence[str], width: int, *, gap: int = GAP, indent: str) -> list[str]:
    """Parts in a line, and below it, indented, those that do not fit; no part is cut.

    >>> folded(["USD 12.50", "equals the source"], 20, indent="  ")
    ['USD 12.50', '  equals the source']
    """
    lines = [parts[0]]
    for part in parts[1:]:
        longer = f"{lines[-1]}{' ' * gap}{part}"
        if width_of([longer]) > width:
            lines.append(indent + part)
        else:
            lines[-1] = longer
    return lines


def header_lines(name: str, width: int) -> list[str]:
    """A column name broken between its words into lines, each as long as a width allows.

    >>> header_lines("x_SkuMeterSubcategory", 12)
    ['x_SkuMeter', 'Subcategory']
    >>> header_lines("BillingMonth", 30)
    ['BillingMonth']
    """
    lines = [""]
    for word in _HUMPS.sub("\0", name).split("\0"):
        if lines[-1] and len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += word
    return lines


def longest_word(name: str) -> int:
    """The width below which a column name cannot be broken."""
    return max(len(word) for word in _HUMPS.sub("\0", name).split("\0"))


def print_lines(
    console: Console, lines: Sequence[Line], widths: Sequence[int], right: Sequence[bool]
) -> None:
    """Print lines of cells; each cell is at most as wide as its column."""
    for line in lines:
        cells = [
            padded(cell, width, right=to_right)
            for cell, width, to_right in zip(line.cells, widths, right, strict=True)
        ]
        print_text(console, (" " * GAP).join(cells).rstrip(), line.style)


def print_text(console: Console, text: str, style: str = "") -> None:
    """Print one line as it is: no markup, no wrapping, in what the terminal can encode."""
    from rich.text import Text  # noqa: PLC0415 - lazy on purpose

    if not console.encoding.startswith("utf"):
        text = text.translate(_ASCII).encode(console.encoding, "replace").decode(console.encoding)
    console.print(Text(text, style=style), soft_wrap=True, highlight=False)


def _fitting(text: str, width: int) -> str:
    """The longest start of a text that fits a width; the text is wider than that."""
    from rich.cells import cell_len  # noqa: PLC0415 - lazy on purpose

    end = used = 0
    while (used := used + cell_len(text[end])) <= width:
        end += 1
    return text[:end]
