"""The tenant with known truth: what moved the cost between two months."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from northwind import NORTHWIND, needs_northwind

from pertoken.api import Hub
from pertoken.hub import Hub as HubStore
from pertoken.pipeline.compared import compared_months
from pertoken.pipeline.variance_cells import VarianceQuery, variance_cells
from pertoken.pipeline.views import view_dimensions
from pertoken.unit_economics.variance import TOKENS, three_effects

pytestmark = [needs_northwind, pytest.mark.slow]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    hub = Hub(tmp_path_factory.mktemp("northwind") / "hub")
    hub.ingest(NORTHWIND)
    return hub


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    return json.loads((NORTHWIND / "truth" / "truth.json").read_text("utf-8"))


@pytest.mark.parametrize("scope", ["ea", "mca"])
def test_price_volume_and_mix_are_those_of_the_truth(
    hub: Hub, facts: dict[str, Any], scope: str
) -> None:
    """By the formula of the truth over the product's cells, and by the product's own drivers."""
    truth = facts["pvm"][scope]
    expected = [Decimal(truth[f"{name}_effect"]) for name in ("price", "volume", "mix")]
    engine = hub._engine
    snapshot = HubStore(hub.path).snapshot(engine)
    before, after, _ = compared_months(snapshot.runs, *truth["months"])
    view_dimensions(engine, snapshot)
    query = VarianceQuery(before, after, currency=truth["currency"])
    cells = [cell for cell in variance_cells(engine, snapshot, query, None) if cell.kind == TOKENS]
    for got, want in zip(three_effects(cells), expected, strict=True):
        assert abs(got - want) < Decimal("1e-9")
    rows = hub.variance(*truth["months"], currency=truth["currency"]).to_dicts()
    named = {
        "price": ("Price", "Currency"),
        "volume": ("Volume",),
        "mix": ("ModelMix", "TierAndScopeMix", "TokenKindMix", "CacheRate", "OtherMix", "New",
                "Retired"),
    }  # fmt: skip
    for drivers, want in zip(named.values(), expected, strict=True):
        got = sum((row["Effect"] for row in rows if row["Driver"] in drivers), Decimal(0))
        assert abs(got - want) < Decimal("1e-9")


def test_effects_add_to_the_difference_of_the_matrix(hub: Hub) -> None:
    for by in ([], ["ResourceName"], ["Tags.team"]):
        effects: dict[str, Decimal] = {}
        for row in hub.variance("2026-06", "2026-09", by=by).to_dicts():
            currency = str(row["BillingCurrency"])
            effects[currency] = effects.get(currency, Decimal(0)) + row["Effect"]
        costs = {
            (row["BillingMonth"], row["BillingCurrency"]): row["EffectiveCost"]
            for row in hub.matrix(["BillingMonth"]).to_dicts()
        }
        for currency, total in effects.items():
            assert total == costs["2026-09", currency] - costs["2026-06", currency]


def test_capacity_is_that_of_the_truth(hub: Hub, facts: dict[str, Any]) -> None:
    """Utilisation, idle, unused and unit cost within 0.1 %; hours and tokens exactly."""
    rows = {str(row["BillingMonth"]): row for row in hub.ptu().to_dicts()}
    months = [month for month in facts["ptu"] if not month.startswith("_")]
    assert sorted(rows) == sorted(months)
    near = {
        "Utilisation": "mean_utilisation",
        "IdleCost": "idle_cost_deployed",
        "UnusedReservationCost": "effective_cost_unused_reservation",
        "EffectiveCost": "effective_cost_deployed",
        "x_UnitCost": "effective_cost_per_1m_tokens",
    }
    for month in months:
        row, truth = rows[month], facts["ptu"][month]
        assert row["DeployedUnitHours"] == truth["deployed_ptu_hours"]
        assert row["ReservedUnitHours"] == truth["reserved_ptu_hours"]
        assert row["x_TokenQuantity"] == truth["prompt_tokens"] + truth["generated_tokens"]
        for name, known in near.items():
            want = Decimal(truth[known])
            assert abs(row[name] - want) <= abs(want) / 1000, (month, name)
        assert 0 < row["PaygCostLow"] <= row["PaygCostHigh"]
        split = month < "2026-07"  # telemetry of later months does not tell cached tokens apart
        assert (row["PaygEquivalentCost"] is not None) == split
        assert split or "cached" in row["Reason"]


def test_hours_of_capacity_add_to_the_month(hub: Hub) -> None:
    (month,) = hub.ptu("2026-06").to_dicts()
    hours = hub.ptu("2026-06", by="hour").to_dicts()
    assert len(hours) == 30 * 24
    assert abs(sum(row["EffectiveCost"] for row in hours) - month["EffectiveCost"]) < 1e-12
    assert sum(row["x_TokenQuantity"] for row in hours) == month["x_TokenQuantity"]
