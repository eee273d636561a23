"""The currency codes that BillingCurrency may hold.

Codes that were withdrawn since 2020 stay, as older months of billing hold them.
Source: ISO 4217, by FOCUS CurrencyFormat; per row in currencies.csv.
"""

from __future__ import annotations

from functools import cache

from pertoken.focus.tables import table


@cache
def currencies() -> frozenset[str]:
    """The three-letter codes.

    >>> "USD" in currencies(), "US$" in currencies()
    (True, False)
    """
    return frozenset(row["currency"] for row in table("currencies"))
