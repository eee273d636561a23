"""Backtest: how good the forecast would have been on this history, against seasonal naive.

Origins lie one horizon apart, counted back from the end; each forecast knows the days before its
origin only, its interval too. MASE is scaled by the history's own lag-7 error, so 1 is the error
of repeating last week; Within12Percent is the share of origins whose total over the horizon is
within 12 % of what came (the field's best grade).

Source: docs/forecast-and-anomalies.md, "Backtest"; Hyndman and Koehler, "Another look at measures
of forecast accuracy" (2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pertoken.forecast.ensemble import point_forecasts
from pertoken.forecast.intervals import error_size, intervals, past_errors
from pertoken.forecast.methods import seasonal_naive
from pertoken.forecast.series import check_one_currency
from pertoken.forecast.weekly import WEEK, filled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.forecast.series import Panel
    from pertoken.forecast.weekly import Matrix

ORIGINS = 5
MIN_HISTORY = 28
MOST_HISTORY = 365
NEAR = 0.12
METHODS = ("pertoken", "seasonal naive")


@dataclass(frozen=True, slots=True)
class Scores:
    """The errors of one method: one entry per series and origin."""

    mase: list[float]
    wape: list[float]
    total_error: list[float]
    inside: dict[int, list[float]]


def backtest(
    history: Panel,
    horizons: Sequence[int] = (7, 30),
    origins: int = ORIGINS,
    *,
    total: Matrix | None = None,
) -> list[dict[str, Any]]:
    """Rows in the columns of `pertoken backtest`, for the series of the panel and their total.

    Takes:   `total`, the history of the whole where it is known apart from its parts.
    Gives:   Grain, Horizon, Method, Series, MASE, WAPE, Within12Percent, Coverage80, Coverage95;
             None where there was no origin with four weeks of history and a whole horizon.
    """
    check_one_currency(history)
    result = []
    whole = history.total if total is None else total
    grains = [("Total", whole[None, :])] if history.days else []
    if history.by and len(history.keys):
        grains.append((", ".join(history.by), history.values))
    for grain, values in grains:
        for horizon in horizons:
            for method in METHODS:
                scores = score(values, horizon, method, origins)
                result.append(_row(grain, horizon, method, len(values), scores))
    return result


def score(values: Matrix, horizon: int, method: str, origins: int = ORIGINS) -> Scores:
    """The errors of a method on every series and origin that can be judged."""
    scores = Scores([], [], [], {80: [], 95: []})
    for place in range(origins):
        cut = values.shape[1] - horizon * (place + 1)
        if cut < MIN_HISTORY:
            break
        past = values[:, max(0, cut - MOST_HISTORY) : cut]
        actual = values[:, cut : cut + horizon]
        usable = ((~np.isnan(past)).sum(axis=1) >= MIN_HISTORY) & ~np.isnan(actual).any(axis=1)
        if usable.any():
            _add(scores, past[usable], actual[usable], horizon, method)
    return scores


def _add(scores: Scores, past: Matrix, actual: Matrix, horizon: int, method: str) -> None:
    if method == "seasonal naive":
        point = seasonal_naive(filled(past), horizon)
    else:
        point, _ = point_forecasts(past, horizon)
        errors = past_errors(past, horizon)
        bounds = intervals(point, error_size(errors.errors), errors.scale, non_negative=False)
        for level, (low, high) in bounds.items():
            scores.inside[level] += ((actual >= low) & (actual <= high)).mean(axis=1).tolist()
    error = np.abs(point - actual)
    scale = np.nanmean(np.abs(past[:, WEEK:] - past[:, :-WEEK]), axis=1)
    size = np.abs(actual).sum(axis=1)
    judged = (scale > 0) & (size > 0)
    scores.mase.extend((error.mean(axis=1)[judged] / scale[judged]).tolist())
    scores.wape.extend((error.sum(axis=1)[judged] / size[judged]).tolist())
    off = np.abs(point.sum(axis=1) - actual.sum(axis=1))[judged] / size[judged]
    scores.total_error.extend(off.tolist())


def _row(grain: str, horizon: int, method: str, series: int, scores: Scores) -> dict[str, Any]:
    near = [float(each <= NEAR) for each in scores.total_error]
    return {
        "Grain": grain,
        "Horizon": horizon,
        "Method": method,
        "Series": series,
        "MASE": _mean(scores.mase),
        "WAPE": _mean(scores.wape),
        "Within12Percent": _mean(near),
        "Coverage80": _mean(scores.inside[80]),
        "Coverage95": _mean(scores.inside[95]),
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None
