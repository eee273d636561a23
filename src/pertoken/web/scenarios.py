"""Saved scenarios: keeping one, what each said then, and what became of it in a later month.

Source: docs/page.md, "The API"; docs/variance.md, "What if".
"""

# FastAPI reads the annotations of the body below, so they are no strings here.
from fastapi import APIRouter, Depends
from pydantic import Field

from pertoken.engine import Engine
from pertoken.hub import Hub
from pertoken.pipeline.audience import SeenRelations
from pertoken.pipeline.scenarios import keep_scenario, saved_scenario, scenarios_table
from pertoken.pipeline.whatif_view import compared_table
from pertoken.reports import Table
from pertoken.web.acts import Acting, Asked, seen_by
from pertoken.web.desk import Desk
from pertoken.web.economics import ScenarioFields, for_finance
from pertoken.web.parameters import MONTH, Page
from pertoken.web.people import Person
from pertoken.web.table_route import add_table


class ScenarioParameters(Page):
    """A saved scenario, and the later month that it is held against."""

    scenario: str = Field(max_length=100, description="The name under which it was saved.")
    month: str = Field(pattern=MONTH, description="The later month: YYYY-MM.")


class Kept(ScenarioFields, Asked):
    """A scenario, and the name under which it is kept."""

    name: str = Field(max_length=100, description="A new name; what was saved stays as it was.")


def scenario_acts(desk: Desk) -> APIRouter:
    """The route that keeps a scenario."""
    router = APIRouter(prefix="/api", tags=["acts"], dependencies=[Depends(desk.known)])
    Acting(desk).add(
        router, "/whatif/save", Kept, _keep,
        "Keep a scenario with what it says now: `pertoken whatif --save`.", "admin", "finance",
    )  # fmt: skip
    return router


def add_scenario_tables(router: APIRouter, desk: Desk) -> None:
    """The routes of saved scenarios."""
    add_table(
        router,
        desk,
        "whatif-saved",
        Page,
        _saved,
        "The scenarios that the hub keeps: `pertoken whatif list`. Not for a team.",
    )
    add_table(
        router,
        desk,
        "whatif-compared",
        ScenarioParameters,
        _compared,
        "What a saved scenario expected of a later month: `pertoken whatif compare`. "
        "Not for a team.",
    )


def _keep(engine: Engine, hub: Hub, asked: Kept, person: Person) -> Table:
    return keep_scenario(engine, seen_by(engine, hub, person), asked.name, asked.words(person))


def _saved(_engine: Engine, relations: SeenRelations, _asked: Page, person: Person) -> Table:
    for_finance(person)
    return scenarios_table(relations.root)


def _compared(
    engine: Engine, relations: SeenRelations, asked: ScenarioParameters, person: Person
) -> Table:
    for_finance(person)
    scenario = saved_scenario(relations.root, asked.scenario)
    return compared_table(engine, relations, scenario, asked.month)
