"""The application: the API, the page, and who may see what.

Source: docs/page.md; docs/decisions/0020-the-page.md.
"""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.requests import Request  # noqa: TC002 - FastAPI reads it
from starlette.responses import Response  # noqa: TC002 - as above

from pertoken.version import __version__
from pertoken.web.anomaly_acts import anomaly_acts
from pertoken.web.claim import claim_routes
from pertoken.web.desk import Desk
from pertoken.web.errors import LastDoor, add_error_answers
from pertoken.web.middleware import LOOPBACK_NAMES, Guard
from pertoken.web.odata import odata_routes
from pertoken.web.pages import Bundle
from pertoken.web.routes import table_routes
from pertoken.web.rules import rules_routes
from pertoken.web.scenarios import scenario_acts
from pertoken.web.settings import WebSettings
from pertoken.web.sign_in import Gate
from pertoken.web.statements import statement_acts, statement_documents
from pertoken.web.store import HubReader
from pertoken.web.views import view_routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.types import ASGIApp

SESSION_COOKIE = "pertoken_session"


def create_app(
    hub: str | Path,
    *,
    settings: WebSettings | None = None,
    address: str = "http://127.0.0.1:8790",
) -> ASGIApp:
    """The page and the API over a hub.

    Takes:   settings, who may sign in; without login every request is an admin's, and only
             loopback names are answered. address, under which the server is bound.
    """
    settings = settings or WebSettings()
    reader = HubReader(hub)
    gate = Gate(settings)
    bundle = Bundle()

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        reader.warm()
        yield
        reader.close()

    app = FastAPI(
        title="pertoken",
        version=__version__,
        summary="What every token costs, from the bills that already exist.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        redirect_slashes=False,
    )
    desk = Desk(reader, gate.person)
    app.include_router(table_routes(desk))
    app.include_router(view_routes(desk))
    app.include_router(claim_routes(desk))
    app.include_router(rules_routes(desk))
    app.include_router(statement_documents(desk))
    app.include_router(statement_acts(desk))
    app.include_router(anomaly_acts(desk))
    app.include_router(scenario_acts(desk))
    app.include_router(odata_routes(desk))
    if settings.has_login:
        gate.add_routes(app, address)
    add_error_answers(app)

    @app.get("/{path:path}", include_in_schema=False)
    async def page(request: Request, path: str) -> Response:  # noqa: ARG001 - read from the request
        return bundle.response(request, gate.address)

    guarded: ASGIApp = LastDoor(app)
    public = settings.public_url or address
    if settings.has_login:
        guarded = _with_session(guarded, settings, secure=public.startswith("https:"))
    hosts = set() if _is_open(settings) else {*LOOPBACK_NAMES, _host(address), _host(public)}
    return Guard(guarded, hosts=hosts, secure=public.startswith("https:"))


def _with_session(app: ASGIApp, settings: WebSettings, *, secure: bool) -> ASGIApp:
    from starlette.middleware.sessions import SessionMiddleware  # noqa: PLC0415 - only with login

    secret = settings.session_secret
    return SessionMiddleware(
        app,
        secret_key=secret.get_secret_value() if secret is not None else secrets.token_urlsafe(32),
        session_cookie=SESSION_COOKIE,
        max_age=int(settings.session_hours * 3600),
        same_site="lax",
        https_only=secure,
    )


def _is_open(settings: WebSettings) -> bool:
    """Whether any host name is answered: with login and no public address to hold it to."""
    return settings.has_login and settings.public_url is None


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""
