"""Slow growth that no single day betrays: six weeks each a fifth above any of twelve before.

A growth of one or two percent a day stays inside every daily band, because the level follows it.
So weeks are compared: six high ones with twelve steady ones, and two between them, in which it may
have begun, with neither. Were weeks exchangeable, the six highest of eighteen would be the last six
once in 18,564 times. They are not, so the lowest of the high ones must stand a fifth above the
highest steady one, and all together a third beyond what their own growth leads to and, besides,
beyond the growth of the rest of the currency, which the group itself is no part of. A launch, which
grows faster, is no drift. Its first day is where a level that bends into a slope fits best.

Source: docs/forecast-and-anomalies.md, "Drift".
"""

from __future__ import annotations

from math import comb, log
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

WEEK = 7
STEADY_WEEKS, BETWEEN_WEEKS, HIGH_WEEKS = 12, 2, 6
DAYS = WEEK * (STEADY_WEEKS + BETWEEN_WEEKS + HIGH_WEEKS)
SURENESS = log(comb(STEADY_WEEKS + HIGH_WEEKS, HIGH_WEEKS))
"""-ln of the probability that the high weeks are the highest by chance."""
LEAST_GAP = 1.2
"""The lowest high week over the highest steady one."""
LEAST_BEYOND = 1.35
"""High weeks over what growth, their own and that of the rest, leads to."""
MOST_RISE = 3.0
MOST_GROWTH = 1.8
"""The last of the high weeks over the first: a launch grows faster."""
STEADY_RANGE = 2.5
LEAST_REST = 0.02
"""The least that the rest must be of a group to tell how all else grew."""
BEND_DAYS = 91
_HIGH = slice(STEADY_WEEKS + BETWEEN_WEEKS, None)
_UNKNOWN_WEEKS = 2


def drifts(past: Matrix, rest: Matrix) -> NDArray[np.bool_]:
    """Which groups have drifted, as of the last day.

    Takes:   past (groups, days) and `rest`, the volume of each group's currency without the group;
             NaN days are unknown.
    """
    if past.shape[1] < DAYS:
        return np.zeros(len(past), dtype=bool)
    means, known = _weeks(past[:, -DAYS:])
    whole = (known[:, _HIGH] == WEEK).all(axis=1)
    whole &= (known < 3).sum(axis=1) <= _UNKNOWN_WEEKS  # noqa: PLR2004 - days that make a week
    steady, high = means[:, :STEADY_WEEKS], means[:, _HIGH]
    rise = np.median(high, axis=1) / np.maximum(np.median(steady, axis=1), 1e-12)
    beyond = _beyond(means)
    others, _ = _weeks(rest[:, -DAYS:])
    told = others.min(axis=1) > LEAST_REST * means.max(axis=1)
    common = np.where(told, np.maximum(_beyond(others), 1.0), 1.0)
    return np.asarray(
        whole
        & (steady > 0).all(axis=1)
        & (high.min(axis=1) >= LEAST_GAP * steady.max(axis=1))
        & (steady.max(axis=1) <= STEADY_RANGE * steady.min(axis=1))
        & (beyond >= LEAST_BEYOND * common)
        & (rise <= MOST_RISE)
        & (high[:, -1] <= MOST_GROWTH * high[:, 0])
    )


def _weeks(days: Matrix) -> tuple[Matrix, NDArray[np.int64]]:
    """The mean day of each week, 0 where none is known, and the known days."""
    weeks = days.reshape(len(days), -1, WEEK)
    known = (~np.isnan(weeks)).sum(axis=2)
    return np.nan_to_num(weeks).sum(axis=2) / np.maximum(known, 1), known


def _beyond(means: Matrix) -> NDArray[np.float64]:
    """The high weeks over what they would be had the steady ones' growth gone on: their median."""
    logs = np.log(np.maximum(means[:, :STEADY_WEEKS], 1e-12))
    weeks = np.arange(means.shape[1]) - (STEADY_WEEKS - 1) / 2
    steady = weeks[:STEADY_WEEKS]
    slope = np.maximum(logs @ steady / (steady**2).sum(), 0.0)
    grown = np.exp(logs.mean(axis=1)[:, None] + slope[:, None] * weeks[_HIGH])
    return np.asarray(np.median(means[:, _HIGH] / grown, axis=1))


def bend(path: Matrix) -> int:
    """The day (from the end, 1 is the last) at which a level bends into a slope, in logarithms."""
    days = len(path)
    known = ~np.isnan(path) & (path > 0)
    logs = np.log(np.where(known, path, 1.0))
    best = (np.inf, WEEK)
    for ago in range(2 * WEEK, min(BEND_DAYS, days - 2 * WEEK)):
        slope = np.maximum(0.0, np.arange(days) - (days - ago))
        design = np.stack([np.ones(days), slope], axis=1)[known]
        answer, *_ = np.linalg.lstsq(design, logs[known], rcond=None)
        error = float(((design @ answer - logs[known]) ** 2).sum())
        best = min(best, (error, ago))
    return best[1]
