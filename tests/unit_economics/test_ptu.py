"""Provisioned capacity by hand, and from a hub without telemetry."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from builders import charge, write_export

import pertoken
from pertoken.errors import ConfigError
from pertoken.unit_economics.ptu import UsedHour, advised_size, break_even, idle_cost, utilisation

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2026, 6, 1)


def hours(*shares: str | None, day: date = DAY) -> list[UsedHour]:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return [
        UsedHour(
            start + timedelta(hours=place), None if each is None else Decimal(each), 1, 2, 3, 4
        )
        for place, each in enumerate(shares)
    ]


def test_idle_is_what_the_mean_of_the_day_leaves() -> None:
    used = hours("0.2", "0.6")
    assert utilisation(used) == Decimal("0.4")
    assert idle_cost({DAY: Decimal(100)}, used) == (Decimal(60), 0)


def test_a_day_without_telemetry_is_not_idle_but_unknown() -> None:
    other = date(2026, 6, 2)
    assert idle_cost({DAY: Decimal(100), other: Decimal(50)}, hours("0.5")) == (Decimal(50), 1)
    assert idle_cost({other: Decimal(50)}, hours("0.5")) == (None, 1)
    assert utilisation(hours(None)) is None


def test_a_size_serves_its_share_of_the_hours_and_says_which_spill() -> None:
    """Of 100 hours 94 need 10 units, 4 need 50 and 2 stood at the limit of 100."""
    days = [DAY + timedelta(days=each) for each in range(5)]
    shares = ["0.1"] * 94 + ["0.5"] * 4 + ["1"] * 2
    used = [
        each
        for place, day in enumerate(days)
        for each in hours(*shares[place * 20 : place * 20 + 20], day=day)
    ]
    size = advised_size(dict.fromkeys(days, Decimal(100)), used)
    assert size is not None
    assert (size.low, size.high) == (50, 100)
    assert (size.spilled_at_low, size.spilled_at_high, size.hours_at_limit) == (2, 2, 2)
    assert advised_size({}, used) is None


def test_break_even_is_unknown_without_a_price() -> None:
    assert break_even(Decimal("0.5"), Decimal(100), None) is None
    assert break_even(None, Decimal(100), Decimal(1)) is None


PTU = {
    "SkuMeter": "Provisioned Managed Global Unit", "x_PricingUnitDescription": "1/Hour",
    "x_PricingBlockSize": "1", "PricingUnit": "Units/Hour", "ConsumedUnit": "Units/Hour",
    "ConsumedQuantity": "360", "PricingQuantity": "360", "EffectiveCost": "396",
    "BilledCost": "396", "x_EffectiveUnitPrice": "1.1", "ContractedUnitPrice": "1.1",
    "ListUnitPrice": "1.1", "x_BilledUnitPrice": "1.1", "ListCost": "396",
    "ContractedCost": "396",
}  # fmt: skip


def test_capacity_without_telemetry_has_its_hours_and_no_utilisation(tmp_path: Path) -> None:
    write_export(tmp_path / "exports", [charge(**PTU), charge(day=2, **PTU), charge()])
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "exports")
    (row,) = hub.ptu().to_dicts()
    assert (row["DeployedUnitHours"], row["EffectiveCost"]) == (720, 792)
    assert row["Utilisation"] is row["IdleCost"] is row["PaygEquivalentCost"] is None
    assert row["AdvisedUnitsHigh"] is row["x_UnitCost"] is None
    assert "no telemetry" in str(row["Reason"])
    with pytest.raises(ConfigError, match="2026-02"):
        hub.ptu("2026-02")
    with pytest.raises(ConfigError, match="grain"):
        hub.ptu(by="day")
