"""Fuzzed CSV rows: no crash and no silent loss.

Rows in are rows in the hub, with BilledCost and EffectiveCost equal to the sums of the file, and
every AI usage row without proven tokens says why; or the run is refused with a reason.
"""

from __future__ import annotations

import csv
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import hypothesis.strategies as st
import pytest
from builders import charge, columns_of, translated, write_export
from hypothesis import HealthCheck, given, settings

from pertoken.api import Hub
from pertoken.engine import local_engine
from pertoken.hub import Hub as HubStore

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "1.0r2"
SPOILT = {
    "ConsumedQuantity": ["", "0", "-3", "1e3", "1E-7", "NaN", "abc", "9" * 30, " 12 ", "1,5"],
    "PricingQuantity": ["", "0", "-0.001", "7.5", "1e400", "١٢"],
    "x_PricingBlockSize": ["", "0", "1", "1000000", "-1000", "one"],
    "ListUnitPrice": ["", "0", "0.0025", "-1", "1e-12", "n/a"],
    "ContractedUnitPrice": ["", "0", "1e-18", "0.00249999999999999999999"],
    "x_EffectiveUnitPrice": ["", "0", "0.1"],
    "ListCost": ["", "0", "-1", "x"],
    "SkuMeter": ["", "gpt 4o 0513 Outp glbl Tokens", "=cmd()", "Ünïcode\u2028meter", '"', "a\nb"],
    "x_SkuMeterSubcategory": ["", "Azure OpenAI", "Virtual Machines", "'"],
    "ServiceCategory": ["", "AI and Machine Learning", "Compute", "ai"],
    "ChargeCategory": ["Usage", "Purchase", "Tax", "Credit", "Adjustment", "", "usage"],
    "ChargeClass": ["", "Correction", "correction"],
    "Tags": ["", "{", '{"a": 1}', '"a": "b"', "[]", "null", '{"a": {"b": [1]}}', "é" * 50],
    "ResourceId": ["", "/subscriptions/x", "\x01", "{}", "a" * 300],
    "ConsumedUnit": ["", "Units", "Tokens", "1K", "requests"],
    "x_PricingUnitDescription": ["", "1K", "1M", "10K", "1 Hour", "?"],
}
COSTS = ["0", "2.5", "-2.5", "0.000000000000000001", "1e-5", "123456789.123456789", "+1", " 3 "]
BROKEN_COSTS = ["", "abc", "NaN", "Infinity", "1e40", "0.0000000000000000001", "1,5"]
DAYS = ["2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z", "2026-01-05", "2026-01-07T00:00Z"]
BROKEN_DAYS = ["", "yesterday", "2026-13-01", "31/01/2026"]


@st.composite
def fuzzed_rows(draw: st.DrawFn, rows: int, *, broken: bool) -> list[dict[str, str | None]]:
    """Charges with any of the spoilt cells; with `broken`, costs and days that cannot be read."""
    days = DAYS + (BROKEN_DAYS if broken else [])
    costs = COSTS + (BROKEN_COSTS if broken else [])
    kinds = st.fixed_dictionaries(
        {"ChargePeriodStart": st.sampled_from(days), "BilledCost": st.sampled_from(costs)},
        optional={"EffectiveCost": st.sampled_from(costs)}
        | {
            column: st.sampled_from(cells) | st.text(max_size=12)
            for column, cells in SPOILT.items()
        },
    )
    seeds = draw(st.lists(kinds, min_size=min(rows, 40), max_size=min(rows, 40)))
    return [charge(**seeds[number % len(seeds)]) for number in range(rows)]


def totals(run: Path, column: str) -> Decimal | None:
    """The sum of a cost over the file, as Python reads it; None where a cell is no cost."""
    total = Decimal(0)
    part = next(run.glob("part*"))
    with part.open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            try:
                total += Decimal(row[column].strip())
            except InvalidOperation:
                return None
    return total


def check(folder: Path, rows: list[dict[str, str | None]]) -> None:
    """Ingest rows and hold what came of them against the file."""
    run = write_export(folder / "in", rows, version=VERSION)
    hub = Hub(folder / "hub")
    report = hub.ingest(folder / "in").report
    [entry] = report.runs
    if entry.status == "refused":
        assert entry.reason
        assert len(hub.runs()) == 1
        hub.close()
        return
    assert entry.status == "applied"
    assert not report.problems
    engine = local_engine(threads=1)
    snapshot = HubStore(hub.path).snapshot(engine)
    snapshot.view(engine, "charges")
    count, billed, effective, unsaid = engine.rows(
        "SELECT count(*), sum(BilledCost), sum(EffectiveCost), "
        "count(CASE WHEN ChargeCategory = 'Usage' AND x_UnitQuantity IS NULL "
        "AND x_QuantityBasis IS NULL THEN 1 END) FROM charges"
    )[0]
    engine.close()
    hub.close()
    assert (count, unsaid) == (len(rows), 0)
    assert (billed, effective) == (totals(run, "BilledCost"), totals(run, "EffectiveCost"))


@pytest.mark.parametrize("broken", [False, True])
@settings(
    max_examples=4, derandomize=True, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture,
                           HealthCheck.data_too_large],
)  # fmt: skip
@given(data=st.data())
def test_fuzzed_rows_are_applied_whole_or_refused_with_a_reason(
    tmp_path_factory: pytest.TempPathFactory, *, broken: bool, data: st.DataObject
) -> None:
    rows = data.draw(fuzzed_rows(40, broken=broken))
    check(tmp_path_factory.mktemp("fuzz"), rows)


@pytest.mark.slow
@settings(
    max_examples=250, derandomize=True, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(data=st.data())
def test_ten_thousand_fuzzed_rows_are_applied_whole_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    rows = data.draw(fuzzed_rows(40, broken=data.draw(st.booleans())))
    check(tmp_path_factory.mktemp("fuzz"), rows)


def test_the_spoilt_columns_are_columns_of_an_export() -> None:
    held = set(columns_of(VERSION))
    assert set(translated(dict.fromkeys(SPOILT), VERSION)) <= held
