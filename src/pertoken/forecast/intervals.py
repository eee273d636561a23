"""Intervals from a series' own past forecasts: conformal, and causal in time.

The forecast is made again at weekly origins of the past, each from the days before it only, and
compared with what came. Errors are differences of asinh(value / scale), which is a logarithm for
large values, a line near zero, and knows negatives. An interval is the forecast moved by the mean
absolute error of that distance ahead, times the quantiles of that ratio. Few origins say little
about tails, so the quantiles are constants, measured on one half of the development series; the
size of the error is the series' own.

Source: docs/forecast-and-anomalies.md, "Intervals"; Stankeviciute and others, "Conformal
time-series forecasting" (2021), for the idea of scores per distance ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pertoken.forecast.ensemble import RECENT_DAYS, point_forecasts
from pertoken.forecast.weekly import WEEK

if TYPE_CHECKING:
    from pertoken.forecast.weekly import Matrix

LEVELS = (80, 95)
ORIGINS = 12
MIN_HISTORY = 21
SCALE_SHARE = 0.05
PRIOR_ERROR = 0.3
"""The mean absolute error (in logarithms) of a series nothing is known about: a wide guess."""
PRIOR_ORIGINS = 0.3
"""How many origins that guess weighs."""
SPREADS = {80: (1.6, 1.6), 95: (3.0, 3.0)}
"""Lower and upper quantiles of the error over its mean size, per level of coverage."""
GROWTH = 0.012
"""How much the error grows per day beyond the last distance that the past could measure."""


@dataclass(frozen=True, slots=True)
class PastErrors:
    """What past origins taught: per series, distance ahead and origin, NaN where unknown.

    `errors` (origins, series, horizon) are of days, `totals` of the running sums of days.
    """

    errors: Matrix
    totals: Matrix
    scale: Matrix


def past_errors(history: Matrix, horizon: int, origins: int = ORIGINS) -> PastErrors:
    """Forecast again from weekly origins before the last day, and compare."""
    scale = _scale(history)
    shape = (origins, len(history), horizon)
    errors, totals = np.full(shape, np.nan), np.full(shape, np.nan)
    days = history.shape[1]
    for place in range(origins):
        cut = days - WEEK * (place + 1)
        if cut < MIN_HISTORY:
            break
        known = (~np.isnan(history[:, :cut])).sum(axis=1) >= MIN_HISTORY
        if not known.any():
            break
        ahead = min(horizon, days - cut)
        actual = history[known, cut : cut + ahead]
        point, _ = point_forecasts(history[known][:, :cut], ahead)
        step = scale[known]
        errors[place, known, :ahead] = bent(actual, step) - bent(point, step)
        sums = np.arange(1, ahead + 1) * step
        totals[place, known, :ahead] = bent(np.cumsum(actual, axis=1), sums) - bent(
            np.cumsum(point, axis=1), sums
        )
    return PastErrors(errors, totals, scale)


def error_size(errors: Matrix) -> Matrix:
    """The mean absolute error (series, horizon), smoothed over the distance ahead.

    Distances that the past has not reached take the last known size, grown by the day.
    """
    known = ~np.isnan(errors)
    weight = known.sum(axis=0) / 1.0
    size = np.where(known, np.abs(errors), 0.0).sum(axis=0)
    size, weight = _week_sums(size), _week_sums(weight)
    prior = PRIOR_ORIGINS * WEEK
    mean = (size + prior * PRIOR_ERROR) / (weight + prior)
    result = mean.copy()
    for day in range(1, mean.shape[1]):
        fewer = weight[:, day] < 2 * WEEK
        grown = result[:, day - 1] * (1 + GROWTH)
        result[:, day] = np.where(fewer, grown, np.maximum(mean[:, day], 0.98 * result[:, day - 1]))
    return result


def intervals(
    point: Matrix, size: Matrix, scale: Matrix, *, non_negative: bool = True
) -> dict[int, tuple[Matrix, Matrix]]:
    """Low and high per level of coverage, around the forecast of days or of running sums."""
    result = {}
    middle = bent(point, scale)
    for level, (down, up) in SPREADS.items():
        low = straight(middle - down * size, scale)
        high = straight(middle + up * size, scale)
        result[level] = (np.maximum(low, 0) if non_negative else low, high)
    return result


def straight_at(point: Matrix, size: Matrix, scale: Matrix) -> Matrix:
    """An error of that size at that forecast, in the unit of the value."""
    middle = bent(point, scale)
    return np.asarray((straight(middle + size, scale) - straight(middle - size, scale)) / 2)


def bent(values: Matrix, scale: Matrix) -> Matrix:
    """Bent is asinh of value over scale."""
    return np.asarray(np.arcsinh(values / scale))


def straight(values: Matrix, scale: Matrix) -> Matrix:
    """The inverse of `bent`; bounded, so that no interval overflows."""
    return np.asarray(np.sinh(np.clip(values, -50, 50)) * scale)


def _scale(history: Matrix) -> Matrix:
    recent = np.abs(history[:, -RECENT_DAYS:])
    known = np.maximum((~np.isnan(recent)).sum(axis=1, keepdims=True), 1)
    mean = np.nansum(recent, axis=1, keepdims=True) / known
    return np.asarray(np.maximum(SCALE_SHARE * mean, 1e-12))


def _week_sums(values: Matrix) -> Matrix:
    """Sums over the seven distances around each: day 3 and day 5 teach the same."""
    padded = np.pad(values, ((0, 0), (WEEK // 2, WEEK // 2)), mode="constant")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, WEEK, axis=1).sum(axis=2))
