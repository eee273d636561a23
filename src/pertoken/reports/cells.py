"""A cell as text: exact for files, rounded for the eye, harmless in a spreadsheet.

Source: docs/how-it-works.md; https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.reports.layout import printable
from pertoken.reports.numbers import (
    UNKNOWN,
    decimal_of,
    money_text,
    plain,
    price_text,
    quantity_text,
    share_text,
)

if TYPE_CHECKING:
    from pertoken.reports.table import Column

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell_text(value: object) -> str:
    """A cell as exact text: NULL is empty, decimals are plain, dates ISO, times ISO with Z.

    >>> cell_text(Decimal("0E-18")), cell_text(datetime(2026, 2, 1, 6, 27, tzinfo=UTC))
    ('0', '2026-02-01T06:27:00Z')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | int):
        return plain(value)
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a cell of a table cannot be a {type(value).__name__}: {value!r}")


def time_text(value: datetime) -> str:
    """An aware time as ISO 8601 in UTC, with Z; fractions only where there are any."""
    if value.tzinfo is None:
        raise TypeError(f"expected an aware time, not {value!r}")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def neutralised(text: str) -> str:
    """A text that no spreadsheet runs as a formula.

    >>> neutralised("=1+1"), neutralised("gpt-4o")
    ("'=1+1", 'gpt-4o')
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def value_text(column: Column, value: object, currency: str | None = None) -> str:
    """A cell for the eye; see `reports.numbers` for what rounding may and may not hide."""
    if value is None:
        return UNKNOWN
    if column.kind == "money":
        return money_text(decimal_of(value), currency)
    if isinstance(value, bool | datetime | date | str):
        return _word_text(value)
    texts = {"price": price_text, "share": share_text}
    return texts.get(column.kind, quantity_text)(decimal_of(value))


def _word_text(value: bool | date | str) -> str:  # noqa: FBT001 - a cell, not an option
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}Z"
    return value.isoformat() if isinstance(value, date) else printable(value)
