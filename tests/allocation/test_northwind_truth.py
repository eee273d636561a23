"""The tenant with known truth: attribution by evidence, team cents, residuals, canonical tags."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from northwind import NORTHWIND, needs_northwind, truth

from pertoken.allocation import rounded_parts
from pertoken.api import Hub

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = [needs_northwind, pytest.mark.slow]
RULES = Path(__file__).parent / "northwind.toml"
SEEN_CALLS = {None, "BypassedGateway", "MissingDay"}
CURRENCY = {"ea": "USD", "mca": "EUR"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    hub = Hub(tmp_path_factory.mktemp("northwind") / "hub")
    hub.ingest(NORTHWIND)
    return hub


@pytest.fixture(scope="module")
def attributed(hub: Hub) -> list[dict[str, Any]]:
    result = hub.attribute(["Team", "Application", "Feature"], evidence="telemetry")
    return result.to_dicts()


def _sums(rows: Iterable[dict[str, Any]], *keys: str) -> dict[tuple[Any, ...], Decimal]:
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[tuple(row[key] for key in keys)] += Decimal(str(row["EffectiveCost"]))
    return sums


def _expected(name: str, *keys: str, cost: str = "effective") -> dict[tuple[Any, ...], Decimal]:
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in truth(name):
        key = (row[key].replace("(unattributed)", "Unattributed") for key in keys)
        sums[tuple(key)] += Decimal(row[cost])
    return sums


def _differing(
    got: dict[tuple[Any, ...], Decimal], expected: dict[tuple[Any, ...], Decimal], by: str
) -> list[tuple[Any, ...]]:
    zero = Decimal(0)
    return [
        (key, got.get(key), expected.get(key))
        for key in sorted({*got, *expected}, key=str)
        if abs(got.get(key, zero) - expected.get(key, zero)) > Decimal(by)
    ]


def test_every_cell_of_team_application_and_feature_is_as_the_evidence_says(
    attributed: list[dict[str, Any]],
) -> None:
    """Asked for within 0.01; held within 0.000001."""
    calls = [row for row in attributed if row["ResidualReason"] in SEEN_CALLS]
    got = _sums(calls, "BillingMonth", "BillingCurrency", "Team", "Application", "Feature")
    expected = _expected("attribution_evidence.csv", "month", "currency", "team", "app", "feature")
    assert len(expected) > 200
    assert _differing(got, expected, "0.000001") == []


def test_the_cents_of_every_team_are_equal(attributed: list[dict[str, Any]]) -> None:
    calls = [row for row in attributed if row["ResidualReason"] in SEEN_CALLS]
    sums = _sums(calls, "BillingMonth", "BillingCurrency", "Team")
    cents: dict[tuple[Any, ...], Decimal] = {}
    for place in {key[:2] for key in sums}:
        cents |= rounded_parts({key: cost for key, cost in sums.items() if key[:2] == place})
    expected = _expected(
        "team_cents_evidence.csv", "month", "currency", "team", cost="effective_cents"
    )
    assert _differing(cents, expected, "0") == []


def test_the_residual_of_every_month_is_as_listed(attributed: list[dict[str, Any]]) -> None:
    listed = json.loads((NORTHWIND / "truth" / "truth.json").read_text("utf-8"))
    expected = {
        (month, CURRENCY[scope]): Decimal(cost)
        for key, cost in listed["attribution_totals"]["evidence_residual"].items()
        for month, scope in [key.split("|")]
    }
    residual = [r for r in attributed if r["ResidualReason"] in SEEN_CALLS - {None}]
    got = _sums(residual, "BillingMonth", "BillingCurrency")
    assert _differing(got, expected, "0.005") == []


def test_cost_without_evidence_of_a_call_is_not_spread(attributed: list[dict[str, Any]]) -> None:
    rest = [row for row in attributed if row["ResidualReason"] not in SEEN_CALLS]
    got = _sums(rest, "BillingMonth", "BillingCurrency")
    expected = _expected("ai_cost_without_call_evidence.csv", "month", "currency")
    assert _differing(got, expected, "0.000001") == []
    assert {row["Team"] for row in rest} == {"Unattributed"}


def test_the_parts_are_the_ai_bill_to_the_last_decimal(
    hub: Hub, attributed: list[dict[str, Any]]
) -> None:
    whole = hub.matrix(["BillingMonth"]).to_dicts()
    got = _sums(attributed, "BillingMonth", "BillingCurrency")
    assert got == _sums(whole, "BillingMonth", "BillingCurrency")


def test_idle_provisioned_cost_is_right(hub: Hub) -> None:
    listed = json.loads((NORTHWIND / "truth" / "truth.json").read_text("utf-8"))["ptu"]
    rows = hub.attribute(["Deployment"], evidence="telemetry").to_dicts()
    idle: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        idle[str(row["BillingMonth"])] += Decimal(str(row["x_IdleCost"] or 0))
    for month, facts in listed.items():
        if not month.startswith("_"):
            assert abs(idle[month] - Decimal(facts["idle_cost_deployed"])) < Decimal("0.01"), month


def test_canonical_tags_are_equal(hub: Hub) -> None:
    """The 54 cells of cost centre, team and environment; marketplace resources are not listed."""
    by = ["CostCenter", "Team", "Environment"]
    rows = hub.attribute([*by, "ResourceName"], evidence="rules", rules=RULES).to_dicts()
    for row in rows:
        row |= {name: (row[name] or "").replace("Unattributed", "") for name in by}
    accounts = {row["account"] for row in truth("tag_facts.csv")}
    held = [row for row in rows if row["ResourceName"] in accounts]
    got = _sums(held, "BillingMonth", "BillingCurrency", *by)
    expected = _expected(
        "by_tag_canonical.csv", "month", "currency", "cost_center", "team", "environment"
    )
    assert len(expected) == 54
    assert _differing(got, expected, "0.000001") == []


def test_the_preview_of_a_rule_shows_what_it_moves_and_moves_nothing(hub: Hub) -> None:
    before = hub.attribute(["Environment"]).to_dicts()
    moves = hub.preview_rules(RULES, ["Environment"]).to_dicts()
    assert {row["Environment"] for row in moves} == {"dev", "Unattributed"}
    assert sum(Decimal(str(row["Difference"])) for row in moves) == 0
    assert hub.attribute(["Environment"]).to_dicts() == before


SPREADS = """
[[spread]]
name = "no calls"
dimension = "Team"
by = "cost"
when = { ResidualReason = "NoCallEvidence" }
[[spread]]
name = "unseen"
dimension = "Team"
by = "tokens"
when = { ResidualReason = ["BypassedGateway", "MissingDay"] }
from = 2026-03-01
[[spread]]
name = "gateway"
charges = "platform"
dimension = "Team"
by = "even"
when = { ServiceName = "API Management" }
"""


def test_spreads_keep_every_total_and_all_evidence(hub: Hub, tmp_path: Path) -> None:
    rules = tmp_path / "spreads.toml"
    rules.write_text(SPREADS, "utf-8")
    by, place = ["Team", "SkuMeter"], ("BillingMonth", "BillingCurrency", "SkuMeter")
    before = hub.attribute(by).to_dicts()
    after = hub.attribute(by, rules=rules).to_dicts()
    assert _sums(after, *place) == _sums(before, *place)
    assert {row["x_SpreadRule"] for row in after} == {None, "no calls", "unseen"}
    known = (*place, "Team", "Evidence")
    named = [row for row in after if row["ResidualReason"] is None and not row["x_SpreadRule"]]
    assert _sums(named, *known) == _sums(
        (row for row in before if row["ResidualReason"] is None), *known
    )
    reasons = {(row["ResidualReason"], row["BillingMonth"] < "2026-03") for row in after}
    assert ("NoCallEvidence", False) not in reasons
    assert ("BypassedGateway", False) not in reasons
    platform = hub.attribute(rules=rules, platform=True).to_dicts()
    charges = hub.matrix(
        ["BillingMonth"], where={"ServiceName": "API Management"}, all_charges=True
    )
    assert _sums(platform, *place[:2]) == _sums(charges.to_dicts(), *place[:2])
    assert {row["x_SpreadRule"] for row in platform} == {"gateway"}


def test_telemetry_that_comes_again_changes_nothing(hub: Hub) -> None:
    before = hub.attribute(["Team"]).to_dicts()
    report = hub.ingest(NORTHWIND / "telemetry").report
    assert report.usage_files == 0
    assert hub.attribute(["Team"]).to_dicts() == before


def test_what_a_conversation_costs_is_the_attributed_cost_over_the_metric(hub: Hub) -> None:
    """Counts are those of the truth; costs are the attributed ones, which are tested above."""
    listed = json.loads((NORTHWIND / "truth" / "truth.json").read_text("utf-8"))["unit_economics"]
    rows = hub.units("conversations", evidence="telemetry").to_dicts()
    found = {
        f"{row['BillingMonth']}|{row['Application']}|{row['BillingCurrency']}": row for row in rows
    }
    exact = 0
    for key, facts in listed.items():
        if key not in found:
            # flows f19, f25 and f28 bypass the gateway
            assert key.split("|")[1] in ("experiments", "invoice-extract"), key
            continue
        row = found[key]
        assert row["MetricQuantity"] == facts["conversations"]
        exact += abs(row["x_UnitCost"] - Decimal(facts["per_conversation"])) < Decimal("0.0000001")
    assert exact > len(listed) // 2
