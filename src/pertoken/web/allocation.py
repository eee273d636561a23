"""The allocation page's own view: the hierarchy of who caused a cost.

Source: docs/page.md, "The API"; docs/allocation.md.
"""

# FastAPI reads the annotations of the functions made below, so they are no strings here.
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from pertoken.engine import Engine
from pertoken.pipeline.allocation_lines import AllocationLine
from pertoken.pipeline.allocation_rules import hub_rules
from pertoken.pipeline.allocation_view import allocation
from pertoken.pipeline.audience import SeenRelations
from pertoken.web.answers import json_body
from pertoken.web.attribution import WhoseParameters, check_whose, names_of
from pertoken.web.desk import Desk
from pertoken.web.models import DOCUMENTED_ERRORS, ViewAnswer
from pertoken.web.people import Person
from pertoken.web.store import Body


class AllocationParameters(WhoseParameters):
    """The hierarchy of an attribution."""

    compare: Literal["none", "previous"] = Field(
        default="none", description="The period before; an open month meets as many days of it."
    )


def add_allocation_views(router: APIRouter, desk: Desk) -> None:
    """The route of the allocation page."""
    options: dict[str, Any] = {"response_model": ViewAnswer, "responses": DOCUMENTED_ERRORS}

    @router.get("/allocation", summary="Who caused the cost, with subtotals.", **options)
    async def lines(request: Request, asked: Annotated[AllocationParameters, Query()]) -> Response:
        person = desk.identify(request)
        return await desk.answer(request, person, lambda e, r: _allocation(e, r, asked, person))


def _allocation(
    engine: Engine, relations: SeenRelations, asked: AllocationParameters, person: Person
) -> Body:
    query, by = asked.query(person), names_of(asked.by)
    check_whose(query, person)
    if not person.audience.sees_all and "Team" not in query.by:
        query, by = replace(query, by=("Team", *query.by)), ("Team", *by)
    compared, lines = allocation(
        engine, relations, query, hub_rules(relations), by,
        with_previous=asked.compare == "previous",
    )  # fmt: skip
    return json_body({
        "by": by, "per": query.per,
        "compare": None if compared is None else {"from": compared[0], "to": compared[1]},
        "lines": [_line(each) for each in lines],
    })  # fmt: skip


def _line(each: AllocationLine) -> dict[str, Any]:
    return {
        "BillingCurrency": each.currency,
        "labels": each.labels,
        "EffectiveCost": each.cost,
        "x_TokenCost": each.token_cost,
        "x_TokenQuantity": each.tokens,
        "x_UnitCost": each.unit_cost,
        "x_IdleCost": each.idle_cost,
        "MeasuredShare": each.measured,
        "EstimatedShare": each.estimated,
        "AssumedShare": each.assumed,
        "UnattributedShare": each.unattributed,
        "ResidualReason": each.reason,
        "share": each.share,
        "before": each.before,
        "difference": each.difference,
        "costChange": each.cost_change,
        "unitCostChange": each.unit_cost_change,
    }
