"""Signing in: an OpenID Connect provider for people, tokens for machines.

The code flow with PKCE, state and nonce (Authlib). The session is a signed cookie that holds the
name, the claims that matched a rule, and an end; it holds no token of the provider. Roles follow
from the rules at every request, so a rule that is taken away takes effect at the next start.
Source: OpenID Connect Core 1.0; docs/page.md, "Who may see what".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotations
from starlette.responses import RedirectResponse, Response

from pertoken.web.errors import Forbidden, SignInNeeded
from pertoken.web.people import Person, person_of, user_of_this_machine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI

    from pertoken.web.settings import Grant, WebSettings

_LOG = logging.getLogger("pertoken.web")
_FAILED = "/?sign-in=failed"


class Gate:
    """Knows who asks, and takes people to their provider."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        self._ended: dict[str, float] = {}
        self._provider: Any = None
        self._nobody = user_of_this_machine()

    def person(self, request: Request) -> Person:
        """Who asks; raises SignInNeeded for nobody, Forbidden for someone without a role."""
        if not self._settings.has_login:
            return self._nobody
        header = request.headers.get("authorization", "")
        if header:
            return self._machine(header)
        session = request.session if "session" in request.scope else {}
        if not session.get("name") or not self._is_open(session):
            raise _sign_in()
        return self._signed_in(str(session["name"]), session.get("claims"))

    def address(self, request: Request) -> str | None:
        """Where to sign in; None for who is signed in, or where there is no provider."""
        if not self._settings.has_login or self._settings.oidc_issuer is None:
            return None
        try:
            self.person(request)
        except SignInNeeded:
            if request.query_params.get("sign-in") == "failed":
                return None
            target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return f"/auth/login?{urlencode({'next': target})}"
        except Forbidden:
            return None
        return None

    def add_routes(self, app: FastAPI, address: str) -> None:
        """Add /auth/login, /auth/callback and /auth/logout."""
        back = f"{(self._settings.public_url or address).rstrip('/')}/auth/callback"

        @app.get("/auth/login", include_in_schema=False)
        async def login(request: Request) -> Response:
            if self._settings.oidc_issuer is None:
                raise _sign_in()
            request.session.clear()
            request.session["next"] = local_path(request.query_params.get("next", "/"))
            response: Response = await self._client().authorize_redirect(request, back)
            return response

        @app.get("/auth/callback", include_in_schema=False)
        async def callback(request: Request) -> Response:
            if self._settings.oidc_issuer is None:
                raise _sign_in()
            return await self._called_back(request)

        @app.post("/auth/logout", include_in_schema=False)
        async def logout(request: Request) -> Response:
            session = request.session if "session" in request.scope else {}
            if session.get("id"):
                self._ended[str(session["id"])] = float(session.get("until", 0))
            session.clear()
            return Response(status_code=204, headers={"Cache-Control": "no-store"})

    async def _called_back(self, request: Request) -> Response:
        from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415 - only with a provider
        from joserfc.errors import JoseError  # noqa: PLC0415 - as above

        target = local_path(str(request.session.get("next", "/")))
        try:
            token = await self._client().authorize_access_token(request)
        except (AuthlibBaseError, JoseError, ValueError, KeyError) as error:
            _LOG.warning("sign-in failed: %s", type(error).__name__)
            request.session.clear()
            return RedirectResponse(_FAILED, 303)
        claims = dict(token.get("userinfo") or {})
        name = claims.get("email") or claims.get("preferred_username") or claims.get("sub")
        if not name:
            return RedirectResponse(_FAILED, 303)
        held = _claim_values(claims.get(self._settings.oidc_claim))
        request.session.clear()
        request.session.update(
            id=secrets.token_urlsafe(16),
            name=str(name),
            claims=[rule.claim for rule in self._settings.roles if rule.claim in held],
            until=time.time() + self._settings.session_hours * 3600,
        )
        return RedirectResponse(target, 303)

    def _client(self) -> Any:  # noqa: ANN401 - Authlib has no types
        if self._provider is None:
            from authlib.integrations.starlette_client import OAuth  # noqa: PLC0415 - as above

            settings = self._settings
            secret = settings.oidc_client_secret
            self._provider = OAuth().register(
                "provider",
                server_metadata_url=f"{str(settings.oidc_issuer).rstrip('/')}"
                "/.well-known/openid-configuration",
                client_id=settings.oidc_client_id,
                client_secret=secret.get_secret_value() if secret is not None else None,
                client_kwargs={"scope": settings.oidc_scopes, "code_challenge_method": "S256"},
            )
        return self._provider

    def _machine(self, header: str) -> Person:
        """The machine whose token this is; every known token is compared, in constant time."""
        token = _token(header)
        digest = hashlib.sha256(token.encode()).hexdigest()
        found = [
            rule
            for rule in self._settings.tokens
            if hmac.compare_digest(rule.sha256.lower(), digest)
        ]
        if not token or not found:
            raise _sign_in()
        return _granted(found[0].name, found)

    def _signed_in(self, name: str, claims: object) -> Person:
        held = set(claims) if isinstance(claims, list) else set()
        grants = [rule for rule in self._settings.roles if rule.claim in held]
        if not grants:
            raise Forbidden(
                f"{name} has no role here.",
                f"Expected a value of the claim '{self._settings.oidc_claim}' that a rule names.",
                "Ask who runs this server to add a rule.",
            )
        return _granted(name, grants)

    def _is_open(self, session: dict[str, Any]) -> bool:
        now = time.time()
        self._ended = {key: until for key, until in self._ended.items() if until > now}
        return float(session.get("until", 0)) > now and session.get("id") not in self._ended


def _granted(name: str, rules: Sequence[Grant]) -> Person:
    """A person with everything that the rules grant."""
    teams = [team for rule in rules for team in rule.teams]
    return person_of(name, [(rule.role, rule.tags) for rule in rules], teams)


def _token(header: str) -> str:
    """The token of a Bearer header, or the password of a Basic one (spreadsheets know no other).

    >>> _token("Bearer abc"), _token("Basic dXNlcjphYmM="), _token("Basic ?"), _token("Digest x")
    ('abc', 'abc', '', '')
    """
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
    except (ValueError, UnicodeDecodeError):
        return ""


def local_path(target: str) -> str:
    r"""A path on this server, or "/": never another host.

    >>> local_path("/trends?from=2026-09"), local_path("//evil.example"), local_path("/\\\\evil")
    ('/trends?from=2026-09', '/', '/')
    """
    parts = urlsplit(target)
    is_local = target.startswith("/") and not target.startswith(("//", "/\\"))
    plain = is_local and not parts.netloc and not parts.scheme and "\\" not in target
    return target if plain and target.isprintable() and not target.startswith("/auth/") else "/"


def _claim_values(value: object) -> set[str]:
    """The values of a claim: a list, or one text."""
    if isinstance(value, str):
        return {value}
    return {str(each) for each in value} if isinstance(value, list) else set()


def _sign_in() -> SignInNeeded:
    return SignInNeeded(
        "Nobody is signed in.",
        "Expected a session of this page, or `Authorization: Bearer TOKEN` with a known token.",
        "Open the page to sign in, or ask who runs this server for a token.",
    )
