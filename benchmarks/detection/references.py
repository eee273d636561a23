"""Reference detectors, re-implemented from their documentation: alarms on one total, day by day.

`kql` is series_decompose_anomalies with the FinOps toolkit's arguments (all defaults: threshold
1.5, trend 'avg', seasonality found by itself, ctukey), run every day on what is known. Numbers
called by these names are of these re-implementations, not of the services.
"""

from __future__ import annotations

import numpy as np

START = 60
WEEK = 7


def three_sigma(total: np.ndarray, sigmas: float = 3.0, window: int = 30) -> list[int]:
    """Days above mean + 3 standard deviations of the last 30."""
    return [
        day
        for day in range(START, len(total))
        if total[day]
        > total[day - window : day].mean() + sigmas * total[day - window : day].std(ddof=1)
    ]


def kql(total: np.ndarray, threshold: float = 1.5) -> list[int]:
    """Days whose residual lies above the ctukey fence of the whole series so far."""
    alarms = []
    for day in range(START, len(total)):
        known = total[: day + 1]
        residual = known - known.mean() - _season(known)
        low, high = np.quantile(residual, [0.1, 0.9])
        width = max(high - low, 1e-9)
        if (residual[-1] - high) / width > threshold:
            alarms.append(day)
    return alarms


def _season(known: np.ndarray) -> np.ndarray:
    """Weekday means of the centred series where lag 7 is significant, else nothing."""
    centred = known - known.mean()
    power = float((centred**2).sum()) or 1.0
    if (centred[WEEK:] * centred[:-WEEK]).sum() / power < 2 / np.sqrt(len(known)):
        return np.zeros(len(known))
    means = np.array([centred[weekday::WEEK].mean() for weekday in range(WEEK)])
    return means[np.arange(len(known)) % WEEK]


def pelt(total: np.ndarray, window: int = 60, weight: float = 4.0) -> list[int]:
    """Days on which the best segmentation of 60 days, logarithms, puts a rise in the last three.

    The exact optimal partition by squared error; PELT finds the same one faster.
    """
    alarms = []
    for day in range(START, len(total)):
        logs = np.log(np.maximum(total[day - window + 1 : day + 1], 1e-9))
        weekday = np.array([np.median(logs[place::WEEK]) for place in range(WEEK)])
        flat = logs - weekday[np.arange(window) % WEEK]
        noise = (1.4826 * np.median(np.abs(np.diff(flat)))) ** 2 / 2 + 1e-6
        cuts = _partition(flat, weight * noise * np.log(window))
        last = cuts[-1] if cuts else 0
        rise = last and flat[last:].mean() > flat[cuts[-2] if len(cuts) > 1 else 0 : last].mean()
        if rise and window - last <= 3:
            alarms.append(day)
    return alarms


def _partition(values: np.ndarray, penalty: float) -> list[int]:
    count = len(values)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    squares = np.concatenate([[0.0], np.cumsum(values**2)])
    best = np.full(count + 1, np.inf)
    best[0] = -penalty
    last = np.zeros(count + 1, dtype=int)
    for end in range(1, count + 1):
        starts = np.arange(end)
        size = end - starts
        cost = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / size
        total = best[starts] + cost + penalty
        last[end] = int(np.argmin(total))
        best[end] = total[last[end]]
    cuts, end = [], count
    while last[end]:
        end = int(last[end])
        cuts.insert(0, end)
    return cuts
