"""`accrual`: on working day one what a month will turn out to have cost, later the true-up.

Days that are settled are booked. Days whose data is still coming are completed by what earlier
deliveries of this hub lacked at that age, or forecast where no delivery has taught that; days that
are not there are forecast. An accrual is kept in the hub when it is asked for; once the month is
closed the final cost stands beside it, and the difference is what is left to book.

Source: docs/forecast-and-anomalies.md, "Accrual".
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from pertoken.engine import sql_file
from pertoken.errors import ConfigError
from pertoken.forecast import accrual, completeness, forecast
from pertoken.forecast.month import rest_error
from pertoken.periods import month_end, month_start
from pertoken.pipeline.cost_days import SETTLES
from pertoken.pipeline.cost_history import cost_histories
from pertoken.pipeline.forecast_view import money
from pertoken.pipeline.kept_rows import append_rows, kept_rows
from pertoken.pipeline.periods import month_states
from pertoken.pipeline.standing import partition_of, standing_runs
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.forecast import Forecast
    from pertoken.hub import Hub, LedgerRun, Snapshot
    from pertoken.pipeline.cost_history import CostHistory, Key

ACCRUAL_COLUMNS = {
    "BillingCurrency": "text", "AsOf": "date", "ActualCost": "money", "LateCost": "money",
    "AccruedCost": "money", "Low80": "money", "High80": "money", "Low95": "money",
    "High95": "money", "MissingDays": "count", "State": "text", "FinalCost": "money",
    "TrueUpCost": "money",
}  # fmt: skip
KEPT_COLUMNS = {
    "BillingMonth": "VARCHAR", "GroupedBy": "VARCHAR", "GroupKey": "VARCHAR",
    "BillingCurrency": "VARCHAR", "AsOf": "DATE", "ActualCost": "DECIMAL(38,18)",
    "LateCost": "DECIMAL(38,18)", "AccruedCost": "DECIMAL(38,18)", "Low80": "DECIMAL(38,18)",
    "High80": "DECIMAL(38,18)", "Low95": "DECIMAL(38,18)", "High95": "DECIMAL(38,18)",
    "MissingDays": "BIGINT", "KeptAt": "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip
TABLE = "accruals"
_Z80 = 1.2816


def accrual_result(
    engine: Engine,
    snapshot: Snapshot,
    month: str,
    by: tuple[str, ...],
    rules: Rules,
    *,
    as_of: date | None = None,
    keep_in: Hub | None = None,
    currency: str | None = None,
) -> tuple[Table, tuple[str, ...]]:
    """The accrual of a month by groups and currency, and what a person should know of it.

    Keeps:   AccruedCost = ActualCost + LateCost; of a closed month FinalCost is that of `matrix`.
    Raises:  ConfigError for a month of which the hub has no day, or a closed one to be kept.
    """
    runs = snapshot.runs
    places = [place for place in standing_runs(runs) if place[1] == month]
    if not places:
        raise ConfigError(
            f"The hub has no charges of {month}.",
            f"Expected one of {', '.join(sorted({m for _, m in standing_runs(runs)})) or 'none'}.",
            "Ingest the exports of that month first.",
        )
    states = month_states(runs)
    open_places = [place for place in places if states[place].state == "open"]
    known_on = as_of or _newest(runs, month)
    closed = not open_places and (as_of is None or as_of >= month_end(month))
    if closed:
        if keep_in is not None:
            raise ConfigError(
                f"{month} is closed: every day of it is known.",
                "Expected a month that is still open, or --as-of a day in it.",
                "Leave --keep out for the true-up.",
            )
        state = max(states[place].state for place in places)
        return _true_up(engine, snapshot, month, by, rules, state=state, currency=currency)
    histories = cost_histories(
        engine, snapshot, runs, by, rules, currency=currency, until=min(known_on, month_end(month))
    )
    complete = _completeness(engine, snapshot, runs)
    rows: list[tuple[Key, tuple[Any, ...]]] = []
    notes: list[str] = []
    for history in histories:
        notes += history.notes
        rows += list(_rows(history, month, known_on, complete))
    if keep_in is not None:
        now = datetime.now(UTC)
        names = json.dumps(by)
        append_rows(
            engine, keep_in, TABLE, KEPT_COLUMNS,
            [(month, names, json.dumps(key), *row[:10], now) for key, row in rows],
        )  # fmt: skip
        notes.append(f"Kept: the accrual of {month} as of {known_on}, {len(rows)} rows.")
    if complete is None:
        notes.append(
            "No earlier delivery of this hub shows how complete late days are: they are forecast."
        )
    cells = [(month, *key, *row, "open", None, None) for key, row in rows]
    return _table(by, cells), tuple(dict.fromkeys(notes))


def _rows(
    history: CostHistory, month: str, as_of: date, complete: _Complete | None
) -> Iterator[tuple[Key, tuple[Any, ...]]]:
    """One row per group: what is booked, what is late, how sure that is."""
    start, end = month_start(month), month_end(month)
    days = [start + timedelta(days=n) for n in range((end - start).days)]
    through = history.days[-1]
    horizon = max((end - through).days - 1, 1)
    ahead = forecast(history.panel(history.use), horizon, total=history.use[-1])
    lost = _lost_days(history, days)
    fill = {day: number for number, day in enumerate(ahead.days)}
    for place, key in enumerate(history.keys):
        actual, expected = {}, {}
        for day in days:
            booked = history.booked.get((key, day)) or history.late.get((key, day))
            if (day <= through and day not in lost) or (
                day > through and day in history.own_days and complete is not None
            ):
                actual[day] = float(booked or 0)
            else:
                expected[day] = _expected(history, ahead, place, day, fill)
        expected = _erring_together(expected, ahead, place)
        said = accrual(key, actual, days, as_of, complete=complete or {}, forecast=expected)
        young = [
            cost for (each, day), cost in history.late.items() if each == key and start <= day < end
        ]
        booked_cost = sum(young, history.booked_between(key, start, end))
        late = money(said.estimate) - booked_cost
        yield key, (
            history.currency, as_of, booked_cost, late, booked_cost + late,
            money(said.low[80]), money(said.high[80]), money(said.low[95]), money(said.high[95]),
            said.missing_days,
        )  # fmt: skip


_Complete = dict[int, tuple[float, float]]


def _lost_days(history: CostHistory, days: Sequence[date]) -> set[date]:
    """Settled days of the month of which the total is unknown."""
    place = {day: number for number, day in enumerate(history.days)}
    return {
        day for day in days if day in place and np.isnan(history.use[-1, place[day]])
    }  # fmt: skip


def _expected(
    history: CostHistory, ahead: Forecast, place: int, day: date, fill: Mapping[date, int]
) -> tuple[float, float]:
    """A day that is not there: its forecast, or the same weekdays around a day that was lost."""
    if day in fill:
        number = fill[day]
        value = float(ahead.values[place, number])
        spread = ahead.high[80][place, number] - ahead.low[80][place, number]
        return value, abs(value) / 2 if np.isnan(spread) else float(spread) / 2 / _Z80
    at = (day - history.days[0]).days
    near = [at + 7 * week for week in (-4, -3, -2, -1, 1, 2)]
    known = [history.use[place, n] for n in near if 0 <= n < len(history.days)]
    values = np.array([value for value in known if not np.isnan(value)])
    if not len(values):
        return 0.0, 0.0
    return float(np.median(values)), float(np.std(values))


def _erring_together(
    expected: dict[date, tuple[float, float]], ahead: Forecast, place: int
) -> dict[date, tuple[float, float]]:
    """Days ahead whose errors add to that of their sum, which is more than if each erred alone."""
    later = [day for day in expected if day >= ahead.days[0]]
    alone = sum(expected[day][1] ** 2 for day in later) ** 0.5
    if not later or not alone:
        return expected
    together = rest_error(ahead, place, (max(later) - ahead.days[0]).days + 1)
    grown = 1.0 if np.isnan(together) else max(1.0, together / alone)
    return expected | {day: (expected[day][0], expected[day][1] * grown) for day in later}


def _completeness(
    engine: Engine, snapshot: Snapshot, runs: Iterable[LedgerRun]
) -> _Complete | None:
    """How complete late days were in earlier deliveries; None where none can tell.

    A run that a later one replaced says what it held in all; the days it covers cost what they do
    now. What it lacked is laid on the days that were younger than two days when it was made.
    """
    runs = tuple(runs)
    final: dict[tuple[str, str], dict[date, float]] = defaultdict(dict)
    if snapshot.view(engine, "charges"):
        for scope, _month, currency, day, cost in engine.rows(
            sql_file("pertoken.pipeline", "coverage_days")
        ):
            final[scope, currency][day] = float(cost or 0)
    seen = []
    for run in runs:
        made = run.submitted_time.date() if run.submitted_time else None
        if run.status != "superseded" or made is None or len(run.totals) != 1:
            continue
        currency, _, _, effective = run.totals[0]
        days = final.get((partition_of(run.scope, run.month)["x_ScopeKey"], currency), {})
        inside = {day: cost for day, cost in days.items() if run.start <= day < run.end}
        young = {day: cost for day, cost in inside.items() if day > made - SETTLES and day < made}
        whole = sum(young.values())
        if not young or whole <= 0:
            continue
        share = min(max(1 - (sum(inside.values()) - float(effective)) / whole, 0.0), 1.5)
        seen += [
            {"Age": (made - day).days - 1, "Observed": share * cost, "Final": cost}
            for day, cost in young.items()
            if cost > 0
        ]
    return completeness(seen) if seen else None


def _newest(runs: Iterable[LedgerRun], month: str) -> date:
    """The day of the newest run of a month; the day after its last day where none says."""
    made = [
        run.submitted_time.date()
        for standing in standing_runs(runs).items()
        if standing[0][1] == month
        for run in standing[1]
        if run.submitted_time is not None
    ]
    return max(made, default=month_end(month))


def _true_up(
    engine: Engine,
    snapshot: Snapshot,
    month: str,
    by: tuple[str, ...],
    rules: Rules,
    *,
    state: str,
    currency: str | None,
) -> tuple[Table, tuple[str, ...]]:
    """What a closed month cost beside the accrual that was kept of it."""
    start, end = month_start(month), month_end(month)
    final: dict[tuple[Key, str], Decimal] = {}
    for history in cost_histories(engine, snapshot, snapshot.runs, by, rules, currency=currency):
        for (key, day), cost in history.booked.items():
            if start <= day < end:
                place = (key, history.currency)
                final[place] = final.get(place, Decimal(0)) + cost
    kept = _kept(engine, snapshot, month, by, currency)
    cells = []
    for key, name in sorted({*final, *kept}, key=str):
        cost = final.get((key, name), Decimal(0))
        row = kept.get((key, name))
        before = tuple(row[column] for column in list(KEPT_COLUMNS)[4:13]) if row else (None,) * 9
        rest = cost - row["AccruedCost"] if row else None
        cells.append((month, *key, name, *before, state, cost, rest))
    notes = () if kept else (f"No accrual of {month} by {', '.join(by)} was kept.",)
    return _table(by, cells), notes


def _kept(
    engine: Engine, snapshot: Snapshot, month: str, by: tuple[str, ...], currency: str | None
) -> dict[tuple[Key, str], dict[str, Any]]:
    """The accrual of a month that was kept last, by group and currency."""
    wanted = currency.upper() if currency else None
    rows = [
        row
        for row in kept_rows(engine, snapshot, TABLE, KEPT_COLUMNS)
        if row["BillingMonth"] == month
        and row["GroupedBy"] == json.dumps(by)
        and wanted in (None, row["BillingCurrency"])
    ]
    last = max((row["KeptAt"] for row in rows), default=None)
    return {
        (tuple(json.loads(row["GroupKey"])), row["BillingCurrency"]): row
        for row in rows
        if row["KeptAt"] == last
    }


def _table(by: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Table:
    kinds = {"BillingMonth": "date"} | dict.fromkeys(by, "text") | ACCRUAL_COLUMNS
    columns = tuple(Column(name, kind) for name, kind in kinds.items())
    return Table("accrual", columns, tuple(rows))
