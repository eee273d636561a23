"""What a person sees on a terminal, compared byte for byte."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import pytest
from rich.console import Console

from pertoken.reports import Column, Table, write
from pertoken.reports.text import matrix_text, table_text

Golden = Callable[[str, str], None]
Printed = Callable[[Callable[[Console], None], int], str]

BY = ("x_SkuMeterCategory", "x_SkuMeterSubcategory", "SkuMeter")
MATRIX_COLUMNS = (
    *(Column(name, "text") for name in (*BY, "BillingCurrency")),
    *(Column(name, "money") for name in ("EffectiveCost", "BilledCost", "x_TokenCost")),
    Column("x_TokenQuantity", "quantity"),
    Column("x_UnitCost", "price"),
    Column("x_UnitCostUnit", "text"),
    Column("x_Mix", "text"),
)
TEXT = "Inference/text/Standard"


def row(
    labels: tuple[str | None, ...],
    currency: str,
    cost: str,
    tokens: str | None,
    unit_cost: str | None,
    mix: str = TEXT,
) -> tuple[object, ...]:
    amount = Decimal(cost)
    quantity, price = (None if text is None else Decimal(text) for text in (tokens, unit_cost))
    token_cost = None if quantity is None else amount
    unit = None if quantity is None else "1000000 Tokens"
    return (*labels, currency, amount, amount, token_cost, quantity, price, unit, mix)


FOUNDRY = "Foundry Models"
OPENAI, GPT5, MEDIA = "Azure OpenAI", "Azure OpenAI GPT5", "Azure OpenAI Media"
PUBLISHED = (
    row((FOUNDRY, OPENAI, "gpt 4o 0513 Output global Tokens"), "USD", "23.40", "1560000", "15"),
    row((FOUNDRY, OPENAI, "gpt 4o 0513 Input global Tokens"), "USD", "292.77", "58554000", "5"),
)
MANY = (
    *PUBLISHED,
    row(
        (FOUNDRY, GPT5, "5.6 sol ShortCo Cd Wr Std Gl 1M Tokens"),
        "USD",
        "1234567.891",
        "99999999999",
        "12.345678910123456789",
    ),
    row(
        (FOUNDRY, GPT5, "gpt-4o-mini Batch Inp glbl Tokens"),
        *("USD", "3.21", "42800000", "0.075", "Inference/text/Batch"),
    ),
    row((FOUNDRY, MEDIA, "Sora-2 720p Video seconds"), "USD", "120.5", None, None),
    row((FOUNDRY, MEDIA, "Refund"), "USD", "-20.5", None, None),
    row((FOUNDRY, MEDIA, "less than a cent"), "USD", "0.0004", None, None),
    row(("Cognitive Services", None, "nothing"), "USD", "0", "0", None),
    row((FOUNDRY, OPENAI, "gpt 4o 0513 Input global Tokens"), "JPY", "29277", "58554000", "500"),
)


def matrix(rows: tuple[tuple[object, ...], ...]) -> Table:
    return Table("matrix", MATRIX_COLUMNS, rows)


@pytest.mark.parametrize("width", [80, 120, 160])
def test_the_published_example_prints_as_the_golden_file(
    width: int, golden: Golden, printed: Printed
) -> None:
    text = printed(partial(matrix_text, matrix(PUBLISHED), BY), width)
    golden(f"published_example_{width}.txt", text)


@pytest.mark.parametrize("name", ["csv", "json"])
def test_the_published_example_is_written_without_x_mix(name: str, golden: Golden) -> None:
    stream = io.StringIO()
    write(matrix(PUBLISHED), name, stream)
    golden(f"published_example.{name}", stream.getvalue())
    assert "x_Mix" not in stream.getvalue()


@pytest.mark.parametrize("width", [80, 160])
def test_a_matrix_of_many_kinds_prints_as_the_golden_file(
    width: int, golden: Golden, printed: Printed
) -> None:
    text = printed(partial(matrix_text, matrix(MANY), BY), width)
    golden(f"matrix_{width}.txt", text)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "Inference/" not in text


def test_a_matrix_without_levels_is_a_total(printed: Printed) -> None:
    text = printed(partial(matrix_text, matrix(PUBLISHED), ()), 160)
    assert "Total USD" in text
    assert "5.26" in text
    assert "Foundry" not in text


def test_a_matrix_without_rows_says_so(printed: Printed) -> None:
    assert printed(partial(matrix_text, matrix(()), BY), 80) == "No rows: no charge matches.\n"


def test_huge_and_tiny_numbers_are_not_cut(printed: Printed) -> None:
    rows = (
        row((FOUNDRY, GPT5, "huge"), "USD", "1E20", "2E19", "5E6"),
        row((FOUNDRY, GPT5, "tiny"), "USD", "-1E-12", "1E-12", "-1000000"),
        row((FOUNDRY, GPT5, "price"), "USD", "1E-12", "1000000", "1E-12"),
    )
    text = printed(partial(matrix_text, matrix(rows), BY), 80)
    assert "100,000,000,000,000,000,000.00" in text
    assert ">-0.01" in text
    assert "0.000000000001" in text


def test_costs_without_tokens_need_no_unit(printed: Printed) -> None:
    hours = row((FOUNDRY, MEDIA, "hours"), "USD", "1", None, None)
    text = printed(partial(matrix_text, matrix((hours,)), BY), 160)
    assert "x_UnitCost is" not in text


RUN_COLUMNS = (
    *(Column(name, "text") for name in ("RunId", "Dataset", "Scope")),
    Column("BillingMonth", "date"),
    Column("SubmittedTime", "time"),
    *(Column(name, "text") for name in ("Status", "Reason")),
    Column("Rows", "count"),
    Column("BillingCurrency", "text"),
    Column("EffectiveCost", "money"),
    Column("Share", "share"),
    Column("x_UnitCost", "price"),
    Column("FirstDay", "date"),
    Column("Closed", "flag"),
    Column("Path", "text"),
)
RUNS = (
    (
        *("5d1f0c8e-3a46-4a3e-9f57-2f6f0b8f4b11", "FocusCost", "/billingaccounts/8611537"),
        "2026-01",
        datetime(2026, 2, 1, 6, 27, tzinfo=UTC),
        *("applied", None, 25324, "USD", Decimal("1234567.891"), Decimal("0.821"), Decimal(5)),
        *(date(2026, 1, 1), True, "exports/focus/20260101-20260131/run 1/manifest.json"),
    ),
    (
        *("0a9c7f2e-77aa-4f0e-8b5e-f3d1c9f2ad52", "FocusCost", "/billingaccounts/8611537"),
        "2026-02",
        datetime(2026, 3, 1, 6, 27, tzinfo=UTC),
        *("refused", "a part is missing:\npart_1_0001.csv", None, "JPY", None, None, None),
        *(None, False, "exports/focus/20260201-20260228/\x1b[31mrun 2/manifest.json"),
    ),
    (
        *("c3c0e2aa-1d44-4f2b-a7c9-7b1d6c8ef903", "FocusCost", "/billingaccounts/8611537"),
        "2026-03",
        None,
        *("applied", None, 0, "JPY", Decimal(-1234), Decimal(1), Decimal("0.0375")),
        *(date(2026, 3, 1), None, "exports/focus/東京/manifest.json"),
    ),
)


@pytest.mark.parametrize("width", [80, 160, 300])
def test_a_table_prints_as_the_golden_file(width: int, golden: Golden, printed: Printed) -> None:
    table = Table("runs", RUN_COLUMNS, RUNS)
    keep = ("BillingMonth", "Status", "Reason")
    text = printed(partial(table_text, table, keep=keep), width)
    golden(f"runs_{width}.txt", text)
    assert max(len(line) for line in text.splitlines()) <= width


def test_a_table_without_rows_names_its_columns(printed: Printed) -> None:
    table = Table("runs", RUN_COLUMNS[:2], ())
    assert printed(partial(table_text, table), 80) == "No rows (RunId, Dataset).\n"


def test_when_every_column_is_constant_one_still_stands(printed: Printed) -> None:
    columns = (Column("A", "text"), Column("B", "text"))
    table = Table("t", columns, (("a" * 9, "b" * 9),) * 2)
    text = printed(partial(table_text, table), 12)
    assert text.splitlines()[1].startswith("aaaaaaaaa")
    assert "In every row:" in text


def test_one_column_wider_than_the_terminal_is_shortened(printed: Printed) -> None:
    table = Table("t", (Column("Path", "text"),), (("a" * 30 + "b" * 30,),))
    assert printed(partial(table_text, table), 21).splitlines() == [
        "Path",
        "a" * 10 + "…" + "b" * 10,
    ]


def test_numbers_wider_than_the_terminal_are_not_cut(printed: Printed) -> None:
    table = Table("t", (Column("Rows", "count"),), ((10**12,),))
    assert "1,000,000,000,000" in printed(partial(table_text, table), 8)


def test_wide_characters_count_two_cells(printed: Printed) -> None:
    table = Table("t", (Column("Path", "text"),), (("東京" * 10,),))
    assert printed(partial(table_text, table), 16).splitlines()[1] == "東京東京…京東京"


def test_kept_columns_are_left_out_when_nothing_else_is_left(printed: Printed) -> None:
    columns = (Column("A", "count"), Column("B", "count"))
    table = Table("t", columns, ((10**9, 10**9),))
    text = printed(partial(table_text, table, keep=("A", "B")), 16)
    assert "Left out, too wide:" in text


@pytest.mark.parametrize("stream", [io.StringIO(), io.BytesIO()])
def test_the_table_format_goes_to_text_and_to_bytes(stream: io.StringIO | io.BytesIO) -> None:
    write(Table("t", (Column("A", "text"),), (("é",),)), "table", stream)
    written = stream.getvalue()
    assert (written if isinstance(written, str) else written.decode()) == "A\né\n"


def test_a_terminal_that_knows_only_ascii_gets_ascii() -> None:
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding="ascii"), width=80)
    matrix_text(matrix(MANY), BY, console)
    console.file.flush()
    assert b"Cognitive Services" in raw.getvalue()
    assert raw.getvalue().isascii()


def test_no_color_and_no_terminal_mean_no_escape_sequences(printed: Printed) -> None:
    assert "\x1b" not in printed(partial(matrix_text, matrix(MANY), BY), 80)


def test_group_rows_are_bold_on_a_terminal() -> None:
    stream = io.StringIO()
    matrix_text(matrix(PUBLISHED), BY, Console(file=stream, width=80, force_terminal=True))
    lines = stream.getvalue().splitlines()
    assert any(line.startswith("\x1b[1m") and "Azure OpenAI" in line for line in lines)
    assert not any("\x1b" in line for line in lines if "Input global" in line)
