"""Native rows become the charges that the published rules say, and no cost comes or goes."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native_rows import RESERVATION, SAVINGS_PLAN, ea_row, mca_row, native_charges, view_native

from pertoken.engine import local_engine

if TYPE_CHECKING:
    from collections.abc import Callable

CHARGE_TYPES = Path(__file__).parent / "cases" / "native_charge_types.csv"
BENEFITS = {
    "": {},
    "reservation": {"benefitId": RESERVATION, "benefitName": "one"},
    "savings plan": {"benefitId": SAVINGS_PLAN, "benefitName": "two"},
    "reservation id": {"ReservationId": "one", "ProductOrderId": "order-1"},
}
EXPECTED = (
    "BilledCost", "EffectiveCost", "ChargeCategory", "ChargeClass", "CommitmentDiscountStatus",
    "CommitmentDiscountType", "CommitmentDiscountCategory", "PricingCategory",
    "x_AmortizationClass",
)  # fmt: skip


def charge_types() -> list[dict[str, str]]:
    with CHARGE_TYPES.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


@cache
def charges_of(dataset: str) -> dict[str, dict[str, Any]]:
    """The charges of all cases of a dataset, by case: one run, as an export has many rows."""
    rows = [
        ea_row(
            ChargeType=case["ChargeType"],
            PricingModel=case["PricingModel"],
            Cost=case["Cost"],
            Case=case["case"],
            **BENEFITS[case["benefit"]],
        )
        for case in charge_types()
        if case["dataset"] == dataset
    ]
    return {str(charge["x_Case"]): charge for charge in native_charges(rows, dataset)}


@pytest.mark.parametrize(
    "case", charge_types(), ids=lambda case: f"{case['case']} {case['dataset']}"
)
def test_a_charge_type_becomes_what_the_published_rules_say(case: dict[str, str]) -> None:
    charge = charges_of(case["dataset"])[case["case"]]
    for name in EXPECTED:
        expected = Decimal(case[name]) if name.endswith("Cost") else case[name] or None
        assert expected == charge[name], name


def test_a_token_charge_of_an_enterprise_agreement() -> None:
    """200 blocks of 1K at 0.005: 200,000 tokens at 5 USD per million."""
    [charge] = native_charges([ea_row()])
    expected = {
        "BillingAccountId": "/providers/Microsoft.Billing/billingAccounts/123",
        "BillingAccountType": "Billing Account",
        "BillingCurrency": "USD",
        "PricingCurrency": "USD",
        "BillingPeriodStart": datetime(2026, 5, 1, tzinfo=UTC),
        "BillingPeriodEnd": datetime(2026, 6, 1, tzinfo=UTC),
        "ChargePeriodStart": datetime(2026, 5, 17, tzinfo=UTC),
        "ChargePeriodEnd": datetime(2026, 5, 18, tzinfo=UTC),
        "ChargeFrequency": "Usage-Based",
        "BilledCost": 1,
        "EffectiveCost": 1,
        "ContractedCost": 1,
        "ListCost": Decimal("1.2"),
        "ContractedUnitPrice": Decimal("0.005"),
        "ListUnitPrice": Decimal("0.006"),
        "x_EffectiveUnitPrice": Decimal("0.005"),
        "PricingQuantity": 200,
        "PricingUnit": "Units",
        "ConsumedUnit": "Units",
        "x_PricingBlockSize": 1000,
        "x_PricingUnitDescription": "1K",
        "x_QuantityBasis": "blocks",
        "x_UnitQuantity": 200_000,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "Azure AI Services",
        "SkuMeter": "gpt 4o 0513 Inp glbl Tokens",
        "x_SkuMeterCategory": "Azure OpenAI",
        "RegionId": "swedencentral",
        "RegionName": "Sweden Central",
        "SubAccountId": "/subscriptions/11111111-0000-0000-0000-000000000001",
        "SubAccountType": "Subscription",
        "ResourceName": "aoai",
        "x_ResourceGroupName": "rg",
        "x_ResourceType": "microsoft.cognitiveservices/accounts",
        "InvoiceIssuerName": "Microsoft",
        "ProviderName": "Microsoft",
        "PublisherName": "Microsoft",
        "x_PublisherCategory": "Cloud Provider",
        "Tags": '{"team": "search"}',
    }
    assert expected == {name: charge[name] for name in expected}


def test_a_token_charge_of_a_customer_agreement_has_prices_in_billing_currency() -> None:
    """Prices are USD in the export, 0.5 EUR each; the cost is EUR already."""
    [charge] = native_charges([mca_row()])
    expected = {
        "BillingAccountId": "/providers/Microsoft.Billing/billingAccounts/acc"
        "/billingProfiles/PRO-1",
        "BillingAccountName": "Contoso Europe",
        "BillingAccountType": "Billing Profile",
        "BillingCurrency": "EUR",
        "PricingCurrency": "USD",
        "BilledCost": Decimal("0.5"),
        "ContractedCost": Decimal("0.5"),
        "ListCost": Decimal("0.6"),
        "ContractedUnitPrice": Decimal("0.0025"),
        "ListUnitPrice": Decimal("0.003"),
        "x_EffectiveUnitPrice": Decimal("0.0025"),
        "x_UnitPrice": "0.005",
        "x_BillingExchangeRate": Decimal("0.5"),
        "x_BilledCostInUsd": 1,
        "x_UnitQuantity": 200_000,
        "InvoiceId": "G1",
    }
    assert expected == {name: charge[name] for name in expected}


def test_a_pay_as_you_go_charge_is_of_its_subscription() -> None:
    row = {
        "SubscriptionGuid": "11111111-0000-0000-0000-000000000001",
        "UsageDateTime": "2026-05-17",
        "MeterCategory": "Cognitive Services",
        "MeterName": "gpt 4o 0513 Inp glbl Tokens",
        "UsageQuantity": "200",
        "ResourceRate": "0.005",
        "PreTaxCost": "1",
        "ConsumedService": "Microsoft.CognitiveServices",
        "InstanceId": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.CognitiveServices"
        "/accounts/aoai",
        "Currency": "USD",
        "UnitOfMeasure": "1K",
    }
    [charge] = native_charges([row])
    assert charge["BillingAccountId"] == "/subscriptions/11111111-0000-0000-0000-000000000001"
    assert charge["BillingAccountType"] == "Subscription"
    assert charge["x_UnitQuantity"] == 200_000
    assert charge["BillingPeriodStart"] is None
    assert charge["ServiceCategory"] == "AI and Machine Learning"


def test_marketplace_tokens_are_ai_and_a_vendor_s() -> None:
    [charge] = native_charges(
        [
            ea_row(
                ConsumedService="Microsoft.SaaS", MeterCategory="Azure Marketplace",
                ServiceFamily="", MeterName="paygo-inference-input-tokens",
                PublisherType="Marketplace", PublisherName="Anthropic",
                ResourceId="/subscriptions/s/resourceGroups/rg/providers/microsoft.saas/resources/c",
            )
        ]
    )  # fmt: skip
    assert charge["ServiceCategory"] == "AI and Machine Learning"
    assert charge["x_PublisherCategory"] == "Vendor"


def test_a_tax_has_no_quantity_price_nor_service() -> None:
    [charge] = native_charges(
        [
            ea_row(
                ChargeType="Tax", Frequency="OneTime", Cost="19", Quantity="1", MeterName="",
                MeterCategory="", ServiceFamily="", ConsumedService="Microsoft.Billing",
                ResourceId="", SubscriptionId="", UnitOfMeasure="", EffectivePrice="0",
            )
        ]
    )  # fmt: skip
    unknown = (
        "ConsumedQuantity", "PricingQuantity", "ListCost", "ContractedCost", "PricingCategory",
        "ServiceName", "SubAccountId", "SubAccountType", "x_UnitQuantity", "ResourceName",
    )  # fmt: skip
    assert dict.fromkeys(unknown) == {name: charge[name] for name in unknown}
    assert charge["ServiceCategory"] == "Other"
    assert charge["ChargeFrequency"] == "One-Time"


def test_a_price_that_would_lose_digits_is_not_rounded_into_a_wrong_one() -> None:
    """0.123456789012345678 has 18 digits after the point, and the rate 14: no product fits."""
    row = mca_row(UnitPrice="0.123456789012345678", exchangeRatePricingToBilling="0.12345678901234")
    [charge] = native_charges([row])
    assert charge["ContractedUnitPrice"] is None
    assert charge["x_UnitPrice"] == "0.123456789012345678"


def test_only_purchases_and_refunds_of_commitments_are_taken_beside_amortized_rows() -> None:
    rows = [
        ea_row(
            ChargeType="Purchase", PricingModel="Reservation", benefitId=RESERVATION, Cost="120"
        ),
        ea_row(ChargeType="Refund", PricingModel="SavingsPlan", benefitId=SAVINGS_PLAN, Cost="-5"),
        ea_row(ChargeType="Purchase", Cost="20"),
        ea_row(ChargeType="Usage", PricingModel="Reservation", benefitId=RESERVATION, Cost="0"),
        ea_row(),
    ]
    engine = local_engine(threads=1)
    view_native(engine, rows, only_commitments=True)
    found = engine.rows("SELECT BilledCost, EffectiveCost FROM native_charges ORDER BY BilledCost")
    engine.close()
    assert [(Decimal(-5), Decimal(0)), (Decimal(120), Decimal(0))] == found


costs = st.decimals(-9999, 9999, places=12, allow_nan=False).map(lambda cost: format(cost, "f"))
any_changes = st.fixed_dictionaries({
    "Cost": costs,
    "ChargeType": st.sampled_from(
        ["Usage", "Purchase", "Refund", "Tax", "Credit", "UnusedReservation", "UnusedSavingsPlan",
         "RoundingAdjustment", "", "Something"]
    ),
    "PricingModel": st.sampled_from(["OnDemand", "Reservation", "SavingsPlan", "Spot", ""]),
    "benefitId": st.sampled_from(["", RESERVATION, SAVINGS_PLAN]),
    "BillingCurrency": st.sampled_from(["USD", "EUR", "JPY"]),
    "Quantity": st.sampled_from(["0", "1", "200", "1e-7", "99999999", ""]),
    "EffectivePrice": st.sampled_from(["0", "0.005", "1234567.5", "0.000000000001", ""]),
    "UnitOfMeasure": st.sampled_from(["1K", "1M", "1/Hour", "10 Hours", "", "nonsense"]),
    "ResourceLocation": st.sampled_from(["EastUS", "US East 2", "", "Atlantis"]),
    "ConsumedService": st.sampled_from(["Microsoft.Storage", "Microsoft.Unknown", ""]),
    "Tags": st.sampled_from(["", '"a": "b"', "{}", '{"a": "b"}', "x"]),
})  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from([ea_row, mca_row]),
    st.lists(any_changes, min_size=1, max_size=20),
    st.sampled_from(["ActualCost", "AmortizedCost"]),
)
def test_no_row_and_no_cost_comes_or_goes(
    dialect: Callable[..., dict[str, str | None]], changes: list[dict[str, str]], dataset: str
) -> None:
    """BilledCost of ActualCost and EffectiveCost of AmortizedCost are the cost of the export."""
    rows = [dialect(**each) for each in changes]
    expected: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        cost = row.get("Cost") or row.get("costInBillingCurrency")
        currency = row.get("BillingCurrency") or row.get("billingCurrency")
        expected[str(currency)] += Decimal(str(cost))
    charges = native_charges(rows, dataset)
    own = "BilledCost" if dataset == "ActualCost" else "EffectiveCost"
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for charge in charges:
        found[charge["BillingCurrency"]] += charge[own]
        assert charge["BilledCost"] in (0, charge[own])
        assert charge["EffectiveCost"] in (0, charge[own])
    assert expected == found
    assert len(rows) == len(charges)
