"""Row-level checks: each mutation of a clean file fires its rules and no others."""

from __future__ import annotations

import csv
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from charges_files import CASES, changed, clean_rows, read_rows

from pertoken.conformance import FINDING_COLUMNS, Finding, check, detect_version, rules
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pertoken.engine import Engine

    CheckRows = Callable[..., list[Finding]]

MUTATIONS = read_rows(CASES / "mutations.csv")


def fired(findings: list[Finding]) -> list[str]:
    return sorted({f"{each.rule}:{each.column}" for each in findings})


def expected(case: dict[str, str]) -> list[str]:
    marked = case["findings"]
    for rule in rules():
        marked = marked.replace(f" {rule}:", f"\n{rule}:")
    return sorted(marked.splitlines())


def test_the_clean_file_has_no_findings(check_rows: CheckRows) -> None:
    assert check_rows(clean_rows()) == []


@pytest.mark.parametrize("case", MUTATIONS, ids=[case["case"] for case in MUTATIONS])
def test_each_mutation_fires_its_rules_and_no_others(
    check_rows: CheckRows, case: dict[str, str]
) -> None:
    assert fired(check_rows(changed(clean_rows(), case), "1.2")) == expected(case)


def test_every_row_rule_has_a_mutation_or_a_test_of_its_own() -> None:
    tested = {each.split(":")[0] for case in MUTATIONS for each in expected(case)}
    assert set(rules()) - tested == {"no-rows", "column-type", "number-binary"}


def test_a_finding_counts_rows_and_cost_per_currency(check_rows: CheckRows) -> None:
    rows = [{**row, "ChargeFrequency": "Hourly"} for row in clean_rows()]
    by_currency = {each.billing_currency: each for each in check_rows(rows)}
    assert list(by_currency) == ["EUR", "USD"]
    assert by_currency["EUR"].rows == 1
    assert by_currency["EUR"].cost_at_stake == Decimal("0.0000175")
    assert by_currency["USD"].rows == 10
    assert by_currency["USD"].cost_at_stake == Decimal("12.577656")


def test_an_example_shows_the_cells_and_a_help_names_the_values(check_rows: CheckRows) -> None:
    rows = clean_rows()
    rows[3]["ChargeFrequency"] = "Hourly"
    (finding,) = check_rows(rows)
    assert finding.example == "ChargeFrequency 'Hourly', SkuMeter 'D4s v5'"
    assert finding.help.endswith("Allowed: One-Time, Recurring, Usage-Based.")
    assert len(finding.as_row()) == len(FINDING_COLUMNS)


def test_an_example_shows_a_product_that_does_not_hold(check_rows: CheckRows) -> None:
    rows = clean_rows()
    rows[0]["ListCost"] = "10"
    (finding,) = check_rows(rows)
    assert "ListCost '10'" in finding.example
    assert "ListUnitPrice '0.0025', PricingQuantity '2000'" in finding.example


def test_control_characters_in_an_example_are_written_as_escapes(check_rows: CheckRows) -> None:
    rows = clean_rows()
    rows[3]["ChargeDescription"] = "bell\x07"
    (finding,) = check_rows(rows)
    assert "\\x07" in finding.example
    assert "\x07" not in finding.example


def test_findings_come_in_the_order_of_the_rules(check_rows: CheckRows) -> None:
    rows = [{**row, "Team": "a", "Tags": "x", "ChargeFrequency": "y"} for row in clean_rows()]
    found = [each.rule for each in check_rows(rows)]
    assert found == sorted(found, key=list(rules()).index)


