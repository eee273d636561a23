"""A rule, a spread or a question can name any column of the charges; the parts stay the bill."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from builders import charge, write_export
from usage_relations import billed, view_bill

import pertoken
from pertoken.allocation import BILL_COLUMNS, view_parts
from pertoken.engine import local_engine
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.api import Hub

TOKENS = (3_000_000, 2_000_000, 1_000_000)
RULES = """
[[rule]]
dimension = "Team"
value = "apps"
when = {{ {condition} }}
"""
CONDITIONS = {
    "a text that only charges have": ('x_InvoiceSectionName = "App*"', "7.5"),
    "a text of two values": ('x_CostCenter = ["100", "300"]', "10"),
    "a number": ('x_PricingBlockSize = "1000"', "12.5"),
    "a column of the mart": ('PricingCategory = "Committed"', "2.5"),
    "a column of the bill": ('RegionId = "sweden*"', "15"),
    "one that no row fills": ('x_CustomerName = "x"', "0"),
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    root = tmp_path_factory.mktemp("columns")
    told = [("Apps", "100", "Standard", "1000"), ("Data", "200", "Standard", "1000"),
            (None, "300", "Committed", None)]  # fmt: skip
    rows = [
        charge(tokens=tokens, x_InvoiceSectionName=section, x_CostCenter=center,
               PricingCategory=category, x_PricingBlockSize=block)
        for tokens, (section, center, category, block) in zip(TOKENS, told, strict=True)
    ]  # fmt: skip
    gateway = [
        charge(tokens=200, ServiceName="Networking", ServiceCategory="Networking",
               x_SkuMeterCategory="Networking", x_SkuMeterSubcategory="Networking",
               SkuMeter="Gateway Unit", x_SkuMeterId="gateway", x_SkuDescription="Gateway",
               x_InvoiceSectionName=section, x_PricingBlockSize="100", x_CostCenter=section)
        for section in ("Apps", "Data")
    ]  # fmt: skip
    made = pertoken.open(root / "hub")
    made.ingest(write_export(root / "exports", [*rows, *gateway]))
    return made


def _costs(rows: list[dict[str, Any]], name: str) -> dict[Any, Decimal]:
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row[name]] += row["EffectiveCost"]
    return sums


def test_the_columns_of_every_bill_are_those_that_are_named() -> None:
    engine = local_engine(threads=1)
    view_bill(engine, [billed()])
    view_parts(engine, by_usage=False)
    assert set(engine.columns("bill")) == set(BILL_COLUMNS)
    engine.close()


@pytest.mark.parametrize("case", CONDITIONS)
def test_a_condition_on_any_column_moves_what_it_names(hub: Hub, tmp_path: Path, case: str) -> None:
    condition, expected = CONDITIONS[case]
    path = tmp_path / "rules.toml"
    path.write_text(RULES.format(condition=condition))
    costs = _costs(hub.attribute(["Team"], rules=path).to_dicts(), "Team")
    assert costs["apps"] == Decimal(expected)
    assert sum(costs.values()) == 15
    moved = hub.preview_rules(path).to_dicts()
    assert sum(row["CostAfter"] for row in moved if row["Team"] == "apps") == Decimal(expected)


def test_any_column_can_be_asked_for(hub: Hub) -> None:
    rows = hub.attribute(["x_InvoiceSectionName", "x_PricingBlockSize"]).to_dicts()
    assert _costs(rows, "x_InvoiceSectionName") == {"Apps": 7.5, "Data": 5, None: 2.5}
    assert {row["Evidence"] for row in rows} == {"billed"}
    assert _costs(hub.attribute(["PricingCategory"]).to_dicts(), "PricingCategory") == {
        "Standard": 12.5, "Committed": 2.5,
    }  # fmt: skip


def test_a_column_that_no_charge_has_is_refused(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES.format(condition='x_Invoice = "App*"'))
    with pytest.raises(ConfigError, match="the column 'x_Invoice', which no charge has"):
        hub.attribute(["Team"], rules=path)
    with pytest.raises(ConfigError, match="no dimension 'x_Invoice'"):
        hub.attribute(["x_Invoice"])


def test_a_statement_of_billed_cost_reads_them_too(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES.format(condition='x_InvoiceSectionName = "App*"'))
    hub.save_rules(path)
    made = hub.statements.draft("2026-01", by="Kim", team="apps", cost="Billed")
    assert [row["Cost"] for row in made.to_dicts()] == [Decimal("7.5")]


def test_platform_charges_are_named_by_any_column_too(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        RULES.format(condition='RegionId = "*"')
        + '[[spread]]\nname = "net"\ncharges = "platform"\ndimension = "Team"\nby = "cost"\n'
        'when = { x_InvoiceSectionName = "Apps", x_PricingBlockSize = "100" }\n'
    )
    rows = hub.attribute(["Team"], platform=True, rules=path).to_dicts()
    assert [(row["Team"], row["EffectiveCost"]) for row in rows] == [("apps", Decimal("0.0005"))]
