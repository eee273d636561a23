"""What leaves in a file is what stands in the table, to the last digit."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pertoken.errors import ConfigError, CostError
from pertoken.reports import FORMATS, Column, Table, write
from pertoken.reports.cells import cell_text

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=18) | st.sampled_from(
    [Decimal("1E+20"), Decimal("1E-12"), Decimal("0E-18"), Decimal("-0.0"), Decimal(-7)]
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


Golden = Callable[[str, str], None]


def one_of_each() -> Table:
    return Table(
        "one of each",
        (
            Column("Text", "text"),
            Column("EffectiveCost", "money"),
            Column("x_UnitCost", "price"),
            Column("x_TokenQuantity", "quantity"),
            Column("Rows", "count"),
            Column("Share", "share"),
            Column("ChargeDate", "date"),
            Column("BillingMonth", "date"),
            Column("SubmittedTime", "time"),
            Column("x_FineTuned", "flag"),
            Column("Tags", "json"),
            Column("BillingCurrency", "text"),
        ),
        (
            (
                'gpt 4o, "0513"',
                Decimal("292.770000000000000000"),
                Decimal("5.000000000000000000"),
                Decimal("58554000.000000000000000000"),
                31,
                Decimal("0.821"),
                date(2026, 9, 30),
                "2026-09",
                datetime(2026, 10, 1, 6, 27, tzinfo=UTC),
                True,
                '{"Team": "red", "n": 1.10}',
                "USD",
            ),
            (None,) * 12,
            (
                "=cmd()",
                Decimal("-0.004"),
                Decimal("1E-12"),
                Decimal("1E+20"),
                0,
                Decimal(1),
                date(2026, 2, 28),
                "2026-02",
                datetime(2026, 2, 1, 6, 27, 0, 276245, tzinfo=UTC),
                False,
                "not json",
                "JPY",
            ),
        ),
    )


def text_of(table: Table, name: str) -> str:
    stream = io.StringIO(newline="")
    write(table, name, stream)
    return stream.getvalue()


def bytes_of(table: Table, name: str) -> io.BytesIO:
    stream = io.BytesIO()
    write(table, name, stream, provenance={"Hub": "hub 7"})
    stream.seek(0)
    return stream


@pytest.mark.parametrize("name", ["csv", "json"])
def test_a_table_with_every_kind_is_written_as_the_golden_file(name: str, golden: Golden) -> None:
    golden(f"one_of_each.{name}", text_of(one_of_each(), name))


@given(rows=st.lists(st.tuples(TEXTS, AMOUNTS, AMOUNTS | st.none()), max_size=20))
@settings(max_examples=60, deadline=None)
def test_csv_read_back_gives_every_text_and_every_digit(rows: list[tuple[object, ...]]) -> None:
    columns = (Column("T", "text"), Column("M", "money"), Column("Q", "quantity"))
    written = text_of(Table("t", columns, tuple(rows)), "csv")
    header, *lines = csv.reader(io.StringIO(written, newline=""))
    assert header == ["T", "M", "Q"]
    assert len(lines) == len(rows)
    for (text, amount, quantity), line in zip(rows, lines, strict=True):
        assert line[0] == ("'" + text if text.startswith(FORMULA_STARTS) else text)
        assert Decimal(line[1]) == amount
        assert (Decimal(line[2]) if line[2] else None) == quantity
        assert "E" not in line[1] + line[2]


@given(rows=st.lists(st.tuples(TEXTS | st.none(), AMOUNTS | st.none()), max_size=20))
@settings(max_examples=60, deadline=None)
def test_json_read_back_gives_every_text_and_every_digit(rows: list[tuple[object, ...]]) -> None:
    columns = (Column("T", "text"), Column("M", "money"))
    written = text_of(Table("t", columns, tuple(rows)), "json")
    objects = json.loads(written, parse_float=Decimal, parse_int=Decimal)
    assert objects == [{"T": text, "M": amount} for text, amount in rows]


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(start: str) -> None:
    table = Table("t", (Column("T", "text"), Column("M", "money")), ((start + "1", Decimal(-1)),))
    cells = list(csv.reader(io.StringIO(text_of(table, "csv"), newline="")))[1]
    assert cells == ["'" + start + "1", "-1"]


def test_json_cells_are_nested_and_what_is_not_json_stays_a_string() -> None:
    columns = (Column("Tags", "json"),)
    table = Table("t", columns, (('{"a": 1.10}',), ("NaN",), ("x",), (None,)))
    assert (
        text_of(table, "json")
        == '[\n{"Tags": {"a": 1.10}},\n{"Tags": "NaN"},\n{"Tags": "x"},\n{"Tags": null}\n]\n'
    )


def test_a_table_without_rows_is_a_header_and_an_empty_list() -> None:
    table = Table("t", (Column("A", "text"), Column("B", "money")), ())
    assert text_of(table, "csv") == "A,B\n"
    assert text_of(table, "json") == "[]\n"


def test_many_rows_are_written_in_chunks() -> None:
    table = Table("t", (Column("N", "count"),), tuple((number,) for number in range(5000)))
    assert text_of(table, "csv").splitlines() == ["N", *map(str, range(5000))]
    assert bytes_of(table, "csv").getvalue().decode() == text_of(table, "csv")


def test_one_null_column_still_has_a_line_per_row() -> None:
    assert text_of(Table("t", (Column("A", "text"),), ((None,),)), "csv") == 'A\n""\n'


def test_stdout_takes_utf8_and_newlines_whatever_its_encoding() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="\r\n")
    write(Table("t", (Column("A", "text"),), (("é",),)), "csv", stream)
    assert raw.getvalue() == "A\né\n".encode()


def test_bytes_and_paths_take_every_format(tmp_path: Path) -> None:
    for name in FORMATS:
        path = tmp_path / f"t.{name}"
        write(one_of_each(), name, path)
        assert path.stat().st_size > 0
    assert (tmp_path / "t.csv").read_bytes() == bytes_of(one_of_each(), "csv").getvalue()


def test_parquet_holds_every_digit_type_and_the_provenance() -> None:
    arrow = pq.read_table(bytes_of(one_of_each(), "parquet"))
    types = {field.name: str(field.type) for field in arrow.schema}
    assert types["EffectiveCost"] == "decimal128(38, 18)"
    assert types["x_TokenQuantity"] == "decimal128(38, 17)"  # 1e20 needs a digit more in front
    assert types["BillingMonth"] == types["Tags"] == "string"
    assert types["ChargeDate"] == "date32[day]"
    assert types["SubmittedTime"] == "timestamp[us, tz=UTC]"
    assert types["Rows"] == "int64"
    assert types["x_FineTuned"] == "bool"
    assert arrow.schema.metadata[b"Hub"] == b"hub 7"
    for column in ("EffectiveCost", "x_UnitCost", "x_TokenQuantity", "ChargeDate"):
        expected = [row[column] for row in one_of_each().to_dicts()]
        assert arrow.column(column).to_pylist() == expected


def test_an_empty_table_keeps_its_types_in_arrow() -> None:
    columns = (Column("BillingMonth", "date"), Column("ChargeDate", "date"))
    arrow = Table("t", columns, ()).to_arrow()
    assert [str(field.type) for field in arrow.schema] == ["string", "date32[day]"]


def test_values_that_no_decimal_type_holds_are_refused() -> None:
    columns = (Column("M", "money"),)
    table = Table("t", columns, ((Decimal("1E+30"),), (Decimal("1E-18"),)))
    with pytest.raises(CostError, match="31 digits before and 18 after"):
        table.to_arrow()


def test_an_unknown_format_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(ConfigError, match="Take one of 'xlsx'"):
        write(one_of_each(), "xls", io.BytesIO())


def test_a_path_in_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        write(one_of_each(), "csv", tmp_path / "none" / "t.csv")


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


def test_bytes_do_not_go_to_a_terminal() -> None:
    with pytest.raises(ConfigError, match="the output is a terminal"):
        write(one_of_each(), "parquet", Terminal())


def test_bytes_do_not_go_to_a_text_stream() -> None:
    with pytest.raises(TypeError, match="made of bytes"):
        write(one_of_each(), "xlsx", io.StringIO())


@pytest.mark.parametrize("value", [1.5, datetime(2026, 1, 1), Decimal("NaN"), b"x"])  # noqa: DTZ001 - a naive time is the case
def test_what_is_not_exact_is_no_cell(value: object) -> None:
    with pytest.raises(TypeError):
        cell_text(value)
