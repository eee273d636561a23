"""A table is a value that cannot be malformed, and costs no import it does not need."""

import subprocess
import sys

import pytest

from pertoken.reports import Column, Table

LIGHT = """
import io, sys
from decimal import Decimal
from pertoken.reports import Column, Table, write
table = Table("t", (Column("A", "text"), Column("M", "money")), (("a", Decimal(1)),))
for name in ("csv", "json"):
    write(table, name, io.StringIO())
assert "rich" not in sys.modules
write(table, "table", io.StringIO())
heavy = {"pyarrow", "xlsxwriter", "duckdb", "deltalake"} & set(sys.modules)
assert not heavy, heavy
"""


def test_text_formats_load_neither_pyarrow_nor_xlsxwriter() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True)


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="'number' is no kind"):
        Column("A", "number")


def test_a_column_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="names a column twice"):
        Table("t", (Column("A", "text"), Column("A", "text")), ())


def test_a_row_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="row 1 of table t has 2 of 1 cells"):
        Table("t", (Column("A", "text"),), (("a",), ("a", "b")))


def test_rows_are_also_dicts() -> None:
    table = Table("t", (Column("A", "text"), Column("B", "count")), (("a", 1),))
    assert table.to_dicts() == [{"A": "a", "B": 1}]
