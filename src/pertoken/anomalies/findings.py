"""A finding: one event, with its cell, days, cost, kind and what is said about it.

Source: DESIGN section 7, the columns of `pertoken anomalies`; docs/forecast-and-anomalies.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

KINDS = (
    "spike",  # one or two days above what is natural
    "runaway loop",  # days at a multiple of the highest day ever seen
    "level shift",  # above for two weeks or more
    "ramp",  # rising away from its level day by day
    "drop",  # below what is natural: use that stopped
    "price change",  # cost per unit moved, units did not
    "cache collapse",  # cached input is billed as uncached
    "double metering",  # cached input is billed twice
    "verbose output",  # more output per input
    "longer prompts",  # more input per output
    "model switch",  # tokens moved to another model
    "scope change",  # tokens moved to another deployment scope
    "new model",  # a model or deployment that was not there
    "missing data",  # a scope without a row for a day
    "late data",  # a day that is there in part
    "duplicate delivery",  # a day counted twice
)
DATA_KINDS = frozenset({"missing data", "late data", "duplicate delivery"})
NOTICES = frozenset({"new model", "drop"})
"""Kinds that are told and not alarmed, unless they are large: a launch is no fault."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One event.

    `end` is the last day, inclusive; `open` says that it had not ended when the data did.
    Costs are in `currency`: expected and actual of the cell over these days; extra is their
    difference, or the part of it that the cause explains. `score` is -ln of the probability that
    nature does as much. `found` is the day whose data first showed it.
    """

    kind: str
    cell: dict[str, Any]
    start: date
    end: date
    found: date
    expected_cost: float
    actual_cost: float
    extra_cost: float
    currency: str | None
    score: float
    explanation: str
    open: bool = False
    notice: bool = False
    muted: str | None = None
    split: dict[str, float] = field(default_factory=dict)
    """Extra cost by driver: Price, Volume, Mix."""

    def row(self) -> dict[str, Any]:
        """The columns of `pertoken anomalies`; a column that the cell does not fix is None."""
        columns = (
            "ResourceId", "Deployment", "x_ModelId", "x_TokenDirection", "Application", "Team",
            "BillingAccountId", "x_DeploymentScope", "x_ServiceTier", "SkuMeter",
        )  # fmt: skip
        return {
            "Start": self.start, "End": self.end, "Kind": self.kind,
            **{name: self.cell.get(name) for name in columns},
            "ExpectedCost": self.expected_cost, "ActualCost": self.actual_cost,
            "ExtraCost": self.extra_cost, "BillingCurrency": self.currency,
            "Score": self.score, "Explanation": self.explanation, "Found": self.found,
            "Open": self.open, "Notice": self.notice, "Muted": self.muted,
        }  # fmt: skip
