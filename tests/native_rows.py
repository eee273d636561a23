"""Native cost rows for tests: what a CSV export has, and the FOCUS charges it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from builders import parts_of, restate_sizes, write_export, write_file

from pertoken.engine import local_engine
from pertoken.normalize import (
    FILE_COLUMN,
    charges_select,
    native_names,
    native_select,
    native_writing,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pertoken.engine import Engine

EA_SCOPE = "/providers/microsoft.billing/billingaccounts/123"
MCA_SCOPE = "/providers/microsoft.billing/billingaccounts/acc/billingprofiles/pro-1"
RESERVATION = "/providers/Microsoft.Capacity/reservationOrders/order-1/reservations/one"
SAVINGS_PLAN = "/providers/Microsoft.BillingBenefits/savingsPlanOrders/order-2/savingsPlans/two"
EA_ROW = {
    "BillingAccountId": "123",
    "BillingAccountName": "Contoso",
    "BillingProfileId": "123",
    "BillingProfileName": "Contoso",
    "BillingPeriodStartDate": "05/01/2026",
    "BillingPeriodEndDate": "05/31/2026",
    "SubscriptionId": "11111111-0000-0000-0000-000000000001",
    "SubscriptionName": "contoso-ai",
    "Date": "05/17/2026",
    "Product": "Azure OpenAI - gpt 4o 0513 Inp glbl Tokens",
    "MeterId": "m-1",
    "ServiceFamily": "AI + Machine Learning",
    "MeterCategory": "Azure OpenAI",
    "MeterSubCategory": "Azure OpenAI",
    "MeterName": "gpt 4o 0513 Inp glbl Tokens",
    "Quantity": "200",
    "EffectivePrice": "0.005",
    "UnitPrice": "0.005",
    "PayGPrice": "0.006",
    "Cost": "1",
    "BillingCurrency": "USD",
    "ResourceLocation": "SwedenCentral",
    "ConsumedService": "Microsoft.CognitiveServices",
    "ResourceId": "/subscriptions/11111111-0000-0000-0000-000000000001/resourceGroups/RG"
    "/providers/Microsoft.CognitiveServices/accounts/aoai",
    "Tags": '"team": "search"',
    "UnitOfMeasure": "1K",
    "ChargeType": "Usage",
    "Frequency": "UsageBased",
    "PricingModel": "OnDemand",
    "PublisherType": "Azure",
    "PublisherName": "Microsoft",
    "benefitId": "",
    "benefitName": "",
}
"""200,000 tokens at 5 USD per million, in the shape of EA exports of 2023 and c360."""

MCA_NAMES = {
    "Cost": "costInBillingCurrency",
    "Product": "ProductName",
    "BillingCurrency": "billingCurrency",
}


def ea_row(**changes: str) -> dict[str, str | None]:
    """EA_ROW with changes, named as the export names them."""
    return {name: value or None for name, value in (EA_ROW | changes).items()}


def mca_row(**changes: str) -> dict[str, str | None]:
    """The same charge in the shape of MCA exports: prices in USD, billed in EUR at 0.5."""
    values = EA_ROW | {
        "BillingAccountId": "acc",
        "BillingProfileId": "PRO-1",
        "BillingProfileName": "Contoso Europe",
        "Cost": "0.5",
        "BillingCurrency": "EUR",
        "pricingCurrency": "USD",
        "exchangeRatePricingToBilling": "0.5",
        "exchangeRateDate": "05/01/2026",
        "costInPricingCurrency": "1",
        "costInUsd": "1",
        "paygCostInBillingCurrency": "0.6",
        "Tags": '{"team": "search"}',
        "invoiceId": "G1",
    }
    renamed = {MCA_NAMES.get(name, name): value for name, value in (values | changes).items()}
    return {name: value or None for name, value in renamed.items()}


def view_native(
    engine: Engine,
    rows: Sequence[Mapping[str, str | None]],
    dataset: str = "ActualCost",
    *,
    month: str | None = "2026-05",
    only_commitments: bool = False,
) -> None:
    """Name the FOCUS charges of native rows `native_charges`."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    arrays = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    arrays[FILE_COLUMN] = pa.array(["part.csv"] * len(rows), pa.string())
    engine.view_arrow("native_rows", pa.table(arrays))
    columns = engine.columns("native_rows")
    writing = native_writing(engine, "native_rows", native_names(columns), month)
    select = native_select(
        columns, dataset, "native_rows", writing, only_commitments=only_commitments
    )
    engine.view("native_charges", select)


def native_charges(
    rows: Sequence[Mapping[str, str | None]],
    dataset: str = "ActualCost",
    *,
    month: str | None = "2026-05",
) -> list[dict[str, Any]]:
    """The charges of the hub that native rows become, one dict each, in their order of cost."""
    engine = local_engine(memory_limit="500MB", threads=1)
    try:
        view_native(engine, rows, dataset, month=month)
        columns = engine.columns("native_charges")
        kinds = {name: kind for name, kind in columns.items() if name != FILE_COLUMN}
        select = charges_select(kinds, dataset, "", "native_charges", run_id="run-1")
        return engine.arrow(select).to_pylist()
    finally:
        engine.close()


def write_native(
    folder: Path,
    rows: Sequence[Mapping[str, str | None]],
    dataset: str,
    *,
    scope: str = EA_SCOPE,
    month: str = "2026-05",
    end: str | None = None,
    submitted: str = "2026-06-01T06:00:00Z",
    version: str = "2021-10-01",
) -> Path:
    """One native run below `folder`: its manifest and one CSV with the columns of the rows."""
    run = write_export(
        folder, [dict(row) for row in rows], dataset=dataset, scope=scope, month=month, end=end,
        submitted=submitted, version=version, name=f"{dataset.lower()}-{scope.rsplit('/', 1)[-1]}",
    )  # fmt: skip
    for part in parts_of(run):
        columns = list(dict.fromkeys(name for row in rows for name in row))
        write_file(part, [dict(row) for row in rows], columns)
        restate_sizes(run)
    return run
