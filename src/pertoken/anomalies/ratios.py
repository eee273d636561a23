"""Price, cache and output ratios: series whose natural movement is small, watched in both ways.

A price is the cost of a group over its units at each cell's own recent price: 1 when nothing
changed. A cache rate is read input over all input, an output rate output over all input. All are
watched in logarithms against the median of their last four weeks.

Source: docs/forecast-and-anomalies.md, "Price and mix".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pertoken.anomalies.baseline import MIN_DAYS, NATURAL, median, tail_log_probability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

LEVEL_DAYS = 28
SPANS = (1, 3, 7)
_FEW = 5


class Ratios:
    """Log ratios (series, days), NaN where there is nothing to divide; `step` reads one day."""

    def __init__(self, logs: Matrix, least: float, min_days: int = MIN_DAYS) -> None:
        self.logs, self.least, self.min_days = logs, least, min_days
        self.clean = logs.copy()
        self.level = np.full(logs.shape, np.nan)
        self.deviation = np.full(logs.shape, np.nan)
        self._means = {span: np.full(logs.shape, np.nan) for span in SPANS}
        self._heights = {span: np.full(logs.shape, np.nan) for span in SPANS}
        self.rarity = {span: np.zeros(logs.shape) for span in SPANS}

    def step(self, day: int, *, weigh: bool = True) -> None:
        """Compare a day with the level of the days before; `rarity` is signed by direction."""
        past = self.clean[:, max(0, day - LEVEL_DAYS) : day]
        known = ~np.isnan(past)
        enough = known.sum(axis=1) >= _FEW
        level = np.where(enough, median(past, 1), np.nan)
        self.level[:, day] = level
        self.deviation[:, day] = self.logs[:, day] - level
        for span in SPANS:
            if day >= span:
                self._weigh(day, span, weigh=weigh)

    def _weigh(self, day: int, span: int, *, weigh: bool) -> None:
        means = self._means[span]
        means[:, day] = self.deviation[:, day - span + 1 : day + 1].mean(axis=1)
        past = means[:, max(0, day - span - 119) : day - span + 1]
        now = np.nan_to_num(means[:, day])
        heights = self._heights[span]
        heights[:, day] = self.logs[:, day - span + 1 : day + 1].mean(axis=1)
        if not weigh:
            return
        seen = heights[:, max(0, day - span - 119) : day - span + 1]
        middle = _median_or_zero(seen)
        high, before = np.nan_to_num(heights[:, day] - middle), seen - middle[:, None]

        def rarity(sign: int) -> Matrix:
            rare = _tail(sign * now, sign * past, self.least, self.min_days, span)
            novel = _tail(sign * high, sign * before, self.least, self.min_days, span)
            return np.where(rare > NATURAL, np.minimum((rare + novel) / 2, 2 * rare), 0.0)

        self.rarity[span][:, day] = np.where(now >= 0, rarity(1), -rarity(-1))

    def forget(self, rows: NDArray[np.int64], days: slice) -> None:
        """Days of an event teach neither level nor tail."""
        self.clean[rows, days] = np.nan
        for means in (*self._means.values(), *self._heights.values()):
            means[rows, days] = np.nan

    def relearn(self, rows: NDArray[np.int64], start: int, day: int) -> None:
        """What came on `start` is the level from now on: the days before are moved to it."""
        new = self.logs[rows, start : day + 1]
        shift = median(new, 1) - self.level[rows, start]
        self.clean[rows, :start] += shift[:, None]
        self.clean[rows, start : day + 1] = new


def _tail(deviation: Matrix, past: Matrix, least: float, min_days: int, span: int) -> Matrix:
    """As `tail_log_probability`, with a floor under the spread and any memory of `min_days`."""
    known = (~np.isnan(past)).sum(axis=1)
    rare = tail_log_probability(deviation, past, spread=least, min_days=min_days, span=span)
    return np.where(known >= min_days, rare, 0.0)


def _median_or_zero(values: Matrix) -> Matrix:
    return np.nan_to_num(median(values, 1))
