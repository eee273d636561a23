"""Savings with their sign: cases/savings.csv, each hand-checkable."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import pertoken
from pertoken.engine import Engine, local_engine
from pertoken.unit_economics import SAVINGS_COLUMNS, MatrixQuery, matrix_columns, matrix_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = list(csv.DictReader((Path(__file__).parent / "cases/savings.csv").open(encoding="utf-8")))
COSTS = ("List", "Contracted", "Effective", "Billed")
TEXTS = ("ChargeCategory", "ChargeClass", "CommitmentDiscountId", "CommitmentDiscountStatus")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = local_engine(memory_limit="500MB", threads=1)
    engine.view("meters", "SELECT 'm' AS x_MeterKey, 'recognised' AS x_MeterStatus, "
                "'Tokens' AS Unit, 'Inference' AS x_MeterUse, 'Text' AS x_Modality, "
                "'Standard' AS x_ServiceTier")  # fmt: skip
    yield engine
    engine.close()


def view_charges(engine: Engine, text: str) -> None:
    """Charges as in a case: `List=1;Effective=1|...`; usage, billed as it is effective."""
    rows = [dict(pair.split("=", 1) for pair in each.split(";")) for each in text.split("|")]
    money = pa.decimal128(38, 18)
    columns: dict[str, pa.Array] = {}
    for name in COSTS:
        cells = [row.get(name, row["Effective"]) for row in rows]
        columns[f"{name}Cost"] = pa.array([Decimal(c) if c else None for c in cells], money)
    for name in TEXTS:
        default = "Usage" if name == "ChargeCategory" else None
        columns[name] = pa.array([row.get(name, default) for row in rows], pa.string())
    columns["x_UnitQuantity"] = pa.nulls(len(rows), money)
    for name, value in (("x_MeterKey", "m"), ("BillingCurrency", "USD"), ("x_TagsKey", "")):
        columns[name] = pa.array([value] * len(rows))
    engine.view_arrow("charges", pa.table(columns))


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_savings_keep_their_sign_and_are_null_where_a_cost_is_missing(
    engine: Engine, case: dict[str, str]
) -> None:
    view_charges(engine, case["charges"])
    query = MatrixQuery(by=("BillingCurrency",), all_charges=True, savings=True)
    [row] = matrix_rows(
        engine, query, charge_columns=engine.columns("charges"),
        meter_columns=engine.columns("meters"), from_mart=False,
    )  # fmt: skip
    found = dict(zip(matrix_columns(query), row, strict=True))
    expected = {name: Decimal(case[name]) if case[name] else None for name in SAVINGS_COLUMNS}
    assert {name: found[name] for name in SAVINGS_COLUMNS} == expected


def test_savings_follow_the_columns_of_the_contract() -> None:
    plain, more = matrix_columns(MatrixQuery()), matrix_columns(MatrixQuery(savings=True))
    assert more == (*plain[:-1], *SAVINGS_COLUMNS, plain[-1])
    assert plain[-1] == "x_Mix"  # a hint for terminals, which no file has


def test_savings_need_the_prices_of_a_whole_hub(engine: Engine) -> None:
    with pytest.raises(pertoken.errors.ConfigError, match="Savings cannot be shown"):
        matrix_rows(
            engine, MatrixQuery(savings=True), charge_columns={"BillingCurrency": "VARCHAR"},
            meter_columns=engine.columns("meters"), from_mart=False,
        )  # fmt: skip
