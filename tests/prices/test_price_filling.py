"""Missing prices are filled on an exact match, and on nothing else: cases/fills.csv."""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import price_sources
import pyarrow as pa
import pytest
from builders import charge
from hypothesis import given, settings
from hypothesis import strategies as st
from relations import view_source

from pertoken.engine import Engine, local_engine
from pertoken.normalize import UNREADABLE, charges_select
from pertoken.prices import (
    GAPS,
    PRICE_COLUMNS,
    PRICED_COLUMNS,
    answers_select,
    parse_retail_list,
    priced_select,
    retail_table,
    sheet_select,
    unpriced_select,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CASES = list(csv.DictReader((Path(__file__).parent / "cases/fills.csv").open(encoding="utf-8")))
JANUARY = {"start": date(2026, 1, 1), "end": date(2026, 2, 1)}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = local_engine(memory_limit="500MB", threads=1)
    yield engine
    engine.close()


def changes(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(";") if pair)


def a_charge(kind: str, **overrides: str) -> dict[str, str | None]:
    """A million tokens: list price 0.0025 and contracted price 0.002 per 1K, on January 5."""
    of_offer = price_sources.OFFER if kind == "ea" else {}
    prices = {"ListUnitPrice": "0.0025", "ListCost": "2.5"}
    month = overrides.pop("month", "2026-01")
    return charge(price="0.002", day=5, month=month, **(prices | of_offer | overrides))


def view_sheet(engine: Engine, rows: Sequence[dict[str, str]]) -> None:
    """Name rows of a price sheet `prices`, as run S of January."""
    columns = list(rows[0])
    table = pa.table({name: pa.array([row[name] for row in rows]) for name in columns})
    engine.view_arrow("sheet", table)
    select = sheet_select(
        dict.fromkeys(columns, "VARCHAR"), "sheet", run_id="S", scope="", marker=UNREADABLE,
        **JANUARY,
    )  # fmt: skip
    engine.view("prices", select)


def view_retail(engine: Engine, overrides: Sequence[dict[str, str]]) -> None:
    items = [price_sources.retail_item(**each) for each in overrides]
    numbers = [item | {"retailPrice": float(str(item["retailPrice"]))} for item in items]
    rows = parse_retail_list(json.dumps({"Items": numbers}).encode(), "list")
    engine.view_arrow("prices", retail_table(rows, run_id="S", scope="retail"))


def view_charges(engine: Engine, rows: Sequence[dict[str, str | None]]) -> None:
    columns = view_source(engine, rows)
    select = charges_select(columns, "FocusCost", "1.2", "source", run_id="run-1")
    engine.view_arrow("charges", engine.arrow(select))


def priced(engine: Engine) -> list[dict[str, object]]:
    answers = engine.arrow(answers_select(date(2025, 1, 1), date(2027, 1, 1)))
    engine.view_arrow("answers", answers)
    return engine.arrow(priced_select(engine.columns("charges"), "charges", "answers")).to_pylist()


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_price_fills_a_charge_on_an_exact_match(engine: Engine, case: dict[str, str]) -> None:
    overrides = [changes(each) for each in case["prices"].split("|")]
    if case["kind"] == "retail":
        view_retail(engine, overrides)
    else:
        price = getattr(price_sources, f"{case['kind']}_price")
        view_sheet(engine, [price(**each) for each in overrides])
    view_charges(engine, [a_charge(case["kind"], **changes(case["charge"]))])
    [filled] = priced(engine)
    for name in PRICED_COLUMNS:
        expected = Decimal(case[name]) if case[name] else None
        assert filled[name] == expected, name
    for name in PRICE_COLUMNS:
        assert filled[name] == (case[name] or None), name


def test_every_gap_is_the_gap_of_a_case() -> None:
    assert {case["x_PriceGap"] for case in CASES} - {""} == set(GAPS)


COLUMNS = st.lists(st.sampled_from(PRICED_COLUMNS), unique=True)
PRICES = st.decimals("0.000001", "900", places=9).map(lambda price: f"{price:f}")


@settings(max_examples=40, deadline=None)
@given(missing=COLUMNS, price=PRICES, quantity=st.integers(1, 10**12), rate=PRICES)
def test_filling_changes_nothing_that_a_charge_states(
    engine: Engine, missing: list[str], price: str, quantity: int, rate: str
) -> None:
    """Costs and every stated value stay; what is filled can be taken out again exactly."""
    view_sheet(engine, [price_sources.mca_price(UnitPrice=price, MarketPrice=price)])
    row = a_charge("mca", PricingQuantity=f"{Decimal(quantity) / 1000:f}")
    row |= {"ConsumedQuantity": str(quantity), "BillingCurrency": "EUR"}
    row |= {"x_BillingExchangeRate": rate, "x_EffectiveUnitPrice": None}
    row |= dict.fromkeys(missing)
    view_charges(engine, [row])
    before = engine.arrow("SELECT * FROM charges").to_pylist()
    after = priced(engine)
    for old, new in zip(before, after, strict=True):
        assert all(old[name] == new[name] for name in old if old[name] is not None)
        assert set(new) - set(old) == set(PRICE_COLUMNS)
        filled = [name for name in PRICED_COLUMNS if old[name] is None and new[name] is not None]
        assert (new["x_PricedColumns"] or "") == ",".join(filled)
    answered = engine.arrow(priced_select(engine.columns("charges"), "charges", "answers"))
    engine.view_arrow("filled", answered)
    assert engine.arrow(unpriced_select(answered.column_names, "filled")).to_pylist() == before
