"""Accrual: on working day one, what a month will turn out to have cost.

Data of the last days is late, and months are restated. How complete a day is at a given age is
learnt from what former deliveries said and what the day cost in the end (chain ladder); a day that
is not there at all is forecast. The interval is that of the former months, and widens with the
share that is still to come.

Source: docs/forecast-and-anomalies.md, "Accrual"; Mack, "Distribution-free calculation of the
standard error of chain ladder reserve estimates" (1993).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

MOST_AGE = 10
"""Days after which a day is taken as complete."""
PRIOR_COMPLETE, PRIOR_WEIGHT = 1.0, 1.0
PRIOR_SPREAD = 0.03
Z = {80: 1.2816, 95: 1.96}


@dataclass(frozen=True, slots=True)
class Accrual:
    """One cost centre and currency of a month; `true_up` once the final cost is known."""

    key: tuple[Any, ...]
    actual: float
    late: float
    estimate: float
    low: dict[int, float]
    high: dict[int, float]
    missing_days: int
    final: float | None = None

    @property
    def true_up(self) -> float | None:
        """What is still to be booked: the final cost less the estimate."""
        return None if self.final is None else self.final - self.estimate


def completeness(observations: Sequence[Mapping[str, Any]]) -> dict[int, tuple[float, float]]:
    """How much of a day's final cost is there at each age, and how much that varies.

    Takes:   rows with Age (days after the day's end), Observed and Final cost of former days.
    Gives:   age -> (share, spread of the share), for ages 0 to 10; without observations 1 and a
             guess of 3 %.
    """
    shares: dict[int, list[float]] = {age: [] for age in range(MOST_AGE + 1)}
    for row in observations:
        age, final = int(row["Age"]), float(row["Final"])
        if final > 0 and 0 <= age <= MOST_AGE:
            shares[age].append(float(row["Observed"]) / final)
    result = {}
    for age, seen in shares.items():
        count = len(seen)
        mean = (sum(seen) + PRIOR_WEIGHT * PRIOR_COMPLETE) / (count + PRIOR_WEIGHT)
        own = float(np.std(seen)) if count > 1 else PRIOR_SPREAD
        spread = (own * count + PRIOR_SPREAD * PRIOR_WEIGHT) / (count + PRIOR_WEIGHT)
        result[age] = (float(np.clip(mean, 0.05, 2.0)), spread)
    return result


def accrual(
    key: tuple[Any, ...],
    actual: Mapping[date, float],
    days: Sequence[date],
    as_of: date,
    *,
    complete: Mapping[int, tuple[float, float]],
    forecast: Mapping[date, tuple[float, float]],
    final: float | None = None,
) -> Accrual:
    """The accrual of one key for the days of a month, as known on `as_of`.

    Takes:   actual cost by day; `complete` from `completeness`; `forecast` of days that may be
             missing: expected cost and its standard error.
    Keeps:   estimate = actual + late.
    Raises:  ConfigError when a missing day has no forecast.
    """
    late = variance = 0.0
    missing = 0
    for day in days:
        if day not in actual:
            if day not in forecast:
                raise ConfigError(
                    f"There is neither a cost nor a forecast for {day}.",
                    "Expected one of them for every day of the month.",
                    "Forecast the missing days first.",
                )
            expected, error = forecast[day]
            late, variance, missing = late + expected, variance + error**2, missing + 1
            continue
        share, spread = complete.get(min((as_of - day).days - 1, MOST_AGE), (1.0, PRIOR_SPREAD))
        finished = actual[day] / share
        late += finished - actual[day]
        variance += (actual[day] * spread / share**2) ** 2
    booked = sum(actual[day] for day in days if day in actual)
    estimate = booked + late
    error = float(np.sqrt(variance))
    return Accrual(
        key=key,
        actual=booked,
        late=late,
        estimate=estimate,
        low={level: estimate - z * error for level, z in Z.items()},
        high={level: estimate + z * error for level, z in Z.items()},
        missing_days=missing,
        final=final,
    )
