"""`mcp`: the hub for assistants, over stdin and stdout or over HTTP."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer

from pertoken.cli.output import HubOption, hub_path
from pertoken.errors import ConfigError


def mcp(
    hub: HubOption = None,
    team: Annotated[
        list[str] | None,
        typer.Option(
            "--team",
            help="Answer as the team whose tags have KEY=VALUE; again for more. Not with --http.",
        ),
    ] = None,
    http: Annotated[
        bool, typer.Option("--http", help="Serve streamable HTTP at /mcp instead of stdin.")
    ] = False,
    host: Annotated[
        str,
        typer.Option(
            "--host", help="With --http: address to bind; others than loopback only with tokens."
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", help="With --http: port to bind; 0 for any free one.")
    ] = 8791,
) -> None:
    """Answer assistants (Model Context Protocol): read-only tools under the commands' names."""
    if any(find_spec(name) is None for name in ("mcp", "fastapi", "uvicorn")):
        raise ConfigError(
            "The packages for assistants are not installed.",
            "Expected the extras `mcp` and `web`.",
            "Run `pip install 'pertoken[mcp,web]'`.",
        )
    if http:
        if team:
            raise ConfigError(
                "--team goes with stdin only.",
                "Expected roles over HTTP to follow from each request's token.",
                "Grant the team a token (PERTOKEN_WEB_TOKENS, docs/page.md).",
            )
        from pertoken.web.serve import serve_assistants  # noqa: PLC0415 - only here

        serve_assistants(hub_path(hub), host=host, port=port, started=typer.echo)
        return
    import anyio  # noqa: PLC0415 - only here

    from pertoken.web.assistants import serve_stdio  # noqa: PLC0415 - only here
    from pertoken.web.people import THIS_MACHINE, person_of  # noqa: PLC0415 - only here

    person = person_of("team", [("team", _tags(team))]) if team else THIS_MACHINE
    anyio.run(serve_stdio, hub_path(hub), person)


def _tags(pairs: list[str]) -> dict[str, list[str]]:
    tags: dict[str, list[str]] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not (key and sign and value):
            raise ConfigError(
                f"'{pair}' is not KEY=VALUE.",
                "Expected a tag key, an equals sign and a value.",
                "Write it as --team team=search.",
            )
        tags.setdefault(key, []).append(value)
    return tags