def test_a_file_without_rows_is_said_so_and_its_columns_checked(
    engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("BilledCost,Team\n", encoding="utf-8")
    engine.view_csv("charges", [str(path)])
    found = check(engine, "charges", columns=engine.columns("charges"))
    assert {"no-rows", "column-missing", "column-unknown"} == {each.rule for each in found}
    assert all(each.rows == 0 and each.cost_at_stake is None for each in found)


def test_a_file_without_any_focus_column_is_not_a_crash(engine: Engine) -> None:
    engine.view("other", 'SELECT 1 AS "a", \'x\' AS "B c"')
    found = check(engine, "other", columns=engine.columns("other"))
    assert {each.rule for each in found} == {"column-missing", "column-unknown"}


def test_an_unknown_version_names_the_ones_there_are(engine: Engine) -> None:
    with pytest.raises(ConfigError, match=r"1\.4"):
        check(engine, "charges", "2.0", columns={"BilledCost": "VARCHAR"})


@pytest.mark.parametrize(
    ("columns", "version"),
    [
        (["BilledCost"], "1.0"),
        (["BilledCost", "BillingAccountType", "SubAccountType"], "1.0"),
        (["BilledCost", "SkuMeter"], "1.1"),
        (["BilledCost", "InvoiceId", "ProviderName"], "1.2"),
        (["ServiceProviderName", "ProviderName"], "1.3"),
        (["ServiceProviderName"], "1.4"),
        (["ProviderName", "InvoiceDetailId"], "1.4"),
        (["PrincipalId"], "1.5-draft"),
    ],
)
def test_the_newest_column_tells_the_version(columns: list[str], version: str) -> None:
    assert detect_version(columns) == version


def test_typed_charges_are_checked_as_text_ones_are(engine: Engine) -> None:
    path = CASES / "clean.csv"
    engine.view_csv("text", [str(path)])
    decimals = ("ListCost", "ListUnitPrice", "PricingQuantity")
    numbers = ", ".join(
        f'CAST(NULLIF("{name}", \'\') AS DECIMAL(38,18)) AS "{name}"' for name in decimals
    )
    engine.view(
        "typed",
        f'SELECT * REPLACE ({numbers}, CAST("ChargePeriodStart" AS TIMESTAMP) '
        'AS "ChargePeriodStart", CAST(1 AS BIGINT) AS "BillingAccountId", '
        'CAST("BilledCost" AS DOUBLE) AS "BilledCost") FROM text',
    )
    found = fired(check(engine, "typed", columns=engine.columns("typed")))
    assert "time-naive:ChargePeriodStart" in found
    assert "column-type:BillingAccountId" in found
    assert "number-binary:BilledCost" in found
    assert "column-type:EffectiveCost" in found
    assert not [each for each in found if each.startswith("cost-product")]


def test_numbers_that_cannot_be_read_in_typed_columns_are_found(engine: Engine) -> None:
    engine.view(
        "odd",
        "SELECT CAST('NaN' AS DOUBLE) AS \"ListCost\", 'USD' AS \"BillingCurrency\""
        " UNION ALL SELECT 1e30, 'USD'",
    )
    found = check(engine, "odd", columns=engine.columns("odd"))
    assert [(each.column, each.rows) for each in found if each.rule == "number-format"] == [
        ("ListCost", 2)
    ]


def test_a_cost_that_is_no_number_is_a_column_of_the_wrong_type(engine: Engine) -> None:
    engine.view("odd", 'SELECT TRUE AS "ListCost", 1 AS "PricingQuantity"')
    found = check(engine, "odd", columns=engine.columns("odd"))
    assert [each.column for each in found if each.rule == "column-type"] == ["ListCost"]


def test_tags_stored_as_a_map_are_read(engine: Engine) -> None:
    engine.view("mapped", "SELECT MAP {'team': 'search'} AS \"Tags\", 'USD' AS \"BillingCurrency\"")
    found = fired(check(engine, "mapped", columns=engine.columns("mapped")))
    assert not [each for each in found if each.endswith(":Tags")]


def test_the_rule_table_is_complete() -> None:
    for rule in rules().values():
        assert rule.severity in {"error", "warning", "note"}
        assert rule.title
        assert rule.help.endswith(".")
        assert rule.source


def test_no_case_stands_twice() -> None:
    with (CASES / "mutations.csv").open(encoding="utf-8") as lines:
        names = [row["case"] for row in csv.DictReader(lines)]
    assert len(names) == len(set(names))
