"""Reference detectors, re-implemented from their documentation: a score per day of one total.

`kql` is series_decompose_anomalies with the FinOps toolkit's arguments (all defaults: threshold
1.5, trend 'avg', seasonality found by itself, ctukey), run every day on what is known. Numbers
called by these names are of these re-implementations, not of the services. A day is an alarm when
its score is above the method's threshold; the score of a day knows only the days up to it.
"""

from __future__ import annotations

import numpy as np

START = 60
"""The first day that is judged; at least the days of the windows below."""
WEEK = 7
KQL_THRESHOLD = 1.5


def alarm_days(score: np.ndarray, threshold: float) -> list[int]:
    """Days whose score is above the threshold."""
    return [int(day) for day in np.flatnonzero(score > threshold)]


def three_sigma(total: np.ndarray, *, start: int = START, window: int = 30) -> np.ndarray:
    """How many standard deviations of the last 30 days a day is above their mean."""
    score = np.zeros(len(total))
    for day in range(start, len(total)):
        before = total[day - window : day]
        score[day] = (total[day] - before.mean()) / max(before.std(ddof=1), 1e-9)
    return score


def kql(total: np.ndarray, *, start: int = START) -> np.ndarray:
    """How far the last residual lies above the ctukey quantiles of the whole series so far."""
    score = np.zeros(len(total))
    for day in range(start, len(total)):
        known = total[: day + 1]
        residual = known - known.mean() - _season(known)
        low, high = np.quantile(residual, [0.1, 0.9])
        score[day] = (residual[-1] - high) / max(high - low, 1e-9)
    return score


def _season(known: np.ndarray) -> np.ndarray:
    """Weekday means of the centred series where lag 7 is significant, else nothing."""
    centred = known - known.mean()
    power = float((centred**2).sum()) or 1.0
    if (centred[WEEK:] * centred[:-WEEK]).sum() / power < 2 / np.sqrt(len(known)):
        return np.zeros(len(known))
    means = np.array([centred[weekday::WEEK].mean() for weekday in range(WEEK)])
    return means[np.arange(len(known)) % WEEK]


def pelt(
    total: np.ndarray, *, start: int = START, window: int = 60, weight: float = 4.0
) -> np.ndarray:
    """The rise that the best segmentation of `window` days, logarithms, puts in the last three.

    In units of noise, 0 where it puts none; the exact optimal partition by squared error, which
    PELT finds faster.
    """
    score = np.zeros(len(total))
    for day in range(start, len(total)):
        logs = np.log(np.maximum(total[day - window + 1 : day + 1], 1e-9))
        weekday = np.array([np.median(logs[place::WEEK]) for place in range(WEEK)])
        flat = logs - weekday[np.arange(window) % WEEK]
        noise = (1.4826 * np.median(np.abs(np.diff(flat)))) ** 2 / 2 + 1e-6
        cuts = _partition(flat, weight * noise * np.log(window))
        last = cuts[-1] if cuts else 0
        if last and window - last <= 3:
            before = flat[cuts[-2] if len(cuts) > 1 else 0 : last]
            score[day] = max(0.0, (flat[last:].mean() - before.mean()) / np.sqrt(noise))
    return score


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
