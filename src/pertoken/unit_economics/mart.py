"""The daily mart `token_costs`: the AI charges of a scope and month, summed by day.

Every interactive view reads it instead of the charges. It keeps meter and tag keys, not readings:
a better vocabulary changes the `meters` table and leaves the mart true.
Source: docs/decisions/0004-meters-and-tags-as-dimensions.md.
"""

from __future__ import annotations

from pertoken.engine import sql_file

MART_DIMENSIONS = (
    "ChargeDate", "BillingCurrency", "x_MeterKey", "x_TagsKey", "BillingAccountId", "SubAccountId",
    "SubAccountName", "x_ResourceGroupName", "ResourceId", "ResourceName", "RegionId",
    "ChargeCategory", "ChargeClass", "PricingCategory", "CommitmentDiscountStatus",
    "x_QuantityBasis", "x_ScopeKey", "BillingMonth",
)  # fmt: skip
"""The columns of the mart that a view can group or filter by."""


def token_costs_select() -> str:
    """The mart of the relation `charges`, with `meters`: the SELECT in token_costs.sql."""
    return sql_file("pertoken.unit_economics", "token_costs")
