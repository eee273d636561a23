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
_PATHS = ("deviation", "height", "raw")
HEIGHT_CAP = 2.0
"""A height alone is no event: the score is at most this multiple of the deviation's rarity."""
"""Days over which a deviation is averaged: spikes, bursts, levels, ramps."""
MATURE_DAYS = 28
FAST = frozenset({1, 3})


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
        self.height, self.raw = np.full(shape, np.nan), np.full(shape, np.nan)
        self.rarity = {span: np.zeros(shape) for span in SPANS}
        self.excess = {span: np.zeros(shape) for span in SPANS}
        self._means = {span: tuple(np.full(shape, np.nan) for _ in _PATHS) for span in SPANS}
        self._all_means = {span: tuple(np.full(shape, np.nan) for _ in _PATHS) for span in SPANS}
        self.known_days = np.zeros(count, dtype=int)

    def step(self, day: int, *, weigh: bool = True) -> None:
        """Predict a day and weigh it; without `weigh` it is only remembered."""
        self._join(day)
        today = self.mature[:, day]
        found = expectation(self.clean[:, :day], today)
        self.known_days = found.known_days
        self.expected[:, day], self.slow_expected[:, day] = found.expected, found.slow_expected
        self.deviation[:, day], self.slow[:, day] = found.deviation, found.slow
        self.height[:, day], self.raw[:, day] = found.height, found.raw
        for span in SPANS:
            if day >= span:
                self._weigh(day, span, weigh=weigh)

    def homes(self, rows: Sequence[int]) -> int:
        """How many resources and applications these groups belong to."""
        keys = (dict(self._groups[row].key) for row in rows)
        return len({(key.get("ResourceId"), key.get("Application")) for key in keys})

    def account(self, row: int) -> object:
        """The billing account of a group; None where it is not known or is more than one."""
        names = {self._made.cells[cell].get("BillingAccountId") for cell in self._groups[row].cells}
        return names.pop() if len(names) == 1 else None

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
            for _, *heights in self._means.values():
                for each in heights:
                    each[rows, :day] += grown[:, None]

    def _weigh(self, day: int, span: int, *, weigh: bool) -> None:
        taken = slice(day - span + 1, day + 1)
        source = self.deviation if span in FAST else self.slow
        expected = self.expected if span in FAST else self.slow_expected
        for path, mean, whole in zip(
            (source, self.height, self.raw), self._means[span], self._all_means[span], strict=True
        ):
            mean[:, day] = whole[:, day] = path[:, taken].mean(axis=1)
        self.excess[span][:, day] = (self.mature[:, taken] - expected[:, taken]).mean(axis=1)
        if weigh:
            self.rarity[span][:, day] = self._rarity(day, span)

    def _rarity(self, day: int, span: int) -> Matrix:
        """How rare the deviation is, and how far the height stands out of all heights before.

        A height counts without its weekday or with it, whichever stands out more: a profile made
        of few and bursty weeks says little.
        """
        past = slice(max(0, day - span - 119), day - span + 1)
        deviations, *heights = self._means[span]
        rare = tail_log_probability(deviations[:, day], deviations[:, past], span=span)
        high = np.zeros_like(rare)
        for each in heights:
            middle = median(each[:, past], 1)
            now, before = each[:, day] - middle, each[:, past] - middle[:, None]
            high = np.maximum(high, tail_log_probability(now, before, span=span))
        return np.where(rare > NATURAL, np.minimum((rare + high) / 2, HEIGHT_CAP * rare), 0.0)

    def forget(self, rows: NDArray[np.int64], days: slice) -> None:
        """Days of an event: they teach neither level nor tail."""
        self.clean[rows, days] = np.nan
        for means in self._means.values():
            for mean in means:
                mean[rows, days] = np.nan

    def blank(self, rows: NDArray[np.int64], days: slice) -> None:
        """Days that were not delivered as they were: as if they had not been."""
        self.forget(rows, days)
        for path in (self.deviation, self.slow, self.height, self.raw):
            path[rows, days] = np.nan

    def learn(self, rows: NDArray[np.int64], days: slice) -> None:
        """An event that is over is one thing that happened: its highest day is remembered."""
        for span in SPANS:
            for raw, mean in zip(self._all_means[span], self._means[span], strict=True):
                highest = days.start + np.argmax(np.nan_to_num(raw[rows, days], nan=-1e9), axis=1)
                mean[rows, highest] = raw[rows, highest]


MIN_START = 7
"""Cells that are there in the first week of the data were there before it."""
