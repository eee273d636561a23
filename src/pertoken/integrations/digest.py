"""A digest: what one owner should know, as values, and as the text and JSON that are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One alert; cost in currency, None where it has none."""

    rule: str
    key: str
    severity: str
    title: str
    detail: str
    command: str
    currency: str | None = None
    cost: Decimal | None = None

    def to_json(self) -> dict[str, Any]:
        """The line under the names of `pertoken alerts`; cost as exact text."""
        return {
            "Rule": self.rule, "Key": self.key, "Severity": self.severity, "Title": self.title,
            "Detail": self.detail, "Command": self.command, "BillingCurrency": self.currency,
            "Cost": None if self.cost is None else f"{self.cost:f}",
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Digest:
    """The alerts of one owner as of a time."""

    owner: str
    as_of: datetime
    lines: tuple[DigestLine, ...]

    @property
    def subject(self) -> str:
        """One line that says how many and for whom."""
        count = len(self.lines)
        return f"pertoken: {count} alert{'' if count == 1 else 's'} for {self.owner}"

    @property
    def text(self) -> str:
        """The digest as plain text."""
        told = [f"{line.title}\n  {line.detail}\n  {line.command}" for line in self.lines]
        return "\n\n".join([f"{self.subject}, as of {self.as_of:%Y-%m-%d %H:%M} UTC", *told]) + "\n"

    def to_json(self) -> dict[str, Any]:
        """The digest as a generic webhook gets it."""
        return {
            "Owner": self.owner,
            "AsOf": self.as_of.isoformat(),
            "Subject": self.subject,
            "Alerts": [line.to_json() for line in self.lines],
        }
