"""Which version of FOCUS a file follows, told by its columns alone.

Source: the columns each version added or removed (pertoken.focus); Microsoft Learn, FOCUS cost
and usage details schema 1.0 (dated 2026-05-20), for the columns of 1.2 that it had before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken import focus

if TYPE_CHECKING:
    from collections.abc import Iterable


# Columns of 1.2 that exports of 1.0 by Microsoft have, and that prove nothing.
_EARLY = {"BillingAccountType", "SubAccountType"}


def detect_version(columns: Iterable[str]) -> str:
    """The oldest version that has the newest column found.

    A file with the provider columns of 1.3 and without those that 1.4 removed is 1.4. A file
    without any column newer than 1.0 is 1.0.

    >>> detect_version(["BilledCost", "SkuMeter", "InvoiceId"])
    '1.2'
    >>> detect_version(["BilledCost", "ServiceProviderName"])
    '1.4'
    """
    names = set(columns) - _EARLY
    before: set[str] = set()
    found = focus.VERSIONS[0]
    for version in (*focus.VERSIONS, focus.DRAFT):
        added = set(focus.columns(version)) - before
        if before and names & added:
            found = version
        before |= added
    removed = set(focus.columns("1.3")) - set(focus.columns("1.4"))
    return "1.4" if found == "1.3" and not names & removed else found
