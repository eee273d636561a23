"""How many single units a charge counts, by its own arithmetic."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from relations import charge, focus_charges

from pertoken.engine import local_engine
from pertoken.normalize import inferred_select, undecided_charges
from pertoken.quantities import BASES

CASES = list(
    csv.DictReader(
        (Path(__file__).parent / "cases" / "quantities.csv").open("rt", encoding="utf-8")
    )
)
METERS_DATA = Path(__file__).parents[3] / "shared" / "data" / "meters"
COLUMNS = [name for name in CASES[0] if name not in ("case", "basis", "quantity", "source")]
BLOCKS = {"1K": 1000, "1M": 1_000_000, "10K": 10_000, "100": 100}


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_each_shape_of_quantity_is_read_by_its_arithmetic(case: dict[str, str]) -> None:
    [row] = focus_charges([charge(**{name: case[name] or None for name in COLUMNS})])
    assert row["x_QuantityBasis"] == (case["basis"] or None)
    assert row["x_UnitQuantity"] == (Decimal(case["quantity"]) if case["quantity"] else None)


def test_every_basis_in_the_cases_is_documented() -> None:
    assert {case["basis"] for case in CASES} - {""} <= set(BASES)


prices = st.decimals("0.00000001", "9.99", places=8).filter(lambda price: price > 0)


@given(
    price=prices,
    tokens=st.integers(1, 10**11),
    unit=st.sampled_from(sorted(BLOCKS)),
    shape=st.sampled_from(["consumed", "blocks", "divided"]),
    discount=st.decimals("0.05", "1", places=2),
    sign=st.sampled_from([1, -1]),
)
@example(
    price=Decimal("1e-8"), tokens=1, unit="1M", shape="blocks", discount=Decimal("0.05"), sign=1
)
@settings(max_examples=60, deadline=None)
def test_tokens_come_out_whole_whatever_the_shape(
    price: Decimal, tokens: int, unit: str, shape: str, discount: Decimal, sign: int
) -> None:
    block = BLOCKS[unit]
    blocks = Decimal(tokens * sign) / block
    effective_price = price * discount
    cost = (effective_price * blocks).quantize(Decimal("1e-15"))
    consumed = Decimal(tokens * sign) if shape == "consumed" else blocks
    pricing = blocks / block if shape == "divided" else blocks
    [row] = focus_charges(
        [
            charge(
                ConsumedQuantity=f"{consumed:f}",
                PricingQuantity=f"{pricing:f}",
                x_PricingBlockSize=str(block),
                x_PricingUnitDescription=unit,
                ListUnitPrice=f"{price:f}",
                ListCost=f"{price * blocks:f}",
                ContractedUnitPrice=f"{effective_price:f}",
                ContractedCost=f"{effective_price * pricing:f}",
                x_EffectiveUnitPrice=f"{effective_price:f}",
                EffectiveCost=f"{cost:f}",
                BilledCost=f"{cost:f}",
                ChargeClass="Correction" if sign < 0 else None,
            )
        ]
    )
    # A cost under half a cent of rounding proves nothing; it may be set aside, never misread.
    if row["x_UnitQuantity"] is None:
        assert abs(cost) < Decimal("0.01")
    else:
        assert row["x_UnitQuantity"] == tokens * sign


def test_broken_pricing_quantity_and_contracted_cost_are_repaired_and_kept() -> None:
    """Exports before November 2024 divided both by the block size (finops-toolkit issue 727)."""
    [row] = focus_charges(
        [
            charge(
                ConsumedQuantity="77048.032",
                PricingQuantity="77.048032",
                x_EffectiveUnitPrice="0.000138",
                ContractedUnitPrice="0.000138",
                EffectiveCost="10.632628416",
                BilledCost="10.632628416",
                ContractedCost="0.010632628416",
                ListUnitPrice="0.00015",
                ListCost="11.5572048",
            )
        ]
    )
    assert row["PricingQuantity"] == Decimal("77048.032")
    assert row["ContractedCost"] == Decimal("10.632628416")
    assert row["x_SourceValues"] == (
        '{"PricingQuantity":"77.048032","ContractedCost":"0.010632628416"}'
    )


def _inferred(rows: list[dict[str, str | None]]) -> list[tuple[object, ...]]:
    import pyarrow as pa  # noqa: PLC0415

    charges = focus_charges(rows)
    engine = local_engine(memory_limit="500MB")
    engine.view_arrow("charges", pa.Table.from_pylist(charges))
    assert engine.rows(undecided_charges("charges"))[0][0] == 1
    sql = inferred_select("charges", list(engine.columns("charges")))
    return engine.rows(
        f"SELECT x_QuantityBasis, x_UnitQuantity FROM ({sql}) WHERE EffectiveCost = 0"
    )


FREE = {"EffectiveCost": "0", "BilledCost": "0", "ListCost": "0", "ContractedCost": "0"}


def test_a_charge_without_cost_is_read_as_its_meter_in_the_same_run() -> None:
    blocks = charge(ConsumedQuantity="2", PricingQuantity="2")
    assert _inferred([blocks, charge(ConsumedQuantity="3", PricingQuantity="3", **FREE)]) == [
        ("inferred blocks", Decimal(3000))
    ]


def test_a_charge_without_cost_of_a_meter_without_proof_is_read_as_the_run() -> None:
    other = charge(SkuMeter="gpt 4.1 Inp glbl Tokens", ConsumedQuantity="3", **FREE)
    assert _inferred([charge(), other]) == [("inferred consumed", Decimal(3))]


def test_a_charge_without_cost_stays_unproven_where_its_run_disagrees() -> None:
    other = charge(SkuMeter="gpt 4.1 Inp glbl Tokens", ConsumedQuantity="3", **FREE)
    both = [charge(), charge(SkuMeter="o3 Inp glbl Tokens", ConsumedQuantity="2")]
    assert _inferred([*both, other]) == [("unproven", None)]


def _real_rows(name: str) -> list[dict[str, str]]:
    path = METERS_DATA / name
    if not path.exists():
        pytest.skip("the reference data is not beside the repository")
    return list(csv.DictReader(path.open("rt", encoding="utf-8")))


def test_real_costs_divide_into_whole_tokens() -> None:
    """14 charges of a real tenant: cost / list price is a whole number of tokens in both shapes."""
    price = {
        "gpt 4o 0513 Input global Tokens": "0.005",
        "gpt 4o 0513 Output global Tokens": "0.015",
        "gpt-4o-mini-0718-Inp-glbl Tokens": "0.00015",
        "gpt-4o-mini-0718-Outp-glbl Tokens": "0.0006",
    }
    rows = [
        row
        for row in _real_rows("real_azure_openai_rows_dev.csv")
        if row["x_SkuMeterName"] in price
    ]
    assert len(rows) == 14
    for row in rows:
        unit_price = price[row["x_SkuMeterName"]]
        blocks = Decimal(row["EffectiveCost"]) / Decimal(unit_price)
        tokens = blocks * 1000
        assert tokens == tokens.to_integral_value()
        for consumed in (tokens, blocks):
            [charged] = focus_charges(
                [
                    charge(
                        SkuMeter=row["x_SkuMeterName"],
                        EffectiveCost=row["EffectiveCost"],
                        BilledCost=row["EffectiveCost"],
                        ConsumedQuantity=f"{consumed:f}",
                        PricingQuantity=f"{blocks:f}",
                        x_EffectiveUnitPrice=unit_price,
                        ListUnitPrice=unit_price,
                        ListCost=row["EffectiveCost"],
                        ContractedUnitPrice=unit_price,
                        ContractedCost=row["EffectiveCost"],
                    )
                ]
            )
            assert charged["x_UnitQuantity"] == tokens


def test_anonymised_block_priced_rows_are_read_as_blocks() -> None:
    """31 real Microsoft rows of September 2024, PricingQuantity and ContractedCost divided."""
    rows = [
        row
        for row in _real_rows("azure_bill_rows_dev.csv")
        if row["quantity_semantic"].startswith("ConsumedQuantity is in BLOCKS")
    ]
    assert len(rows) == 31
    charges = focus_charges(
        [
            charge(
                SkuMeter=row["ProductName"],
                ConsumedQuantity=row["ConsumedQuantity"],
                PricingQuantity=row["PricingQuantity"],
                x_PricingBlockSize=row["x_PricingBlockSize"],
                x_PricingUnitDescription=None,
                ListUnitPrice=row["ListUnitPrice"],
                ContractedUnitPrice=row["ContractedUnitPrice"],
                x_EffectiveUnitPrice=None,
                EffectiveCost=row["Cost"],
                BilledCost=row["Cost"],
                ListCost=row["Cost"],
                ContractedCost=None,
            )
            for row in rows
        ]
    )
    assert {row["x_QuantityBasis"] for row in charges} == {"blocks"}
    for row in charges:
        whole = row["x_UnitQuantity"]
        assert whole == whole.to_integral_value()
        assert row["PricingQuantity"] == row["ConsumedQuantity"]


def test_quantities_of_a_real_bill_count_priced_blocks() -> None:
    """A tenant's bill of August 2026: cost / Quantity is the list price per million."""
    rows = [
        row
        for row in _real_rows("azure_bill_rows_dev.csv")
        if row["quantity_semantic"] in ("priced blocks (1M)", "millions of tokens")
        and abs(
            Decimal(row["Cost"]) / Decimal(row["Quantity"])
            - Decimal(row["retail_price_list"].split("|")[0])
        )
        < Decimal("0.0001")
    ]
    assert len(rows) >= 8
    for row in rows:
        price = row["retail_price_list"].split("|")[0]
        [charged] = focus_charges(
            [
                charge(
                    SkuMeter=row["MeterName"],
                    ConsumedQuantity=row["Quantity"],
                    PricingQuantity=row["Quantity"],
                    x_PricingBlockSize=None,
                    x_PricingUnitDescription=row["UnitOfMeasure"],
                    EffectiveCost=row["Cost"],
                    BilledCost=row["Cost"],
                    ListUnitPrice=price,
                    ListCost=row["Cost"],
                    ContractedUnitPrice=None,
                    ContractedCost=None,
                    x_EffectiveUnitPrice=None,
                )
            ]
        )
        assert charged["x_UnitQuantity"] == Decimal(row["Quantity"]) * 1_000_000
