"""What a group's day should be, and how improbable the day that came is: causal, for all groups.

Each day is predicted from the 84 days before it: weekday profile plus level, in logarithms of
volume at constant price. What matters is not the size of a deviation but how rare one of its size
has been in this group: the deviations of the last 120 days beyond their upper eighth are taken as
an exponential tail (in logarithms: Pareto, as bursts are), which gives the probability of a larger
one. So natural bursts are learnt, per group, and a quiet group is held to a narrow band.

Source: docs/forecast-and-anomalies.md, "How rare is this day"; peaks over threshold: Pickands,
"Statistical inference using extreme order statistics" (1975).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

WEEK = 7
WINDOW = 84
LEVEL_DAYS = 14
SLOW_DAYS = slice(-56, -14)
SLOW_LEAST = 28
"""Days of the slow window that must be known: the first weeks of a model are no level."""
MEMORY = 120
TAIL_SHARE = 0.125
MIN_DAYS = 21
_FEW, _WEEKS = 5, 3
"""Days that make a level or a week, weeks that make a profile."""
MIN_SPREAD = 0.02
"""No group is predicted better than 2 %: the least mean excess of a tail."""
NATURAL = 2.0
"""Deviations up to this rarity are natural, however high the day stands."""
OFFSET = 0.05
"""The offset of logarithms, as a share of the mean day of the window."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """The prediction of one day.

    `deviation` is the logarithm of actual over expected, `slow` the same against the level of two
    to eight weeks ago, `height` the actual in logarithms without its weekday, `raw` with it; NaN
    where a group is younger than three weeks.
    """

    expected: Matrix
    slow_expected: Matrix
    deviation: Matrix
    slow: Matrix
    height: Matrix
    raw: Matrix
    known_days: NDArray[np.int64]


def expectation(past: Matrix, actual: Matrix) -> Expectation:
    """The day after `past` (groups, days), where NaN days are unknown or masked."""
    recent = past[:, -WINDOW:]
    if recent.shape[1] < WINDOW:
        recent = np.pad(recent, ((0, 0), (WINDOW - recent.shape[1], 0)), constant_values=np.nan)
    known = ~np.isnan(recent)
    count = known.sum(axis=1)
    offset = OFFSET * np.where(known, np.abs(recent), 0.0).sum(axis=1) / np.maximum(count, 1)
    offset = np.maximum(offset, 1e-9)[:, None]
    logs = np.log(np.maximum(recent, 0) + offset)
    weeks = logs.reshape(len(logs), -1, WEEK)
    profile = _profile(weeks)
    flat = (weeks - profile[:, None]).reshape(len(logs), -1)
    fast, slow = _level(flat, slice(-LEVEL_DAYS, None)), _level(flat, SLOW_DAYS)
    today = np.log(np.maximum(actual, 0) + offset[:, 0]) - profile[:, 0]
    young = count < MIN_DAYS
    unsettled = known[:, SLOW_DAYS].sum(axis=1) < SLOW_LEAST

    def known_level(level: Matrix) -> Matrix:
        centre = np.exp(np.clip(level + profile[:, 0], -60, 60))
        return np.asarray(np.maximum(centre - offset[:, 0], 0))

    return Expectation(
        expected=known_level(fast),
        slow_expected=known_level(slow),
        deviation=np.where(young, np.nan, today - fast),
        slow=np.where(young | unsettled, np.nan, today - slow),
        height=np.where(young, np.nan, today),
        raw=np.where(young, np.nan, today + profile[:, 0]),
        known_days=count,
    )


def tail_log_probability(
    deviation: Matrix,
    past: Matrix,
    *,
    spread: float = MIN_SPREAD,
    min_days: int = MIN_DAYS,
    span: int = 1,
) -> Matrix:
    """-ln of the probability that a natural deviation exceeds this one; 0 where it is small.

    `past` (groups, days) are deviations of the days before, NaN where masked; `span` is the days
    over which each is a mean.
    """
    recent = past[:, -MEMORY:]
    known = ~np.isnan(recent)
    count = known.sum(axis=1)
    size = np.maximum(3, np.ceil(TAIL_SHARE * count)).astype(int)
    ordered = -np.sort(-np.where(known, recent, -np.inf), axis=1)
    if not ordered.shape[1]:
        return np.zeros(len(deviation))
    if ordered.shape[1] > 1:
        ordered[:, 0] = ordered[:, 1]  # once is no habit: the highest day counts as the next one
    rows = np.arange(len(ordered))
    size = np.minimum(size, ordered.shape[1] - 1)
    start = ordered[rows, size]
    inside = np.arange(ordered.shape[1])[None, :] < size[:, None]
    start = np.where(np.isfinite(start), start, 0.0)
    ordered = np.where(np.isfinite(ordered), ordered, start[:, None])
    excess = np.where(inside, ordered - start[:, None], 0.0)
    mean = excess.sum(axis=1) / np.maximum(size, 1)
    middle = ordered[rows, size // 2] - start
    mean = np.maximum(np.sqrt(np.maximum(mean * middle / np.log(2), 0)), spread)
    share = size / np.maximum(count, 1)
    beyond = np.maximum(deviation - np.maximum(start, 0), 0) / mean
    # The mean excess is itself known from few days only (fewer where spans overlap): the
    # predictive tail of an exponential with that many observations.
    seen = np.maximum(size / np.sqrt(span), 1)
    rarity = -np.log(np.clip(share, 1e-9, 1)) + seen * np.log1p(beyond / seen)
    enough = (count >= min_days) & (deviation > np.maximum(start, 0))
    return np.asarray(np.where(enough, np.maximum(rarity, 0), 0.0))


def _profile(weeks: Matrix) -> Matrix:
    """The median deviation of each weekday from its week; 0 with fewer than four whole weeks."""
    known = ~np.isnan(weeks)
    middle = median(weeks, 2)
    deviations = weeks - middle[:, :, None]
    deviations = np.where(known.sum(axis=2, keepdims=True) >= _FEW, deviations, np.nan)
    enough = (~np.isnan(deviations)).sum(axis=1) >= _WEEKS
    profile = np.where(enough, np.nan_to_num(median(deviations, 1)), 0.0)
    return np.asarray(profile - profile.mean(axis=1, keepdims=True))


def _level(flat: Matrix, days: slice) -> Matrix:
    """The median of those days, of the whole window where fewer than five are known."""
    recent = flat[:, days]
    few = (~np.isnan(recent)).sum(axis=1) < _FEW
    return np.where(few, np.nan_to_num(median(flat, 1)), np.nan_to_num(median(recent, 1)))


def median(values: Matrix, axis: int) -> Matrix:
    """The median of known values, NaN where none is; faster than nanmedian and silent."""
    if not values.shape[axis]:
        return np.full(np.delete(values.shape, axis), np.nan)
    ordered = np.sort(values, axis=axis)  # NaN last
    count = (~np.isnan(values)).sum(axis=axis, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0), axis)
    high = np.take_along_axis(
        ordered, np.maximum(count // 2, 0).clip(max=ordered.shape[axis] - 1), axis
    )
    result = np.where(count > 0, (low + high) / 2, np.nan)
    return np.squeeze(result, axis=axis)
