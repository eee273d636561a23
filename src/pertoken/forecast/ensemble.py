"""The forecast of each series: what five methods agree on, or a simpler one where data is thin.

The first days follow the median of the five, which one method's error does not move; day by day
they go over to the mean, which all days follow from three weeks on. What a month adds up to is made
by the days far ahead, and there the mean of methods errs less than any one that the median picks.

Routes, by what a series is: `dead` (no value in the last four weeks), `short` (under 28 days),
`intermittent` (a third or more of recent days are zero), `credits` (a recent day is negative),
else `ensemble`. No forecast exceeds three times the highest day of the last 90: a growth that
would is a change to be told, not extrapolated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pertoken.forecast import methods
from pertoken.forecast.weekly import WEEK, filled, has_pattern, repeated, windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pertoken.forecast.weekly import Matrix

SHORT_DAYS = 28
RECENT_DAYS = 90
CAP = 3.0
BURSTY_SPREAD = 0.6
"""Mean absolute log ratio to the median, above which days without a rhythm are bursts."""
OFFSET_SHARE = 0.01
"""The offset of logarithms, as a share of the mean of the recent days."""
MEAN_AFTER = 3
"""Seasons (weeks) ahead from which the methods' mean is the forecast."""
_ZERO_SHARE = 1 / 3
_TWICE = 2
_BLOCK = 500
"""Series computed together: keeps the parameter grids in the cache."""


def log_offset(history: Matrix) -> Matrix:
    """The offset of each series' logarithms (series, 1): never 0, in the unit of the series."""
    recent = np.abs(history[:, -RECENT_DAYS:])
    known = np.maximum((~np.isnan(recent)).sum(axis=1, keepdims=True), 1)
    mean = np.nansum(recent, axis=1, keepdims=True) / known
    return np.asarray(np.maximum(OFFSET_SHARE * mean, 1e-12))


def routes(history: Matrix, period: int = WEEK) -> NDArray[np.str_]:
    """The route of each series."""
    recent = history[:, -8 * period :]
    days = (~np.isnan(history)).sum(axis=1)
    zeros = (recent == 0).sum(axis=1) / np.maximum((~np.isnan(recent)).sum(axis=1), 1)
    dead = ~(np.nan_to_num(history[:, -4 * period :]) != 0).any(axis=1)
    negative = (np.nan_to_num(history[:, -RECENT_DAYS:]) < 0).any(axis=1)
    plain = ~has_pattern(history, period)
    bursty = plain & (_log_spread(history[:, -4 * period :]) > BURSTY_SPREAD)
    cases = [
        dead,
        days < 2 * WEEK,
        negative,
        plain & (zeros >= _ZERO_SHARE),
        bursty,
        days < SHORT_DAYS,
    ]
    names = ["dead", "short", "credits", "intermittent", "bursty", "short"]
    return np.select(cases, names, default="ensemble")


def _log_spread(recent: Matrix) -> NDArray[np.float64]:
    """How far days lie from the median day: the mean absolute log ratio, 0 where none is known."""
    middle = np.nan_to_num(np.nanmedian(np.nan_to_num(recent), axis=1, keepdims=True))
    ratio = np.log(np.maximum(recent, 0) + 1e-12 + 0.05 * middle) - np.log(1.05 * middle + 1e-12)
    known = ~np.isnan(ratio)
    return np.asarray(
        np.where(known, np.abs(ratio), 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    )


def point_forecasts(
    history: Matrix, horizon: int, period: int = WEEK
) -> tuple[Matrix, NDArray[np.str_]]:
    """The forecast of the days after the last column, and the route of each series.

    Takes:   history (series, days), the same last day for all; NaN is no value.
    Gives:   (series, horizon), never NaN, and not below 0 unless a recent day is.
    """
    taken = routes(history, period)
    result = np.zeros((len(history), horizon))
    for route, method in _ROUTES.items():
        rows = np.flatnonzero(taken == route)
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            result[block] = _capped(
                method(filled(history[block], period), horizon, period), history[block]
            )
    return result, taken


def _ensemble(history: Matrix, horizon: int, period: int) -> Matrix:
    offset = log_offset(history)
    logs = np.log(np.maximum(history, 0) + offset)
    top = np.log(CAP * np.nanmax(history, axis=1, keepdims=True) + offset)

    def levels(logarithms: Matrix) -> Matrix:
        return np.asarray(np.exp(np.minimum(logarithms, top)) - offset)

    members = [
        levels(methods.profile_on_level(logs, horizon, period, weeks=1)),
        levels(methods.theta(logs, horizon, period)),
        methods.smoothing(history, horizon, period),
    ]
    if period == WEEK:
        members.append(levels(methods.profile_on_level(logs, horizon, period, weeks=4)))
        members.append(methods.profile_on_mean(history, logs, horizon, period, weeks=2))
    else:
        members.append(methods.seasonal_naive(history, horizon, period))
        members.append(levels(repeated(windows(logs, 4, period).mean(axis=1), horizon)))
    share = np.minimum(np.arange(1, horizon + 1) / (MEAN_AFTER * period), 1.0)
    return np.asarray((1 - share) * np.median(members, axis=0) + share * np.mean(members, axis=0))


def _short(history: Matrix, horizon: int, period: int) -> Matrix:
    """Two weeks or more: half the weekday's own mean; less: the mean of what there is."""
    weeks = windows(history, 4, period)
    known = ~np.isnan(weeks)
    count = known.sum(axis=1)
    mean = np.nansum(weeks.reshape(len(history), -1), axis=1, keepdims=True)
    mean = mean / np.maximum(known.sum(axis=(1, 2))[:, None], 1)
    own = np.where(known, weeks, 0.0).sum(axis=1) / np.maximum(count, 1)
    share = np.where((count >= _TWICE).all(axis=1, keepdims=True), count / (count + 1.0), 0.0)
    return repeated(share * own + (1 - share) * mean, horizon)


def _intermittent(history: Matrix, horizon: int, period: int) -> Matrix:
    """The weekday's mean over eight weeks, drawn half way to the mean of all days."""
    weeks = windows(history, 8, period)
    own = methods._nan_mean(weeks)  # noqa: SLF001 - one room
    return repeated(0.5 * own + 0.5 * own.mean(axis=1, keepdims=True), horizon)


def _bursty(history: Matrix, horizon: int, period: int) -> Matrix:
    """The median of four weeks: bursts without a rhythm are not foreseen, nor repeated."""
    return np.repeat(np.nanmedian(history[:, -4 * period :], axis=1)[:, None], horizon, axis=1)


def _dead(history: Matrix, horizon: int, _: int) -> Matrix:
    return np.zeros((len(history), horizon))


def _capped(forecast: Matrix, history: Matrix) -> Matrix:
    recent = np.nan_to_num(history[:, -RECENT_DAYS:])
    top = CAP * np.maximum(recent.max(axis=1, keepdims=True), 0)
    bottom = CAP * np.minimum(recent.min(axis=1, keepdims=True), 0)
    return np.clip(forecast, bottom, top)


_ROUTES = {
    "ensemble": _ensemble,
    "credits": methods.smoothing,
    "intermittent": _intermittent,
    "bursty": _bursty,
    "short": _short,
    "dead": _dead,
}
