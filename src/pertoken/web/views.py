"""The routes of the page's views: the hub, the overview, the hierarchy, sparklines, values.

As `routes`, these take a view of the pipeline and give it as JSON.
Source: docs/page.md, "The API".
"""

# FastAPI reads the annotations of the functions made below, so they are no strings here.
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from pertoken.engine import Engine
from pertoken.pipeline.audience import SeenRelations
from pertoken.pipeline.explain_view import DECIDES, Explanation, explained
from pertoken.pipeline.hierarchy_view import HierarchyLine, hierarchy, sparklines
from pertoken.pipeline.hub_view import hub_card, hub_summary, whole_months
from pertoken.pipeline.overview_view import Mover, overview, previous_period
from pertoken.pipeline.views import matrix_table
from pertoken.reports.subtotals import Subtotal
from pertoken.unit_economics import MatrixQuery
from pertoken.version import __version__
from pertoken.web.answers import json_body
from pertoken.web.desk import Desk
from pertoken.web.models import DOCUMENTED_ERRORS, ViewAnswer
from pertoken.web.parameters import (
    ByParameters,
    ExplainParameters,
    HierarchyParameters,
    OverviewParameters,
    Strict,
    ValuesParameters,
    check_column,
)
from pertoken.web.people import Person
from pertoken.web.store import Body


def view_routes(desk: Desk) -> APIRouter:
    """The routes of every view."""
    router = APIRouter(prefix="/api", tags=["views"], dependencies=[Depends(desk.known)])
    options: dict[str, Any] = {"response_model": ViewAnswer, "responses": DOCUMENTED_ERRORS}

    @router.get("/hub", summary="Months, scopes, currencies and who asks.", **options)
    async def hub(request: Request, asked: Annotated[Strict, Query()]) -> Response:  # noqa: ARG001
        person = desk.identify(request)
        return await desk.answer(
            request, person, lambda e, r: _hub(e, r, person), variant=person.acts_as
        )

    @router.get("/trust-card", summary="Whether the totals are those of the bill.", **options)
    async def trust_card(request: Request, asked: Annotated[Strict, Query()]) -> Response:  # noqa: ARG001
        person = desk.identify(request)
        return await desk.answer(
            request, person, lambda e, r: json_body({"card": hub_card(e, r).to_json()})
        )

    @router.get("/overview", summary="A period at a glance, and what moved.", **options)
    async def over(request: Request, asked: Annotated[OverviewParameters, Query()]) -> Response:
        person = desk.identify(request)
        return await desk.answer(request, person, lambda e, r: _overview(e, r, asked, person))

    @router.get("/hierarchy", summary="The matrix with subtotals and changes.", **options)
    async def tree(request: Request, asked: Annotated[HierarchyParameters, Query()]) -> Response:
        person = desk.identify(request)
        return await desk.answer(request, person, lambda e, r: _hierarchy(e, r, asked, person))

    @router.get("/sparklines", summary="EffectiveCost of every group over the period.", **options)
    async def sparks(request: Request, asked: Annotated[ByParameters, Query()]) -> Response:
        person = desk.identify(request)
        return await desk.answer(request, person, lambda e, r: _sparklines(e, r, asked, person))

    @router.get("/values", summary="The values of a column, highest cost first.", **options)
    async def values(request: Request, asked: Annotated[ValuesParameters, Query()]) -> Response:
        person = desk.identify(request)
        return await desk.answer(request, person, lambda e, r: _values(e, r, asked, person))

    @router.get("/explain", summary="A number: its formula, and its runs.", **options)
    async def explain(request: Request, asked: Annotated[ExplainParameters, Query()]) -> Response:
        person = desk.identify(request)
        return await desk.answer(request, person, lambda e, r: _explain(e, r, asked, person))

    @router.get("/writing", summary="What the hub is at, and whether it is written.", **options)
    async def writing(request: Request, asked: Annotated[Strict, Query()]) -> Response:  # noqa: ARG001
        desk.identify(request)
        snapshot = await desk.reader.snapshot()
        body = json_body(
            {
                "commit": snapshot.commit_id,
                "saved": desk.reader.saved(),
                "writing": desk.reader.hub.is_being_written(),
            }
        )
        return Response(
            body.content, media_type=body.media_type, headers={"Cache-Control": "no-store"}
        )

    return router


def _hub(engine: Engine, relations: SeenRelations, person: Person) -> Body:
    summary = hub_summary(engine, relations)
    months = whole_months(relations) if person.audience.teams else summary.months
    return json_body({
        "commit": relations.snapshot.commit_id,
        "committedAt": relations.snapshot.committed_at,
        "version": __version__,
        "person": {"name": person.name, "role": person.role, "roles": sorted(person.roles),
                   "seesAll": person.audience.sees_all, "teams": person.audience.teams,
                   "signedIn": person.is_known},
        "months": [{"month": month, "state": state} for month, state in months],
        "scopes": [{"key": key, "name": name} for key, name in summary.scopes],
        "currencies": summary.currencies,
        "throughDay": summary.through_day,
        "tagKeys": summary.tag_keys,
    })  # fmt: skip


