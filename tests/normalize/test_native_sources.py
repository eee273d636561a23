"""Native exports are read whatever their headers, dates, numbers and tags are written like."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from native_rows import ea_row, mca_row, native_charges

from pertoken.errors import EngineError, SourceError
from pertoken.normalize import is_native, native_names

CASES = Path(__file__).parent / "cases"
PACKAGE = Path(__file__).parents[2] / "src" / "pertoken" / "normalize"


def cases(name: str) -> list[dict[str, str]]:
    with (CASES / f"{name}.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def rows_of(table: str) -> list[dict[str, str]]:
    with (PACKAGE / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("case", cases("native_headers"), ids=lambda case: case["header"])
def test_a_header_means_the_column_of_the_table(case: dict[str, str]) -> None:
    expected = {case["column"]: case["header"]} if case["column"] else {}
    assert expected == native_names([case["header"]])


def test_of_two_headers_for_one_column_the_first_of_the_table_is_read() -> None:
    names = native_names(["PreTaxCost", "Cost", "CostInBillingCurrency"])
    assert names == {"Cost": "CostInBillingCurrency"}
    assert names == native_names(["CostInBillingCurrency", "Cost", "PreTaxCost"])


def test_a_focus_file_is_not_native() -> None:
    assert is_native(["Date", "PreTaxCost", "Currency"])
    assert not is_native(["Date", "Cost", "BillingCurrency", "BilledCost", "EffectiveCost"])
    assert not is_native(["Date", "Cost"])


def test_every_row_of_the_tables_has_a_source_and_a_date_and_stands_once() -> None:
    keys = {
        "native_headers": ("header",),
        "azure_regions": ("location",),
        "azure_services": ("kind", "key"),
        "azure_units": ("words",),
    }
    for table, key in keys.items():
        rows = rows_of(table)
        assert all(row["source"] and len(row["date"]) == 10 for row in rows)
        found = [tuple(row[name].casefold() for name in key) for row in rows]
        assert len(found) == len(set(found)), table


def test_the_languages_of_the_headers() -> None:
    languages = {row["language"] for row in rows_of("native_headers")}
    assert {"en", "de", "fr", "es", "ja", "zh"} == languages


def test_service_categories_and_units_are_those_of_focus() -> None:
    focus = PACKAGE.parent / "focus"
    allowed = {
        row["value"]
        for row in csv.DictReader((focus / "allowed_values.csv").read_text("utf-8").splitlines())
        if row["column"] == "ServiceCategory"
    }
    assert {row["ServiceCategory"] for row in rows_of("azure_services")} <= allowed


@pytest.mark.parametrize("case", cases("native_dates"), ids=lambda case: case["case"])
def test_a_date_is_read_by_the_evidence_of_its_file(case: dict[str, str]) -> None:
    rows = [
        ea_row(
            Date=text,
            BillingPeriodStartDate=case["period_start"],
            BillingPeriodEndDate=case["period_end"],
        )
        for text in case["dates"].split(" " if ":" not in case["dates"] else "|") or [""]
    ]
    month = case["month"] or None
    if case["expected"].startswith("refused"):
        with pytest.raises((SourceError, EngineError), match=case["expected"].split(": ")[1]):
            native_charges(rows, month=month)
        return
    charges = native_charges(rows, month=month)
    assert case["expected"].split() == sorted(str(row["ChargePeriodStart"])[:10] for row in charges)
    assert all(
        (row["ChargePeriodEnd"] - row["ChargePeriodStart"]).total_seconds() == 24 * 60 * 60
        for row in charges
    )


@pytest.mark.parametrize("case", cases("native_numbers"), ids=lambda case: case["case"])
def test_a_number_is_read_by_the_evidence_of_its_file(case: dict[str, str]) -> None:
    texts = [text.replace("_", "") for text in case["costs"].split()]
    rows = [ea_row(Cost=text, Quantity="2", EffectivePrice="3") for text in texts]
    rows = [row | {"UnitPrice": None, "PayGPrice": None} for row in rows]
    if case["expected"].startswith("refused"):
        with pytest.raises((SourceError, EngineError), match=case["expected"].split(": ")[1]):
            native_charges(rows)
        return
    expected = sorted(Decimal(text) for text in case["expected"].split())
    assert expected == sorted(row["BilledCost"] for row in native_charges(rows))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ('"team": "search","env": "prod"', '{"team": "search","env": "prod"}'),
        ('{"team": "search"}', '{"team": "search"}'),
        ("{}", "{}"),
        ("", None),
        ("loose words", "loose words"),
    ],
)
def test_tags_without_outer_braces_get_them(tags: str, expected: str | None) -> None:
    [row] = native_charges([ea_row(Tags=tags)])
    assert expected == row["Tags"]


def test_additional_info_becomes_price_details_with_keys_of_our_own() -> None:
    [row] = native_charges([ea_row(AdditionalInfo='"VCPUs": 2,"Url": "https://a: b"')])
    assert row["x_SkuDetails"] == '{"VCPUs": 2,"Url": "https://a: b"}'
    assert row["SkuPriceDetails"] == '{"x_VCPUs": 2,"x_Url": "https://a: b"}'
    [nested] = native_charges([ea_row(AdditionalInfo='{"a": {"b": 1}}')])
    assert nested["SkuPriceDetails"] is None


def test_a_missing_column_names_what_a_charge_needs() -> None:
    row = ea_row()
    del row["BillingCurrency"]
    with pytest.raises(SourceError, match="BillingCurrency missing"):
        native_charges([row])


@pytest.mark.parametrize("column", ["Cost", "BillingCurrency", "Date", "BillingPeriodStartDate"])
def test_a_cost_currency_or_date_that_cannot_be_read_ends_the_reading(column: str) -> None:
    text = "" if column == "BillingCurrency" else "broken"
    with pytest.raises(EngineError, match=f"unreadable:{column}={text}"):
        native_charges([ea_row(**{column: text})])


def test_any_other_cell_that_cannot_be_read_is_null_and_kept() -> None:
    [row] = native_charges([ea_row(Quantity="many")])
    assert row["PricingQuantity"] is None
    assert row["x_Unread"] == "Quantity=many"
    [whole] = native_charges([ea_row()])
    assert whole["x_Unread"] is None


def test_a_column_without_a_place_is_kept_under_a_name_of_our_own() -> None:
    [row] = native_charges([ea_row(Note="hello", x_SkuMeterName="other", ServiceTier="Std")])
    assert row["x_Note"] == "hello"
    assert row["x_ServiceTier"] == "Std"
    assert row["x_Native_x_SkuMeterName"] == "other"
    assert row["x_ChargeType"] == "Usage"


def test_a_localised_file_is_the_same_charge() -> None:
    names = {
        "Cost": "成本 (Cost)",
        "BillingCurrency": "计费货币",
        "Date": "日期 (Date)",
        "MeterName": "计量名称 (MeterName)",
        "Quantity": "数量",
        "UnitOfMeasure": "度量单位",
    }
    row = ea_row()
    localised = {names.get(name, name.upper()): value for name, value in row.items()}
    [expected], [found] = native_charges([row]), native_charges([localised])
    changed = {name for name in expected if expected[name] != found.get(name)}
    assert changed == set()


def test_prices_of_another_currency_without_a_rate_are_not_known() -> None:
    [row] = native_charges([mca_row(exchangeRatePricingToBilling="")])
    assert row["x_EffectiveUnitPrice"] is None
    assert row["ContractedUnitPrice"] is None
    assert row["x_EffectivePrice"] == "0.005"
    assert row["BilledCost"] == Decimal("0.5")
