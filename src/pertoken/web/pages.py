"""The bundle of the page: its files, held in memory with their gzip form.

Every route of the page is the same document; a path that is none of them gets it with status 404,
and the page says so. The paths of the pages stand in the bundle, in `pages.json`. Files with a hash
in their name never change and are kept for a year.
Source: docs/page.md.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from pertoken.errors import ConfigError
from pertoken.web.answers import finished
from pertoken.web.errors import UNKNOWN, SignInNeeded, envelope

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.resources.abc import Traversable

    from starlette.requests import Request

    from pertoken.web.store import Body

_PATHS = "/pages.json"
_FOREVER = "public, max-age=31536000, immutable"


class Bundle:
    """The files that `make frontend` builds."""

    def __init__(self) -> None:
        folder = files("pertoken.web") / "static"
        self._bodies: dict[str, Body] = {}
        self._etags: dict[str, str] = {}
        if not all((folder / name).is_file() for name in ("index.html", "pages.json")):
            raise ConfigError(
                "The page is not built.",
                "Expected src/pertoken/web/static/index.html, which a release contains.",
                "Run `make frontend`, or install a released wheel.",
            )
        self._read(folder, "/")
        self._pages = frozenset(json.loads(self._bodies.pop(_PATHS).content))

    def response(self, request: Request, sign_in: Callable[[Request], str | None]) -> Response:
        """A file of the bundle, or the document of the page.

        Takes:   sign_in, which gives the address to sign in at, or None for who may read on.
        """
        path = request.url.path
        if path.startswith(("/api/", "/auth/")) or path in ("/api", "/auth"):
            return envelope(
                UNKNOWN, "NotFound", f"There is nothing at {path}.", where=path,
                help="See /api/openapi.json for what there is.",
            )  # fmt: skip
        if path in self._bodies and path != "/index.html":
            return self._sent(
                request, path, _FOREVER if path.startswith("/assets/") else "no-cache"
            )
        if path.startswith("/assets/"):
            return envelope(UNKNOWN, "NotFound", f"There is nothing at {path}.", where=path,
                            help="Load the page anew.")  # fmt: skip
        try:
            address = sign_in(request)
        except SignInNeeded:
            address = None
        if address is not None:
            return RedirectResponse(address, 302, headers={"Cache-Control": "no-store"})
        response = self._sent(request, "/index.html", "no-cache")
        if path not in self._pages and response.status_code != 304:  # noqa: PLR2004 - not modified
            response.status_code = UNKNOWN
        return response

    def _read(self, folder: Traversable, prefix: str) -> None:
        for entry in folder.iterdir():
            path = f"{prefix}{entry.name}"
            if entry.is_dir():
                self._read(entry, f"{path}/")
                continue
            kind = mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
            kind = {"text/javascript": "application/javascript"}.get(kind, kind)
            if kind.startswith("text/") or kind == "application/javascript":
                kind = f"{kind}; charset=utf-8"
            content = entry.read_bytes()
            self._bodies[path] = finished(content, kind)
            self._etags[path] = f'"{hashlib.sha256(content).hexdigest()[:24]}"'

    def _sent(self, request: Request, path: str, keep: str) -> Response:
        body, etag = self._bodies[path], self._etags[path]
        headers = {"Cache-Control": keep, "Vary": "Accept-Encoding", "ETag": f"W/{etag}"}
        if f"W/{etag}" in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        content = body.content
        if body.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            content = body.compressed
            headers["Content-Encoding"] = "gzip"
        return Response(content, headers=headers, media_type=body.media_type)
