"""The specification data: counts, changes between versions, and the shape of every row."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from pertoken import focus
from pertoken.errors import ConfigError
from pertoken.focus.tables import table

COUNTS = {"1.0": 43, "1.1": 50, "1.2": 57, "1.3": 65, "1.4": 65}
OTHER_DATASETS = {"Contract Commitment": 30, "Billing Period": 6, "Invoice Detail": 22}


@pytest.mark.parametrize(("version", "count"), COUNTS.items())
def test_every_version_has_its_number_of_columns(version: str, count: int) -> None:
    assert len(focus.columns(version)) == count


def test_the_versions_are_those_counted_here() -> None:
    assert tuple(COUNTS) == focus.VERSIONS


@pytest.mark.parametrize(("dataset", "count"), OTHER_DATASETS.items())
def test_every_dataset_of_1_4_has_its_number_of_columns(dataset: str, count: int) -> None:
    assert len(focus.columns("1.4", dataset)) == count


def test_columns_come_in_the_order_of_the_specification() -> None:
    assert list(focus.columns("1.3")) == sorted(focus.columns("1.3"))


def test_1_4_removes_the_deprecated_provider_columns_and_adds_two() -> None:
    before, after = set(focus.columns("1.3")), set(focus.columns("1.4"))
    assert before - after == {"ProviderName", "PublisherName"}
    assert after - before == {"CommitmentProgramEligibilityDetails", "InvoiceDetailId"}


def test_levels_and_nullability_change_between_versions() -> None:
    assert focus.columns("1.2")["InvoiceId"].feature_level == "Recommended"
    assert focus.columns("1.4")["InvoiceId"].feature_level == "Conditional"
    assert focus.columns("1.2")["PricingCurrencyEffectiveCost"].nullable
    assert not focus.columns("1.4")["PricingCurrencyEffectiveCost"].nullable


def test_the_draft_is_1_4_and_what_was_proposed_since() -> None:
    added = set(focus.columns(focus.DRAFT)) - set(focus.columns("1.4"))
    assert added == {"PrincipalId", "CredentialId", "RequesterDetails"}
    assert {focus.columns(focus.DRAFT)[name].feature_level for name in added} == {"Draft"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BilledCost", "decimal"),
        ("ChargePeriodStart", "timestamp"),
        ("Tags", "json"),
        ("SkuMeter", "text"),
        ("UsageQuantity", "decimal"),
        ("PrincipalId", "text"),
        ("x_ModelId", None),
    ],
)
def test_a_column_has_one_type_in_every_version(name: str, expected: str | None) -> None:
    assert focus.column_type(name) == expected


def test_allowed_values_keep_the_order_of_the_specification() -> None:
    expected = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")
    assert focus.allowed_values("ChargeCategory", "1.0") == expected
    assert focus.allowed_values("ServiceName", "1.4") is None
    assert focus.allowed_values("ServiceSubcategory", "1.0") is None


def test_the_82_subcategories_have_parents_that_are_service_categories() -> None:
    parents = focus.subcategories()
    assert len(parents) == 82
    assert set(parents.values()) == set(focus.allowed_values("ServiceCategory", "1.4") or ())


def test_each_format_names_a_rule_that_exists() -> None:
    formats = {row["format"] for row in table("columns")}
    assert formats == {
        "", "allowed-values", "currency", "date-time", "expected-format", "json-object",
        "key-value", "numeric", "numeric-0-to-1", "numeric-non-negative", "unit",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["columns", "allowed_values", "service_subcategories", "sku_price_details", "units"]
)
def test_every_row_has_a_source_and_a_date(name: str) -> None:
    for row in table(name):
        assert row["source"]
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", row["date"])


def test_every_allowed_values_column_has_its_values() -> None:
    for version in focus.VERSIONS:
        for name, column in focus.columns(version).items():
            held = focus.allowed_values(name, version) is not None
            assert held == (column.format == "allowed-values"), name


def test_token_keys_are_defined_only_in_the_draft() -> None:
    assert len(focus.detail_keys("1.2")) == len(focus.detail_keys("1.4")) == 13
    assert focus.detail_keys(focus.DRAFT)["TokenDirection"].values == ("Input", "Output")


def test_an_unknown_version_names_the_ones_there_are() -> None:
    with pytest.raises(ConfigError, match=r"'1\.4'"):
        focus.columns("1.9")


def test_an_unknown_dataset_names_the_ones_there_are() -> None:
    with pytest.raises(ConfigError, match="Cost and Usage"):
        focus.columns("1.2", "Invoice Detail")


def test_importing_focus_loads_neither_engine_nor_tables() -> None:
    code = (
        "import sys, pertoken.focus as focus, pertoken.focus.tables as tables;"
        "assert tables.table.cache_info().currsize == 0;"
        "assert not {'duckdb', 'pyarrow', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
