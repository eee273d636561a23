"""The keys that FOCUS defines for SkuPriceDetails; every other key is custom and needs `x_`.

Source: FOCUS SkuPriceDetails (1.2 to 1.4 have the same 13); the 1.5 draft for model and tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pertoken.focus.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class DetailKey:
    """A defined key: its type (numeric or text), its measure and the values it may hold."""

    name: str
    type: str
    measure: str
    values: tuple[str, ...]


@cache
def detail_keys(version: str) -> Mapping[str, DetailKey]:
    """The keys defined by a version; the draft has those of 1.4 and its own.

    >>> len(detail_keys("1.4")), "ModelId" in detail_keys("1.5-draft")
    (13, True)
    """
    asked = ("1.4", version) if version == "1.5-draft" else (version,)
    return {
        row["key"]: DetailKey(
            row["key"],
            row["type"],
            row["measure"],
            tuple(row["values"].split("|")) if row["values"] else (),
        )
        for row in table("sku_price_details")
        if any(each in row["versions"].split() for each in asked)
    }
