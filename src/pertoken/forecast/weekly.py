"""Weekly patterns of many series at once, in numpy; hours of a day by the same code (period 24).

A matrix holds one series per row, its last day in the last column; NaN is a day without a value,
at the left where a series is younger than the others and anywhere for a missing day. Every
function works on all rows in one pass over the days.

Source: Assimakopoulos and Nikolopoulos, "The theta model" (2000); Fiorucci and others,
"Models for optimising the theta method" (2016), https://doi.org/10.1016/j.ijforecast.2016.02.005.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

WEEK = 7
_SEASON_SHARE = 1.645
"""A weekly pattern counts when lag 7 passes the 90 % test of statsforecast's theta methods."""


def windows(history: Matrix, weeks: int, period: int = WEEK) -> Matrix:
    """The last weeks of each series: (series, weeks, period), oldest first, NaN where none is."""
    days = weeks * period
    padded = np.full((history.shape[0], days), np.nan)
    taken = history[:, -days:]
    padded[:, days - taken.shape[1] :] = taken
    return padded.reshape(history.shape[0], weeks, period)


def repeated(profile: Matrix, horizon: int) -> Matrix:
    """A week (series, period) laid over the days after it."""
    return np.tile(profile, (1, horizon // profile.shape[1] + 1))[:, :horizon]


def filled(history: Matrix, period: int = WEEK) -> Matrix:
    """Missing days inside a series take the value of a week earlier, else of the day before."""
    result = history.copy()
    for day in range(1, history.shape[1]):
        missing = np.isnan(result[:, day])
        if missing.any():
            before = result[:, day - period] if day >= period else result[:, day - 1]
            before = np.where(np.isnan(before), result[:, day - 1], before)
            result[missing, day] = before[missing]
    return result


def moving_average(history: Matrix, period: int = WEEK) -> Matrix:
    """The centred mean of one period; the ends keep the nearest full mean."""
    count, days = history.shape
    if days < period:
        mean = np.nanmean(history, axis=1, keepdims=True)
        return np.broadcast_to(mean, (count, days)).copy()
    windows = np.lib.stride_tricks.sliding_window_view(history, period, axis=1)
    middle = windows.mean(axis=2)
    before, after = (period - 1) // 2, period // 2
    return np.pad(middle, ((0, 0), (before, after)), mode="edge")


def has_pattern(history: Matrix, period: int = WEEK) -> NDArray[np.bool_]:
    """Whether the lag of one period of the autocorrelation stands out of what chance gives."""
    known = ~np.isnan(history)
    count = known.sum(axis=1)
    mean = np.where(known, history, 0).sum(axis=1) / np.maximum(count, 1)
    centred = np.where(known, history - mean[:, None], 0)
    power = np.maximum((centred**2).sum(axis=1), 1e-300)
    lags = [
        (centred[:, lag:] * centred[:, :-lag]).sum(axis=1) / power
        for lag in range(1, min(period, history.shape[1] - 1) + 1)
    ]
    if len(lags) < period:
        return np.zeros(history.shape[0], dtype=bool)
    spread = np.sqrt((1 + 2 * np.sum(np.square(lags[:-1]), axis=0)) / np.maximum(count, 1))
    return np.asarray((lags[-1] > _SEASON_SHARE * spread) & (count >= 2 * period))
