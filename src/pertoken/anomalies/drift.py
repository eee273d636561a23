"""Slow growth that no single day betrays: six weeks each higher than any of twelve before.

A growth of one or two percent a day stays inside every daily band, because the level follows it.
Weeks that are all above the highest of three months are not chance, and a third more than those
months' own growth leads to is not the usual one. Its first day is where a level that bends into a
slope fits best. A launch, which doubles within weeks, is not a drift.

Source: docs/forecast-and-anomalies.md, "Drift".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

WEEK = 7
HIGH_WEEKS = 6
STEADY_WEEKS = 12
LEAST_RISE, MOST_RISE = 1.35, 3.0
MOST_GROWTH = 1.8
"""The last of the high weeks over the first: a launch grows faster."""
STEADY_RANGE = 2.0
BEND_DAYS = 77


def drifts(past: Matrix) -> NDArray[np.bool_]:
    """Which groups (rows) have drifted, as of the last column; NaN days are unknown."""
    needed = WEEK * (HIGH_WEEKS + STEADY_WEEKS)
    count = len(past)
    if past.shape[1] < needed:
        return np.zeros(count, dtype=bool)
    recent = past[:, -needed:].reshape(count, -1, WEEK)
    known = (~np.isnan(recent)).sum(axis=2)
    means = np.nan_to_num(recent).sum(axis=2) / np.maximum(known, 1)
    whole = (known[:, STEADY_WEEKS:] == WEEK).all(axis=1)
    whole &= (known >= 3).sum(axis=1) >= HIGH_WEEKS + STEADY_WEEKS - 2  # noqa: PLR2004
    steady, high = means[:, :STEADY_WEEKS], means[:, STEADY_WEEKS:]
    level = np.maximum(np.median(steady, axis=1), 1e-12)
    rise = np.median(high, axis=1) / level
    beyond = np.median(high / _grown(steady), axis=1)
    return np.asarray(
        whole
        & (steady > 0).all(axis=1)
        & (high.min(axis=1) > steady.max(axis=1))
        & (steady.max(axis=1) <= STEADY_RANGE * steady.min(axis=1))
        & (rise >= LEAST_RISE)
        & (beyond >= LEAST_RISE)
        & (rise <= MOST_RISE)
        & (high[:, -1] <= MOST_GROWTH * high[:, 0])
    )


def _grown(steady: Matrix) -> Matrix:
    """What the high weeks would be had the steady ones' growth gone on: a trend is no drift."""
    logs = np.log(np.maximum(steady, 1e-12))
    weeks = np.arange(STEADY_WEEKS) - (STEADY_WEEKS - 1) / 2
    slope = np.maximum(logs @ weeks / (weeks**2).sum(), 0.0)
    ahead = np.arange(HIGH_WEEKS) + (STEADY_WEEKS + 1) / 2
    return np.asarray(np.exp(logs.mean(axis=1)[:, None] + slope[:, None] * ahead))


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
