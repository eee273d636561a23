"""What a person decides about detection, apart from the model.

Source: docs/forecast-and-anomalies.md, "Settings".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pertoken.anomalies.findings import Finding

YOUNG_WEIGHT = 5.0
MEMORY_DAYS = 80


@dataclass(frozen=True, slots=True)
class Expected:
    """Feedback and plans: what is not to be alarmed, from a day to a day (inclusive), and why.

    `cell` holds the columns that must agree; `kinds` empty means every kind. An approved price
    change, a planned batch, a finding marked as expected and one muted until a day all take this
    form, and the finding stays in the list with the reason.
    """

    start: date
    end: date
    reason: str
    cell: Mapping[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()

    def covers(self, found: Finding) -> bool:
        """Whether a finding is of its cell and kinds, and touches its days."""
        same = all(found.cell.get(name) == value for name, value in self.cell.items())
        within = found.start <= self.end and found.end >= self.start
        return same and within and (not self.kinds or found.kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Settings:
    """How sure a finding must be (`sureness`, -ln of a probability) and how dear (`minimum_cost`).

    A finding whose extra cost is one day of its currency's cost needs `sureness`; a smaller one
    needs more, `sureness_per_e_fold` for each factor of e. `minimum_cost` is applied to what the
    model found and changes nothing in it.
    """

    sureness: float = 7.5
    sureness_per_e_fold: float = 1.0
    minimum_cost: float = 0.0
    minimum_share: float = 0.03
    """The least extra cost of an event, as a share of one day of its currency."""
    unsettled_days: int = 2
    """The last days of the data, in which less than usual says nothing."""
    new_share: float = 0.5
    """The share of its currency's cost from which a new model is alarmed and not only noticed."""
    since: date | None = None
    """The first day that is judged; days before it are read as history, which is quicker."""
    learn: bool = True
    """Whether an event that is over counts as natural for its own group from then on."""
    expected: tuple[Expected, ...] = ()

    def reason_for(self, found: Finding) -> str | None:
        """Why a finding was expected; None where it was not."""
        return next((each.reason for each in self.expected if each.covers(found)), None)

    def needed(self, impact: float) -> float:
        """The sureness that an event of this many days of cost needs."""
        folds = np.log(1 / np.clip(impact, 1e-6, 1.0))
        return float(self.sureness + self.sureness_per_e_fold * folds)

    @staticmethod
    def young(days: int) -> float:
        """What a memory of few days adds to the sureness needed: bursts are still to be met."""
        return YOUNG_WEIGHT * max(0.0, MEMORY_DAYS / max(days, 1) - 1)
