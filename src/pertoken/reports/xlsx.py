"""XLSX: a table as a sheet that a finance partner can sort, filter and add up.

Amounts are numbers, always. XLSX holds a number as float64, which carries 15 significant digits;
an amount with more is rounded there, and the document properties say how many cells were. Text
in its place would keep the digits and silently leave the cell out of every SUM, which is worse.
CSV, JSON and Parquet keep every digit.

Source: 1,048,576 rows, 32,767 characters in a cell, 15 digits, 31 characters in a sheet name:
https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO

from pertoken.errors import ConfigError
from pertoken.reports.cells import cell_text, neutralised
from pertoken.reports.numbers import minor_units, significant_digits
from pertoken.reports.table import DECIMAL_KINDS, Stream, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from pertoken.reports.table import Column

_MAX_ROWS = 1_048_575
_MAX_TEXT = 32_767
_MAX_NAME = 31
_FLOAT_DIGITS = 15
_FIRST_YEAR = 1900
_NARROWEST, _WIDEST = 9, 60
_ROWS_MEASURED = 500


def write_xlsx(
    tables: Sequence[Table | Stream],
    stream: BinaryIO,
    provenance: Mapping[str, str] | None = None,
) -> None:
    """Write one sheet per table: header frozen, filters on, numbers as numbers.

    A workbook with a Stream is made in temporary files, and no more than some hundred rows of it
    are held at once.

    Raises:  ConfigError, when a table has more rows than a sheet; OSError, when there is no room.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 - lazy on purpose

    for table in tables:
        if isinstance(table, Table):
            _check_rows(table.name, len(table.rows))
    streams = any(isinstance(table, Stream) for table in tables)
    workbook = Workbook(stream, {"constant_memory": True} if streams else {"in_memory": True})
    formats = _Formats(workbook)
    rounded = 0
    names: set[str] = set()
    for table in tables:
        sheet = workbook.add_worksheet(_sheet_name(table.name, names))
        rounded += _write_sheet(sheet, table, formats)
    _describe(workbook, ", ".join(table.name for table in tables), rounded, provenance or {})
    with _as_os_error():
        workbook.close()


class _Formats:
    """The cell formats of one workbook, each made once."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._by_code: dict[str, Format] = {}
        self.header = workbook.add_format({"bold": True, "bottom": 1})

    def of(self, code: str) -> Format:
        """The format with a number format code."""
        if code not in self._by_code:
            self._by_code[code] = self._workbook.add_format({"num_format": code})
        return self._by_code[code]


def number_format(kind: str, value: Decimal | int, currency: str | None) -> str:
    """The Excel number format of a cell.

    >>> number_format("money", Decimal(1), "JPY"), number_format("quantity", Decimal("0.5"), None)
    ('#,##0', '#,##0.00####')
    """
    if kind == "money":
        decimals = minor_units(currency)
        return "#,##0" + ("." + "0" * decimals if decimals else "")
    if kind == "share":
        return "0.0%"
    if kind == "price":
        return "#,##0.00##########"
    whole = isinstance(value, int) or value == value.to_integral_value()
    return "#,##0" if whole else "#,##0.00####"


@contextmanager
def _as_os_error() -> Iterator[None]:
    """What XlsxWriter calls an error of its own when the disk is full, as the OSError it was."""
    from xlsxwriter.exceptions import FileCreateError  # noqa: PLC0415 - lazy on purpose

    try:
        yield
    except FileCreateError as error:
        cause = error.args[0] if error.args else None
        raise (cause if isinstance(cause, OSError) else OSError(str(error))) from error


def _check_rows(name: str, rows: int) -> None:
    if rows > _MAX_ROWS:
        raise ConfigError(
            f"Table {name} has {rows:,} rows.",
            f"Expected at most {_MAX_ROWS:,}, which is what an XLSX sheet holds.",
            "Take --format parquet or csv, or choose fewer rows with --from, --to or --where.",
        )


def _write_sheet(sheet: Worksheet, table: Table | Stream, formats: _Formats) -> int:
    """Fill a sheet; gives the number of cells that float64 rounds."""
    names = tuple(column.name for column in table.columns)
    currency_at = names.index("BillingCurrency") if "BillingCurrency" in names else None
    for index, name in enumerate(names):
        sheet.write_string(0, index, neutralised(name), formats.header)
    rounded = line = 0
    coming = iter(table.rows)
    measured = list(islice(coming, _ROWS_MEASURED))
    for line, row in enumerate(chain(measured, coming), start=1):
        _check_rows(table.name, line)
        currency = None if currency_at is None else row[currency_at]
        for index, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            if value is not None:
                place = (sheet, line, index)
                rounded += _write_cell(place, column, value, str(currency), formats)
    sheet.freeze_panes(1, 0)
    if names:
        sheet.autofilter(0, 0, line, len(names) - 1)
    for index, column in enumerate(table.columns):
        sheet.set_column(index, index, _width(measured, index, column))
    return rounded


def _write_cell(
    place: tuple[Worksheet, int, int],
    column: Column,
    value: object,
    currency: str | None,
    formats: _Formats,
) -> bool:
    sheet, line, index = place
    if isinstance(value, bool):
        sheet.write_boolean(line, index, value)
    elif isinstance(value, Decimal | int):
        code = formats.of(number_format(column.kind, value, currency))
        sheet.write_number(line, index, float(value), code)
        return significant_digits(value) > _FLOAT_DIGITS
    elif isinstance(value, datetime) and value.year > _FIRST_YEAR:
        utc = value.astimezone(UTC).replace(tzinfo=None)
        sheet.write_datetime(line, index, utc, formats.of("yyyy-mm-dd hh:mm:ss"))
    elif isinstance(value, date) and not isinstance(value, datetime) and value.year > _FIRST_YEAR:
        sheet.write_datetime(line, index, value, formats.of("yyyy-mm-dd"))
    else:
        sheet.write_string(line, index, _short(neutralised(cell_text(value))))
    return False


def _short(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


def _width(measured: Sequence[tuple[object, ...]], index: int, column: Column) -> int:
    """Characters that show the header with its filter button, and the cells measured."""
    shown = [len(column.name) + 3]
    for row in measured:
        value = row[index]
        if column.kind in DECIMAL_KINDS and isinstance(value, Decimal):
            shown.append(len(f"{value:,.2f}") + 2)
        elif value is not None:
            shown.append(len(cell_text(value)) + 1)
    return min(max(_NARROWEST, *shown), _WIDEST)


def _sheet_name(name: str, taken: set[str]) -> str:
    """A sheet name that Excel takes and no other sheet has."""
    clean = re.sub(r"[\[\]:*?/\\]", " ", name).strip("' ")[:_MAX_NAME] or "Table"
    unique, number = clean, 1
    while unique.casefold() in taken:
        number += 1
        unique = f"{clean[: _MAX_NAME - len(str(number)) - 1]} {number}"
    taken.add(unique.casefold())
    return unique


def _describe(workbook: Workbook, title: str, rounded: int, provenance: Mapping[str, str]) -> None:
    lines = [f"{name}: {value}" for name, value in provenance.items()]
    lines.append(
        f"XLSX keeps {_FLOAT_DIGITS} significant digits; cells with more, rounded here: "
        f"{rounded}. CSV, JSON and Parquet keep every digit."
    )
    workbook.set_properties({"title": title, "author": "pertoken", "comments": "\n".join(lines)})
    for name, value in provenance.items():
        workbook.set_custom_property(name, value, "text")
