"""What attribution gives to the teams of an audience: their own rows, never what is around them.

Who caused a cost follows from the whole bill, so the split runs over all of it, in an engine of its
own that is closed with the question: the relations of a team stay narrow. What leaves is rows whose
Team is the audience's own; the residual, other teams, and shares of the whole stay behind.

Source: docs/page.md, "Who may see what".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pertoken.engine import local_engine
from pertoken.pipeline.attribution_view import attribution_table
from pertoken.pipeline.kpis_view import ALL, kpis_table
from pertoken.reports import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from pertoken.allocation import AttributionQuery, Rules
    from pertoken.engine import Engine
    from pertoken.pipeline.audience import SeenRelations

T = TypeVar("T")
TEAM_KPI_COLUMNS = (
    "BillingMonth", "Team", "BillingCurrency", "EffectiveCost", "MeasuredShare", "TaggedShare",
    "CachedShare", "x_TokenQuantity", "x_UnitCost", "x_UnitCostUnit", "Metric", "MetricQuantity",
    "x_MetricUnitCost", "UnknownReason",
)  # fmt: skip
"""Key figures of a team that tell nothing about the whole: a share of it would give its cost.

Each is over the team's own cost, tokens and metric.
"""


def own_attribution(relations: SeenRelations, query: AttributionQuery, rules: Rules) -> Table:
    """The rows of an attribution that are the audience's teams' own; Team stands among them."""
    if "Team" not in query.by:
        query = replace(query, by=("Team", *query.by))
    whole = in_own_engine(
        lambda engine: attribution_table(engine, relations.snapshot, query, rules)
    )
    return own_rows(whole, relations)


def own_kpis(relations: SeenRelations, rules: Rules) -> Table:
    """The key figures of the audience's teams, without what would tell the cost of the whole.

    Gives: TEAM_KPI_COLUMNS; UnknownReason names only figures that are among them.
    """
    whole = in_own_engine(lambda engine: kpis_table(engine, relations.snapshot, rules))
    own = own_rows(whole, relations).select(TEAM_KPI_COLUMNS)
    return Table(own.name, own.columns, tuple((*row[:-1], _told(row[-1])) for row in own.rows))


def _told(unknown: object) -> str | None:
    """The reasons of the figures that a team sees."""
    reasons = [] if unknown is None else str(unknown).split("; ")
    told = [each for each in reasons if each.partition(":")[0] in TEAM_KPI_COLUMNS]
    return "; ".join(told) or None


def in_own_engine(question: Callable[[Engine], T]) -> T:
    """The answer to a question over the whole bill, in an engine that nothing else asks."""
    engine = local_engine()
    try:
        return question(engine)
    finally:
        engine.close()


def own_rows(whole: Table, relations: SeenRelations) -> Table:
    """The rows whose Team is one of the audience's own."""
    at = whole.column_names.index("Team")
    own = {name.casefold() for name in relations.audience.teams}
    rows = tuple(row for row in whole.rows if row[at] != ALL and str(row[at]).casefold() in own)
    return Table(whole.name, whole.columns, rows)
