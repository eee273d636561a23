"""The five methods behind a forecast, each over all series at once.

Three lay a weekly profile on the level of the last one, two or four weeks; one is the theta method
on logarithms, one is additive exponential smoothing with a weekly season. The forecast is made of
their median and mean (`ensemble`). Logarithms are taken of value + offset, the offset a fixed share
of the series' own mean, so that near-zero days cannot explode and a scaled series gives a scaled
forecast.

Source: docs/forecast-and-anomalies.md; M4 and fev-bench results on median ensembles.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from pertoken.forecast.weekly import (
    WEEK,
    has_pattern,
    moving_average,
    repeated,
    windows,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pertoken.forecast.weekly import Matrix

PROFILE_WEEKS = 12
_THETA_ALPHAS = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97])
_SMOOTHING = np.array(list(product((0.02, 0.05, 0.1, 0.2, 0.4, 0.7), (0.0, 0.05, 0.15, 0.3))))
_WARM_UP = 14
"""One-step errors before this day do not choose parameters."""


def seasonal_naive(history: Matrix, horizon: int, period: int = WEEK) -> Matrix:
    """The last week again: the method that every other has to beat."""
    return repeated(windows(history, 1, period)[:, 0], horizon)


def weekday_profile(logs: Matrix, period: int = WEEK) -> Matrix:
    """The typical deviation of each weekday from its week (series, 7), last day last."""
    weeks = windows(logs, PROFILE_WEEKS, period)
    whole = ~np.isnan(weeks).any(axis=2, keepdims=True)
    deviations = np.where(whole, weeks - weeks.mean(axis=2, keepdims=True), np.nan)
    profile = _median(deviations, axis=1)
    profile = np.where(np.isnan(profile), 0.0, profile)
    return np.asarray(profile - profile.mean(axis=1, keepdims=True))


def profile_on_level(logs: Matrix, horizon: int, period: int = WEEK, *, weeks: int) -> Matrix:
    """The weekday profile on the median of the last weeks, in logarithms."""
    profile = weekday_profile(logs, period)
    recent = windows(logs, weeks, period) - profile[:, None]
    level = _median(recent.reshape(len(logs), -1), axis=1)
    return repeated(profile, horizon) + level[:, None]


def profile_on_mean(
    history: Matrix, logs: Matrix, horizon: int, period: int = WEEK, *, weeks: int
) -> Matrix:
    """The weekday profile as shares of a week, on the mean of the last weeks."""
    shares = np.exp(weekday_profile(logs, period))
    shares /= shares.mean(axis=1, keepdims=True)
    recent = windows(history, weeks, period).reshape(len(history), -1)
    level = np.nanmean(recent, axis=1, keepdims=True)
    return np.asarray(repeated(shares, horizon) * level)


def theta(history: Matrix, horizon: int, period: int = WEEK) -> Matrix:
    """Simple smoothing plus a share of the linear drift; both chosen by one-step errors."""
    index = weekday_index(history, period)
    days = history.shape[1]
    season = np.tile(index, (1, days // period + 1))[:, -days:]
    return _theta_without_season(history - season, horizon) + repeated(index, horizon)


def weekday_index(history: Matrix, period: int = WEEK) -> Matrix:
    """The mean deviation of each weekday from the weekly moving average, 0 without a pattern."""
    deviations = windows(
        history - moving_average(history, period), history.shape[1] // period or 1, period
    )
    index = _nan_mean(deviations)
    index -= index.mean(axis=1, keepdims=True)
    return np.asarray(np.where(has_pattern(history, period)[:, None], index, 0.0))


def _theta_without_season(history: Matrix, horizon: int) -> Matrix:
    known = ~np.isnan(history)
    steps = np.cumsum(known, axis=1) - 1.0
    slope = _slopes(history, known, steps)[:, None]
    level = np.full((len(history), len(_THETA_ALPHAS)), np.nan)
    squares, drifts, both = (np.zeros_like(level) for _ in range(3))
    for day in range(history.shape[1]):
        value, here = history[:, day, None], known[:, day, None]
        counted = here & (steps[:, day, None] >= WEEK)
        age = np.maximum(steps[:, day, None], 0)
        error = np.where(counted, value - level, 0.0)
        drift = np.where(counted, slope * (1 - (1 - _THETA_ALPHAS) ** age) / _THETA_ALPHAS, 0.0)
        squares += error * error
        drifts += drift * drift
        both += error * drift
        moved = level + _THETA_ALPHAS * (value - level)
        level = np.where(here, np.where(np.isnan(level), value, moved), level)
    share = np.clip(both / np.maximum(drifts, 1e-300), 0, 1)
    best = np.argmin(squares - 2 * share * both + share**2 * drifts, axis=1)
    chosen = np.arange(len(history)), best
    ahead = np.arange(horizon)[None, :] + (1 / _THETA_ALPHAS[best])[:, None]
    return np.asarray(level[chosen][:, None] + share[chosen][:, None] * slope * ahead)


def _slopes(history: Matrix, known: np.ndarray, steps: Matrix) -> Matrix:
    count = np.maximum(known.sum(axis=1), 1)
    middle = np.where(known, steps, 0).sum(axis=1) / count
    mean = np.where(known, history, 0).sum(axis=1) / count
    centred = np.where(known, steps - middle[:, None], 0.0)
    values = np.where(known, history - mean[:, None], 0.0)
    return np.asarray((centred * values).sum(axis=1) / np.maximum((centred**2).sum(axis=1), 1e-300))


def smoothing(history: Matrix, horizon: int, period: int = WEEK) -> Matrix:
    """Additive exponential smoothing: level and weekly season, no trend."""
    count, days = history.shape
    index = weekday_index(history, period)
    alphas, gammas = _SMOOTHING[:, 0], _SMOOTHING[:, 1]
    season = np.zeros((period, count, len(_SMOOTHING)))
    for place in range(period):
        season[(days - period + place) % period] = index[:, place, None]
    turning = np.where((index != 0).any(axis=1)[:, None], gammas * (1 - alphas), 0.0)
    level = np.full((count, len(_SMOOTHING)), np.nan)
    squares = np.zeros_like(level)
    first = np.argmax(~np.isnan(history), axis=1)
    for day in range(days):
        error = history[:, day, None] - season[day % period]
        error = np.where(np.isnan(error), 0.0, error - np.where(np.isnan(level), error, level))
        squares += np.where((day - first >= _WARM_UP)[:, None], error * error, 0.0)
        begun = np.where(np.isnan(level), history[:, day, None] - season[day % period], level)
        level = begun + alphas * error
        season[day % period] += turning * error
    best = np.argmin(squares, axis=1)
    rows = np.arange(count)
    ahead = [season[(days + step) % period][rows, best] for step in range(horizon)]
    return np.asarray(level[rows, best][:, None] + np.stack(ahead, axis=1))


def _median(values: Matrix, axis: int) -> Matrix:
    return _quietly(np.nanmedian, values, axis)


def _nan_mean(values: Matrix) -> Matrix:
    mean = _quietly(np.nanmean, values, 1)
    return np.where(np.isnan(mean), 0.0, mean)


def _quietly(statistic: Callable[..., Matrix], values: Matrix, axis: int) -> Matrix:
    """A statistic of known values; of none it is NaN, without numpy's warning."""
    none = np.isnan(values).all(axis=axis, keepdims=True)
    result = statistic(np.where(none, 0.0, values), axis=axis)
    return np.where(np.squeeze(none, axis=axis), np.nan, result)
