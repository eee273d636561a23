"""The grammar against labelled meters, where they are at hand beside the repository."""

import csv
import runpy
from decimal import Decimal
from pathlib import Path

import pytest

from pertoken.meters import COLUMNS, MeterName, classify
from pertoken.meters.price_relations import PricedMeter, price_pairs

RECOGNISED = "recognised"
SHARED = Path(__file__).parents[3] / "shared"
METERS = SHARED / "data" / "meters" / "meters_dev.csv"
PRICES = SHARED / "data" / "meters" / "price_sheet_dev.csv"
SCORER = SHARED / "checks" / "score_meters.py"

needs_labels = pytest.mark.skipif(
    not (METERS.exists() and PRICES.exists() and SCORER.exists()),
    reason=f"the labelled meters are not beside the repository ({SHARED})",
)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def name_of(row: dict[str, str]) -> MeterName:
    service = row.get("serviceName") or (row.get("serviceNames") or "").split("|")[0]
    return MeterName(row["meterName"], row["productName"], service, row["unitOfMeasure"])


def prediction(row: dict[str, str]) -> dict[str, str]:
    values = ("" if value is None else str(value) for value in classify(name_of(row)))
    names = {"meterName": row["meterName"], "productName": row["productName"]}
    return names | dict(zip(COLUMNS, values, strict=True))


@needs_labels
def test_labelled_meters_reach_the_goals() -> None:
    scorer = runpy.run_path(str(SCORER))
    labelled = [r for r in rows(METERS) if r["evidence"] != "third_party_map_unverified"]
    full, by_name = scorer["index"](map(prediction, labelled), scorer["FIELDS"], "predictions")
    result = scorer["score"](labelled, full, by_name, scorer["FIELDS"], 5)
    assert result["errors"] == []
    low = {field: share for field, share in result["fields"].items() if share["correct"] < 0.985}
    assert low == {}
    assert result["fields"]["direction"]["correct"] >= 0.995
    assert result["all_fields"]["correct"] >= 0.98


@needs_labels
def test_a_price_sheet_is_read_but_for_opaque_names() -> None:
    unread = {r["meterName"] for r in rows(PRICES) if classify(name_of(r)).status != RECOGNISED}
    assert {f"MAI {letter} Tokens" for letter in "opqrstuvwxyz"} >= unread


@needs_labels
def test_prices_agree_with_the_reading_almost_everywhere() -> None:
    priced = [
        PricedMeter(
            name_of(row),
            classify(name_of(row)),
            Decimal(row["retailPrice"]),
            row["armRegionName"],
            row["currency"],
        )
        for row in rows(PRICES)
        if row["type"] == "Consumption"
    ]
    pairs = list(price_pairs(priced))
    outside = [pair for pair in pairs if not pair.in_band]
    assert len(pairs) > 8_000
    assert len(outside) < len(pairs) / 50
