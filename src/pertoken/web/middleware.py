"""What every response carries, and which requests are answered at all.

Security headers without inline script or style; only hosts that are ours (a name rebound to
loopback must not read the bill); a request that changes something must come from our own page.
Source: docs/page.md, "Safety"; OWASP, DNS rebinding and Cross-Site Request Forgery Prevention.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from pertoken.web.errors import BAD_REQUEST, FORBIDDEN, envelope

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_SAFE = ("GET", "HEAD", "OPTIONS")
_FOREIGN = ("cross-site", "same-site")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Guard:
    """Wraps an app: hosts, origins, headers, and HEAD as GET without a body."""

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], secure: bool) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._headers = dict(SECURITY_HEADERS)
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        headers = Headers(scope=scope)
        app = self._refusal(scope, headers) or self._app
        if is_head:
            scope = {**scope, "method": "GET"}
        await app(scope, receive, send_guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        host = headers.get("host", "")
        if self._hosts and _host_name(host) not in self._hosts:
            return envelope(
                BAD_REQUEST, "UnknownHost", "This server does not answer to that name.",
                where=scope["path"],
                help="Open it under the address that `pertoken serve` printed.",
            )  # fmt: skip
        if scope["method"] in _SAFE:
            return None
        origin = headers.get("origin") or headers.get("referer") or ""
        is_told = bool(origin) or not is_machine(headers)
        is_foreign = urlsplit(origin).netloc.casefold() != host.casefold() or not host
        if (is_told and is_foreign) or headers.get("sec-fetch-site", "same-origin") in _FOREIGN:
            return envelope(
                FORBIDDEN, "WrongOrigin", "The request does not come from this page.",
                where=scope["path"], help="Use the page itself.",
            )  # fmt: skip
        return None


def is_machine(headers: Headers) -> bool:
    """Whether a request carries a bearer token, which no browser adds by itself."""
    return headers.get("authorization", "").casefold().startswith("bearer ")


def _host_name(host: str) -> str:
    """A Host header without its port.

    >>> _host_name("[::1]:8790"), _host_name("LOCALHOST:80")
    ('::1', 'localhost')
    """
    return (urlsplit(f"//{host}").hostname or "").casefold() if _is_host(host) else ""


def _is_host(host: str) -> bool:
    try:
        return bool(urlsplit(f"//{host}").hostname)
    except ValueError:
        return False
