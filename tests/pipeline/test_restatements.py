"""What a later complete run changed in a closed month is kept, however the runs arrived."""

from __future__ import annotations

import csv
import itertools
import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders import charge, write_export

import pertoken
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from pertoken.api import Hub

FIRST = [
    charge(day=1, tokens=1_000_000),
    charge(day=2, tokens=2_000_000),
    charge(day=3, tokens=3_000_000, SkuMeter="gpt 4.1 Outp glbl Tokens"),
]
SECOND = [
    charge(day=1, tokens=1_000_000),
    charge(day=2, tokens=2_500_000),
    charge(day=4, tokens=100_000),
    charge(day=1, tokens=-200_000, ChargeClass="Correction"),
]
CHANGES = [
    ("2026-01-01", "added", None, Decimal("-0.5"), "Correction"),
    ("2026-01-02", "changed", Decimal(5), Decimal("6.25"), None),
    ("2026-01-03", "removed", Decimal("7.5"), None, None),
    ("2026-01-04", "added", None, Decimal("0.25"), None),
]


def exports(folder: Path) -> list[Path]:
    first = write_export(folder / "first", FIRST, submitted="2026-02-01T06:00:00Z")
    second = write_export(folder / "second", SECOND, submitted="2026-02-05T06:00:00Z")
    return [first, second]


def changes(hub: Hub, month: str = "2026-01") -> list[tuple[object, ...]]:
    return [
        (str(row["ChargeDate"]), row["Change"], row["EffectiveCostBefore"],
         row["EffectiveCostAfter"], row["ChargeClass"])
        for row in hub.restatement(month).to_dicts()
    ]  # fmt: skip


def state(hub: Hub) -> list[object]:
    return [row["State"] for row in hub.periods().to_dicts()]


def test_runs_that_come_together_are_compared(tmp_path: Path) -> None:
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(*exports(tmp_path))
    assert changes(hub) == CHANGES
    assert state(hub) == ["restated"]


@pytest.mark.parametrize("order", list(itertools.permutations([0, 1])))
def test_runs_that_come_one_after_the_other_are_compared(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    hub = pertoken.open(tmp_path / "hub")
    runs = exports(tmp_path)
    hub.ingest(runs[order[0]])
    assert changes(hub) == []
    hub.ingest(runs[order[1]])
    assert changes(hub) == CHANGES


def test_the_difference_outlives_the_files(tmp_path: Path) -> None:
    hub = pertoken.open(tmp_path / "hub")
    first, second = exports(tmp_path)
    hub.ingest(first)
    shutil.rmtree(tmp_path / "first")
    hub.ingest(second)
    shutil.rmtree(tmp_path / "second")
    assert changes(hub) == CHANGES
    hub.ingest(write_export(tmp_path / "other", [charge(month="2026-02")], month="2026-02",
                            submitted="2026-03-01T06:00:00Z"))  # fmt: skip
    assert changes(hub) == CHANGES


def test_a_third_run_is_compared_with_the_second(tmp_path: Path) -> None:
    hub = pertoken.open(tmp_path / "hub")
    third = write_export(tmp_path / "third", SECOND[:-1], submitted="2026-02-06T06:00:00Z")
    hub.ingest(*exports(tmp_path))
    hub.ingest(third)
    assert changes(hub) == [("2026-01-01", "removed", Decimal("-0.5"), None, "Correction")]


def test_a_month_that_was_open_is_not_restated(tmp_path: Path) -> None:
    """A month-to-date run is followed by fuller ones; that is no restatement."""
    hub = pertoken.open(tmp_path / "hub")
    partial = write_export(
        tmp_path / "partial", FIRST, end="2026-01-10", submitted="2026-01-11T06:00:00Z"
    )
    hub.ingest(partial)
    assert state(hub) == ["open"]
    hub.ingest(exports(tmp_path)[1])
    assert changes(hub) == []
    assert state(hub) == ["closed"]


def test_a_run_with_the_same_charges_restates_nothing(tmp_path: Path) -> None:
    hub = pertoken.open(tmp_path / "hub")
    again = write_export(tmp_path / "again", FIRST[::-1], submitted="2026-02-04T06:00:00Z")
    hub.ingest(exports(tmp_path)[0])
    hub.ingest(again)
    assert changes(hub) == []


def test_a_month_that_the_hub_does_not_have_is_refused(tmp_path: Path) -> None:
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(exports(tmp_path)[0])
    with pytest.raises(ConfigError, match="2026-01"):
        hub.restatement("2026-03")
    with pytest.raises(ConfigError, match="YYYY-MM"):
        hub.restatement("March")


NORTHWIND = Path(__file__).parents[3] / "shared" / "tenants" / "northwind"


@pytest.mark.skipif(
    not NORTHWIND.exists(), reason="the tenant with truth is not beside the repository"
)
def test_northwind_s_restatement_is_met_to_the_last_decimal(tmp_path: Path) -> None:
    hub = pertoken.open(tmp_path / "hub")
    runs = [
        path.parent
        for path in (NORTHWIND / "exports").rglob("focus-ea-v12/20260801*/*/manifest.json")
    ]
    hub.ingest(*runs)
    found = {
        (str(row["ChargeDate"]), row["ResourceId"], row["SkuMeter"], row["Change"] == "added"): row
        for row in hub.restatement("2026-08").to_dicts()
    }
    with (NORTHWIND / "truth" / "restatement_2026-08_ea.csv").open(encoding="utf-8") as lines:
        truth = list(csv.DictReader(lines))
    assert len(found) == len(truth) == 106
    for row in truth:
        key = (row["day"], row["resource_id_lower"], row["meter"], row["kind"] == "refund")
        for cost in ("Billed", "Effective"):
            for side, day in (("Before", "day1"), ("After", "day5")):
                value = found[key][f"{cost}Cost{side}"] or Decimal(0)
                assert abs(value - Decimal(row[f"{cost.lower()}_{day}"])) < Decimal("1e-9")  # type: ignore[operator]


def test_a_hub_whose_only_month_was_restated_to_nothing_has_no_periods(tmp_path: Path) -> None:
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(exports(tmp_path)[0])
    hub.ingest(write_export(tmp_path / "empty", [], submitted="2026-02-09T06:00:00Z"))
    assert hub.periods().to_dicts() == []
    assert {row["Status"] for row in hub.runs().to_dicts()} == {"superseded", "empty"}
