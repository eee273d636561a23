"""Savings with their sign: what negotiated prices and commitments made of a list cost.

    negotiated = ListCost - ContractedCost
    commitment = ContractedCost - EffectiveCost
    total      = ListCost - EffectiveCost

Each is NULL for a charge that lacks one of its two costs, and may be negative. They count usage,
and purchases that are no commitment: the purchase of a commitment saves nothing itself, the usage
that it covers does, and the unused part of it (list and contracted cost 0) is a loss. A percentage
is a sum of savings over the sum of the cost that it was saved from, of the same charges, so that a
price of 0.0001 loses no digit. x_UnpricedCost is the EffectiveCost of the charges that count and
whose savings are not known.

Source: docs/decisions/0006-price-filling.md, "Savings"; FOCUS 1.2, ListCost and ContractedCost.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SAVINGS_COLUMNS = (
    "x_NegotiatedSavings", "x_NegotiatedDiscountPercent", "x_CommitmentSavings",
    "x_CommitmentDiscountPercent", "x_TotalSavings", "x_TotalDiscountPercent", "x_UnpricedCost",
)  # fmt: skip
"""Savings in BillingCurrency; percentages as a share of 1 of the cost that was saved from."""

NEEDED = ("ListCost", "ContractedCost", "CommitmentDiscountId")
_PAIRS = (
    ("Negotiated", "ListCost", "ContractedCost"),
    ("Commitment", "ContractedCost", "EffectiveCost"),
    ("Total", "ListCost", "EffectiveCost"),
)
_COUNTS = (
    "(ChargeCategory = 'Usage' OR (ChargeCategory = 'Purchase' AND CommitmentDiscountId IS NULL "
    "AND (EffectiveCost <> 0 OR BilledCost = 0)))"
)
_DIGITS, _SCALE = 34, Decimal("1e-12")


def savings_sums() -> dict[str, str]:
    """SQL sums over charges: s_Name, the savings, and b_Name, the cost they were saved from."""
    sums = {}
    for name, base, reduced in _PAIRS:
        known = f"{_COUNTS} AND {base} IS NOT NULL AND {reduced} IS NOT NULL"
        sums[f"s_{name}"] = f"sum(CASE WHEN {known} THEN {base} - {reduced} END)"
        sums[f"b_{name}"] = f"sum(CASE WHEN {known} THEN {base} END)"
    unknown = f"{_COUNTS} AND (ListCost IS NULL OR ContractedCost IS NULL)"
    sums["s_Unpriced"] = f"sum(CASE WHEN {unknown} THEN EffectiveCost END)"
    return sums


def savings_values(sums: Sequence[Decimal | None]) -> tuple[Decimal | None, ...]:
    """The values of SAVINGS_COLUMNS from the sums of `savings_sums`, in their order.

    >>> [str(value) for value in savings_values([Decimal(2), Decimal(8), *[None] * 5])[:2]]
    ['2', '0.250000000000']
    """
    values: list[Decimal | None] = []
    for place in range(0, 2 * len(_PAIRS), 2):
        saved, base = sums[place], sums[place + 1]
        values += [saved, _share(saved, base)]
    return (*values, sums[-1])


def _share(saved: Decimal | None, base: Decimal | None) -> Decimal | None:
    if saved is None or not base:
        return None
    with localcontext() as context:
        context.prec = _DIGITS
        return (saved / base).quantize(_SCALE)
