"""The daily mart `token_costs`: the AI charges of a scope and month, summed by day.

Every interactive view reads it instead of the charges. It keeps meter and tag keys, not readings:
a better vocabulary changes the `meters` table and leaves the mart true.
Source: docs/decisions/0004-meters-and-tags-as-dimensions.md.
"""

from __future__ import annotations

from string import Template
from types import MappingProxyType
from typing import TYPE_CHECKING

from pertoken.engine import quoted, sql_file, value_text

if TYPE_CHECKING:
    from collections.abc import Mapping

MART_DIMENSIONS = (
    "ChargeDate", "BillingCurrency", "x_MeterKey", "x_TagsKey", "BillingAccountId", "SubAccountId",
    "SubAccountName", "x_ResourceGroupName", "ResourceId", "ResourceName", "RegionId",
    "ChargeCategory", "ChargeClass", "PricingCategory", "CommitmentDiscountStatus",
    "x_QuantityBasis", "x_ScopeKey", "BillingMonth",
)  # fmt: skip
"""The columns of the mart that a view can group or filter by."""


def token_costs_select(more: Mapping[str, str] = MappingProxyType({})) -> str:
    """The mart of the relation `charges`, with `meters`: the SELECT in token_costs.sql.

    Takes:   more, further columns of the charges to sum by, and their types; they are given as
             text, a number without the zeros that end it.
    """
    texts = {name: value_text(f"charges.{quoted(name)}", kind) for name, kind in more.items()}
    return Template(sql_file("pertoken.unit_economics", "token_costs")).substitute(
        more="".join(f"\n    {text} AS {quoted(name)}," for name, text in texts.items()),
        keys="".join(f", {text}" for text in texts.values()),
    )
