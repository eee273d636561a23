"""The FOCUS projection: columns in order, tokens in units, keys per version, nothing lost."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from charges_files import CASES

from pertoken import focus
from pertoken.conformance import (
    EXPORT_VERSIONS,
    check,
    focus_select,
    focus_text_select,
    missing_columns,
)
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from pertoken.engine import Engine

# A hub charge of Azure: PricingUnit says Units, tokens are proven, the model is read.
HUB = """
SELECT
    CAST(2.5 AS DECIMAL(38,18)) AS "BilledCost", CAST(2.5 AS DECIMAL(38,18)) AS "EffectiveCost",
    CAST(2.5 AS DECIMAL(38,18)) AS "ListCost", CAST(2.5 AS DECIMAL(38,18)) AS "ContractedCost",
    CAST(0.0025 AS DECIMAL(38,18)) AS "ListUnitPrice",
    CAST(0.0025 AS DECIMAL(38,18)) AS "ContractedUnitPrice",
    'USD' AS "BillingCurrency", 'ba' AS "BillingAccountId", 'Contoso' AS "BillingAccountName",
    TIMESTAMPTZ '2026-08-01 00:00:00+00' AS "BillingPeriodStart",
    TIMESTAMPTZ '2026-09-01 00:00:00+00' AS "BillingPeriodEnd",
    TIMESTAMPTZ '2026-08-03 00:00:00+00' AS "ChargePeriodStart",
    TIMESTAMPTZ '2026-08-04 00:00:00+00' AS "ChargePeriodEnd",
    'Usage' AS "ChargeCategory", CAST(NULL AS VARCHAR) AS "ChargeClass",
    'tokens' AS "ChargeDescription", 'Usage-Based' AS "ChargeFrequency",
    'Standard' AS "PricingCategory", CAST(1000 AS DECIMAL(38,18)) AS "PricingQuantity",
    'Units' AS "PricingUnit", CAST(1000 AS DECIMAL(38,18)) AS "ConsumedQuantity",
    'Units' AS "ConsumedUnit", 'Microsoft' AS "ProviderName", 'Microsoft' AS "PublisherName",
    'Microsoft Corporation' AS "InvoiceIssuerName", 'AI and Machine Learning' AS "ServiceCategory",
    'Azure OpenAI' AS "ServiceName", 'sku' AS "SkuId", 'sku-price' AS "SkuPriceId",
    'gpt 4o Inp' AS "SkuMeter", '{"Cores": 4, "CoreCount": 8}' AS "SkuPriceDetails",
    '{"team": "search"}' AS "Tags", 'sub' AS "SubAccountId", 'Research' AS "SubAccountName",
    CAST(1000000 AS DECIMAL(38,18)) AS "x_TokenQuantity",
    CAST(1000 AS DECIMAL(38,18)) AS "x_PricingBlockSize",
    'OpenAI' AS "x_ModelDeveloper", 'gpt-4o' AS "x_ModelId", '2024-08-06' AS "x_ModelVersion",
    'Input' AS "x_TokenDirection", CAST(NULL AS VARCHAR) AS "x_TokenCacheAction",
    'Global' AS "x_DeploymentScope", 'Standard' AS "x_ServiceTier", 'ours' AS "tokens"
