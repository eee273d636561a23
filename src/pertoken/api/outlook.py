"""What it will cost, as Python asks for it: the part of a hub that looks ahead and watches."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.api.result import Result
from pertoken.deferred import deferred
from pertoken.errors import ConfigError
from pertoken.periods import parse_day, parse_month

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.hub import Hub as HubStore
    from pertoken.hub import Snapshot
    from pertoken.pipeline.accrual_view import accrual_result
    from pertoken.pipeline.anomaly_marks import Mark, keep_mark
    from pertoken.pipeline.anomaly_view import AnomalyQuery, anomalies_table, found_anomalies
    from pertoken.pipeline.cost_history import cost_histories
    from pertoken.pipeline.forecast_view import (
        OutlookQuery,
        backtest_table,
        forecast_table,
        month_end_table,
        month_outlooks,
        notes_of,
        outlooks,
    )
    from pertoken.pipeline.plans import read_plans
else:
    _VIEWS = "pertoken.pipeline"
    accrual_result = deferred(f"{_VIEWS}.accrual_view", "accrual_result")
    Mark = deferred(f"{_VIEWS}.anomaly_marks", "Mark")
    keep_mark = deferred(f"{_VIEWS}.anomaly_marks", "keep_mark")
    AnomalyQuery = deferred(f"{_VIEWS}.anomaly_view", "AnomalyQuery")
    anomalies_table = deferred(f"{_VIEWS}.anomaly_view", "anomalies_table")
    found_anomalies = deferred(f"{_VIEWS}.anomaly_view", "found_anomalies")
    cost_histories = deferred(f"{_VIEWS}.cost_history", "cost_histories")
    OutlookQuery = deferred(f"{_VIEWS}.forecast_view", "OutlookQuery")
    backtest_table = deferred(f"{_VIEWS}.forecast_view", "backtest_table")
    forecast_table = deferred(f"{_VIEWS}.forecast_view", "forecast_table")
    month_end_table = deferred(f"{_VIEWS}.forecast_view", "month_end_table")
    month_outlooks = deferred(f"{_VIEWS}.forecast_view", "month_outlooks")
    notes_of = deferred(f"{_VIEWS}.forecast_view", "notes_of")
    outlooks = deferred(f"{_VIEWS}.forecast_view", "outlooks")
    read_plans = deferred(f"{_VIEWS}.plans", "read_plans")


MOST_HORIZON = 92


class OutlookResult(Result):
    """A table with notes: what a person should know of it that is no problem of the data."""

    def __init__(self, result: Result, notes: Sequence[str]) -> None:
        super().__init__(result.table, result.findings)
        self.notes = tuple(notes)


class Outlooks:
    """Questions about days to come and days that stand out; `Hub` has them as its own."""

    if TYPE_CHECKING:
        _store: HubStore

        @property
        def _engine(self) -> Engine: ...

        def _snapshot(self) -> Snapshot: ...

        def _rules(self, file: str | Path | None) -> Rules: ...

    def forecast(
        self,
        by: Sequence[str] = (),
        *,
        horizon: int = 30,
        currency: str | None = None,
        until: date | str | None = None,
        plans: str | Path | None = None,
        rules: str | Path | None = None,
    ) -> OutlookResult:
        """The days ahead of AI cost and tokens, with intervals; groups add to the total.

        Takes:   by, columns of the mart, its meters or tags, Scope, or dimensions of attribution;
                 until, the first day to leave out of the history; plans, a file of price changes.
        Gives:   the columns of `pertoken forecast`; Low and High are NULL under 14 days.
        Raises:  ConfigError for an unknown column or a horizon of no day; HubError.
        """
        query = self._query(by, horizon, currency, until, plans)
        snapshot = self._snapshot()
        found = outlooks(self._engine, snapshot, snapshot.runs, query, self._rules(rules))
        table, notes = forecast_table(found, by)
        return OutlookResult(Result(table), notes)

    def month_end(
        self,
        by: Sequence[str] = (),
        *,
        month: str | None = None,
        budget: Decimal | str | None = None,
        currency: str | None = None,
        until: date | str | None = None,
        plans: str | Path | None = None,
        rules: str | Path | None = None,
    ) -> OutlookResult:
        """What a month will have cost: actual days and the forecast of the rest.

        Takes:   month, else that of the first day ahead; budget, of the total of one currency.
        Gives:   the columns of `pertoken forecast --month-end`.
        Raises:  ConfigError for a month that is over, or a budget of several totals.
        """
        snapshot = self._snapshot()
        query = self._query(by, 1, currency, until, plans)
        month = None if month is None else parse_month(month)
        limit = None if budget is None else amount(budget, "budget")
        found = month_outlooks(
            self._engine, snapshot, snapshot.runs, query, self._rules(rules), month
        )
        return OutlookResult(Result(month_end_table(found, month, limit)), notes_of(found))

    def backtest(
        self,
        by: Sequence[str] = ("x_ModelId",),
        *,
        horizons: Sequence[int] = (7, 30),
        currency: str | None = None,
        rules: str | Path | None = None,
    ) -> Result:
        """How good forecasts would have been on this hub's own history, against seasonal naive.

        Takes:   by, the groups that are judged beside the total; none for the total alone.
        Gives:   the columns of `pertoken backtest`; measures are NULL with a Reason where the
                 history is too short to judge.
        """
        snapshot = self._snapshot()
        found = cost_histories(
            self._engine, snapshot, snapshot.runs, tuple(by), self._rules(rules), currency=currency
        )
        return Result(backtest_table(found, _horizons(horizons)))

    def accrual(
        self,
        month: str,
        by: Sequence[str] = ("CostCenter",),
        *,
        as_of: date | str | None = None,
        keep: bool = False,
        currency: str | None = None,
        rules: str | Path | None = None,
    ) -> OutlookResult:
        """What a month will turn out to have cost; of a closed month the true-up.

        Takes:   as_of, the day it is known on, else that of the newest run; keep, to write it into
                 the hub for the true-up to come.
        Gives:   the columns of `pertoken accrual`.
        Raises:  ConfigError for a month without a day in the hub, or a closed one with keep.
        """
        snapshot = self._snapshot()
        table, notes = accrual_result(
            self._engine, snapshot, parse_month(month), tuple(by), self._rules(rules),
            as_of=_day(as_of), keep_in=self._store if keep else None, currency=currency,
        )  # fmt: skip
        return OutlookResult(Result(table), notes)

    def anomalies(
        self,
        *,
        start: date | str | None = None,
        end: date | str | None = None,
        minimum_cost: Decimal | str = "0",
        currency: str | None = None,
        notices: bool = False,
        muted: bool = True,
        plans: str | Path | None = None,
    ) -> Result:
        """What was not natural, where, since when and for how much.

        Takes:   start inclusive and end exclusive: findings that touch these days;
                 minimum_cost, which hides findings and changes none; notices, new models and
                 drops too; muted, whether findings that were expected stay in the list.
        Gives:   the columns of `pertoken anomalies`, by Start.
        Raises:  ConfigError for days that hold none; HubError for an empty hub.
        """
        query = AnomalyQuery(
            start=_day(start),
            end=_day(end),
            minimum_cost=amount(minimum_cost, "minimum_cost"),
            currency=currency,
            notices=notices,
            muted=muted,
            plans=() if plans is None else read_plans(Path(plans)),
        )
        snapshot = self._snapshot()
        return Result(
            anomalies_table(found_anomalies(self._engine, snapshot, snapshot.runs, query))
        )

    def mark_anomaly(
        self,
        identity: str,
        mark: str,
        *,
        by: str,
        until: date | str | None = None,
        note: str | None = None,
    ) -> None:
        """Keep what somebody says of a finding: expected, unexpected, or muted until a day.

        Raises: ConfigError for a finding or mark that is not there; HubError.
        """
        snapshot = self._snapshot()
        query = AnomalyQuery(notices=True)
        found = found_anomalies(self._engine, snapshot, snapshot.runs, query)
        said = Mark(mark, by, _day(until), note)
        keep_mark(self._engine, self._store, [each.finding for each in found], identity, said)

    def _query(
        self,
        by: Sequence[str],
        horizon: int,
        currency: str | None,
        until: date | str | None,
        plans: str | Path | None,
    ) -> OutlookQuery:
        return OutlookQuery(
            by=tuple(by),
            horizon=horizon,
            currency=currency,
            until=_day(until),
            plans=() if plans is None else read_plans(Path(plans)),
        )


def amount(value: Decimal | str, option: str) -> Decimal:
    """An amount of money from its text; raises ConfigError for what is none."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise ConfigError(
            f"'{value}' is not an amount ({option}).",
            "Expected a number such as 12500 or 12500.50.",
            "Give it without a currency and without separators.",
        )
    return number


def _day(value: date | str | None) -> date | None:
    return parse_day(value) if isinstance(value, str) else value


def _horizons(values: Sequence[int]) -> tuple[int, ...]:
    if not values or min(values) < 1 or max(values) > MOST_HORIZON:
        raise ConfigError(
            f"The horizons {', '.join(map(str, values)) or '(none)'} cannot be tested.",
            f"Expected days from 1 to {MOST_HORIZON}.",
            "Give --horizon such as 7,30.",
        )
    return tuple(dict.fromkeys(values))
