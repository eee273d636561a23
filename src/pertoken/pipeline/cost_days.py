"""Which days of a scope are known: there, settled, and not merely absent.

A day is settled when the run that stands for its month was made two days or more after it, or
covers the whole month and was made after its end. A settled day without a charge of any kind is
missing where most of the same weekdays have charges; a team that rests on Sundays misses nothing.

Source: docs/forecast-and-anomalies.md, "From the hub".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pertoken.periods import month_end, month_start
from pertoken.pipeline.periods import closes_month
from pertoken.pipeline.standing import partition_of, standing_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun
    from pertoken.pipeline.audience import Relations

SETTLES = timedelta(days=2)
STALE = timedelta(days=7)
"""A scope that is this far behind the newest is taken as ended, and named."""
_WEEKS = (-4, -3, -2, -1, 1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class CostDays:
    """By x_ScopeKey: the days with charges, the last settled day of each month, the name."""

    charged: Mapping[str, frozenset[date]]
    settled: Mapping[str, Mapping[str, date]]
    names: Mapping[str, str]

    def last(self, scope: str) -> date:
        """The last day of a scope that is settled and has charges before or on it."""
        last = max(self.charged[scope])
        month = f"{last:%Y-%m}"
        return min(last, self.settled.get(scope, {}).get(month, last))

    def span(self, scopes: Iterable[str | None]) -> tuple[date, date, tuple[str, ...]] | None:
        """The first day, the last that every scope still alive has settled, and what to know."""
        own = sorted({each for each in scopes if each is not None and each in self.charged})
        if not own:
            return None
        lasts = {scope: self.last(scope) for scope in own}
        newest = max(lasts.values())
        alive = [scope for scope in own if newest - lasts[scope] <= STALE]
        through = min(lasts[scope] for scope in alive)
        notes = tuple(
            f"The scope {self.names.get(scope, scope)} has no settled day after {lasts[scope]}; "
            f"others reach {newest}. Its cost is taken as ended."
            for scope in own
            if scope not in alive
        )
        start = min(min(self.charged[scope]) for scope in own)
        return start, through, notes

    def unknown(self, scope: str, start: date, through: date) -> frozenset[date]:
        """Days of a scope between two days (inclusive) of which nothing can be said."""
        charged = self.charged.get(scope, frozenset())
        if not charged:
            return frozenset()
        first, last = max(start, min(charged)), min(through, self.last(scope))
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return frozenset(day for day in days if self._is_unknown(scope, charged, day))

    def _is_unknown(self, scope: str, charged: frozenset[date], day: date) -> bool:
        settled = self.settled.get(scope, {}).get(f"{day:%Y-%m}")
        if settled is not None and day > settled:
            return True
        if day in charged:
            return False
        first, last = min(charged), max(charged)
        near = [day + timedelta(weeks=week) for week in _WEEKS]
        inside = [each for each in near if first <= each <= last]
        return sum(each in charged for each in inside) * 2 > len(inside)


def cost_days(engine: Engine, relations: Relations, runs: Iterable[LedgerRun]) -> CostDays:
    """The days of every scope, from the charges and the runs that stand for them."""
    charged: dict[str, set[date]] = defaultdict(set)
    if relations.view(engine, "charges"):
        for scope, day in engine.rows(
            "SELECT x_ScopeKey, CAST(ChargePeriodStart AS DATE) AS ChargeDate FROM charges "
            "GROUP BY x_ScopeKey, CAST(ChargePeriodStart AS DATE)"
        ):
            charged[scope].add(day)
    settled: dict[str, dict[str, date]] = defaultdict(dict)
    names = {}
    for (scope, month), standing in standing_runs(runs).items():
        key = partition_of(scope, month)["x_ScopeKey"]
        names[key] = scope
        for run in standing:
            last = _settled_day(run)
            if last is not None:
                settled[key][month] = min(last, settled[key].get(month, last))
    return CostDays({scope: frozenset(days) for scope, days in charged.items()}, settled, names)


def _settled_day(run: LedgerRun) -> date | None:
    """The last settled day of a run's month; None where the run does not say when it was made."""
    if run.submitted_time is None:
        return None
    last = month_end(run.month) - timedelta(days=1)
    if closes_month(run):
        return last
    made = run.submitted_time.date() - SETTLES
    return max(min(last, made, run.end - timedelta(days=1)), month_start(run.month) - timedelta(1))
