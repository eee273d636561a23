"""`serve`: the page and the HTTP API of a hub, on loopback unless people sign in."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from pertoken.cli.output import HubOption, hub_path
from pertoken.errors import ConfigError


def serve(
    hub: HubOption = None,
    host: Annotated[
        str, typer.Option("--host", help="Address to bind; other than loopback only with login.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to bind; 0 for any free one.")] = 8790,
    no_open: Annotated[bool, typer.Option("--no-open", help="Open no browser.")] = False,
) -> None:
    """Serve the page and the HTTP API of a hub until it is stopped (Ctrl-C)."""
    serve_page(hub_path(hub), host=host, port=port, opens=not no_open and sys.stdout.isatty())


def serve_page(hub: str, *, host: str = "127.0.0.1", port: int | None, opens: bool) -> None:
    """Serve a hub, print the address on stdout, and open a browser where `opens`.

    Takes:  port, None for the usual one, or any free one where that is taken.

    Raises: ConfigError when the packages of the page are not installed.
    """
    if not has_page():
        raise ConfigError(
            "The packages of the page are not installed.",
            "Expected the extra `web`: FastAPI and uvicorn.",
            "Run `pip install 'pertoken[web]'`.",
        )
    from pertoken.web.serve import serve as serve_web  # noqa: PLC0415 - only here

    def started(address: str) -> None:
        typer.echo(address)
        sys.stdout.flush()
        if opens:
            import webbrowser  # noqa: PLC0415 - only where one is opened

            webbrowser.open(address)

    try:
        serve_web(hub, host=host, port=port, started=started)
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)


def has_page() -> bool:
    """Whether the packages of the page are installed."""
    return all(find_spec(name) is not None for name in ("fastapi", "uvicorn"))