def _overview(
    engine: Engine, relations: SeenRelations, asked: OverviewParameters, person: Person
) -> Body:
    start, end = asked.days()
    query = MatrixQuery(
        where=asked.pairs(person), start=start, end=end, currency=asked.currency, per=asked.per,
        all_charges=asked.all_charges,
    )  # fmt: skip
    compare = _previous(engine, relations, query)
    return json_body({
        "compare": _days(compare),
        "currencies": [
            {
                "BillingCurrency": each.currency,
                "EffectiveCost": each.cost,
                "x_TokenQuantity": each.tokens,
                "x_UnitCost": each.unit_cost,
                "mixed": each.mixed,
                "ReadShare": each.read_share,
                "ProvenShare": each.proven_share,
                "TaggedShare": each.tagged_share,
                "movers": [
                    {"by": by, "rows": [_mover(mover) for mover in movers]}
                    for by, movers in each.movers
                ],
            }
            for each in overview(engine, relations, query, compare)
        ],
    })  # fmt: skip


def _mover(mover: Mover) -> dict[str, Any]:
    return {
        "labels": mover.labels, "EffectiveCost": mover.cost, "x_TokenQuantity": mover.tokens,
        "x_UnitCost": mover.unit_cost,
    }  # fmt: skip


def _explain(
    engine: Engine, relations: SeenRelations, asked: ExplainParameters, person: Person
) -> Body:
    start, end = asked.days()
    query = MatrixQuery(
        by=DECIDES, where=asked.pairs(person), start=start, end=end, currency=asked.currency,
        per=asked.per, all_charges=asked.all_charges,
    )  # fmt: skip
    return json_body({
        "commit": relations.snapshot.commit_id,
        "currencies": [_explanation(each) for each in explained(engine, relations, query)],
    })  # fmt: skip


def _explanation(each: Explanation) -> dict[str, Any]:
    return {
        "BillingCurrency": each.currency,
        "formula": each.formula,
        "EffectiveCost": each.effective_cost,
        "BilledCost": each.billed_cost,
        "x_TokenCost": each.token_cost,
        "x_TokenQuantity": each.token_quantity,
        "x_UnitCost": each.unit_cost,
        "parts": [
            {
                **dict(zip(DECIDES, part.words, strict=True)),
                "EffectiveCost": part.effective_cost,
                "x_TokenCost": part.token_cost,
                "x_TokenQuantity": part.token_quantity,
            }
            for part in each.parts
        ],
        "runs": [{"RunId": run, "EffectiveCost": cost} for run, cost in each.runs],
    }


def _hierarchy(
    engine: Engine, relations: SeenRelations, asked: HierarchyParameters, person: Person
) -> Body:
    query = asked.query(person)
    compare = asked.compared()
    if compare is None and asked.compare == "previous":
        compare = _previous(engine, relations, query)
    lines = hierarchy(engine, relations, query, compare)
    return json_body({
        "by": query.by, "per": query.per, "compare": _days(compare),
        "lines": [_line(each) for each in lines],
    })  # fmt: skip


def _previous(
    engine: Engine, relations: SeenRelations, query: MatrixQuery
) -> tuple[date, date] | None:
    if query.start is None or query.end is None:
        return None
    return previous_period(query.start, query.end, hub_summary(engine, relations).through_day)


def _days(period: tuple[date, date] | None) -> dict[str, date] | None:
    return None if period is None else {"from": period[0], "to": period[1]}


def _line(each: HierarchyLine) -> dict[str, Any]:
    line = each.line
    return {
        "BillingCurrency": line.currency,
        "labels": line.labels,
        **_amounts(line),
        "mixed": line.mixed and line.unit_cost is not None,
        "leaf": line.is_leaf,
        "share": each.share,
        "before": _amounts(each.before) if each.before is not None else None,
        "costChange": each.cost_change,
        "unitCostChange": each.unit_cost_change,
        "units": each.units,
        "read": each.is_read,
    }


def _amounts(line: Subtotal) -> dict[str, Any]:
    return {
        "EffectiveCost": line.effective_cost,
        "BilledCost": line.billed_cost,
        "x_TokenCost": line.token_cost,
        "x_TokenQuantity": line.token_quantity,
        "x_UnitCost": line.unit_cost,
    }


def _sparklines(
    engine: Engine, relations: SeenRelations, asked: ByParameters, person: Person
) -> Body:
    buckets, lines = sparklines(engine, relations, asked.query(person))
    return json_body({
        "buckets": buckets,
        "lines": [
            {"BillingCurrency": currency, "labels": labels, "values": values}
            for currency, labels, values in lines
        ],
    })  # fmt: skip


def _values(
    engine: Engine, relations: SeenRelations, asked: ValuesParameters, person: Person
) -> Body:
    """The values of a column with their cost; where several currencies hold one, its first."""
    check_column(asked.column, person)
    start, end = asked.days()
    query = MatrixQuery(
        where=asked.pairs(person), start=start, end=end, currency=asked.currency,
        all_charges=asked.all_charges,
    )  # fmt: skip
    table = matrix_table(engine, relations, replace(query, by=(asked.column,)))
    names = [None if row[0] is None else str(row[0]) for row in table.rows]
    held = [
        each for each in dict.fromkeys(names) if asked.search.casefold() in (each or "").casefold()
    ]
    page = held[asked.offset : asked.offset + asked.limit]
    after = asked.offset + len(page)
    return json_body({
        "column": asked.column, "values": page, "total": len(held),
        "next": after if after < len(held) else None,
    })  # fmt: skip
