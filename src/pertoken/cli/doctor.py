"""`doctor`: what this installation and its hub are fit for."""

from __future__ import annotations

import typer

from pertoken.cli.output import (
    PROBLEMS,
    FormatOption,
    HubOption,
    OutputOption,
    check_format,
    hub_path,
    show,
)


def doctor(
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Versions, extras, room, and the health of the hub, each with the command that mends it."""
    from pertoken.api.health import health  # noqa: PLC0415

    check_format(format)
    found = health(hub_path(hub))
    show(found, format, output)
    if any(row["Status"] == "problem" for row in found.to_dicts()):
        raise typer.Exit(PROBLEMS)
