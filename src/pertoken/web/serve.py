"""The server: bound to loopback, unless people sign in.

Source: docs/page.md, "Serving".
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from typing import TYPE_CHECKING

from pertoken.errors import ConfigError
from pertoken.web.app import create_app
from pertoken.web.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import ASGIApp

    from pertoken.web.settings import WebSettings

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8790


def serve(
    hub: str | Path,
    *,
    host: str = DEFAULT_HOST,
    port: int | None = DEFAULT_PORT,
    started: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve the page of a hub until it is stopped.

    Takes:   port, 0 for any free one, None for the usual one or else any free one; started,
             called with the address once the server answers.
    Raises:  ConfigError for a host other than loopback without login, and for an address that
             cannot be bound.
    """
    settings = read_settings()
    _check_host(host, settings)
    bound = _bound(host, DEFAULT_PORT if port is None else port, or_any=port is None)
    address = _address(host, bound)
    app = create_app(hub, settings=settings, address=address)
    _run(app, bound, started, settings.public_url or address)


def serve_assistants(
    hub: str | Path, *, host: str, port: int, started: Callable[[str], None]
) -> None:
    """Serve a hub to assistants over HTTP (Model Context Protocol) until it is stopped.

    Raises:  ConfigError for a host other than loopback without tokens, and for an address that
             cannot be bound.
    """
    from pertoken.web.assistants import PATH, mcp_app  # noqa: PLC0415 - needs the extra `mcp`

    settings = read_settings()
    if not is_loopback(host) and not settings.tokens:
        raise ConfigError(
            f"{host} is not loopback, and no token is known.",
            "Expected tokens for any address that others can reach.",
            "Set PERTOKEN_WEB_TOKENS (docs/page.md), or leave --host out.",
        )
    bound = _bound(host, port, or_any=False)
    names = ["127.0.0.1:*", "localhost:*", "[::1]:*"]
    app = mcp_app(hub, settings, names if is_loopback(host) else [])
    _run(app, bound, started, f"{_address(host, bound)}{PATH}")


def _run(app: ASGIApp, bound: socket.socket, started: Callable[[str], None], address: str) -> None:
    """Run an app on a bound socket until it is stopped; `started` gets the address."""
    import uvicorn  # noqa: PLC0415 - only a server needs it

    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, lifespan="on",
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    threading.Thread(target=_announce, args=(server, started, address), daemon=True).start()
    server.run(sockets=[bound])


def _address(host: str, bound: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{bound.getsockname()[1]}"


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_host(host: str, settings: WebSettings) -> None:
    if is_loopback(host):
        return
    if not settings.has_login:
        raise ConfigError(
            f"{host} is not loopback, and nobody has to sign in.",
            "Expected an OIDC provider or tokens for any address that others can reach.",
            "Set PERTOKEN_WEB_OIDC_ISSUER or PERTOKEN_WEB_TOKENS (docs/page.md), or leave --host "
            "out and forward a port.",
        )
    if settings.oidc_issuer is not None and settings.public_url is None:
        raise ConfigError(
            f"{host} is not loopback, and public_url is not set.",
            "Expected the address at which people open the page; the provider returns them to it.",
            "Set PERTOKEN_WEB_PUBLIC_URL, such as https://cost.example.com.",
        )


def _bound(host: str, port: int, *, or_any: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        if or_any:
            return _bound(host, 0, or_any=False)
        reason = error.strerror if isinstance(error, OSError) else "no such port"
        raise ConfigError(
            f"The address {host}:{port} cannot be bound: {reason}.",
            "Expected a free port of this machine.",
            "Stop what listens there, or take --port 0 for any free one.",
        ) from None
    return bound


def _announce(server: object, started: Callable[[str], None], address: str) -> None:
    """Call `started` once the server answers."""
    pause = threading.Event()
    for _ in range(2000):
        if getattr(server, "started", False):
            started(address)
            return
        pause.wait(0.01)
