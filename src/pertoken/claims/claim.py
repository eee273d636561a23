"""A claim: the exceptions of an audit that show over-billing, and those that do not, with why.

Every exception is either a line of the claim or stands among what is not claimed, so the two sum
to what `reconcile --exceptions` prints. A line is claimed only where counters, or the price sheet,
show that too much was billed.

Source: docs/reconciliation.md, "The claim".
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pertoken.reconciliation import GAP_COLUMNS
from pertoken.reports import Column, Table, write
from pertoken.reports.numbers import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from pertoken.engine import Row

CLAIM_COLUMNS = {
    **GAP_COLUMNS, "BilledUnitPrice": "money", "SheetUnitPrice": "money",
    "PricingUnit": "text", "SkuMeter": "text", "x_SkuMeterId": "text", "SkuPriceId": "text",
    "BillingAccountId": "text", "SubAccountId": "text", "InvoiceId": "text",
    "BillingMonth": "text", "ChargeRows": "count", "ChargeTokens": "count", "ChargeCost": "money",
    "RunId": "text", "SourceFile": "text", "PriceSheetRunId": "text", "UsageFileDigest": "text",
}  # fmt: skip
"""The columns of claim.csv, and the kind of each."""

NOT_CLAIMED_COLUMNS = {**GAP_COLUMNS, "NotClaimedReason": "text"}
"""The columns of not-claimed.csv."""

CLAIMED_REASONS = {
    "CachedMeteredTwice": "Cached tokens were metered twice: the input meter counted every prompt "
    "token of the day, and the cached ones were rated again on the cached-input meter.",
    "PriceDrift": "Charges were rated above the only contracted price that the price sheet states "
    "for their meter, unit, currency and day.",
}
NOT_CLAIMED_REASONS = {
    "UnderBilled": "The bill is below the usage or the price sheet: nothing was paid too much.",
    "OwnTelemetry": "Our own telemetry lacks the calls: it says nothing about the bill.",
    "NoEvidence": "The difference has no proven cause.",
    "CountedAlready": "The same charges are claimed as cached tokens metered twice; claiming the "
    "price too would count a part of their cost twice.",
    "UnknownCost": "The cost of the gap is not known.",
}
_OWN_GAPS = ("BypassedGateway", "MissingDay", "LateData")
_CHARGE = ("ChargeDate", "ResourceId", "x_ModelId", "x_TokenDirection", "x_TokenCacheAction",
           "BillingCurrency")  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that the claim rests on: what it is, its name, its SHA-256."""

    kind: str
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed and what is not.

    `lines` are rows of CLAIM_COLUMNS, `others` of NOT_CLAIMED_COLUMNS. `asked` is the period that
    was audited, end exclusive, each None where it is all that the hub holds.
    """

    claimant: str | None
    provider: str | None
    lines: tuple[Row, ...]
    others: tuple[Row, ...]
    sources: tuple[SourceFile, ...]
    corrections: Mapping[str, Decimal]
    asked: tuple[date | None, date | None] = (None, None)

    def dicts(self) -> list[dict[str, Any]]:
        """The lines by column."""
        return [dict(zip(CLAIM_COLUMNS, row, strict=True)) for row in self.lines]

    def other_dicts(self) -> list[dict[str, Any]]:
        """What is not claimed, by column."""
        return [dict(zip(NOT_CLAIMED_COLUMNS, row, strict=True)) for row in self.others]

    def table(self) -> Table:
        """The lines of the claim: claim.csv."""
        columns = tuple(Column(name, kind) for name, kind in CLAIM_COLUMNS.items())
        return Table("claim", columns, self.lines)

    def others_table(self) -> Table:
        """The exceptions that are not claimed, each with why: not-claimed.csv."""
        columns = tuple(Column(name, kind) for name, kind in NOT_CLAIMED_COLUMNS.items())
        return Table("not-claimed", columns, self.others)

    def csv_bytes(self) -> bytes:
        """The bytes of claim.csv, which the page names by their SHA-256."""
        return _csv(self.table())

    def others_bytes(self) -> bytes:
        """The bytes of not-claimed.csv."""
        return _csv(self.others_table())

    @property
    def digest(self) -> str:
        """The SHA-256 of claim.csv."""
        return hashlib.sha256(self.csv_bytes()).hexdigest()

    def totals(self) -> dict[str, Decimal]:
        """GapCost claimed, by BillingCurrency, exact."""
        return summed((row["BillingCurrency"], row["GapCost"]) for row in self.dicts())


def not_claimed_reason(row: Mapping[str, Any], twice: frozenset[tuple[object, ...]]) -> str | None:
    """Why an exception is not claimed, of NOT_CLAIMED_REASONS; None for one that is.

    Takes: twice, the charges (as `charge_of`) that are claimed as metered twice.
    """
    cost, reason = row["GapCost"], row["ReasonCode"]
    if cost is None:
        return "UnknownCost"
    if cost < 0 or (cost == 0 and reason in CLAIMED_REASONS):
        return "UnderBilled"
    if reason in _OWN_GAPS:
        return "OwnTelemetry"
    if reason not in CLAIMED_REASONS:
        return "NoEvidence"
    if reason == "PriceDrift" and charge_of(row) in twice:
        return "CountedAlready"
    return None


def charge_of(row: Mapping[str, Any]) -> tuple[object, ...]:
    """What tells the charges of a gap from others."""
    return tuple(row[name] for name in _CHARGE)


def summed(costs: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Exact sums by key, keys in order."""
    sums: dict[str, Decimal] = {}
    for key, cost in costs:
        sums[key] = EXACT.add(sums.get(key, Decimal(0)), cost)
    return dict(sorted(sums.items()))


def _csv(table: Table) -> bytes:
    text = io.StringIO()
    write(table, "csv", text)
    return text.getvalue().encode()
