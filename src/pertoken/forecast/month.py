"""The end of a month: actual days plus the forecast of the rest, and the odds of a budget.

Source: docs/forecast-and-anomalies.md, "Month end".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import asinh, erf, sqrt
from typing import TYPE_CHECKING

import numpy as np

from pertoken.errors import ConfigError
from pertoken.forecast.intervals import SPREADS, bent, error_size, straight
from pertoken.periods import month_end, month_start

if TYPE_CHECKING:
    from datetime import date

    from pertoken.forecast.forecasting import Forecast
    from pertoken.forecast.series import Panel

NORMAL_80 = 1.2816
"""The quantile of the normal distribution that bounds its middle 80 %."""


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """What a month will have cost; `run_rate` is the plain mean of its days so far, times days."""

    month: str
    actual_to_date: float
    through: date
    expected: float
    low: dict[int, float]
    high: dict[int, float]
    run_rate: float | None
    budget: float | None = None
    budget_probability: float | None = None
    """The probability that the month ends above the budget."""
    breach_day: date | None = None
    """The first day on which the expected running sum is above the budget."""


def month_end_of(
    history: Panel, ahead: Forecast, month: str, *, row: int = -1, budget: float | None = None
) -> MonthEnd:
    """The end of a month for the total (row -1) or one series.

    Raises:  ConfigError when the forecast does not reach the end of the month.
    """
    start, end = month_start(month), month_end(month)
    if not ahead.days or ahead.days[-1] < end - timedelta(days=1):
        raise ConfigError(
            f"The forecast ends before the month {month} does.",
            "Expected a forecast through the last day of the month.",
            "Ask for a longer horizon.",
        )
    path = history.total if row == -1 else history.values[row]
    inside = np.array([start <= day < end for day in history.days])
    days = path[inside]
    actual = float(np.nansum(days))
    rest = np.array([start <= day < end for day in ahead.days])
    expected_rest = float(ahead.values[row][rest].sum())
    low, high, spread, scale = _bounds(ahead, row, rest, actual)
    known = int((~np.isnan(days)).sum())
    rate = actual / known * (end - start).days if known else None
    expected = actual + expected_rest
    odds = None if budget is None else _odds(budget - actual, expected_rest, spread, scale)
    running = actual + np.cumsum(np.where(rest, ahead.values[row], 0.0))
    over = np.flatnonzero(rest & (running > budget)) if budget is not None else np.zeros(0, int)
    return MonthEnd(
        month=month,
        actual_to_date=actual,
        through=history.days[-1],
        expected=expected,
        low=low,
        high=high,
        run_rate=rate,
        budget=budget,
        budget_probability=odds,
        breach_day=ahead.days[int(over[0])] if len(over) else None,
    )


def rest_error(ahead: Forecast, row: int, days: int) -> float:
    """The standard error of the sum of the first days ahead; days err together, so it is the
    error of running sums and not the root of the days' squares. NaN where it is not known.
    """
    if ahead.past is None or not days:
        return float("nan")
    size = float(error_size(ahead.past.totals)[row][days - 1])
    scale = np.array(float(ahead.past.scale[row, 0]) * days)
    middle = bent(np.array(ahead.values[row][:days].sum()), scale)
    down, up = SPREADS[80]
    low, high = straight(middle - down * size, scale), straight(middle + up * size, scale)
    return float(high - low) / 2 / NORMAL_80


def _bounds(
    ahead: Forecast, row: int, rest: np.ndarray, actual: float
) -> tuple[dict[int, float], dict[int, float], float, float]:
    """Low and high of the month, by the errors of running sums at that distance."""
    count = int(rest.sum())
    if ahead.past is None or not count:
        zero = dict.fromkeys(SPREADS, actual)
        return zero, dict(zero), 0.0, 1.0
    last = int(np.flatnonzero(rest)[-1])
    size = float(error_size(ahead.past.totals)[row][last])
    scale = float(ahead.past.scale[row, 0]) * count
    middle = float(bent(np.array(ahead.values[row][rest].sum()), np.array(scale)))
    low, high = {}, {}
    for level, (down, up) in SPREADS.items():
        low[level] = actual + float(straight(np.array(middle - down * size), np.array(scale)))
        high[level] = actual + float(straight(np.array(middle + up * size), np.array(scale)))
    return low, high, size, scale


def _odds(left: float, expected: float, size: float, scale: float) -> float:
    """The probability that the rest exceeds what is left, normal in bent units."""
    if size <= 0:
        return float(expected > left)
    deviation = SPREADS[80][1] * size / NORMAL_80
    distance = (asinh(left / scale) - asinh(expected / scale)) / deviation
    return 0.5 * (1 - erf(distance / sqrt(2)))
