"""What can be asked of an attribution, and the words that its answers use.

Source: docs/allocation.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

EVIDENCE = ("tags", "telemetry", "rules")
IDLE_POLICIES = ("spread", "show", "owner")
AS_BILLED, POOLED = "billed", "pooled"
RESERVATION_RATES = (AS_BILLED, POOLED)
PER = {"token": 1, "1K": 1_000, "1M": 1_000_000}
UNATTRIBUTED = "Unattributed"
BILLED = "billed"
"""The evidence of rows by facts of the charge alone: the bill says them, nobody was asked for."""
IS_TAGGED = "x_IsTagged"
"""A fact of the charge: true where its tags state any canonical key that day, else false."""
FACTS = (
    "ChargeDate", "ResourceId", "ResourceName", "SubAccountId", "SubAccountName",
    "x_ResourceGroupName", "BillingAccountId", "RegionId", "ChargeCategory", "ChargeClass",
    "CommitmentDiscountStatus", "x_MeterKey", IS_TAGGED,
)  # fmt: skip
"""Columns of the bill that every part has; those of its meter, and others of the charges that
were asked for, come beside them.
"""


@dataclass(frozen=True, slots=True)
class AttributionQuery:
    """What is asked for: dimensions, evidence (None: telemetry, then rules), days and policy.

    `idle` is what becomes of idle provisioned capacity: spread over its users as assumed, shown as
    Unattributed, or charged to the owner that the resource's tags name; the owner of an unused
    reservation, whom tags or rules name, then pays it too. `reservations` says what used capacity
    pays: as billed, or the pooled rate of the day. `as_of` is the day whose organisation counts;
    None takes that of each charge (as booked). `platform` asks for chosen charges that are no AI
    charges, in their place.
    """

    by: tuple[str, ...]
    evidence: str | None = None
    start: date | None = None
    end: date | None = None
    currency: str | None = None
    idle: str = "spread"
    reservations: str = AS_BILLED
    as_of: date | None = None
    per: str = "1M"
    platform: bool = False
