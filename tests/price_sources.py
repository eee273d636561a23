"""Small price sources, written by the tests themselves, for the charges of `builders.charge()`.

write_price_sheet(tmp_path / "exports", [ea_price(UnitPrice="0.002")], month="2026-01")
write_retail_list(tmp_path / "retail.json", [retail_item(retailPrice=0.0025)])
"""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING

from builders import ACCOUNT, edit_manifest, parts_of, restate_sizes, write_export

from pertoken.periods import month_end, month_start

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

METER = "02cfde45-1ac4-5f6c-b040-d7407934f687"
OFFER = {"x_SkuOfferId": "MS-AZR-0017P"}
"""What makes a charge of `builders.charge()` one of an EA offer."""


def ea_price(**overrides: str) -> dict[str, str]:
    """A row of the EA price sheet of enrollment 1: 0.0025 list, 0.002 contracted, per 1K."""
    return {
        "EnrollmentNumber": "1", "MeterID": METER, "MeterName": "gpt 4o 0513 Inp glbl Tokens",
        "MeterType": "1", "MeterCategory": "Foundry Models", "MeterSubCategory": "Azure OpenAI",
        "ServiceFamily": "AI + Machine Learning", "Product": "Azure OpenAI - gpt 4o 0513 Inp",
        "SkuID": "1K61", "ProductID": "DZH318Z0HHG7", "MeterRegion": "SE Central",
        "UnitOfMeasure": "1K", "PartNumber": "02C-4F687", "EffectiveStartDate": "",
        "EffectiveEndDate": "", "UnitPrice": "0.002", "BasePrice": "0.0025",
        "MarketPrice": "0.0025", "CurrencyCode": "USD", "IncludedQuantity": "0",
        "OfferID": "MS-AZR-0017P", "Term": "", "PriceType": "Consumption",
    } | overrides  # fmt: skip


def mca_price(**overrides: str) -> dict[str, str]:
    """A row of the MCA price sheet of billing profile 1, in the same prices."""
    return {
        "BillingAccountId": "a:b_2019-05-31", "BillingAccountName": "Contoso",
        "BillingProfileId": "1", "BillingProfileName": "Contoso",
        "ServiceFamily": "AI + Machine Learning", "Product": "Azure OpenAI - gpt 4o 0513 Inp",
        "ProductId": "DZH318Z0HHG7", "SkuId": "1K61", "UnitOfMeasure": "1K", "MeterId": METER,
        "MeterName": "gpt 4o 0513 Inp glbl Tokens", "MeterType": "1",
        "MeterCategory": "Foundry Models", "MeterSubCategory": "Azure OpenAI",
        "MeterRegion": "SE Central", "TierMinimumUnits": "0", "EffectiveStartDate": "",
        "EffectiveEndDate": "", "UnitPrice": "0.002", "BasePrice": "0.0025",
        "MarketPrice": "0.0025", "Currency": "USD", "BillingCurrency": "USD", "Term": "",
        "PriceType": "Consumption",
    } | overrides  # fmt: skip


def retail_item(**overrides: object) -> dict[str, object]:
    """An item of the Retail Prices API for the same meter: 0.0025 per 1K since 2025."""
    return {
        "currencyCode": "USD", "tierMinimumUnits": 0.0, "retailPrice": 0.0025, "unitPrice": 0.0025,
        "armRegionName": "swedencentral", "location": "SE Central",
        "effectiveStartDate": "2025-01-01T00:00:00Z", "meterId": METER.upper(),
        "meterName": "gpt 4o 0513 Inp glbl Tokens", "productId": "DZH318Z0HHG7",
        "skuId": "DZH318Z0HHG7/1K61", "productName": "Azure OpenAI",
        "skuName": "gpt 4o 0513 Inp glbl", "serviceName": "Foundry Models",
        "serviceFamily": "AI + Machine Learning", "unitOfMeasure": "1K", "type": "Consumption",
        "isPrimaryMeterRegion": True, "armSkuName": "gpt-4o",
    } | overrides  # fmt: skip


def write_price_sheet(
    folder: Path,
    prices: Sequence[dict[str, str]],
    *,
    month: str = "2026-01",
    submitted: str = "2026-01-02T04:00:00Z",
    scope: str = ACCOUNT,
    name: str = "prices",
) -> Path:
    """One run of a price sheet export: its manifest and one CSV part."""
    run = write_export(
        folder, [{"x": "1"}], version="2023-05-01", scope=scope, month=month, submitted=submitted,
        name=name, dataset="PriceSheet",
    )  # fmt: skip
    text = io.StringIO()
    writer = csv.DictWriter(text, list(prices[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(prices)
    parts_of(run)[0].write_text(text.getvalue(), "utf-8")

    def rows(manifest: dict) -> None:
        manifest["dataRowCount"] = manifest["blobs"][0]["dataRowCount"] = len(prices)

    edit_manifest(run, rows)
    restate_sizes(run)
    return run


def write_retail_list(path: Path, items: Sequence[dict[str, object]]) -> Path:
    """A page of the public price list."""
    page = {"BillingCurrency": "USD", "Items": list(items), "NextPageLink": None}
    path.write_text(json.dumps(page | {"Count": len(items)}), "utf-8")
    return path


def days(month: str) -> tuple[str, str]:
    """The first day of a month and the last, as a price sheet writes them."""
    last = month_end(month) - timedelta(days=1)
    return f"{month_start(month)}T00:00:00Z", f"{last}T23:59:59Z"
