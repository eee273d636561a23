"""FOCUS files of gateways: one Request per row, the tokens in tags; what they hold is used."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pertoken

if TYPE_CHECKING:
    from pathlib import Path

ROW = {
    "BillingAccountId": "acme",
    "BillingCurrency": "USD",
    "BilledCost": "0.02",
    "EffectiveCost": "0.02",
    "ListCost": "0.02",
    "ContractedCost": "0.02",
    "BillingPeriodStart": "2026-05-01T00:00:00Z",
    "BillingPeriodEnd": "2026-06-01T00:00:00Z",
    "ChargePeriodStart": "2026-05-03T00:00:00Z",
    "ChargePeriodEnd": "2026-05-04T00:00:00Z",
    "ChargeCategory": "Usage",
    "ServiceCategory": "AI and Machine Learning",
    "ServiceName": "gateway",
    "SkuMeter": "chat",
    "ConsumedQuantity": "1",
    "ConsumedUnit": "Requests",
    "PricingQuantity": "1",
    "PricingUnit": "Requests",
}


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, sorted({name for row in rows for name in row}))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_tokens_in_tags_are_counted_and_marked(tmp_path: Path) -> None:
    tags = json.dumps({"prompt_tokens": 900, "completion_tokens": 100, "team": "search"})
    file = write(
        tmp_path / "gateway.csv",
        [
            ROW | {"Tags": tags},
            ROW
            | {
                "Tags": json.dumps({"team": "sales"}),
                "EffectiveCost": "0.03",
                "BilledCost": "0.03",
            },
        ],
    )
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(file)
    rows = {row["Tags.team"]: row for row in hub.matrix(by=["Tags.team"]).to_dicts()}
    assert rows["search"]["x_TokenQuantity"] == 1000
    assert rows["search"]["x_UnitCost"] == 20
    assert rows["sales"]["x_TokenQuantity"] is None
    assert rows["sales"]["EffectiveCost"] == Decimal("0.03")
    marks = {
        row["x_RepairedFrom"]: row
        for row in hub.matrix(by=["x_RepairedFrom", "x_QuantityBasis", "x_SourceValues"]).to_dicts()
    }
    assert marks["tags"]["x_QuantityBasis"] == "repaired"
    assert json.loads(str(marks["tags"]["x_SourceValues"])) == {
        "ConsumedQuantity": "1",
        "ConsumedUnit": "Requests",
    }
    assert marks[None]["x_QuantityBasis"] == "unproven"


def test_a_file_that_states_tokens_needs_no_price(tmp_path: Path) -> None:
    """FOCUS 1.2: ConsumedUnit Tokens says what ConsumedQuantity counts."""
    file = write(
        tmp_path / "focus.csv",
        [
            ROW
            | {
                "ConsumedQuantity": "4000",
                "ConsumedUnit": "Tokens",
                "PricingUnit": "1000 Tokens",
                "PricingQuantity": "4",
            }
        ],
    )
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(file)
    [row] = hub.matrix(by=["x_QuantityBasis"]).to_dicts()
    assert (row["x_QuantityBasis"], row["x_TokenQuantity"], row["x_UnitCost"]) == (
        "stated",
        4000,
        5,
    )


def test_a_stated_quantity_that_its_price_contradicts_is_set_aside(tmp_path: Path) -> None:
    file = write(
        tmp_path / "focus.csv",
        [
            ROW
            | {
                "ConsumedQuantity": "4000",
                "ConsumedUnit": "Tokens",
                "PricingUnit": "1000 Tokens",
                "PricingQuantity": "4",
                "ListUnitPrice": "0.7",
            }
        ],
    )
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(file)
    [row] = hub.matrix(by=["x_QuantityBasis"]).to_dicts()
    assert (row["x_QuantityBasis"], row["x_TokenQuantity"]) == ("unproven", None)
