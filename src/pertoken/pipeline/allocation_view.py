"""Attribution as the page asks for it: a hierarchy with its evidence, beside the period before.

Source: docs/page.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pertoken.pipeline.allocation_lines import AllocationLine, allocation_lines
from pertoken.pipeline.attribution_view import queried_attribution, view_attribution
from pertoken.pipeline.audience import EVERYONE, SeenRelations
from pertoken.pipeline.hub_view import hub_summary
from pertoken.pipeline.overview_view import previous_period
from pertoken.pipeline.own_attribution import in_own_engine, own_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pertoken.allocation import AttributionQuery, Rules
    from pertoken.engine import Engine
    from pertoken.reports import Table

Compared = tuple["date", "date"] | None


def allocation(
    engine: Engine,
    relations: SeenRelations,
    query: AttributionQuery,
    rules: Rules,
    by: Sequence[str],
    *,
    with_previous: bool,
) -> tuple[Compared, list[AllocationLine]]:
    """The lines of an attribution, and the period that they are compared with.

    Takes:   by, the levels: those of the query, and BillingMonth where it is one. A team's query
             has Team, and only its own teams' rows are summed. with_previous, whether the period
             before stands beside it; an open month meets as many days. Without both days there is
             none.
    """
    if relations.audience.sees_all:
        compared, now, before = _attributions(engine, relations, query, rules, with_previous)
    else:
        whole = SeenRelations(relations.snapshot, EVERYONE)
        compared, now, before = in_own_engine(
            lambda own: _attributions(own, whole, query, rules, with_previous)
        )
        now = own_rows(now, relations)
        before = None if before is None else own_rows(before, relations)
    return compared, allocation_lines(now, before, by, query.per)


def _attributions(
    engine: Engine,
    relations: SeenRelations,
    query: AttributionQuery,
    rules: Rules,
    with_previous: bool,  # noqa: FBT001 - two callers, above
) -> tuple[Compared, Table, Table | None]:
    compared: Compared = None
    if with_previous and query.start is not None and query.end is not None:
        through = hub_summary(engine, relations).through_day
        compared = previous_period(query.start, query.end, through)
    view_attribution(
        engine, relations, rules, by_usage=query.evidence != "tags",
        reservations=query.reservations, columns=query.by,
    )  # fmt: skip
    now = queried_attribution(engine, query, rules)
    if compared is None:
        return None, now, None
    former = replace(query, start=compared[0], end=compared[1])
    return compared, now, queried_attribution(engine, former, rules)
