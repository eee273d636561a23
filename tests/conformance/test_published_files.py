"""Published FOCUS files: clean ones give no errors, one changed cell gives exactly its rule.

The files are not part of the repository; they are looked for in ../shared/data/focus, or in
$PERTOKEN_SHARED/data/focus. The mutations that the official validator does not detect are
those of the FOCUS notes: ListCost, ContractedCost, enums, categories, x_, Tags, times, units.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from charges_files import shared_data

from pertoken.conformance import check, rules

if TYPE_CHECKING:
    from pertoken.engine import Engine

DATA = shared_data()
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"no published FOCUS files at {DATA} (set PERTOKEN_SHARED)"
)
CLEAN = {
    "azure12": "1.2",
    "aws12": "1.2",
    "ai_prompt_caching_a": "1.5-draft",
    "ai_prompt_caching_b": "1.5-draft",
    "multi_model_usage": "1.5-draft",
    "drawdown_via_prepayment_ai_model_api": "1.5-draft",
}
# The first row of azure12 is usage priced per hour.
AZURE_MUTATIONS = {
    '"ListCost" * 2 AS "ListCost"': "cost-product:ListCost",
    '"ContractedCost" + 1 AS "ContractedCost"': "cost-product:ContractedCost",
    "'Usage-based' AS \"ChargeFrequency\"": "enum-value:ChargeFrequency",
    "'Storage' AS \"ServiceCategory\"": "subcategory-parent:ServiceSubcategory",
    '\'{"a":{"b":1}}\' AS "Tags"': "json-nested:Tags",
    "'{a' AS \"Tags\"": "json-invalid:Tags",
    "'tokens' AS \"PricingUnit\"": "unit-format:PricingUnit",
    "'1K Tokens' AS \"PricingUnit\"": "unit-format:PricingUnit",
    "'PTU-Hours' AS \"PricingUnit\"": "unit-word:PricingUnit",
    "'US$' AS \"BillingCurrency\"": "currency-code:BillingCurrency",
    'CAST(NULL AS DECIMAL(38,18)) AS "BilledCost"': "null:BilledCost",
    '"BillingPeriodEnd" + INTERVAL 1 DAY AS "ChargePeriodEnd"': "period-outside:ChargePeriodEnd",
    '"ChargePeriodEnd" AS "ChargePeriodStart"': "period-order:ChargePeriodEnd",
    '-"EffectiveCost" AS "EffectiveCost"': (
        "cost-negative:EffectiveCost cost-sign:EffectiveCost cost-sign:ListCost "
        "quantity-sign:ConsumedQuantity quantity-sign:PricingQuantity"
    ),
    "'Other' AS \"ChargeClass\"": "enum-value:ChargeClass",
    '\'{"Cores":1}\' AS "SkuPriceDetails"': "detail-key:SkuPriceDetails",
}


def open_parquet(engine: Engine, name: str) -> str:
    engine.view_parquet("clean", [str(DATA / "validator_inputs" / f"{name}.parquet")])
    return "clean"


@pytest.mark.parametrize(("name", "version"), CLEAN.items())
def test_a_clean_file_gives_no_errors(engine: Engine, name: str, version: str) -> None:
    relation = open_parquet(engine, name)
    findings = check(engine, relation, version, columns=engine.columns(relation))
    assert [each for each in findings if each.severity == "error"] == []


@pytest.mark.parametrize(
    ("replaced", "expected"), AZURE_MUTATIONS.items(), ids=AZURE_MUTATIONS.values()
)
def test_one_changed_cell_of_100_rows_gives_exactly_its_rule(
    engine: Engine, replaced: str, expected: str
) -> None:
    open_parquet(engine, "azure12")
    engine.view("numbered", "SELECT *, ROW_NUMBER() OVER () AS n FROM clean")
    engine.view(
        "mutated",
        f"SELECT * EXCLUDE (n) REPLACE ({replaced}) FROM numbered WHERE n = 1"
        " UNION ALL SELECT * EXCLUDE (n) FROM numbered WHERE n > 1",
    )
    findings = check(engine, "mutated", columns=engine.columns("mutated"))
    assert sorted(f"{each.rule}:{each.column}" for each in findings) == expected.split()
    assert {each.rows for each in findings} == {1}


def test_naive_times_and_columns_without_x_are_found(engine: Engine) -> None:
    open_parquet(engine, "azure12")
    engine.view(
        "mutated",
        'SELECT * REPLACE (CAST("ChargePeriodStart" AS TIMESTAMP) AS "ChargePeriodStart"),'
        " 'a' AS \"Team\" FROM clean",
    )
    findings = check(engine, "mutated", columns=engine.columns("mutated"))
    assert [(each.rule, each.column, each.rows) for each in findings] == [
        ("column-unknown", "Team", 100),
        ("time-naive", "ChargePeriodStart", 100),
    ]


def test_bare_token_keys_are_errors_before_the_draft(engine: Engine) -> None:
    relation = open_parquet(engine, "ai_prompt_caching_b")
    findings = check(engine, relation, "1.4", columns=engine.columns(relation))
    assert ("detail-key", 4) in [(each.rule, each.rows) for each in findings]


def test_the_known_defects_of_the_sample_are_found(engine: Engine) -> None:
    path = DATA / "FOCUS-Sample-Data" / "focus_sample.csv"
    engine.view_csv("sample", [str(path)])
    findings = check(engine, "sample", columns=engine.columns("sample"))
    rows = {(each.rule, each.column): each.rows for each in findings}
    assert rows["column-unknown", "Id"] == 1000
    assert rows["null", "ContractedCost"] == 7
    assert rows["cost-product", "ListCost"] == 31


def test_the_draft_examples_are_read_without_a_crash(engine: Engine) -> None:
    paths = sorted((DATA / "FOCUS_Spec-data").rglob("*.csv"))
    assert len(paths) >= 25
    for path in paths:
        engine.view_csv("example", [str(path)])
        findings = check(engine, "example", columns=engine.columns("example"))
        assert all(each.rule in rules() for each in findings)


@pytest.mark.parametrize(
    ("name", "cost"), [("ai_prompt_caching_a", "11.40"), ("ai_prompt_caching_b", "15.90")]
)
def test_input_side_cost_of_the_caching_examples(engine: Engine, name: str, cost: str) -> None:
    engine.view_csv("example", [str(DATA / "spec_ai_examples" / f"{name}.csv")])
    columns = engine.columns("example")
    errors = [
        f"{each.rule}:{each.column}"
        for each in check(engine, "example", "1.5-draft", columns=columns)
        if each.severity == "error"
    ]
    assert errors == []
    (total,) = engine.rows(
        'SELECT SUM(CAST("EffectiveCost" AS DECIMAL(38,18))) FROM example'
        " WHERE COALESCE(json_extract_string(\"SkuPriceDetails\", '$.TokenDirection'), 'Input')"
        " = 'Input'"
    )[0]
    assert total == Decimal(cost)


def test_the_numeric_examples_of_the_specification() -> None:
    """Valid and invalid numbers of the Numeric Format page, read as the check reads them."""
    import json  # noqa: PLC0415 - only here

    from pertoken.engine import local_engine  # noqa: PLC0415 - only here

    examples = json.loads(
        (DATA / "focus-data-toolkit" / "numeric_format_examples.json").read_text()
    )
    engine = local_engine(threads=1)
    for fit in ("valid", "invalid"):
        for number in examples[fit]:
            literal = number.replace("'", "''")
            engine.view("one", f"SELECT '{literal}' AS \"BilledCost\"")
            found = check(engine, "one", columns=engine.columns("one"))
            hit = [each for each in found if each.rule == "number-format"]
            assert bool(hit) == (fit == "invalid"), number
    engine.close()


def test_the_mutations_named_above_are_rules() -> None:
    named = {each.split(":")[0] for text in AZURE_MUTATIONS.values() for each in text.split()}
    assert named <= set(rules())
