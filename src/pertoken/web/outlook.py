"""The tables that look ahead and watch, as the API gives them.

A team sees the forecast and the findings of its own charges, by columns of the charge; who caused
a cost is read from telemetry of the whole bill, which a team does not see.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import Field

from pertoken.pipeline.accrual_view import accrual_result
from pertoken.pipeline.alert_channels import AlertConfig
from pertoken.pipeline.alert_rules import AlertSettings, Asked, alerts
from pertoken.pipeline.alert_sending import alerts_table, sent_alerts
from pertoken.pipeline.allocation_rules import hub_rules
from pertoken.pipeline.anomaly_view import AnomalyQuery, anomalies_table, found_anomalies
from pertoken.pipeline.budgets import BudgetQuery, budgets_table, hub_budgets
from pertoken.pipeline.cost_history import SCOPE, cost_histories
from pertoken.pipeline.forecast_view import (
    MOST_DAYS,
    OutlookQuery,
    backtest_table,
    forecast_table,
    month_end_table,
    month_outlooks,
    outlooks,
)
from pertoken.unit_economics import MART_DIMENSIONS
from pertoken.web.errors import Forbidden
from pertoken.web.parameters import DAY, Page, check_column, period_of

if TYPE_CHECKING:
    from pertoken.engine import Engine
    from pertoken.pipeline.audience import SeenRelations
    from pertoken.reports import Table
    from pertoken.web.people import Person

MONTH = r"^(19|2\d)\d{2}-(0[1-9]|1[0-2])$"


class GroupParameters(Page):
    """Groups and a currency."""

    by: str = Field(
        default="", max_length=1000, description="Columns to group by, parted by commas."
    )
    currency: str | None = Field(
        default=None, max_length=10, description="Only this BillingCurrency; never converts."
    )

    def groups(self, engine: Engine, relations: SeenRelations, person: Person) -> tuple[str, ...]:
        """The columns; raises Forbidden for those that a team does not see."""
        names = tuple(each.strip() for each in self.by.split(",") if each.strip())
        for name in names:
            check_column(name, person)
        if not person.audience.sees_all:
            relations.view(engine, "meters")
            held = {*MART_DIMENSIONS, *engine.columns("meters"), SCOPE}
            for name in names:
                if name not in held and not name.startswith("Tags."):
                    raise Forbidden(
                        f"The dimension '{name}' is read from the whole bill's telemetry.",
                        "Expected a column of your own charges, or Tags.KEY.",
                        "Group by Tags.KEY, x_ModelId or ResourceId.",
                    )
        return names


class ForecastParameters(GroupParameters):
    """Which days ahead, of which groups."""

    horizon: int = Field(default=30, ge=1, le=MOST_DAYS, description="Days ahead.")


class MonthEndParameters(GroupParameters):
    """The end of which month, of which groups."""

    month: str | None = Field(default=None, pattern=MONTH, description="YYYY-MM; else the next.")


class AnomalyParameters(Page):
    """Which findings: those that touch these days and cost at least so much."""

    start: str | None = Field(
        default=None, alias="from", pattern=DAY, description="First day, inclusive."
    )
    end: str | None = Field(
        default=None, alias="to", pattern=DAY, description="Last day, exclusive."
    )
    minimum_cost: Decimal = Field(
        default=Decimal(0), ge=0, max_digits=30, description="Hide findings that cost less."
    )
    currency: str | None = Field(
        default=None, max_length=10, description="Only this BillingCurrency; never converts."
    )
    notices: bool = Field(default=False, description="Also new models and drops.")


class BacktestParameters(GroupParameters):
    """Which groups are judged beside the total."""

    by: str = Field(default="x_ModelId", max_length=1000, description="Groups, parted by commas.")


class AccrualParameters(GroupParameters):
    """The accrual of which month, by which groups."""

    by: str = Field(default="CostCenter", max_length=1000, description="Groups, parted by commas.")
    month: str = Field(pattern=MONTH, description="YYYY-MM.")


class BudgetParameters(Page):
    """Budgets of which month."""

    month: str | None = Field(default=None, pattern=MONTH, description="YYYY-MM; else the next.")


class AlertParameters(Page):
    """As of when."""

    as_of: datetime | None = Field(
        default=None, description="The time that it is; else that of the hub's last commit."
    )


def forecast_of(
    engine: Engine, relations: SeenRelations, asked: ForecastParameters, person: Person
) -> Table:
    """The days ahead."""
    by = asked.groups(engine, relations, person)
    query = OutlookQuery(by=by, horizon=asked.horizon, currency=asked.currency)
    rules = hub_rules(relations)
    found = outlooks(engine, relations, relations.snapshot.runs, query, rules)
    return forecast_table(found, by)[0]


def month_end_of(
    engine: Engine, relations: SeenRelations, asked: MonthEndParameters, person: Person
) -> Table:
    """The end of a month."""
    query = OutlookQuery(by=asked.groups(engine, relations, person), currency=asked.currency)
    runs, rules = relations.snapshot.runs, hub_rules(relations)
    return month_end_table(
        month_outlooks(engine, relations, runs, query, rules, asked.month), asked.month, None
    )


def backtest_of(
    engine: Engine, relations: SeenRelations, asked: BacktestParameters, person: Person
) -> Table:
    """How good forecasts would have been."""
    by = asked.groups(engine, relations, person)
    runs, rules = relations.snapshot.runs, hub_rules(relations)
    return backtest_table(
        cost_histories(engine, relations, runs, by, rules, currency=asked.currency)
    )


def anomalies_of(
    engine: Engine, relations: SeenRelations, asked: AnomalyParameters, person: Person
) -> Table:
    """What was not natural; of a team, in its own charges, without what others said of it."""
    start, end = period_of(asked.start, asked.end, "from", "to")
    query = AnomalyQuery(
        start=start, end=end, minimum_cost=asked.minimum_cost, currency=asked.currency,
        notices=asked.notices,
    )  # fmt: skip
    whole = person.audience.sees_all
    found = found_anomalies(engine, relations, relations.runs, query, with_marks=whole)
    return anomalies_table(found)


def accrual_of(
    engine: Engine, relations: SeenRelations, asked: AccrualParameters, person: Person
) -> Table:
    """The accrual of a month, or its true-up; for who sees the whole bill."""
    _whole_bill(person)
    by = asked.groups(engine, relations, person)
    rules = hub_rules(relations)
    return accrual_result(
        engine, relations.snapshot, asked.month, by, rules, currency=asked.currency
    )[0]


def budgets_of(
    engine: Engine, relations: SeenRelations, asked: BudgetParameters, person: Person
) -> Table:
    """How the budgets that the hub keeps stand; no row where it keeps none."""
    _whole_bill(person)
    query = BudgetQuery(hub_budgets(relations.root), asked.month)
    rules = hub_rules(relations)
    return budgets_table(engine, relations, relations.snapshot.runs, query, rules)


def alerts_of(
    engine: Engine, relations: SeenRelations, asked: AlertParameters, person: Person
) -> Table:
    """What somebody should act on, as of a time or of the hub's last commit."""
    _whole_bill(person)
    snapshot = relations.snapshot
    moment = asked.as_of or snapshot.committed_at
    if moment is None:
        return alerts_table((), AlertConfig(), {})
    found = alerts(
        Asked(
            engine=engine,
            snapshot=snapshot,
            rules=hub_rules(relations),
            as_of=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
            settings=AlertSettings(),
            budgets=hub_budgets(relations.root),
        )
    )
    return alerts_table(found, AlertConfig(), sent_alerts(engine, relations))


def _whole_bill(person: Person) -> None:
    if not person.audience.sees_all:
        raise Forbidden(
            "Budgets, accruals and alerts are of the whole bill, which a team does not see.",
            "Expected the role finance or admin.",
            "Ask for the forecast or the anomalies of your own charges.",
        )
