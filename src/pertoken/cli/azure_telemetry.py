"""`azure telemetry fetch`: metrics and gateway logs of Azure, as files for an ingest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pertoken.cli.output import FormatOption, OutputOption, check_format, show

telemetry_app = typer.Typer(
    help="Telemetry that Azure keeps: what deployments and gateways counted.", no_args_is_help=True
)
_WORDS = {
    "zeros": "only zeros: unknown, not idle; an ingest names it and counts nothing",
    "empty": "nothing there; no file is written",
}


@telemetry_app.command("fetch")
def fetch(
    folder: Annotated[Path, typer.Argument(help="The folder of the files; made where missing.")],
    first: Annotated[str, typer.Option("--from", help="The first UTC day: YYYY-MM-DD.")],
    end: Annotated[str, typer.Option("--to", help="The UTC day after the last: YYYY-MM-DD.")],
    resources: Annotated[
        list[str] | None,
        typer.Option("--resource", help="Resource id of an account whose metrics to fetch."),
    ] = None,
    workspaces: Annotated[
        list[str] | None,
        typer.Option("--workspace", help="Id of a workspace with the log of API Management."),
    ] = None,
    endpoint: Annotated[
        str, typer.Option("--endpoint", help="Azure Resource Manager of a sovereign cloud.")
    ] = "https://management.azure.com",
    logs_endpoint: Annotated[
        str, typer.Option("--logs-endpoint", help="Log Analytics of a sovereign cloud.")
    ] = "https://api.loganalytics.io",
    plan: Annotated[
        bool, typer.Option("--plan", help="Print the requests, and send nothing.")
    ] = False,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Fetch hourly token metrics and gateway usage into files; `pertoken ingest` reads them."""
    from pertoken.periods import parse_day  # noqa: PLC0415
    from pertoken.pipeline.azure_telemetry import (  # noqa: PLC0415
        FETCHED,
        Fetch,
        fetched,
        requests_of,
    )
    from pertoken.reports import Column, Table  # noqa: PLC0415

    check_format(format)
    wanted = Fetch(
        tuple(resources or ()), tuple(workspaces or ()), parse_day(first), parse_day(end)
    )
    if plan:
        requests = requests_of(wanted)
        typer.echo(json.dumps(requests, indent=2))
        typer.echo(f"Plan: {len(requests)} requests; nothing was sent.", err=True)
        return
    rows = []
    for row in fetched(wanted, folder, endpoint=endpoint, logs_endpoint=logs_endpoint):
        rows.append(row)
        name, since, until, readings, state = *row[1:5], str(row[6])
        typer.echo(
            f"{name} {since} to {until}: {_WORDS.get(state) or f'{readings:,} readings'}", err=True
        )
    kinds = ("text", "text", "date", "date", "count", "count", "text", "text")
    columns = tuple(Column(name, kind) for name, kind in zip(FETCHED, kinds, strict=True))
    show(Table("telemetry", columns, tuple(rows)), format, output)
    if any(row[7] for row in rows):
        typer.echo(f"Now: pertoken ingest {folder}", err=True)
