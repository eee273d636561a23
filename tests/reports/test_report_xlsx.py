"""A workbook holds numbers as numbers, and no formula that came from a bill."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from pertoken.errors import ConfigError
from pertoken.reports import Column, Table, write, write_workbook, xlsx

FIFTEEN_DIGITS = st.decimals("-999999999", "999999999", places=6)


def sheet_of(table: Table) -> Worksheet:
    stream = io.BytesIO()
    write(table, "xlsx", stream)
    return openpyxl.load_workbook(stream).worksheets[0]


@given(st.lists(FIFTEEN_DIGITS | st.none(), min_size=1, max_size=15))
@settings(max_examples=20, deadline=None)
def test_amounts_of_fifteen_digits_come_back_exactly(amounts: list[Decimal | None]) -> None:
    sheet = sheet_of(Table("t", (Column("M", "money"),), tuple((each,) for each in amounts)))
    cells = [sheet.cell(line, 1).value for line in range(2, len(amounts) + 2)]
    assert [None if cell is None else Decimal(str(cell)) for cell in cells] == amounts


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_would_run_is_text_with_an_apostrophe(start: str) -> None:
    sheet = sheet_of(Table("t", (Column("T", "text"),), ((start + "1+1",),)))
    assert sheet["A2"].value.replace("_x000D_", "\r") == "'" + start + "1+1"
    assert sheet["A2"].data_type == "s"


def test_every_kind_has_its_type_and_format() -> None:
    columns = [("BillingCurrency", "text"), ("M", "money"), ("P", "price"), ("Q", "quantity")]
    columns += [("N", "count"), ("S", "share"), ("D", "date"), ("BillingMonth", "date")]
    columns += [("T", "time"), ("F", "flag")]
    day, time = date(2026, 9, 30), datetime(2026, 9, 30, 6, 27, tzinfo=UTC)
    row = ("JPY", Decimal(-1234), Decimal("0.0375"), Decimal("0.5"), 31, Decimal("0.821"))
    table = Table(
        "kinds",
        tuple(Column(*each) for each in columns),
        ((*row, day, "2026-09", time, True), (None,) * 10),
    )
    sheet = sheet_of(table)
    assert [cell.value for cell in sheet[1]] == [name for name, _ in columns]
    assert [cell.value for cell in sheet[2]] == [
        *("JPY", -1234, 0.0375, 0.5, 31, 0.821),
        *(datetime(2026, 9, 30), "2026-09", datetime(2026, 9, 30, 6, 27), True),  # noqa: DTZ001 - Excel has no zone
    ]
    assert [cell.number_format for cell in sheet[2]][1:6] == [
        *("#,##0", "#,##0.00##########", "#,##0.00####", "#,##0", "0.0%"),
    ]
    assert all(cell.value is None for cell in sheet[3])
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:J3"


def test_the_properties_say_where_it_came_from_and_what_was_rounded() -> None:
    huge = ((Decimal("12345678901234567890.5"),), (Decimal("1E+20"),), (Decimal("1E-12"),))
    table = Table("costs", (Column("M", "money"),), huge)
    stream = io.BytesIO()
    write(table, "xlsx", stream, provenance={"Hub": "hub 7"})
    book = openpyxl.load_workbook(stream)
    assert book.properties.title == "costs"
    assert "Hub: hub 7" in book.properties.description
    assert "rounded here: 1." in book.properties.description
    assert book.custom_doc_props["Hub"].value == "hub 7"
    assert [book.worksheets[0].cell(line, 1).value for line in (3, 4)] == [1e20, 1e-12]


def test_a_workbook_has_one_sheet_per_table_with_names_that_excel_takes(tmp_path: Path) -> None:
    one = Table("runs: a/b [2026] and more than 31 characters", (Column("A", "text"),), ())
    write_workbook([one, one, Table("'", (), ())], tmp_path / "t.xlsx")
    names = openpyxl.load_workbook(tmp_path / "t.xlsx").sheetnames
    assert len(set(names)) == 3
    assert names[2] == "Table"
    assert all(len(name) <= 31 for name in names)


def test_text_longer_than_a_cell_says_that_it_was_cut() -> None:
    sheet = sheet_of(Table("t", (Column("T", "text"),), (("x" * 40_000,),)))
    assert len(sheet["A2"].value) == 32_767
    assert sheet["A2"].value.endswith("…")


def test_days_before_excel_are_text() -> None:
    sheet = sheet_of(Table("t", (Column("D", "date"),), ((date(1899, 1, 1),),)))
    assert sheet["A2"].value == "1899-01-01"


def test_more_rows_than_a_sheet_holds_are_refused() -> None:
    table = Table("t", (Column("A", "text"),), ((None,),) * 1_048_576)
    with pytest.raises(ConfigError, match="1,048,576 rows"):
        xlsx.write_xlsx([table], io.BytesIO())
