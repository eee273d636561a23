"""The forecast of a panel: every part and the total, with intervals, parts adding to the total.

Source: docs/forecast-and-anomalies.md, "Forecast".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from pertoken.forecast.ensemble import point_forecasts
from pertoken.forecast.intervals import PastErrors, error_size, intervals, past_errors, straight_at
from pertoken.forecast.reconcile import reconciled
from pertoken.forecast.series import check_one_currency

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pertoken.forecast.series import Panel
    from pertoken.forecast.weekly import Matrix

MIN_DAYS = 14
REASONS = {
    "dead": "no value in the last four weeks",
    "short": "under four weeks of history: the mean and what weekdays it has",
    "intermittent": "a third of the days or more are zero: weekday means",
    "bursty": "bursts without a rhythm: the median of four weeks, a wide interval",
    "credits": "negative days: smoothing without logarithms",
    "ensemble": "five methods: their median, from three weeks ahead on their mean",
    "too short": f"under {MIN_DAYS} days: the mean, no interval",
}


@dataclass(frozen=True, slots=True)
class Forecast:
    """Days ahead of every series and of the total.

    `low` and `high` map a level of coverage to arrays as `values` (series, days); the last row of
    each array is the total. `errors` are the sizes, in logarithms, that the intervals stand on.
    """

    by: tuple[str, ...]
    keys: tuple[tuple[Any, ...], ...]
    days: tuple[date, ...]
    values: Matrix
    low: dict[int, Matrix]
    high: dict[int, Matrix]
    methods: tuple[str, ...]
    past: PastErrors | None

    def rows(self) -> Iterator[dict[str, Any]]:
        """Long rows in the columns of `pertoken forecast`, the total last with None as its key."""
        keys = [*self.keys, tuple(None for _ in self.by)]
        for place, key in enumerate(keys):
            for number, day in enumerate(self.days):
                row: dict[str, Any] = {"ChargeDate": day, **dict(zip(self.by, key, strict=True))}
                row["EffectiveCost"] = float(self.values[place, number])
                for level in sorted(self.low):
                    row[f"Low{level}"] = _number(self.low[level][place, number])
                    row[f"High{level}"] = _number(self.high[level][place, number])
                row["Method"] = self.methods[place]
                row["Reason"] = REASONS[self.methods[place]]
                yield row


def forecast(history: Panel, horizon: int = 30, *, total: Matrix | None = None) -> Forecast:
    """The days after the last of a panel.

    Takes:   a panel (see `series.panel`), its last day settled; `total`, the history of the whole
             where its forecast has to be the same whatever the parts: then it stands, and the
             parts are moved to add to it. Else both give way, by the errors they made.
    Gives:   `horizon` days; the parts of each day add to its total. A series of under 14 days
             has its mean and no interval (NaN), and says so.
    Raises:  MixedCurrency when the total would add several currencies: take `one_currency` first.
    """
    check_one_currency(history)
    if not history.days:
        return Forecast(history.by, (), (), np.zeros((0, horizon)), {}, {}, (), None)
    whole = history.total if total is None else total
    stacked = np.vstack([history.values, whole[None, :]])
    point, routes = point_forecasts(stacked, horizon)
    counts = (~np.isnan(stacked)).sum(axis=1)
    methods = ["too short" if n < MIN_DAYS else str(r) for r, n in zip(routes, counts, strict=True)]
    past = past_errors(stacked, horizon)
    size = error_size(past.errors)
    absolute = straight_at(point, size, past.scale)
    trusted = absolute[-1] if total is None else np.zeros(horizon)
    parts, added = reconciled(point[:-1], point[-1], absolute[:-1], trusted)
    values = np.vstack([parts, added[None, :]])
    bounds = intervals(values, size, past.scale, non_negative=False)
    credit = (np.nan_to_num(stacked) < 0).any(axis=1)
    floor = np.where(credit, -np.inf, 0.0)[:, None]
    unknown = (counts < MIN_DAYS)[:, None]
    last = history.days[-1]
    return Forecast(
        by=history.by,
        keys=history.keys,
        days=tuple(last + timedelta(days=number + 1) for number in range(horizon)),
        values=values,
        low={k: np.where(unknown, np.nan, np.maximum(v[0], floor)) for k, v in bounds.items()},
        high={k: np.where(unknown, np.nan, v[1]) for k, v in bounds.items()},
        methods=tuple(methods),
        past=past,
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
