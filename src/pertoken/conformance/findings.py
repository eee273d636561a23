"""What a check reports: one finding per rule, column and BillingCurrency.

The names and the order of the columns that `pertoken check` prints are a public contract.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from decimal import Decimal

Severity = Literal["error", "warning", "note"]

FINDING_COLUMNS = (
    "Rule", "Severity", "Column", "Rows", "CostAtStake", "BillingCurrency", "Example", "Help",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Rows of one currency that break one rule in one column.

    `cost_at_stake` is the sum of the EffectiveCost of those rows (BilledCost where EffectiveCost
    cannot be read), with its sign; None where no cost can be read or the finding is about the
    columns and not about rows. `rows` of such a finding is the number of all rows.
    """

    rule: str
    severity: Severity
    column: str
    rows: int
    cost_at_stake: Decimal | None
    billing_currency: str | None
    example: str
    help: str

    def as_row(self) -> tuple[str, str, str, int, Decimal | None, str | None, str, str]:
        """The cells in the order of FINDING_COLUMNS."""
        return (
            self.rule, self.severity, self.column, self.rows, self.cost_at_stake,
            self.billing_currency, self.example, self.help,
        )  # fmt: skip
