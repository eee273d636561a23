"""The simulated tenant's known anomalies: which are found, when, where, and for how much."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import pertoken
from pertoken.anomalies import Finding, cells_select, detect

ROOT = Path(__file__).parents[2]
TRUTH = ROOT.parent / "shared" / "tenants" / "northwind" / "truth" / "truth.json"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not TRUTH.exists(), reason="needs ../shared/tenants/northwind/truth"),
]
LEDGER = {"D1"}
"""Found by the ledger of runs (a delivery of equal bytes is never applied), not by detection."""
SLOW = {"A11": 30}
BOUNDED = {"A1", "A2", "A5", "A7", "A8", "A10"}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    hub = pertoken.open(tmp_path_factory.mktemp("northwind") / "hub")
    hub.ingest(ROOT / "src" / "pertoken" / "demo" / "northwind")
    snapshot = hub._snapshot()
    for name in ("token_costs", "meters", "tags"):
        snapshot.view(hub._engine, name)
    cells = hub._engine.arrow(cells_select()).to_pydict()
    return [each for each in detect(cells) if not each.notice]


@pytest.fixture(scope="module")
def facts() -> list[dict[str, Any]]:
    told = json.loads(TRUTH.read_text("utf-8"))["anomalies"]
    return [fact for fact in told if fact["id"] not in LEDGER]


def is_of(finding: Finding, fact: dict[str, Any]) -> bool:
    """Within a day of the start, and in the cell as far as a bill without telemetry can say."""
    cell = fact["cell"]
    near = abs(finding.start - date.fromisoformat(fact["start"]))
    told = finding.cell
    resource = str(told.get("ResourceId")).rsplit("/", 1)[-1]
    scope = str(told.get("x_DeploymentScope")).lower().replace("datazone", "data_zone")
    return near <= timedelta(days=SLOW.get(fact["id"], 1)) and all(
        (
            "resource" not in cell or resource == cell["resource"],
            "model" not in cell or told.get("x_ModelId") == cell["model"],
            "deployment_scope" not in cell or scope == cell["deployment_scope"],
            "direction" not in cell or told.get("x_TokenDirection", "").lower() == "input",
            "scope" not in cell or finding.kind == "missing data",
        )
    )


def test_at_least_nine_facts_are_found_in_their_cell_within_a_day(
    found: list[Finding], facts: list[dict[str, Any]]
) -> None:
    known = {fact["id"] for fact in facts if any(is_of(each, fact) for each in found)}
    assert len(known) >= 9, sorted(known)


def test_at_most_three_findings_are_of_nothing_listed(
    found: list[Finding], facts: list[dict[str, Any]]
) -> None:
    false = [each for each in found if not any(is_of(each, fact) for fact in facts)]
    assert len(false) <= 3, [(each.start, each.kind, each.cell) for each in false]


def test_bounded_events_cost_what_they_did_within_15_percent(
    found: list[Finding], facts: list[dict[str, Any]]
) -> None:
    off = {}
    for fact in facts:
        if fact["id"] in BOUNDED:
            extra = float(fact["extra_cost"])
            costs = [each.extra_cost for each in found if is_of(each, fact)]
            off[fact["id"]] = min((abs(cost / extra - 1) for cost in costs), default=1.0)
    assert max(off.values()) <= 0.15, off


def test_the_slow_drift_is_told_with_its_cost_though_it_is_half_a_day_of_all(
    found: list[Finding], facts: list[dict[str, Any]]
) -> None:
    [drift] = [fact for fact in facts if fact["id"] == "A11"]
    [told] = [each for each in found if each.kind == "ramp" and is_of(each, drift)]
    assert told.extra_cost == pytest.approx(float(drift["extra_cost"]), rel=0.15)
    assert told.end.isoformat() == drift["end"]
