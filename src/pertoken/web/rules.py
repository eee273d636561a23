"""The rules over the API: those that count, who saved which, what others would move, and saving.

A preview is a POST because its question is a text of any length; it changes nothing.
Source: docs/page.md, "The API" and "Acts"; docs/allocation.md, "Rules".
"""

# FastAPI reads the annotations of the functions made below, so they are no strings here.
import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from pertoken.engine import Engine
from pertoken.hub import Hub
from pertoken.pipeline.allocation_rules import checked_rules, hub_rules, rules_name, rules_text
from pertoken.pipeline.audience import SeenRelations
from pertoken.pipeline.saved_rules import save_rules, saved_rules_table
from pertoken.pipeline.tags_view import moves_table
from pertoken.reports import Table
from pertoken.web.acts import Acting, Asked, name_of
from pertoken.web.answers import json_body, table_content
from pertoken.web.attribution import names_of, whole_bill
from pertoken.web.desk import Desk
from pertoken.web.models import DOCUMENTED_ERRORS, TableAnswer, ViewAnswer
from pertoken.web.parameters import Page, Strict
from pertoken.web.people import Person
from pertoken.web.store import Body as Content
from pertoken.web.table_route import add_table

_LONGEST_RULES = 1_000_000
_TRIED = "the rules that are tried"


class Tried(Asked):
    """Rules to try."""

    rules: str = Field(max_length=_LONGEST_RULES, description="The text of a file of rules (TOML).")
    by: str = Field(
        default="Team", max_length=1000, description="Dimensions to show, parted by commas."
    )
    platform: bool = Field(
        default=False, description="What would enter of platform cost, in the place of AI cost."
    )


class Saved(Asked):
    """Rules to save, and which they follow."""

    rules: str = Field(max_length=_LONGEST_RULES, description="The text of a file of rules (TOML).")
    counting: str = Field(
        max_length=200,
        description="The `name` of /api/rules that was looked at; refused where others count now.",
    )


def rules_routes(desk: Desk) -> APIRouter:
    """The routes of the rules."""
    router = APIRouter(prefix="/api", tags=["rules"], dependencies=[Depends(desk.known)])
    options: dict[str, Any] = {"responses": DOCUMENTED_ERRORS}

    @router.get(
        "/rules", summary="The rules that count. Not for a team.", response_model=ViewAnswer,
        **options,
    )  # fmt: skip
    async def rules(request: Request, asked: Annotated[Strict, Query()]) -> Response:  # noqa: ARG001
        person = desk.identify(request)
        return await desk.answer(request, person, lambda _, r: _rules(r, person))

    @router.post(
        "/rules/preview", response_model=TableAnswer, operation_id="rules_preview",
        summary="What a file of rules would move; nothing is saved: `pertoken rules preview`. Not "
        "for a team.", **options,
    )  # fmt: skip
    async def preview(request: Request, asked: Annotated[Tried, Body()]) -> Response:
        person = desk.identify(request)
        variant = hashlib.sha256(
            f"{asked.by}\n{asked.platform}\n{asked.rules}".encode()
        ).hexdigest()
        return await desk.answer(
            request, person, lambda e, r: _preview(e, r, asked, person), variant=variant
        )

    add_table(
        router, desk, "rules-saved", Page, _saved,
        "Every file of rules that was saved, by whom and when: `pertoken rules list`. Not for a "
        "team.",
    )  # fmt: skip
    Acting(desk).add(
        router, "/rules/save", Saved, _save,
        "Make a text of rules the one that counts: `pertoken rules save`.", "admin",
    )  # fmt: skip
    return router


def _rules(relations: SeenRelations, person: Person) -> Content:
    whole_bill(person)
    name, text = rules_text(relations)
    return json_body({"name": name, "text": text})


def _preview(engine: Engine, relations: SeenRelations, asked: Tried, person: Person) -> Content:
    whole_bill(person)
    after = checked_rules(asked.rules.encode(), _TRIED)
    table = moves_table(
        engine, relations, hub_rules(relations), after, names_of(asked.by), platform=asked.platform
    )
    return json_body({
        "commit": relations.snapshot.commit_id, "counting": rules_name(relations.root),
        **table_content(table, limit=len(table.rows) or 1),
    })  # fmt: skip


def _saved(_engine: Engine, relations: SeenRelations, _asked: Page, person: Person) -> Table:
    whole_bill(person)
    return saved_rules_table(relations.root)


def _save(engine: Engine, hub: Hub, asked: Saved, person: Person) -> Table:
    save_rules(engine, hub, asked.rules.encode(), name_of(person), counting=asked.counting)
    return saved_rules_table(hub.root)
