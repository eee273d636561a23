"""Acts: what somebody does to the hub over the API, each one function and one line.

An act is a POST with a JSON body. Its name in the log is that of who signed in, never one that the
body states. A page of another site can send neither the header of an act nor a machine's token, so
a session is worth nothing to it; the guard has looked at the origin before.
Source: docs/page.md, "Acts"; OWASP, Cross-Site Request Forgery Prevention (custom headers).
"""

# FastAPI reads the annotations of the functions made below, so they are no strings here.
import asyncio
from collections.abc import Callable
from typing import Annotated, TypeVar, cast

from fastapi import APIRouter, Body, Header
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from pertoken.engine import Engine, local_engine
from pertoken.hub import Hub
from pertoken.pipeline.audience import SeenRelations
from pertoken.pipeline.saved_rules import own_name
from pertoken.reports import Table
from pertoken.web.answers import json_body, table_content
from pertoken.web.desk import Desk
from pertoken.web.errors import Forbidden, HubBusy, WrongOrigin
from pertoken.web.middleware import is_machine
from pertoken.web.models import ACT_ERRORS, TableAnswer
from pertoken.web.people import Person, Role

ACT_HEADER = "X-Pertoken-Act"
"""The header of an act; a page of another site cannot send it without being allowed to first."""


class Asked(BaseModel):
    """The body of an act: nothing in it is unknown."""

    model_config = ConfigDict(extra="forbid")


A = TypeVar("A", bound=Asked)
Act = Callable[[Engine, Hub, A, Person], Table]


class Acting:
    """Takes acts to the hub, one at a time, and says who may."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turn = asyncio.Lock()

    def add(
        self, router: APIRouter, path: str, body: type[A], act: Act[A], words: str, *roles: Role
    ) -> None:
        """The route of an act: POST `path`.

        Takes:   act, which writes the hub and gives the rows that it changed; roles, those that
                 may act; none for everyone who sees what the act is about.
        """

        async def acted(
            request: Request,
            asked: Asked,
            header: Annotated[
                str | None,
                Header(alias=ACT_HEADER, description="1, from whoever sends no bearer token."),
            ] = None,
        ) -> Response:
            person = self._desk.identify(request)
            _check_sent_on_purpose(request, header)
            _check_role(person, roles)
            table, commit = await self._taken(cast("A", asked), act, person)
            content = {"commit": commit, **table_content(table, limit=len(table.rows) or 1)}
            return Response(
                json_body(content).content,
                media_type="application/json",
                headers={"Cache-Control": "no-store"},
            )

        acted.__annotations__["asked"] = Annotated[body, Body()]
        router.add_api_route(
            path, acted, methods=["POST"], summary=words, response_model=TableAnswer,
            responses=ACT_ERRORS, operation_id=path.strip("/").replace("/", "_").replace("-", "_"),
        )  # fmt: skip

    async def _taken(self, asked: A, act: Act[A], person: Person) -> tuple[Table, str]:
        """What an act gave, and the commit after it."""
        hub = self._desk.reader.hub

        def take() -> Table:
            if hub.is_being_written():
                raise HubBusy(
                    "The hub is being written by somebody else.",
                    "Expected a hub that is free: it has one writer at a time.",
                    "Nothing was changed; try again when the ingest has ended.",
                )
            engine = local_engine(threads=1)
            try:
                return act(engine, hub, asked, person)
            finally:
                engine.close()

        await self._desk.reader.snapshot()  # says so where there is no hub
        async with self._turn:
            table = await asyncio.to_thread(take)
        return table, (await self._desk.reader.snapshot()).commit_id


def name_of(person: Person) -> str:
    """The name that the log records: who signed in, else who runs this server.

    Raises: ConfigError where nobody signs in and the operating system names no user.
    """
    return person.name if person.is_known else own_name()


def seen_by(engine: Engine, hub: Hub, person: Person) -> SeenRelations:
    """The relations of the last commit as the person who acts sees them."""
    return SeenRelations(hub.snapshot(engine), person.audience)


def _check_sent_on_purpose(request: Request, header: str | None) -> None:
    if header != "1" and not is_machine(request.headers):
        raise WrongOrigin(
            f"The header {ACT_HEADER} is missing.",
            f"Expected `{ACT_HEADER}: 1`, which no page of another site can send.",
            "Use the page itself, or a machine's token.",
        )


def _check_role(person: Person, roles: tuple[Role, ...]) -> None:
    if roles and not person.roles & set(roles):
        raise Forbidden(
            f"{person.name} may not do this as {person.role}.",
            f"Expected the role {' or '.join(roles)}.",
            "Ask somebody who has it, or who runs this server to add a rule.",
        )
