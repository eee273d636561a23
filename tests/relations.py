"""Tiny relations of charges for tests: text in, as a CSV export has it, FOCUS charges out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pertoken.engine import local_engine
from pertoken.normalize import FILE_COLUMN, charges_select

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pertoken.engine import Engine

TOKEN_CHARGE = {
    "BillingAccountId": "/providers/Microsoft.Billing/billingAccounts/1",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-01-01T00:00:00Z",
    "BillingPeriodEnd": "2026-02-01T00:00:00Z",
    "ChargePeriodStart": "2026-01-05T00:00:00Z",
    "ChargePeriodEnd": "2026-01-06T00:00:00Z",
    "ChargeCategory": "Usage",
    "ServiceCategory": "AI and Machine Learning",
    "PublisherName": "Microsoft",
    "x_SkuMeterCategory": "Foundry Models",
    "x_SkuMeterSubcategory": "Azure OpenAI",
    "SkuMeter": "gpt 4o 0513 Input global Tokens",
    "x_PricingUnitDescription": "1K",
    "x_PricingBlockSize": "1000",
    "ConsumedQuantity": "2000",
    "ConsumedUnit": "Units",
    "PricingQuantity": "2",
    "PricingUnit": "Units",
    "ListUnitPrice": "0.005",
    "ContractedUnitPrice": "0.005",
    "x_EffectiveUnitPrice": "0.005",
    "BilledCost": "0.01",
    "EffectiveCost": "0.01",
    "ListCost": "0.01",
    "ContractedCost": "0.01",
    "Tags": '{"team": "search"}',
}
"""2000 tokens of gpt-4o input at 5 USD per million, in the shape of exports since November 2024."""


def charge(**changes: str | None) -> dict[str, str | None]:
    """TOKEN_CHARGE with changes."""
    return TOKEN_CHARGE | changes


def view_source(engine: Engine, rows: Sequence[Mapping[str, str | None]]) -> dict[str, str]:
    """Name rows of text `source` and give the columns that an export would have."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    arrays = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns}
    arrays[FILE_COLUMN] = pa.array(["part.csv"] * len(rows), pa.string())
    engine.view_arrow("source", pa.table(arrays))
    return dict.fromkeys(columns, "VARCHAR")


def focus_charges(
    rows: Sequence[Mapping[str, str | None]], *, dataset: str = "FocusCost", version: str = "1.0r2"
) -> list[dict[str, Any]]:
    """The charges that rows of an export become, one dict each, in no set order."""
    engine = local_engine(memory_limit="500MB")
    columns = view_source(engine, rows)
    table = engine.arrow(charges_select(columns, dataset, version, "source", run_id="run-1"))
    engine.close()
    return table.to_pylist()
