"""Platform cost is what the rules name of other charges, whole, by a key, and never AI cost."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from builders import TEAM_RULES, charge, run_pertoken, write_export

import pertoken
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pertoken.api import Hub

PLATFORM = """
[[spread]]
name = "gateway"
charges = "platform"
dimension = "Team"
by = "cost"
when = { ServiceName = "API Management" }
[[spread]]
name = "logs"
charges = "platform"
dimension = "Team"
shares = { search = 0.9, ops = 0.1 }
when = { x_SkuMeterCategory = "Log*", Tags.Application = "ai" }
from = 2026-01-03
[[spread]]
name = "gateway apps"
charges = "platform"
dimension = "Application"
shares = { chat = 1 }
when = { ServiceName = "API *" }
"""


def _costs(cost: str) -> dict[str, str]:
    return dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost)


def _ai(resource: str, cost: str, day: int = 1) -> dict[str, Any]:
    place = f"/subscriptions/s/resourceGroups/rg/providers/p/accounts/{resource}"
    return charge(
        tokens=1000, price=cost, day=day, ResourceName=resource, ResourceId=place, Tags=None,
        **_costs(cost),
    )  # fmt: skip


def _other(service: str, category: str, cost: str, day: int, tags: str | None = None) -> Any:  # noqa: ANN401
    place = f"/subscriptions/s/resourceGroups/rg/providers/p/things/{service.lower()}"
    return charge(
        tokens=1000, price=cost, day=day, ResourceName=service.lower(), ResourceId=place, Tags=tags,
        ServiceCategory="Integration", ServiceName=service, x_SkuMeterCategory=category,
        x_SkuMeterSubcategory=category, SkuMeter=f"{category} Unit", x_SkuMeterId=f"id {category}",
        x_SkuDescription=category, **_costs(cost),
    )  # fmt: skip


CHARGES = [
    _ai("aoai-search", "3"), _ai("aoai-ads", "1", day=2), _ai("aoai-other", "5", day=2),
    _other("API Management", "API Management", "0.8", 2),
    _other("API Management", "API Management", "-0.3", 3),
    _other("Azure Monitor", "Log Analytics", "10", 2, '{"app": "ai"}'),
    _other("Azure Monitor", "Log Analytics", "2", 3, '{"app": "ai"}'),
    _other("Azure Monitor", "Log Analytics", "7", 3, '{"app": "web"}'),
    _other("Virtual Machines", "Virtual Machines", "100", 3),
]  # fmt: skip


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    root = tmp_path_factory.mktemp("platform")
    write_export(root / "in", CHARGES)
    (root / "teams.toml").write_text(TEAM_RULES, "utf-8")
    (root / "platform.toml").write_text(TEAM_RULES + PLATFORM, "utf-8")
    made = pertoken.open(root / "hub")
    made.ingest(root / "in")
    made.save_rules(root / "teams.toml")
    return made


@pytest.fixture
def rules(hub: Hub) -> Path:
    return hub.path.parent / "platform.toml"


def _sums(rows: Iterable[dict[str, Any]], *keys: str) -> dict[Any, str]:
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[tuple(row[key] for key in keys)] += row["EffectiveCost"]
    return {key: str(cost.normalize() + 0) for key, cost in sums.items()}


def test_only_what_the_rules_name_is_divided_by_the_key_of_ai_cost(hub: Hub, rules: Path) -> None:
    """The gateway, 0.80 less 0.30, by 3 to 1; of the logs those of AI from the day of the rule."""
    rows = hub.attribute(platform=True, rules=rules).to_dicts()
    assert _sums(rows, "Team", "Evidence", "x_SpreadRule") == {
        ("search", "assumed", "gateway"): "0.375", ("ads", "assumed", "gateway"): "0.125",
        ("search", "assumed", "logs"): "1.8", ("ops", "assumed", "logs"): "0.2",
    }  # fmt: skip
    assert {(row["x_TokenCost"], row["x_TokenQuantity"], row["x_UnitCost"]) for row in rows} == {
        (None, None, None)
    }


@pytest.mark.parametrize(
    "by",
    [["Team"], ["Application"], ["CostCenter"], ["Team", "Application"], ["Team", "SkuMeter"],
     ["ServiceName"], ["Feature", "ChargeDate"]],
)  # fmt: skip
@pytest.mark.parametrize("evidence", [None, "rules", "telemetry", "tags"])
def test_the_total_is_that_of_the_charges_whatever_is_asked(
    hub: Hub, rules: Path, by: list[str], evidence: str | None
) -> None:
    rows = hub.attribute([*by, "ResourceName"], platform=True, rules=rules, evidence=evidence)
    assert _sums(rows.to_dicts(), "ResourceName") == {
        ("api management",): "0.5", ("azure monitor",): "2"
    }  # fmt: skip


def test_what_no_spread_of_the_dimension_names_is_unattributed(hub: Hub, rules: Path) -> None:
    rows = hub.attribute(["Application"], platform=True, rules=rules).to_dicts()
    assert _sums(rows, "Application", "ResidualReason", "x_SpreadRule") == {
        ("chat", None, "gateway apps"): "0.5", ("Unattributed", "NoCallEvidence", None): "2",
    }  # fmt: skip
    tags = hub.attribute(["Application"], platform=True, rules=rules, evidence="tags").to_dicts()
    assert _sums(tags, "Application", "ResidualReason", "x_SpreadRule") == {
        ("ai", None, None): "2", ("Unattributed", "NoTag", None): "0.5",
    }  # fmt: skip


def test_a_rule_comes_before_a_spread_of_platform_cost(hub: Hub, tmp_path: Path) -> None:
    text = (
        TEAM_RULES
        + PLATFORM
        + '[[rule]]\ndimension = "Team"\nvalue = "ops"\nwhen = { ServiceName = "API*" }'
    )
    (tmp_path / "ruled.toml").write_text(text, "utf-8")
    rows = hub.attribute(platform=True, rules=tmp_path / "ruled.toml").to_dicts()
    assert _sums(rows, "Team", "x_SpreadRule")[("ops", None)] == "0.5"


def test_a_month_without_a_key_keeps_its_platform_cost(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "none.toml").write_text(PLATFORM.replace("search", "ops2"), "utf-8")
    rows = hub.attribute(platform=True, rules=tmp_path / "none.toml").to_dicts()
    assert _sums(rows, "Team", "ResidualReason")["Unattributed", "NoSpreadKey"] == "0.5"


def test_ai_cost_is_what_it_was(hub: Hub, rules: Path) -> None:
    for by in (["Team"], ["Team", "SkuMeter"]):
        assert hub.attribute(by, rules=rules).to_dicts() == hub.attribute(by).to_dicts()
    assert hub.kpis(rules=rules).to_dicts() == hub.kpis().to_dicts()
    assert hub.preview_rules(rules).to_dicts() == []


def test_a_preview_of_platform_cost_shows_what_would_enter(hub: Hub, rules: Path) -> None:
    moves = hub.preview_rules(rules, platform=True).to_dicts()
    assert {row["Team"]: (row["CostBefore"], row["CostAfter"]) for row in moves} == {
        "search": (0, Decimal("2.175")), "ads": (0, Decimal("0.125")), "ops": (0, Decimal("0.2")),
    }  # fmt: skip


def test_rules_that_name_none_are_told_so(hub: Hub) -> None:
    with pytest.raises(ConfigError) as raised:
        hub.attribute(platform=True)
    assert str(raised.value).splitlines() == [
        "The rules name no platform cost.",
        'Expected a [[spread]] with charges = "platform" and the conditions of its charges.',
        "Write one, and name its file with --rules or save it: docs/allocation.md.",
    ]
    with pytest.raises(ConfigError, match="name no platform cost"):
        hub.preview_rules(hub.path.parent / "teams.toml", platform=True)


def test_the_command_line_prints_it(hub: Hub, rules: Path) -> None:
    made = run_pertoken(
        "attribute", "--platform", "--rules", rules, "--format", "csv", hub=hub.path
    ).stdout
    assert "2026-01,search,USD,1.8,,,,1000000 Tokens,assumed,,,logs\n" in made