"""


def exported(engine: Engine, version: str, changes: str = "") -> dict[str, object]:
    engine.view("hub_rows", HUB)
    engine.view("hub", f"SELECT * {f'REPLACE ({changes})' if changes else ''} FROM hub_rows")
    engine.view("exported", focus_select(engine.columns("hub"), version, "hub"))
    (row,) = engine.rows("SELECT * FROM exported")
    return dict(zip(engine.columns("exported"), row, strict=True))


@pytest.mark.parametrize("version", EXPORT_VERSIONS)
def test_the_columns_of_the_version_come_first_and_in_order(engine: Engine, version: str) -> None:
    names = list(exported(engine, version))
    of_focus = [name for name in names if not name.startswith("x_")]
    assert names[: len(of_focus)] == of_focus
    assert of_focus == [name for name in focus.columns(version) if name in of_focus]
    mandatory = {name for name, column in focus.columns(version).items() if column.mandatory}
    assert mandatory <= set(of_focus)


@pytest.mark.parametrize("version", EXPORT_VERSIONS)
def test_the_export_keeps_every_rule_of_its_version(engine: Engine, version: str) -> None:
    exported(engine, version)
    assert check(engine, "exported", version, columns=engine.columns("exported")) == []


@pytest.mark.parametrize("version", EXPORT_VERSIONS)
def test_the_clean_file_stays_clean_in_every_version(engine: Engine, version: str) -> None:
    engine.view_csv("clean", [str(CASES / "clean.csv")])
    engine.view("exported", focus_select(engine.columns("clean"), version, "clean"))
    assert check(engine, "exported", version, columns=engine.columns("exported")) == []
    costs = 'SELECT COUNT(*), SUM(CAST("BilledCost" AS DECIMAL(38,18))) FROM'
    assert engine.rows(f"{costs} exported") == engine.rows(f"{costs} clean")


@pytest.mark.parametrize(
    ("block", "unit", "quantity"),
    [
        (1, "Tokens", Decimal(1_000_000)),
        (1000, "1000 Tokens", Decimal(1000)),
        (1_000_000, "1000000 Tokens", Decimal(1)),
    ],
)
def test_token_rows_are_in_tokens_and_priced_per_block(
    engine: Engine, block: int, unit: str, quantity: Decimal
) -> None:
    block_size = f'CAST({block} AS DECIMAL(38,18)) AS "x_PricingBlockSize"'
    row = exported(engine, "1.2", block_size)
    assert (row["ConsumedQuantity"], row["ConsumedUnit"]) == (Decimal(1_000_000), "Tokens")
    assert (row["PricingQuantity"], row["PricingUnit"]) == (quantity, unit)


def test_rows_without_proven_tokens_keep_their_quantities(engine: Engine) -> None:
    row = exported(engine, "1.2", 'CAST(NULL AS DECIMAL(38,18)) AS "x_TokenQuantity"')
    assert (row["ConsumedQuantity"], row["ConsumedUnit"]) == (Decimal(1000), "Units")
    assert (row["PricingQuantity"], row["PricingUnit"]) == (Decimal(1000), "Units")


def test_a_block_that_is_no_power_of_ten_keeps_the_priced_quantity(engine: Engine) -> None:
    row = exported(engine, "1.2", 'CAST(750 AS DECIMAL(38,18)) AS "x_PricingBlockSize"')
    assert (row["ConsumedQuantity"], row["ConsumedUnit"]) == (Decimal(1_000_000), "Tokens")
    assert (row["PricingQuantity"], row["PricingUnit"]) == (Decimal(1000), "Units")


def test_a_purchase_consumes_nothing(engine: Engine) -> None:
    row = exported(engine, "1.2", "'Purchase' AS \"ChargeCategory\"")
    assert (row["ConsumedQuantity"], row["ConsumedUnit"]) == (None, None)


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4"])
def test_keys_of_the_model_are_custom_in_ratified_versions(engine: Engine, version: str) -> None:
    details = json.loads(str(exported(engine, version)["SkuPriceDetails"]))
    assert details == {
        "x_Cores": 4, "CoreCount": 8, "x_ModelDeveloper": "OpenAI", "x_ModelId": "gpt-4o",
        "x_ModelVersion": "2024-08-06", "x_TokenDirection": "Input", "x_ServingScope": "Global",
        "x_ServiceTier": "Standard",
    }  # fmt: skip


def test_keys_of_the_model_are_bare_in_the_draft(engine: Engine) -> None:
    details = json.loads(str(exported(engine, "1.5-draft")["SkuPriceDetails"]))
    assert details == {
        "x_Cores": 4, "CoreCount": 8, "ModelDeveloper": "OpenAI", "ModelId": "gpt-4o",
        "ModelVersion": "2024-08-06", "TokenDirection": "Input", "ServingScope": "Global",
        "x_ServiceTier": "Standard",
    }  # fmt: skip


def test_price_details_are_null_without_a_price(engine: Engine) -> None:
    row = exported(engine, "1.2", 'CAST(NULL AS VARCHAR) AS "SkuPriceId"')
    assert row["SkuPriceDetails"] is None


def test_price_details_that_are_no_object_give_way_to_the_keys_of_the_model(
    engine: Engine,
) -> None:
    row = exported(engine, "1.2", "'broken' AS \"SkuPriceDetails\"")
    assert json.loads(str(row["SkuPriceDetails"]))["x_ModelId"] == "gpt-4o"


def test_first_party_rows_name_their_issuer_as_their_provider(engine: Engine) -> None:
    assert exported(engine, "1.2")["InvoiceIssuerName"] == "Microsoft"
    partner = exported(engine, "1.2", "'Crayon' AS \"InvoiceIssuerName\"")
    assert partner["InvoiceIssuerName"] == "Crayon"


def test_provider_columns_follow_the_version(engine: Engine) -> None:
    row_1_3, row_1_4 = exported(engine, "1.3"), exported(engine, "1.4")
    assert row_1_3["ServiceProviderName"] == row_1_3["ProviderName"] == "Microsoft"
    assert row_1_4["ServiceProviderName"] == row_1_4["HostProviderName"] == "Microsoft"
    assert "ProviderName" not in row_1_4
    assert row_1_4["x_PublisherName"] == "Microsoft"


def test_the_host_of_a_third_party_service_stays_unknown(engine: Engine) -> None:
    assert exported(engine, "1.4", "'Cohere' AS \"PublisherName\"")["HostProviderName"] is None


def test_columns_that_focus_lacks_stand_behind_under_x(engine: Engine) -> None:
    row = exported(engine, "1.2")
    assert row["x_tokens"] == "ours"
    assert row["x_TokenQuantity"] == Decimal(1_000_000)


def test_draft_columns_are_exported_only_where_the_charges_have_them(engine: Engine) -> None:
    exported(engine, "1.5-draft")
    assert "PrincipalId" not in engine.columns("exported")
    columns = {**engine.columns("hub"), "PrincipalId": "VARCHAR"}
    assert '"PrincipalId"' in focus_select(columns, "1.5-draft", "hub")


def test_a_mandatory_column_without_a_source_is_null_and_named(engine: Engine) -> None:
    engine.view("hub", HUB)
    columns = engine.columns("hub")
    del columns["BillingAccountId"]
    assert missing_columns(columns, "1.2") == ("BillingAccountId",)
    engine.view("exported", focus_select(columns, "1.2", "hub"))
    assert engine.rows('SELECT "BillingAccountId" FROM exported') == [(None,)]


DERIVED = [
    ("ListCost", "2.5", 'CAST(NULL AS DECIMAL(38,18)) AS "ListCost"'),
    ("ListCost", "3", 'CAST(NULL AS DECIMAL(38,18)) AS "ListCost", 0.003 AS "ListUnitPrice"'),
    (
        "ContractedCost",
        "7",
        'NULL AS "ContractedCost", NULL AS "ContractedUnitPrice", 7.0 AS "BilledCost"',
    ),
    ("ServiceName", "Microsoft", 'CAST(NULL AS VARCHAR) AS "ServiceName"'),
]


@pytest.mark.parametrize(("column", "value", "changes"), DERIVED)
def test_what_focus_lets_derive_is_derived_and_marked(
    engine: Engine, column: str, value: str, changes: str
) -> None:
    row = exported(engine, "1.2", changes)
    assert row[column] == (Decimal(value) if column.endswith("Cost") else value)
    assert column in str(row["x_DerivedColumns"]).split()


def test_what_is_known_is_not_marked(engine: Engine) -> None:
    marked = str(exported(engine, "1.2")["x_DerivedColumns"]).split()
    assert not {"ListCost", "ContractedCost", "ServiceName", "SkuId"} & set(marked)


def test_exporting_an_export_changes_nothing(engine: Engine) -> None:
    first = exported(engine, "1.4")
    engine.view("again", focus_select(engine.columns("exported"), "1.4", "exported"))
    (row,) = engine.rows("SELECT * FROM again")
    assert dict(zip(engine.columns("again"), row, strict=True)) == first


def test_a_marketplace_meter_names_its_product_as_service(engine: Engine) -> None:
    engine.view(
        "market",
        "SELECT * REPLACE (CAST(NULL AS VARCHAR) AS \"ServiceName\"), 'Azure Marketplace'"
        f' AS "x_SkuMeterCategory", \'claude\' AS "x_SkuMeterSubcategory" FROM ({HUB})',
    )
    engine.view("exported", focus_select(engine.columns("market"), "1.2", "market"))
    assert engine.rows('SELECT "ServiceName" FROM exported') == [("claude",)]


def test_all_charges_of_a_service_have_one_subcategory(engine: Engine) -> None:
    engine.view(
        "hub",
        f"{HUB} UNION ALL SELECT * REPLACE (CAST(NULL AS DECIMAL(38,18)) AS"
        f' "x_TokenQuantity") FROM ({HUB})',
    )
    engine.view("exported", focus_select(engine.columns("hub"), "1.2", "hub"))
    assert engine.rows('SELECT "ServiceSubcategory" FROM exported') == [("Generative AI",)] * 2


def test_text_cells_are_written_as_focus_writes_them(engine: Engine) -> None:
    engine.view("hub", HUB)
    engine.view("text", focus_text_select(engine.columns("hub"), "1.2", "hub"))
    columns = engine.columns("text")
    assert set(columns.values()) == {"VARCHAR"}
    cells = ('"ChargePeriodStart"', '"BilledCost"', '"ConsumedQuantity"', '"x_PricingBlockSize"')
    assert engine.rows(f"SELECT {', '.join(cells)} FROM text") == [
        ("2026-08-03T00:00:00Z", "2.5", "1000000", "1000")
    ]
    assert check(engine, "text", "1.2", columns=columns) == []


def test_binary_numbers_and_naive_times_leave_exact_and_in_utc(engine: Engine) -> None:
    changes = (
        "CAST(22670.81 AS DOUBLE) AS \"BilledCost\", TIMESTAMP '2026-08-03 00:00:00' "
        'AS "ChargePeriodStart"'
    )
    row = exported(engine, "1.2", changes)
    assert row["BilledCost"] == Decimal("22670.81")
    assert str(row["ChargePeriodStart"]) == "2026-08-03 00:00:00+00:00"


def test_custom_times_leave_in_utc(engine: Engine) -> None:
    engine.view("timed", f"SELECT *, TIMESTAMP '2026-08-03 00:00:00' AS \"x_Seen\" FROM ({HUB})")
    engine.view("exported", focus_select(engine.columns("timed"), "1.2", "timed"))
    assert engine.columns("exported")["x_Seen"] == "TIMESTAMP WITH TIME ZONE"


def test_versions_that_are_not_exported_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"1\.2"):
        focus_select({"BilledCost": "VARCHAR"}, "1.0", "hub")
