"""A store that breaks off, refuses or is not there: tried again within a limit, then said."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from pertoken.errors import StoreError
from pertoken.stores import StoreFile, StorePath, find_file, kept_files
from pertoken.stores.client import PIECE_TRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTENT = b"BilledCost\n1\n"


class BreakingServer(ThreadingHTTPServer):
    """Answers a download with fewer bytes than it promises, for the first `broken` requests."""

    daemon_threads = True

    def __init__(self, broken: int) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.broken = broken
        self.asked = 0
        self.authorizations: set[str] = set()


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, BreakingServer)
        server.asked += 1
        server.authorizations.add(self.headers.get("Authorization", ""))
        sent = CONTENT[:3] if server.asked <= server.broken else CONTENT
        self.send_response(206)
        for name, value in {
            "Content-Length": str(len(CONTENT)),
            "Content-Range": f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}",
            "ETag": '"1"',
            "Last-Modified": "Sun, 01 Feb 2026 06:00:00 GMT",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@contextmanager
def breaking(broken: int, environment: Callable[..., None]) -> Iterator[BreakingServer]:
    server = BreakingServer(broken)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment(
        PERTOKEN_AZURE_ACCOUNT="contoso",
        PERTOKEN_AZURE_TOKEN="eyJ0b2tlbg",  # noqa: S106 - no secret
        PERTOKEN_AZURE_ENDPOINT=f"http://127.0.0.1:{server.server_port}",
        PERTOKEN_STORE_ALLOW_HTTP="1",
    )
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def listed() -> StoreFile:
    """The file as a list would name it."""
    modified = datetime(2026, 2, 1, 6, tzinfo=UTC)
    return StoreFile(StorePath.of("az://bills/a.csv"), len(CONTENT), '"1"', modified)


def test_a_download_that_breaks_off_is_tried_again(environment: Callable[..., None]) -> None:
    """The Entra token goes as a bearer, and the copy has the time of the original."""
    with breaking(1, environment) as server:
        (copy,) = kept_files([listed()])
    assert copy.read_bytes() == CONTENT
    assert copy.stat().st_mtime == listed().modified.timestamp()
    assert server.asked == 2
    assert server.authorizations == {"Bearer eyJ0b2tlbg"}


def test_a_download_that_never_ends_well_is_an_error(
    environment: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    with breaking(99, environment) as server, pytest.raises(StoreError) as failed:
        kept_files([listed()])
    assert failed.value.found.startswith("az://bills/a.csv ")
    assert server.asked >= PIECE_TRIES
    assert f"attempt {PIECE_TRIES - 1} of {PIECE_TRIES}" in caplog.text
    assert "eyJ0b2tlbg" not in caplog.text + str(failed.value)


def test_a_store_that_nobody_serves_is_an_error(environment: Callable[..., None]) -> None:
    with breaking(0, environment):
        pass
    with pytest.raises(StoreError) as failed:
        find_file(StorePath.of("az://bills/a.csv"))
    assert len(str(failed.value).splitlines()) == 3
    assert failed.value.found.startswith("az://bills/a.csv cannot be looked for: ")
