"""A service of Azure on loopback: JSON over HTTP in a thread, between `with` and its end."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """An answer that is an error, as Azure words it; `retry` is its header Retry-After."""

    def __init__(self, status: int, code: str, message: str, retry: str = "") -> None:
        super().__init__(message)
        self.status, self.retry = status, retry
        self.answer = {"error": {"code": code, "message": message}}


class LoopbackService:
    """Serves what `respond` says; a subclass is a service."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def respond(
        self, method: str, path: str, authorization: str | None, body: bytes
    ) -> tuple[int, Any]:
        """The status and JSON of an answer (None: no content); raises Refused."""
        raise NotImplementedError

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler_of(service: LoopbackService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            retry = ""
            try:
                status, answer = service.respond(
                    self.command, self.path, self.headers.get("Authorization"), body
                )
            except Refused as refused:
                status, answer, retry = refused.status, refused.answer, refused.retry
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            if retry:
                self.send_header("Retry-After", retry)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = _take  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
