"""Price sheets and retail lists: what is read, what is cut off, what is refused."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import price_sources
import pyarrow as pa
import pytest

from pertoken.engine import Engine, local_engine
from pertoken.errors import EngineError, SourceError
from pertoken.prices import is_retail_list, parse_retail_list, retail_table, sheet_select
from pertoken.prices.table import price_columns, table_columns

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = local_engine(memory_limit="500MB", threads=1)
    yield engine
    engine.close()


def sheet(engine: Engine, *rows: dict[str, str]) -> list[dict[str, object]]:
    columns = list(rows[0])
    table = pa.table({name: pa.array([row[name] for row in rows]) for name in columns})
    engine.view_arrow("sheet", table)
    select = sheet_select(
        dict.fromkeys(columns, "VARCHAR"), "sheet", run_id="r", scope="/s",
        start=date(2026, 1, 1), end=date(2026, 2, 1), marker="unreadable:",
    )  # fmt: skip
    return engine.arrow(select).to_pylist()


def test_an_ea_price_is_read(engine: Engine) -> None:
    [price] = sheet(engine, price_sources.ea_price(MeterID="ABC", Term="", UnitPrice="0.0019"))
    assert price == {
        "PriceSource": "price sheet", "RunId": "r", "Scope": "/s", "Account": "1",
        "EnrollmentNumber": "1", "MeterId": "abc", "MeterName": "gpt 4o 0513 Inp glbl Tokens",
        "MeterRegion": "SE Central", "OfferId": "MS-AZR-0017P", "ProductId": "DZH318Z0HHG7",
        "SkuId": "1K61", "UnitOfMeasure": "1K", "PriceType": "Consumption", "Term": None,
        "TierMinimumUnits": None, "IncludedQuantity": Decimal(0), "CurrencyCode": "USD",
        "EffectiveStart": date(2026, 1, 1), "EffectiveEnd": date(2026, 2, 1),
        "ListUnitPrice": Decimal("0.0025"), "ContractedUnitPrice": Decimal("0.0019"),
    }  # fmt: skip
    assert list(price) == list(table_columns())


def test_an_mca_price_is_read_in_its_pricing_currency(engine: Engine) -> None:
    row = price_sources.mca_price(BillingCurrency="EUR", TierMinimumUnits="5000")
    [price] = sheet(engine, row | {"PriceType": "Savings Plan", "Term": "P3Y"})
    wanted = {"Account": "1", "EnrollmentNumber": None, "CurrencyCode": "USD", "OfferId": None}
    wanted |= {"TierMinimumUnits": Decimal(5000), "PriceType": "SavingsPlan", "Term": "P3Y"}
    assert {name: price[name] for name in wanted} == wanted


def test_the_letter_case_of_a_header_means_nothing(engine: Engine) -> None:
    row = price_sources.ea_price()
    shouted = {f" {name.upper()}": value for name, value in row.items()}
    assert sheet(engine, shouted) == sheet(engine, row)


@pytest.mark.parametrize(
    ("start", "end", "first", "after"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-31T23:59:59Z", 1, 32),
        ("2020-06-01T00:00:00Z", "9999-12-31T23:59:59Z", 1, 32),
        ("2026-01-10T00:00:00Z", "2026-01-20T00:00:00Z", 10, 20),
        ("01/10/2026", "01/20/2026", 10, 21),
        ("1/10/2026 12:00:00", "2026-01-20T10:00:00+00:00", 10, 21),
        ("", "", 1, 32),
    ],
)
def test_a_price_counts_for_its_days_in_the_month_of_its_sheet(
    engine: Engine, start: str, end: str, first: int, after: int
) -> None:
    row = price_sources.ea_price(EffectiveStartDate=start, EffectiveEndDate=end)
    [price] = sheet(engine, row)
    base = date(2025, 12, 31).toordinal()
    assert price["EffectiveStart"] == date.fromordinal(base + first)
    assert price["EffectiveEnd"] == date.fromordinal(base + after)


def test_a_price_outside_the_month_of_its_sheet_is_cut_off(engine: Engine) -> None:
    row = price_sources.ea_price(EffectiveStartDate="2026-02-01", EffectiveEndDate="2026-03-01")
    assert sheet(engine, row) == []


@pytest.mark.parametrize(
    ("column", "text"),
    [("UnitPrice", "0,5"), ("MarketPrice", "free"), ("EffectiveStartDate", "soon")],
)
def test_a_price_that_cannot_be_read_ends_the_reading(
    engine: Engine, column: str, text: str
) -> None:
    with pytest.raises(EngineError) as caught:
        sheet(engine, price_sources.ea_price() | {column: text})
    assert f"unreadable:{column}={text}" in str(caught.value.context["detail"])


def test_a_sheet_without_a_needed_column_says_which(engine: Engine) -> None:
    row = price_sources.ea_price()
    del row["UnitPrice"], row["EnrollmentNumber"]
    with pytest.raises(SourceError, match="column ContractedUnitPrice, Account missing"):
        sheet(engine, row)


def test_a_retail_price_is_read_by_its_digits() -> None:
    text = json.dumps({"Items": [price_sources.retail_item()]}).replace("0.0025", "0.00250000001")
    [price] = parse_retail_list(text.encode(), "list")
    assert price["ListUnitPrice"] == Decimal("0.00250000001")
    assert (price["MeterId"], price["SkuId"]) == (price_sources.METER, "1K61")
    assert price["EffectiveStart"] == date(2025, 1, 1)
    assert price["EffectiveEnd"] is None


def test_reservations_and_savings_plans_of_the_retail_list_are_rows_of_their_own() -> None:
    plans = [{"unitPrice": 0.0017, "retailPrice": 0.0017, "term": "3 Years"}]
    items = [
        price_sources.retail_item(savingsPlan=plans),
        price_sources.retail_item(type="Reservation", reservationTerm="1 Year"),
    ]
    rows = parse_retail_list(json.dumps([{"Items": items[:1]}, {"Items": items[1:]}]).encode(), "")
    table = retail_table(rows, run_id="r", scope="s").to_pylist()
    assert [(row["PriceType"], row["Term"]) for row in table] == [
        ("Consumption", None), ("SavingsPlan", "P3Y"), ("Reservation", "P1Y"),
    ]  # fmt: skip
    assert [row["ContractedUnitPrice"] for row in table] == [None, Decimal("0.0017"), None]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no JSON"),
        ('{"Items": []}', "holds no price"),
        ('[{"Items": [{}]}]', "item 1 states no meterId, unitOfMeasure, type"),
        ('[{"Items": [{}]}, 5]', "item 1 states no"),
        ('{"Items": 5}', "no page of Items"),
        ('{"Items": [5]}', "item 1 is no object"),
    ],
)
def test_what_is_no_price_list_says_why(text: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        parse_retail_list(text.encode(), "list.json")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("retailPrice", "NaN", "retailPrice nan, which is no DECIMAL"),
        ("retailPrice", "1e30", "which is no DECIMAL"),
        ("retailPrice", "1e-19", "which is no DECIMAL"),
        ("retailPrice", '"5"', "which is no DECIMAL"),
        ("effectiveStartDate", '"soon"', "effectiveStartDate soon, which is no time"),
        ("meterId", "5", "meterId Decimal"),
    ],
)
def test_a_retail_value_that_cannot_be_read_is_named(name: str, value: str, words: str) -> None:
    text = json.dumps({"Items": [price_sources.retail_item(**{name: "@"})]}).replace('"@"', value)
    with pytest.raises(SourceError, match=words):
        parse_retail_list(text.encode(), "list.json")


def test_a_retail_list_is_known_by_its_beginning() -> None:
    page = json.dumps({"BillingCurrency": "USD", "Items": []}).encode()
    assert is_retail_list(page)
    assert is_retail_list(b"\xef\xbb\xbf [" + page + b"]")
    assert not is_retail_list(b'{"items": []}')
    assert not is_retail_list(b'"Items"')


def test_every_column_of_the_price_table_is_described() -> None:
    assert len({column.name for column in price_columns()}) == len(price_columns())
