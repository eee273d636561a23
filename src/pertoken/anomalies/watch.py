"""The volume of every group, watched day by day: what was expected, how rare is what came.

State is causal: at day t only columns before t are read. `clean` is the volume without the events
found so far, so that an event does not teach the groups above it or raise its own expectation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pertoken.anomalies.baseline import NATURAL, WEEK, expectation, median, tail_log_probability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pertoken.anomalies.cube import Cube, Node

    Matrix = NDArray[np.float64]

SPANS = (1, 3, 7, 14)
"""Days over which a deviation is averaged: spikes, bursts, levels, ramps."""
MATURE_DAYS = 28
_FAST = frozenset({1, 3})


class Watch:
    """Groups by days; `step` reads one day and leaves its rarity and excess per span."""

    def __init__(self, made: Cube, groups: Sequence[Node]) -> None:
        self.volume = made.volume
        self._made, self._groups = made, tuple(groups)
        count, days = len(groups), len(made.days)
        self._holding: list[list[int]] = [[] for _ in made.cells]
        for place, node in enumerate(groups):
            for cell in node.cells:
                self._holding[cell].append(place)
        since = made.first_day
        self._joins = np.where(since < MIN_START, since, since + MATURE_DAYS)
        self.actual = np.array([self.volume[node.cells].sum(axis=0) for node in groups])
        self.mature = np.zeros((count, days))
        for cell, joins in enumerate(self._joins):
            self.mature[self._holding[cell], joins:] += self.volume[cell, joins:]
        self.first = np.array([made.first_day[node.cells].min() for node in groups])
        self.clean = self.mature.copy()
        for place, first in enumerate(self.first):
            self.clean[place, :first] = np.nan
            if first >= MIN_START:  # a group younger than the data is its own from its first day
                self.mature[place, first:] = self.actual[place, first:]
                self.clean[place, first:] = self.actual[place, first:]
        shape = (count, days)
        self.expected, self.slow_expected = np.full(shape, np.nan), np.full(shape, np.nan)
        self.deviation, self.slow = np.full(shape, np.nan), np.full(shape, np.nan)
        self.height = np.full(shape, np.nan)
        self.rarity = {span: np.zeros(shape) for span in SPANS}
        self.excess = {span: np.zeros(shape) for span in SPANS}
        self._means = {span: (np.full(shape, np.nan), np.full(shape, np.nan)) for span in SPANS}
        self._raw = {span: (np.full(shape, np.nan), np.full(shape, np.nan)) for span in SPANS}
        self.known_days = np.zeros(count, dtype=int)

    def step(self, day: int, *, weigh: bool = True) -> None:
        """Predict a day and weigh it; without `weigh` it is only remembered."""
        self._join(day)
        today = self.mature[:, day]
        found = expectation(self.clean[:, :day], today)
        self.known_days = found.known_days
        self.expected[:, day], self.slow_expected[:, day] = found.expected, found.slow_expected
        self.deviation[:, day], self.slow[:, day] = found.deviation, found.slow
        self.height[:, day] = found.height
        for span in SPANS:
            if day >= span:
                self._weigh(day, span, weigh=weigh)

    def homes(self, rows: Sequence[int]) -> int:
        """How many resources and applications these groups belong to."""
        keys = (dict(self._groups[row].key) for row in rows)
        return len({(key.get("ResourceId"), key.get("Application")) for key in keys})

    def _join(self, day: int) -> None:
        """A cell four weeks old joins its groups, with its own past."""
        for cell in np.flatnonzero((self._joins == day) & (self._made.first_day < day)):
            rows = self._holding[cell]
            past = slice(self._made.first_day[cell], day)
            recent = slice(max(0, day - 2 * WEEK), day)
            before = np.nansum(self.clean[rows, recent], axis=1)
            self.clean[rows, past] = np.where(
                np.isnan(self.clean[rows, past]),
                self.clean[rows, past],
                self.clean[rows, past] + self.volume[cell, past],
            )
            after = np.nansum(self.clean[rows, recent], axis=1)
            grown = np.log(np.maximum(after, 1e-9) / np.maximum(before, 1e-9)).clip(0, 3)
            for _, heights in self._means.values():
                heights[rows, :day] += grown[:, None]

    def _weigh(self, day: int, span: int, *, weigh: bool) -> None:
        taken = slice(day - span + 1, day + 1)
        source = self.deviation if span in _FAST else self.slow
        expected = self.expected if span in _FAST else self.slow_expected
        deviations, heights = self._means[span]
        deviations[:, day] = source[:, taken].mean(axis=1)
        heights[:, day] = self.height[:, taken].mean(axis=1)
        for raw, mean in zip(self._raw[span], (deviations, heights), strict=True):
            raw[:, day] = mean[:, day]
        self.excess[span][:, day] = (self.mature[:, taken] - expected[:, taken]).mean(axis=1)
        if not weigh:
            return
        past = slice(max(0, day - span - 119), day - span + 1)
        rare = tail_log_probability(deviations[:, day], deviations[:, past], span=span)
        middle = _median_or_zero(heights[:, past])
        high = tail_log_probability(
            heights[:, day] - middle, heights[:, past] - middle[:, None], span=span
        )
        score = np.where(rare > NATURAL, np.minimum((rare + high) / 2, 2 * rare), 0.0)
        self.rarity[span][:, day] = score

    def forget(self, rows: NDArray[np.int64], days: slice) -> None:
        """Days of an event: they teach neither level nor tail."""
        self.clean[rows, days] = np.nan
        for deviations, heights in self._means.values():
            deviations[rows, days] = np.nan
            heights[rows, days] = np.nan

    def blank(self, rows: NDArray[np.int64], days: slice) -> None:
        """Days that were not delivered as they were: as if they had not been."""
        self.forget(rows, days)
        for path in (self.deviation, self.slow, self.height):
            path[rows, days] = np.nan

    def learn(self, rows: NDArray[np.int64], days: slice) -> None:
        """An event that is over is one thing that happened: its highest day is remembered."""
        for span in SPANS:
            for raw, mean in zip(self._raw[span], self._means[span], strict=True):
                highest = days.start + np.argmax(np.nan_to_num(raw[rows, days], nan=-1e9), axis=1)
                mean[rows, highest] = raw[rows, highest]


MIN_START = 7
"""Cells that are there in the first week of the data were there before it."""


def _median_or_zero(values: Matrix) -> Matrix:
    return np.nan_to_num(median(values, 1))
