"""Charges of every shape that a rule or a vote tells apart, as typed Parquet files."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from relations import charge, view_source

from pertoken.engine import local_engine, quoted
from pertoken.normalize import DIALECTS, FILE_COLUMN
from pertoken.normalize.source_types import canonical_names, known_columns, typed_expression

if TYPE_CHECKING:
    from pathlib import Path

NATIVE = ("ActualCost", "")
ODD_COLUMN = 'x_Odd "name" ü'

_BLOCKS = {"ConsumedQuantity": "2"}
_SHAPES: tuple[dict[str, str | None], ...] = (
    {},
    _BLOCKS,
    {"ConsumedQuantity": "2", "PricingQuantity": "0.002", "ContractedCost": "0.00001"},
    {"ConsumedQuantity": "77", "PricingQuantity": "2"},
    {"ConsumedUnit": "Tokens", "BilledCost": "0", "EffectiveCost": "0", "ListCost": "0",
     "ContractedCost": "0"},
    {"ConsumedQuantity": "0", "PricingQuantity": "0", "BilledCost": "0", "EffectiveCost": "0"},
    {"ConsumedQuantity": None, "PricingQuantity": None, "ChargeClass": "Correction"},
    {"x_BilledUnitPrice": "0.005", "BilledCost": "10"},
    {"ConsumedQuantity": "13", "PricingQuantity": "7"},
    {"BilledCost": "0", "EffectiveCost": "0", "ListCost": "0", "ContractedCost": "0"},
    {"ConsumedQuantity": "-2000", "PricingQuantity": "-2", "BilledCost": "-0.01",
     "EffectiveCost": "-0.01", "ListCost": "-0.01", "ContractedCost": "-0.01"},
    {"ListUnitPrice": None, "ListCost": None, "ContractedUnitPrice": None, "ContractedCost": None},
    {"ListUnitPrice": "0", "ListCost": "0", "ContractedUnitPrice": "0", "ContractedCost": "0"},
    {"ConsumedQuantity": "4534162", "PricingQuantity": "4534.162", "EffectiveCost": "22.67",
     "BilledCost": "22.67", "ListCost": "22.6708", "ContractedCost": "22.67081"},
    {"BilledCost": "0.000000000000000001", "EffectiveCost": "12345678901234567.123456789012345678"},
    {"x_PricingBlockSize": None, "x_PricingUnitDescription": "10K", "PricingQuantity": "0.2"},
    {"x_PricingBlockSize": None, "x_PricingUnitDescription": None, "PricingUnit": "1000 Tokens"},
    {"x_PricingBlockSize": None, "x_PricingUnitDescription": "0", "SkuMeter": "odd 1M Tokens"},
    {"EffectiveCost": "0.000000000001", "BilledCost": "0.000000000001", "ListCost": "0.0000005",
     "ListUnitPrice": "0.000000000001", "x_EffectiveUnitPrice": "0.000000000001"},
    {"x_PricingBlockSize": "2500.5", "x_PricingUnitDescription": "1 Hour"},
    {"x_PricingBlockSize": None, "x_PricingUnitDescription": None, "PricingUnit": None,
     "SkuMeter": "gpt 5 outp glbl 1M Tokens", "ConsumedQuantity": "2000000"},
    {"BillingCurrency": "EUR", "ChargePeriodStart": "2026-01-31T23:30:00Z"},
    {"ChargeCategory": "Purchase", "ConsumedQuantity": None, "PricingQuantity": "1"},
    {"ChargeCategory": "Tax", "SkuMeter": None, "ConsumedQuantity": None, "Tags": None},
    {"ServiceCategory": "Compute", "SkuMeter": "D4s v5", "x_SkuMeterCategory": "Virtual Machines",
     "x_SkuMeterSubcategory": "Dsv5", "x_PricingUnitDescription": "1 Hour"},
    {"Tags": '{"team": "Zoë \\"Z\\"", "日本": "値", "path": "a\\\\b"}'},
    {"Tags": '{\n "team": "search",\n "empty": ""\n}'},
    {"Tags": '"team": "no braces"'},
    {"Tags": "it's no JSON, it is text; 'quoted' \"twice\""},
    {"ResourceId": "/SUBSCRIPTIONS/ABC/resourceGroups/RG-Ä/x", "ResourceName": 'ÄPFEL "a\\b"'},
    {"SubAccountId": None, "SubAccountName": "lost", "x_AccountId": "-2", "x_AccountName":
     "Unassigned", "x_InvoiceSectionId": "-2", "x_InvoiceSectionName": "Unassigned"},
    {"PublisherName": "Microsoft Corporation", "CommitmentDiscountId": "/PROVIDERS/X"},
    {"x_SkuIsCreditEligible": "true", "x_ServicePeriodStart": "2026-01-05T12:34:56Z"},
    {ODD_COLUMN: "kept 'as' \"is\" \\ ü"},
)  # fmt: skip
_PREVIEW: tuple[dict[str, str | None], ...] = (
    {"ChargeSubcategory": "Refund", "Region": "Sweden Central"},
    {"ChargeSubcategory": "Credit", "PricingCategory": "On-Demand"},
    {"ChargeSubcategory": "Used Commitment", "PricingCategory": "Commitment-Based"},
)
"""Values that only Azure FOCUS 1.0-preview(v1) states, beside the shapes above."""

_PREVIEW_NAMES = {
    "ConsumedQuantity": "UsageQuantity",
    "ConsumedUnit": "UsageUnit",
    "ContractedCost": "x_OnDemandCost",
    "ContractedUnitPrice": "x_OnDemandUnitPrice",
}


@cache
def dialect_columns() -> dict[tuple[str, str], tuple[str, ...]]:
    """The columns of each dialect's exports; a plain file and native costs have those of 1.2."""
    text = files("pertoken.normalize").joinpath("azure_focus_columns.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return {
        (dataset, version): tuple(
            row["column"] for row in rows if (version or "1.2") in row["versions"].split()
        )
        for dataset, version in (*DIALECTS, NATIVE)
    }


def charge_rows(dataset: str, version: str) -> list[dict[str, str | None]]:
    """The shapes in the columns of a dialect, three times each with other meters and days."""
    names = (*dialect_columns()[dataset, version], ODD_COLUMN)
    changes = [*_SHAPES, *_PREVIEW]
    rows = []
    for meter in ("gpt 4o 0513 Input global Tokens", "gpt 4.1 mini Outp glbl Tokens", "no meter"):
        for number, change in enumerate(changes):
            day = {
                "SkuMeter": meter,
                "ChargePeriodStart": f"2026-01-{number % 28 + 1:02}T00:00:00Z",
            }
            row = charge(**{**day, **change})
            row |= {"x_SkuMeterName": row["SkuMeter"], "x_PricingCurrency": "USD"}
            row |= {new: row.get(old) for old, new in _PREVIEW_NAMES.items()}
            rows.append({name: row.get(name) for name in names})
    return rows


def write_charges(folder: Path, dataset: str, version: str) -> Path:
    """The charges of a dialect as one Parquet file of typed columns; gives its path."""
    engine = local_engine(memory_limit="500MB")
    columns = view_source(engine, charge_rows(dataset, version))
    known, items = known_columns(), []
    for column, name in canonical_names(columns).items():
        typed = typed_expression(column, known.get(name, "text"), "VARCHAR")
        items.append(f"{typed} AS {quoted(name)}")
    path = folder / f"{dataset}-{version or 'any'}.parquet"
    engine.write_parquet(f"SELECT {', '.join(items)}, {quoted(FILE_COLUMN)} FROM source", path)
    engine.close()
    return path
