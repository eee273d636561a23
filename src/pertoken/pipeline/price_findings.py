"""What the hub does not know of list and contracted prices, as findings of the trust card.

A charge without one of them is in every total; only savings cannot count it.
Source: docs/decisions/0006-price-filling.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.reports.trust_card import Finding

if TYPE_CHECKING:
    from pertoken.engine import Engine

_COUNTS = {"x_WithoutListCost": "list", "x_WithoutContractedCost": "contracted"}


def price_findings(engine: Engine) -> list[Finding]:
    """How many usage charges of the relation `periods` have no list or no contracted cost."""
    known = [name for name in _COUNTS if name in engine.columns("periods")]
    sums = ", ".join(f"CAST(coalesce(sum({name}), 0) AS BIGINT)" for name in known)
    counts = zip(known, engine.rows(f"SELECT {sums} FROM periods")[0], strict=True)
    parts = [f"{count} have no {_COUNTS[name]} cost" for name, count in counts if count]
    if not parts:
        return []
    return [
        Finding(
            f"Of the usage charges {' and '.join(parts)}: no price sheet states it",
            "pertoken matrix --all-charges --by x_PriceGap,SkuMeter",
            "info",
        )
    ]
