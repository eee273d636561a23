"""Errors as answers: the one envelope, whatever went wrong.

    {"ok": false, "errors": [{"code", "message", "where", "help"}], "status": n}

What was not foreseen is logged with its traceback and answered without a word of it.
Source: docs/page.md, "Errors".
"""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from pertoken.errors import (
    ChangedMeanwhile,
    ConfigError,
    HubError,
    MixedCurrency,
    PertokenError,
    StoreError,
)
from pertoken.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = logging.getLogger("pertoken.web")
BAD_REQUEST, UNKNOWN, SIGN_IN, FORBIDDEN, UNAVAILABLE, FAILED = 400, 404, 401, 403, 503, 500
BUSY = 409
_WORDS = {
    404: ("NotFound", "There is nothing at {path}.", "See /api/openapi.json for what there is."),
    405: (
        "MethodNotAllowed",
        "{path} does not take {method}.",
        "See /api/openapi.json for what it takes.",
    ),
}


class SignInNeeded(PertokenError):  # noqa: N818 - the name states the fact
    """Nobody is signed in, or the token is not known."""


class Forbidden(PertokenError):  # noqa: N818 - the name states the fact
    """The role does not see what was asked for."""


class WrongOrigin(PertokenError):  # noqa: N818 - the name states the fact
    """A request that changes something may come from another site."""


class HubBusy(PertokenError):  # noqa: N818 - the name states the fact
    """Somebody else writes the hub; nothing was changed."""


class NothingKept(PertokenError):  # noqa: N818 - the name states the fact
    """The hub has charges and not the other thing that the question needs."""


_STATUS: dict[type[PertokenError], int] = {
    ConfigError: BAD_REQUEST,
    MixedCurrency: BAD_REQUEST,
    SignInNeeded: SIGN_IN,
    Forbidden: FORBIDDEN,
    WrongOrigin: FORBIDDEN,
    HubBusy: BUSY,
    ChangedMeanwhile: BUSY,
    NothingKept: UNKNOWN,
    HubError: UNAVAILABLE,
    StoreError: UNAVAILABLE,
}


def envelope(
    status: int,
    code: str,
    message: str,
    *,
    where: str = "",
    help: str = "",  # noqa: A002 - the name in the envelope
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error as an answer."""
    return JSONResponse(
        {
            "ok": False,
            "errors": [{"code": code, "message": message, "where": where, "help": help}],
            "status": status,
        },
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def error_response(error: PertokenError, where: str) -> JSONResponse:
    """The three lines of an error as an answer."""
    status = _STATUS.get(type(error), FAILED)
    headers = {"WWW-Authenticate": "Bearer"} if status == SIGN_IN else None
    if status == FAILED:
        _LOG.error("%s: %s", where, error.found)
    return envelope(
        status,
        error.code,
        error.found,
        where=where,
        help=f"{error.expected} {error.action}",
        headers=headers,
    )


def unforeseen(path: str) -> JSONResponse:
    """The answer to an error that nobody foresaw; the log has the details, the answer none."""
    return envelope(
        FAILED, "Unforeseen", "pertoken met an error that it did not foresee.", where=path,
        help="The server's log has the details; report them with the address of the page.",
    )  # fmt: skip


class LastDoor:
    """Wraps an app: what nobody foresaw is logged, and answered without a word of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens."""
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:
            if scope["type"] != "http":
                raise
            _LOG.error("%s\n%s", scope["path"], redacted(traceback.format_exc()))
            if not started:
                await unforeseen(scope["path"])(scope, receive, send)


def add_error_answers(app: FastAPI) -> None:
    """Make every error of an app an envelope."""

    async def known(request: Request, error: Exception) -> Response:
        if not isinstance(error, PertokenError):
            raise error
        return error_response(error, request.url.path)

    async def wrong_parameter(request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        first = error.errors()[0]
        name = str(first["loc"][-1])
        what = (
            f"There is no parameter '{name}'."
            if first["type"] == "extra_forbidden"
            else f"The parameter '{name}' is wrong: {first['msg']}."
        )
        return envelope(
            BAD_REQUEST, "ConfigError", what, where=request.url.path,
            help="See /api/openapi.json for the parameters and their values.",
        )  # fmt: skip

    async def of_http(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        code, message, help_ = _WORDS.get(
            error.status_code, ("BadRequest", "{path} cannot be answered.", "Check the address.")
        )
        path = request.url.path
        return envelope(
            error.status_code,
            code,
            message.format(path=path, method=request.method),
            where=path,
            help=help_,
            headers=error.headers,
        )

    async def of_nobody(request: Request, _error: Exception) -> Response:
        return unforeseen(request.url.path)

    app.add_exception_handler(Exception, of_nobody)
    app.add_exception_handler(PertokenError, known)
    app.add_exception_handler(RequestValidationError, wrong_parameter)
    app.add_exception_handler(HTTPException, of_http)
