"""Key figures of a month are quotients of sums, and what cannot be known says why."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from builders import TEAM_RULES, charge, write_export

import pertoken
from pertoken.engine import local_engine
from pertoken.errors import ConfigError
from pertoken.hub import Hub as HubFolder
from pertoken.pipeline.allocation_rules import hub_rules
from pertoken.pipeline.audience import Audience, SeenRelations
from pertoken.pipeline.own_attribution import TEAM_KPI_COLUMNS, own_kpis

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pertoken.api import Hub

RULES = f"""
[tags.Application]
keys = ["app"]
{TEAM_RULES}"""
BY_TEAM = "date,team,tickets\n2026-01-01,search,8\n2026-01-03,search,2\n2026-01-03,ops,5\n"
WHOLE = "date,app,tickets\n2026-01-01,chat,12\n"
TWO = WHOLE.replace("tickets", "tickets,calls").replace("12", "12,40")
METRICS = "MetricQuantity: {0}; x_MetricUnitCost: {0}"


def _billed(resource: str, cost: str, app: str | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    costs = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost)
    tags = None if app is None else json.dumps({"app": app})
    return charge(
        tokens=1000, price=cost, Tags=tags, ResourceName=resource,
        ResourceId=f"/subscriptions/s/resourceGroups/rg/providers/p/accounts/{resource}",
        **(costs | more),
    )  # fmt: skip


CHARGES = [
    _billed("aoai-search", "3", "chat"), _billed("aoai-search", "1"), _billed("aoai-ads", "4"),
    _billed("aoai-other", "2", "chat"),
]  # fmt: skip


@pytest.fixture
def hub_of(tmp_path: Path) -> Callable[..., Hub]:
    def made(metrics: str | None, charges: list[dict[str, Any]] | None = None) -> Hub:
        write_export(tmp_path / "in" / "focus", CHARGES if charges is None else charges)
        if metrics is not None:
            (tmp_path / "in" / "metrics.csv").write_text(metrics, "utf-8")
        (tmp_path / "rules.toml").write_text(RULES, "utf-8")
        hub = pertoken.open(tmp_path / "hub")
        assert not hub.ingest(tmp_path / "in").report.problems
        hub.save_rules(tmp_path / "rules.toml")
        return hub

    return made


def _by_team(hub: Hub, *names: str, **options: str) -> dict[str, tuple[Any, ...]]:
    rows = hub.kpis(**options).to_dicts()
    return {str(row["Team"]): tuple(row[name] for name in names) for row in rows}


def test_shares_are_of_the_cost_of_their_row(hub_of: Callable[..., Hub]) -> None:
    hub = hub_of(None)
    assert _by_team(
        hub, "EffectiveCost", "ShareOfCost", "AttributedShare", "UnattributedShare",
        "MeasuredShare", "TaggedShare",
    ) == {
        "All": (10, 1, Decimal("0.8"), Decimal("0.2"), 0, Decimal("0.5")),
        "ads": (4, Decimal("0.4"), 1, 0, 0, 0),
        "search": (4, Decimal("0.4"), 1, 0, 0, Decimal("0.75")),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("metrics", "asked", "expected"),
    [
        (None, None, {name: (None, None, None, METRICS.format("NoMetric"))
                      for name in ("All", "ads", "search")}),
        (BY_TEAM, None, {
            "All": ("tickets", 15, Decimal("0.666666666667"), None),
            "ads": ("tickets", None, None, METRICS.format("NoMetricValue")),
            "search": ("tickets", 10, Decimal("0.4"), None),
        }),
        (WHOLE, "Tickets", {
            "All": ("tickets", 12, Decimal("0.833333333333"), None),
            "ads": ("tickets", None, None, METRICS.format("MetricNotByTeam")),
            "search": ("tickets", None, None, METRICS.format("MetricNotByTeam")),
        }),
        (TWO, None,
         {name: (None, None, None, METRICS.format("SeveralMetrics"))
          for name in ("All", "ads", "search")}),
        (TWO, "calls", {
            "All": ("calls", 40, Decimal("0.25"), None),
            "ads": ("calls", None, None, METRICS.format("MetricNotByTeam")),
            "search": ("calls", None, None, METRICS.format("MetricNotByTeam")),
        }),
        (WHOLE.replace("-01-01", "-02-01"), None, {
            "All": ("tickets", None, None, METRICS.format("NoMetricValue")),
            "ads": ("tickets", None, None, METRICS.format("MetricNotByTeam")),
            "search": ("tickets", None, None, METRICS.format("MetricNotByTeam")),
        }),
    ],
)  # fmt: skip
def test_a_unit_of_the_metric_costs_all_cost_of_the_row(
    hub_of: Callable[..., Hub],
    metrics: str | None,
    asked: str | None,
    expected: dict[str, tuple[Any, ...]],
) -> None:
    options = {} if asked is None else {"metric": asked}
    hub = hub_of(metrics)
    found = _by_team(
        hub, "Metric", "MetricQuantity", "x_MetricUnitCost", "UnknownReason", **options
    )
    assert found == expected


def test_a_metric_that_there_is_not_is_refused(hub_of: Callable[..., Hub]) -> None:
    with pytest.raises(ConfigError, match="There is no metric 'tikets'"):
        hub_of(WHOLE).kpis("tikets")


def test_what_costs_nothing_has_no_shares(hub_of: Callable[..., Hub]) -> None:
    charges = [_billed("aoai-search", "1"), _billed("aoai-search", "-1", ChargeClass="Correction")]
    [(reason,), (own,)] = _by_team(hub_of(WHOLE, charges), "UnknownReason").values()
    assert reason.startswith("ShareOfCost: NoCost; AttributedShare: NoCost; UnattributedShare: N")
    assert own.endswith(METRICS.format("MetricNotByTeam"))


def test_a_team_sees_its_own_figures_and_why_they_are_not_known(
    hub_of: Callable[..., Hub],
) -> None:
    hub = hub_of(BY_TEAM)
    engine = local_engine(threads=1)
    audience = Audience(sees_all=False, teams=("Search", "ads"))
    relations = SeenRelations(HubFolder(hub.path).snapshot(engine), audience)
    table = own_kpis(relations, hub_rules(relations))
    engine.close()
    assert table.column_names == TEAM_KPI_COLUMNS
    rows = {row["Team"]: row for row in table.to_dicts()}
    assert set(rows) == {"search", "ads"}
    own = rows["search"]
    assert (own["TaggedShare"], own["MetricQuantity"], own["x_MetricUnitCost"]) == (
        Decimal("0.75"), 10, Decimal("0.4"),
    )  # fmt: skip
    assert own["UnknownReason"] is None
    assert rows["ads"]["UnknownReason"] == METRICS.format("NoMetricValue")
