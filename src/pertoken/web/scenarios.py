"""Saved scenarios: what each said when it was saved, and what became of it in a later month.

Source: docs/page.md, "The API"; docs/variance.md, "What if".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pertoken.pipeline.scenarios import saved_scenario, scenarios_table
from pertoken.pipeline.whatif_view import compared_table
from pertoken.web.economics import for_finance
from pertoken.web.parameters import MONTH, Page
from pertoken.web.table_route import add_table

if TYPE_CHECKING:
    from fastapi import APIRouter

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import SeenRelations
    from pertoken.reports import Table
    from pertoken.web.desk import Desk
    from pertoken.web.people import Person


class ScenarioParameters(Page):
    """A saved scenario, and the later month that it is held against."""

    scenario: str = Field(max_length=100, description="The name under which it was saved.")
    month: str = Field(pattern=MONTH, description="The later month: YYYY-MM.")


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


def _saved(_engine: Engine, relations: SeenRelations, _asked: Page, person: Person) -> Table:
    for_finance(person)
    return scenarios_table(relations.root)


def _compared(
    engine: Engine, relations: SeenRelations, asked: ScenarioParameters, person: Person
) -> Table:
    for_finance(person)
    scenario = saved_scenario(relations.root, asked.scenario)
    return compared_table(engine, relations, scenario, asked.month)
