"""Source charges become FOCUS 1.2 charges; nothing is lost and every change is on record."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relations import TOKEN_CHARGE, charge, focus_charges, view_source

from pertoken.engine import local_engine
from pertoken.errors import ConfigError, EngineError, SourceError
from pertoken.normalize import (
    BASE_COLUMNS,
    DIALECTS,
    FILE_COLUMN,
    OWN_COLUMNS,
    charges_select,
    column_rules,
    rule_files,
    source_facts,
)


@pytest.mark.parametrize(("dataset", "version"), sorted(DIALECTS))
def test_every_dialect_gives_the_base_columns_and_our_own(dataset: str, version: str) -> None:
    [row] = focus_charges([charge()], dataset=dataset, version=version)
    assert {*BASE_COLUMNS, *OWN_COLUMNS} <= set(row)
    assert row["x_UnitQuantity"] == 2000
    assert row["x_RunId"] == "run-1"
    assert row["ChargePeriodStart"] == datetime(2026, 1, 5, tzinfo=UTC)


def test_an_unknown_dataset_names_the_ones_that_are_read() -> None:
    with pytest.raises(ConfigError, match=r"FocusCost 1\.0"):
        rule_files("FocusCost", "3.0")


def test_the_preview_version_takes_its_1_0_names() -> None:
    """FOCUS 1.0-preview(v1): Usage*, Region, ChargeSubcategory, On-Demand and x_OnDemand*."""
    preview = charge(
        ConsumedQuantity=None, ConsumedUnit=None, ContractedCost=None, ContractedUnitPrice=None
    ) | {
        "UsageQuantity": "2000",
        "UsageUnit": "Units",
        "x_OnDemandCost": "0.01",
        "x_OnDemandUnitPrice": "0.005",
        "Region": "East US 2",
        "PricingCategory": "On-Demand",
        "ChargeSubcategory": "Used Commitment",
        "x_SkuMeterName": "gpt 4o 0513 Input global Tokens",
        "SkuMeter": None,
    }
    absent = (
        "ConsumedQuantity",
        "ConsumedUnit",
        "ContractedCost",
        "ContractedUnitPrice",
        "SkuMeter",
    )
    [row] = focus_charges(
        [{name: value for name, value in preview.items() if name not in absent}],
        version="1.0-preview(v1)",
    )
    assert row["SkuMeter"] == "gpt 4o 0513 Input global Tokens"
    assert row["RegionId"] == "eastus2"
    assert row["RegionName"] == "East US 2"
    assert row["PricingCategory"] == "Standard"
    assert row["CommitmentDiscountStatus"] == "Used"
    assert row["ContractedCost"] == Decimal("0.01")
    assert row["x_UnitQuantity"] == 2000
    assert json.loads(row["x_SourceValues"]) == {"PricingCategory": "On-Demand"}


@pytest.mark.parametrize(
    ("subcategory", "category", "charge_class"),
    [
        ("Credit", "Credit", None),
        ("Refund", "Purchase", "Correction"),
        ("On-Demand", "Usage", None),
    ],
)
def test_charge_subcategory_of_the_preview_moves_to_category_and_class(
    subcategory: str, category: str, charge_class: str | None
) -> None:
    [row] = focus_charges([charge(ChargeSubcategory=subcategory)], version="1.0-preview(v1)")
    assert (row["ChargeCategory"], row["ChargeClass"]) == (category, charge_class)


def test_zero_that_means_unknown_becomes_null_and_keeps_its_original() -> None:
    [row] = focus_charges([charge(ListCost="0", ListUnitPrice="0.0")])
    assert (row["ListCost"], row["ListUnitPrice"]) == (None, None)
    assert json.loads(row["x_SourceValues"]) == {"ListUnitPrice": "0", "ListCost": "0"}


def test_zero_list_cost_of_a_charge_without_cost_stays_zero() -> None:
    [row] = focus_charges([charge(ListCost="0", EffectiveCost="0", BilledCost="0")])
    assert row["ListCost"] == 0


def test_a_charge_that_no_rule_changes_has_no_source_values() -> None:
    [row] = focus_charges([charge()])
    assert row["x_SourceValues"] is None


def test_unknown_columns_are_kept_as_text() -> None:
    [row] = focus_charges([charge() | {"x_Our Own": "007", "Ünïcode": "ß"}])
    assert (row["x_Our Own"], row["Ünïcode"]) == ("007", "ß")


def test_a_source_column_with_a_name_of_ours_is_kept_under_another() -> None:
    [row] = focus_charges([charge() | {"x_RunId": "theirs"}])
    assert (row["x_RunId"], row["x_Source_x_RunId"]) == ("run-1", "theirs")


def test_column_names_in_any_case_get_their_focus_spelling() -> None:
    [row] = focus_charges([{name.upper(): value for name, value in charge().items()}])
    assert row["EffectiveCost"] == Decimal("0.01")


def test_a_price_that_is_no_number_is_null_and_its_text_is_kept() -> None:
    [row] = focus_charges([charge(x_EffectiveUnitPrice='0,005 "net"')])
    assert row["x_EffectiveUnitPrice"] is None
    assert json.loads(row["x_SourceValues"]) == {"x_EffectiveUnitPrice": '0,005 "net"'}
    assert row["x_QuantityBasis"] == "consumed"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("BilledCost", "abc"),
        ("EffectiveCost", ""),
        ("EffectiveCost", "1,5"),
        ("BilledCost", "NaN"),
        ("BilledCost", "inf"),
        ("BillingCurrency", ""),
        ("ChargePeriodStart", "05/01/2026"),
        ("ChargePeriodEnd", "tomorrow"),
        ("ListCost", "free"),
    ],
)
def test_a_cost_currency_or_date_that_cannot_be_read_ends_the_reading(
    column: str, value: str
) -> None:
    engine = local_engine()
    columns = view_source(engine, [charge(), charge(**{column: value})])
    with pytest.raises(EngineError) as caught:
        engine.rows(charges_select(columns, "FocusCost", "1.0", "source", run_id="r"))
    assert f"unreadable:{column}={value}" in str(caught.value.context["detail"])
    with pytest.raises(EngineError):
        source_facts(engine, "source")


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05T00:00Z",
        "2026-01-05T00:00:00Z",
        "2026-01-05 00:00:00",
        "2026-01-05",
        "2026-01-05T00:00:00.0000000Z",
        "2026-01-05T01:00:00+01:00",
    ],
)
def test_the_documented_times_are_read_as_utc(text: str) -> None:
    [row] = focus_charges([charge(ChargePeriodStart=text)])
    assert row["ChargePeriodStart"] == datetime(2026, 1, 5, tzinfo=UTC)


def test_float64_goes_through_its_shortest_text() -> None:
    """22670.81 stays 22670.81, not 22670.809999999999838048."""
    import pyarrow as pa  # noqa: PLC0415

    engine = local_engine()
    table = pa.table(
        {
            "BilledCost": pa.array([22670.81, 1e-7]),
            "EffectiveCost": pa.array([22670.81, 1e-7]),
            "BillingCurrency": pa.array(["EUR", "EUR"]),
            "ChargePeriodStart": pa.array([datetime(2026, 6, 1, tzinfo=UTC)] * 2),
            FILE_COLUMN: pa.array(["a", "a"]),
        }
    )
    engine.view_arrow("source", table)
    columns = {name: kind for name, kind in engine.columns("source").items() if name != FILE_COLUMN}
    sql = charges_select(columns, "FocusCost", "1.2-preview", "source", run_id="r")
    rows = engine.rows(f"SELECT BilledCost FROM ({sql}) ORDER BY BilledCost")
    assert rows == [(Decimal("1E-7"),), (Decimal("22670.81"),)]
    facts = source_facts(engine, "source")
    assert facts.totals == (("EUR", 2, Decimal("22670.8100001"), Decimal("22670.8100001")),)


def test_charges_without_a_needed_column_are_no_charges() -> None:
    engine = local_engine()
    view_source(engine, [{"BilledCost": "1", "BillingCurrency": "USD"}])
    with pytest.raises(SourceError, match="EffectiveCost, ChargePeriodStart missing"):
        source_facts(engine, "source")


costs = st.decimals("-1e9", "1e9", places=12).map(lambda cost: f"{cost:f}")


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "BilledCost": costs,
                "EffectiveCost": costs,
                "ListCost": st.none() | costs,
                "ConsumedQuantity": st.none() | st.decimals("-1e9", "1e9", places=6).map(str),
                "BillingCurrency": st.sampled_from(["USD", "EUR", "JPY"]),
                "ChargeCategory": st.sampled_from(
                    ["Usage", "Tax", "Credit", "Purchase", "Adjustment"]
                ),
                "SkuMeter": st.none() | st.text(max_size=20).filter(lambda text: "\0" not in text),
            }
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from(sorted(DIALECTS)),
)
@settings(max_examples=25, deadline=None)
def test_rows_and_costs_per_currency_are_those_of_the_source(
    rows: list[dict[str, str | None]], dialect: tuple[str, str]
) -> None:
    """Total before = total after, to the last decimal, and equal to the facts of the source."""
    expected: dict[str, list[object]] = {}
    for row in rows:
        total = expected.setdefault(str(row["BillingCurrency"]), [0, Decimal(0), Decimal(0)])
        total[0] += 1  # type: ignore[operator]
        total[1] += Decimal(row["BilledCost"])  # type: ignore[operator, arg-type]
        total[2] += Decimal(row["EffectiveCost"])  # type: ignore[operator, arg-type]
    engine = local_engine(memory_limit="500MB")
    columns = view_source(engine, [TOKEN_CHARGE | row for row in rows])
    sql = charges_select(columns, *dialect, "source", run_id="r")
    found = engine.rows(
        f"SELECT BillingCurrency, count(*), sum(BilledCost), sum(EffectiveCost) "
        f"FROM ({sql}) GROUP BY BillingCurrency ORDER BY 1"
    )
    assert [[each[0], *each[1:]] for each in found] == [
        [currency, *expected[currency]] for currency in sorted(expected)
    ]
    assert source_facts(engine, "source").totals == tuple(found)
    engine.close()


@pytest.mark.parametrize("name", sorted({name for files in DIALECTS.values() for name in files}))
def test_no_rule_touches_billed_or_effective_cost_currency_or_dates(name: str) -> None:
    kept = {
        "BilledCost",
        "EffectiveCost",
        "BillingCurrency",
        "ChargePeriodStart",
        "ChargePeriodEnd",
    }
    assert not kept & set(column_rules(name))
