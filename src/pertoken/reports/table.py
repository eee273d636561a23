"""A table as a value: what every command, page and file is made from.

Rows are in the order in which they are shown. None is unknown (NULL), never 0. Numbers are
Decimal or int, never float, so that what leaves is what was summed.

Source: docs/how-it-works.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pertoken.errors import CostError
from pertoken.reports.numbers import decimal_of, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

KINDS = (
    "text",  # str
    "money",  # Decimal, an amount in the row's BillingCurrency
    "price",  # Decimal, money per unit
    "quantity",  # Decimal, in the unit that the table states
    "count",  # int
    "share",  # Decimal, 1 is the whole
    "date",  # datetime.date, or a month as text YYYY-MM
    "time",  # aware datetime.datetime
    "flag",  # bool
    "json",  # str that holds JSON
)
HINT_COLUMNS = frozenset({"x_Mix"})
"""Columns that only the hierarchy on a terminal reads (`reports.subtotals`); none is written."""
DECIMAL_KINDS = frozenset({"money", "price", "quantity", "share"})
_DIGITS, _SCALE = 38, 18


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the public contract, and what kind of value it holds."""

    name: str
    kind: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of column; the kinds are {KINDS}")


@dataclass(frozen=True, slots=True)
class Table:
    """Named columns and rows of equal length."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]

    def __post_init__(self) -> None:
        width = len(self.columns)
        if len(set(self.column_names)) != width:
            raise ValueError(f"table {self.name} names a column twice: {self.column_names}")
        for number, row in enumerate(self.rows):
            if len(row) != width:
                raise ValueError(
                    f"row {number} of table {self.name} has {len(row)} of {width} cells"
                )

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(column.name for column in self.columns)

    def without_hints(self) -> Table:
        """The table without the columns that are no part of its public contract."""
        kept = [at for at, name in enumerate(self.column_names) if name not in HINT_COLUMNS]
        if len(kept) == len(self.columns):
            return self
        columns = tuple(self.columns[at] for at in kept)
        return Table(self.name, columns, tuple(tuple(row[at] for at in kept) for row in self.rows))

    def select(self, names: Sequence[str]) -> Table:
        """The columns named, in that order."""
        places = [self.column_names.index(name) for name in names]
        columns = tuple(self.columns[place] for place in places)
        return Table(
            self.name, columns, tuple(tuple(row[at] for at in places) for row in self.rows)
        )

    def to_dicts(self) -> list[dict[str, object]]:
        """One dict per row, values as they are."""
        names = self.column_names
        return [dict(zip(names, row, strict=True)) for row in self.rows]

    def to_arrow(self, metadata: Mapping[str, str] | None = None) -> pa.Table:
        """The table as Arrow, every decimal exact.

        Gives:   money, price, quantity, share as decimal128(38,18), count int64, date date32
                 (a column of months is text), time timestamp[us, UTC], flag bool, text string.
                 A column that scale 18 cannot hold takes the largest scale that 38 digits leave.
        Raises:  CostError, when the values of a column need more than 38 digits together.
        """
        import pyarrow as pa  # noqa: PLC0415 - lazy on purpose

        values = tuple(zip(*self.rows, strict=True)) or tuple(() for _ in self.columns)
        arrays = [_array(column, cells) for column, cells in zip(self.columns, values, strict=True)]
        table = pa.Table.from_arrays(arrays, names=list(self.column_names))
        return table.replace_schema_metadata(dict(metadata)) if metadata else table


@dataclass(frozen=True, slots=True)
class Stream:
    """Named columns and rows that are read once, as they come: a table too long to hold."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple[object, ...]]


def _array(column: Column, cells: tuple[object, ...]) -> pa.Array:
    import pyarrow as pa  # noqa: PLC0415 - lazy on purpose

    if column.kind in DECIMAL_KINDS:
        return _decimal_array(column, cells)
    if column.kind == "date" and _holds_months(column, cells):
        return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())
    kinds = {
        "count": pa.int64(),
        "date": pa.date32(),
        "time": pa.timestamp("us", tz="UTC"),
        "flag": pa.bool_(),
    }
    return pa.array(cells, kinds.get(column.kind, pa.string()))


def _holds_months(column: Column, cells: tuple[object, ...]) -> bool:
    """Whether dates are months; the name decides too, so that an empty column keeps its type."""
    return column.name.endswith("Month") or any(isinstance(cell, str) for cell in cells)


def _decimal_array(column: Column, cells: tuple[object, ...]) -> pa.Array:
    import pyarrow as pa  # noqa: PLC0415 - lazy on purpose

    numbers = [None if cell is None else decimal_of(cell) for cell in cells]
    try:
        return pa.array(numbers, pa.decimal128(_DIGITS, _SCALE))
    except pa.ArrowInvalid:
        texts = [plain(abs(number)) for number in numbers if number is not None]
    whole = max(len(text.partition(".")[0]) for text in texts)
    fraction = max(len(text.partition(".")[2]) for text in texts)
    if whole + fraction > _DIGITS:
        raise CostError(
            f"Column {column.name} has values of {whole} digits before and {fraction} after "
            "the point.",
            f"Expected at most {_DIGITS} digits together (DECIMAL({_DIGITS},{_SCALE})).",
            "Take csv or json, which hold every digit.",
        ) from None
    return pa.array(numbers, pa.decimal128(_DIGITS, _DIGITS - whole))
