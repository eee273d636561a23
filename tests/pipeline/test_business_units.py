"""Cost per unit is the quotient of sums, and every cost and every count stands in one row."""

from __future__ import annotations

import os
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import charge, write_export

import pertoken
from pertoken.errors import ConfigError, HubError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pertoken.api import Hub

METRICS = """date,app,conversations,active_users
2026-01-01,chat,100,10
2026-01-02,chat,300,30
2026-01-01,quiet,7,1
"""


def billed(app: str | None, cost: str, *, day: int = 1, currency: str = "USD") -> dict[str, Any]:
    tags = None if app is None else f'{{"app":"{app}"}}'
    costs = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost)
    return charge(tokens=1000, price=cost, day=day, Tags=tags, BillingCurrency=currency, **costs)


CHARGES = [
    billed("chat", "2"), billed("chat", "6", day=2), billed("search", "3"), billed(None, "1"),
]  # fmt: skip


@pytest.fixture
def hub_of(tmp_path: Path) -> Callable[..., Hub]:
    def made(metrics: str | None = METRICS, charges: list[dict[str, Any]] | None = None) -> Hub:
        write_export(tmp_path / "in" / "focus", CHARGES if charges is None else charges)
        if metrics is not None:
            (tmp_path / "in" / "metrics.csv").write_text(metrics, "utf-8")
        hub = pertoken.open(tmp_path / "hub")
        assert not hub.ingest(tmp_path / "in").report.problems
        return hub

    return made


def units(hub: Hub, metric: str = "conversations", **options: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    return hub.units(metric, evidence="tags", **options).to_dicts()


def test_a_metric_joins_cost_by_its_dimensions(hub_of: Callable[..., Hub]) -> None:
    rows = units(hub_of())
    assert [
        (r["Application"], r["EffectiveCost"], r["MetricQuantity"], r["x_UnitCost"]) for r in rows
    ] == [
        ("chat", 8, 400, Decimal("0.02")),
        ("search", 3, None, None),
        ("Unattributed", 1, None, None),
        ("quiet", None, 7, None),
    ]
    assert [r["ResidualReason"] for r in rows] == [None, "NoMetric", "Unattributed", "NoCost"]
    assert {r["x_UnitCostUnit"] for r in rows} == {"conversations"}
    assert rows[0]["UnattributedShare"] == (Decimal(1) / 12).quantize(Decimal("1e-12"))
    assert rows[0]["CostWithoutMetricShare"] == Decimal("0.25")
    assert rows[0]["MetricWithoutCostShare"] == (Decimal(7) / 407).quantize(Decimal("1e-12"))


def test_what_does_not_add_up_over_days_is_a_mean(hub_of: Callable[..., Hub]) -> None:
    hub = hub_of()
    assert units(hub, "Active Users", aggregation="mean")[0]["x_UnitCost"] == Decimal("0.4")
    assert units(hub, "active_users", aggregation="max", per="1K")[0]["x_UnitCost"] == (
        Decimal(8000) / 30
    ).quantize(Decimal("1e-12"))


@pytest.mark.parametrize("by", [None, (), ("ChargeDate",), ("Application", "ChargeDate")])
def test_every_cost_and_count_stands_once(
    hub_of: Callable[..., Hub], by: tuple[str, ...] | None
) -> None:
    rows = units(hub_of(), by=by)
    assert sum(r["EffectiveCost"] or 0 for r in rows) == 12
    assert sum(r["MetricQuantity"] or 0 for r in rows) == 407


def test_a_metric_is_not_split_between_currencies(hub_of: Callable[..., Hub]) -> None:
    rows = units(hub_of(charges=[billed("chat", "2"), billed("chat", "4", currency="EUR")]))
    assert [(r["BillingCurrency"], r["MetricQuantity"], r["x_UnitCost"]) for r in rows] == [
        ("EUR", 400, Decimal("0.01")), ("USD", 400, Decimal("0.005")), (None, 7, None),
    ]  # fmt: skip


def test_metrics_are_listed_and_the_last_file_counts(
    hub_of: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = hub_of()
    (row, _) = sorted(hub.units().to_dicts(), key=lambda each: -each["MetricQuantity"])
    assert (row["Metric"], row["Dimensions"], row["MetricQuantity"]) == (
        "conversations", "Application", 407
    )  # fmt: skip
    table = pa.table({"date": ["2026-01-01"], "app": ["chat"], "conversations": [1]})
    folder = tmp_path / "later"
    folder.mkdir()
    pq.write_table(table, folder / "metrics.parquet")
    later = time.time() + 3600
    os.utime(folder / "metrics.parquet", (later, later))
    hub.ingest(folder)
    assert units(hub)[0]["MetricQuantity"] == 301
    statuses = [r["Status"] for r in hub.runs().to_dicts() if r["Dataset"] == "BusinessMetrics"]
    assert statuses == ["reference"] * 2


def test_what_is_not_there_is_said(hub_of: Callable[..., Hub]) -> None:
    hub = hub_of()
    with pytest.raises(ConfigError, match="no metric 'converations'"):
        units(hub, "converations")
    with pytest.raises(ConfigError, match="is not stated by Team"):
        units(hub, by=["Team"])


def test_a_hub_without_metrics_says_so(hub_of: Callable[..., Hub]) -> None:
    with pytest.raises(HubError, match="no business metrics"):
        units(hub_of(None))


def test_a_month_alone_can_be_grouped_by(hub_of: Callable[..., Hub]) -> None:
    (row,) = hub_of().attribute(["BillingMonth"]).to_dicts()
    assert (row["BillingMonth"], row["EffectiveCost"]) == ("2026-01", 12)


def test_metrics_that_cannot_be_read_are_a_problem_and_nothing_else(
    hub_of: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = hub_of()
    path = tmp_path / "bad.csv"
    path.write_text("date,app,tasks\n2026-01-01,chat,1\n2026-01-02,chat,many\n", "utf-8")
    before = hub.periods().to_dicts()
    (problem,) = hub.ingest(path).report.problems
    assert "row 3, tasks: 'many' is no count" in str(problem)
    assert hub.periods().to_dicts() == before
