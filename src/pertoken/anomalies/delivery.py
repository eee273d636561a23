"""What arrived: days that are missing, there in part, or there twice, per billing account.

A fault of delivery touches everything at once and by one factor, which use never does. So a day is
judged by all model groups of an account together, each weighed by how well it is predicted: late
when all fell alike, twice when all doubled. A day without any row is missing, unless its account
was billed in another currency that day. Such days are no use, and no channel learns from them.

Source: docs/forecast-and-anomalies.md, "Delivery".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pertoken.anomalies.watch import Watch

    Matrix = NDArray[np.float64]

ACTIVE_SHARE = 0.85
PRESENT_SHARE = 0.95
"""A scope that has rows on fewer of its days is allowed to have none."""
LATE_BELOW = -0.35
"""A day under 70 % of what it should be, in all groups alike."""
ALIKE_GROUPS = 0.8
"""The share of groups that must have moved by the common factor."""
SURE = 4.5
"""Standard errors by which the common factor differs from one."""
SECONDED = 2.5
"""The same, of all groups but the one that is known best: one group alone is use."""
MIN_HISTORY = 7
_MIN_GROUPS = 2
_MIN_HOMES = 2
"""The models of one application double together; those of several do when counted twice."""
_RUNNING = 2
"""Data that is late for longer is use that fell."""
_TWICE = float(np.log(2))
_NEAR_TWICE = 0.12
_DEARER = 1.2
_SCATTER = 6.0
"""Mean squared deviation from the common factor, in standard errors, beyond which it is none."""


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """One day of one account; `score` is how sure, `factor` what came over what should."""

    kind: str
    scope: int
    day: int
    score: float
    factor: float


class Delivery:
    """The scopes of a tenant, one day at a time; scopes and leaves are places of groups."""

    def __init__(
        self,
        watch: Watch,
        scopes: list[int],
        leaves: dict[int, list[int]],
        rows: Matrix | None = None,
    ) -> None:
        self._watch, self._leaves, self._rows = watch, leaves, rows
        self._homes = {scope: watch.homes(rows) for scope, rows in leaves.items()}
        self.scopes = scopes
        self._present = watch.actual[scopes] != 0
        self._elsewhere = np.array([self._in_other_currencies(scope) for scope in scopes])
        self.events: list[DeliveryEvent] = []

    def step(self, day: int, *, settled: bool) -> list[DeliveryEvent]:
        """The faults of a day; an unsettled day is never missing nor late."""
        found = []
        for place, scope in enumerate(self.scopes):
            event = self._judge(place, scope, day)
            if event is not None and (settled or event.kind == "duplicate delivery"):
                found.append(event)
        self.events += found
        return found

    def _judge(self, place: int, scope: int, day: int) -> DeliveryEvent | None:
        first = self._watch.first[scope]
        before = self._present[place, max(first, day - 56) : max(first, day)]
        if len(before) < MIN_HISTORY or before.mean() < PRESENT_SHARE:
            return None
        if not self._present[place, day]:
            elsewhere = self._elsewhere[place, day]
            return None if elsewhere else DeliveryEvent("missing data", scope, day, 50.0, 0.0)
        if self._rows_doubled(place, scope, day):
            return DeliveryEvent("duplicate delivery", scope, day, 20.0, 2.0)
        deviation, spread = self._groups(scope, day)
        if len(deviation) < _MIN_GROUPS:
            return self._alone(scope, day)
        return self._common(scope, day, deviation, spread)

    def _common(
        self, scope: int, day: int, deviation: Matrix, spread: Matrix
    ) -> DeliveryEvent | None:
        """What all groups did alike, if they did: fall, or double."""
        weight = 1 / spread**2
        common = float((deviation * weight).sum() / weight.sum())
        error = float(np.sqrt(1 / weight.sum()))
        scatter = float((((deviation - common) / spread) ** 2).mean())
        alike = (np.abs(deviation - common) <= np.maximum(3 * spread, 0.15)).mean() >= ALIKE_GROUPS
        sure = abs(common) / error
        others = weight * (np.arange(len(weight)) != np.argmax(weight))
        without = (deviation * others).sum() / np.sqrt(others.sum())
        seconded = float(without * np.sign(common)) > SECONDED
        if not alike or not seconded or sure < SURE or scatter > _SCATTER:
            return None
        several = self._homes[scope] >= _MIN_HOMES and scatter < _SCATTER / 2
        several = several and self._rows is None  # rows, where counted, decide
        width = min(max(2 * error, _NEAR_TWICE), 2 * _NEAR_TWICE)
        if several and error < _NEAR_TWICE and abs(common - _TWICE) < width:
            return DeliveryEvent("duplicate delivery", scope, day, sure, 2.0)
        if common < LATE_BELOW and self._fell(scope, day):
            return DeliveryEvent("late data", scope, day, sure, float(np.exp(common)))
        return None

    def _in_other_currencies(self, scope: int) -> NDArray[np.bool_]:
        """The days on which the scope's account has rows, of any currency."""
        account = self._watch.account(scope)
        same = [other for other in self.scopes if self._watch.account(other) == account]
        rows = [scope] if account is None else same
        return np.asarray((self._watch.actual[rows] != 0).any(axis=0))

    def _rows_doubled(self, place: int, scope: int, day: int) -> bool:
        """Whether each cell has twice its rows, and the day more cost: use makes no rows."""
        if self._rows is None:
            return False
        rows = self._rows[place]
        usual = float(np.median(rows[max(0, day - 14) : day]))
        expected = self._watch.expected[scope, day]
        dear = bool(self._watch.actual[scope, day] > _DEARER * expected)
        return dear and usual > 0 and abs(rows[day] / usual - 2) < _NEAR_TWICE

    def _groups(self, scope: int, day: int) -> tuple[Matrix, Matrix]:
        """Deviation and spread of the leaf groups that have cost on most days."""
        watch, rows = self._watch, self._leaves[scope]
        recent = watch.mature[rows][:, max(0, day - 28) : day]
        active = (recent > 0).mean(axis=1) >= ACTIVE_SHARE
        usable = [row for row, on in zip(rows, active, strict=True) if on]
        past = watch.deviation[usable][:, max(0, day - 56) : day]
        today = watch.deviation[usable][:, day]
        known = ~np.isnan(today) & ((~np.isnan(past)).sum(axis=1) >= 2 * MIN_HISTORY)
        if not known.any():
            return np.zeros(0), np.zeros(0)
        middle = np.nanmedian(past[known], axis=1)
        spread = 1.4826 * np.nanmedian(np.abs(past[known] - middle[:, None]), axis=1)
        return today[known], np.maximum(spread, 0.04)

    def _fell(self, scope: int, day: int) -> bool:
        """Whether the whole scope fell, new groups included, and not for the third day running."""
        watch = self._watch
        actual, expected = watch.actual[scope, day], watch.expected[scope, day]
        running = [e for e in self.events if e.scope == scope and 0 < day - e.day <= _RUNNING]
        late = sum(e.kind == "late data" for e in running)
        return bool(late < _RUNNING and actual < np.exp(LATE_BELOW) * expected)

    def _alone(self, scope: int, day: int) -> DeliveryEvent | None:
        """A scope of one group says only that it fell as it never did."""
        watch = self._watch
        deviation = watch.deviation[scope, day]
        past = watch.deviation[scope, max(0, day - 56) : day]
        past = past[~np.isnan(past)]
        if len(past) < 4 * MIN_HISTORY or np.isnan(deviation):
            return None
        spread = max(1.4826 * float(np.median(np.abs(past - np.median(past)))), 0.04)
        if not self._fell(scope, day):
            return None
        if deviation < LATE_BELOW and -deviation > SURE * spread and deviation < past.min():
            factor = float(np.exp(deviation))
            return DeliveryEvent("late data", scope, day, -deviation / spread, factor)
        return None
