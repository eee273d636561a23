"""`check` and `focus export`: FOCUS rules in, FOCUS files out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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

CHECK_FIRST = ("Rule", "Severity", "Column", "Rows", "CostAtStake", "BillingCurrency", "Example")

focus_app = typer.Typer(help="FOCUS files out of the hub.", no_args_is_help=True)


def check(
    file: Annotated[
        Path | None, typer.Argument(help="Any FOCUS file (CSV or Parquet); without it, the hub.")
    ] = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """The FOCUS rules that charges break, and what the hub lacks: rows, cost, what to do."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    findings = Hub(hub_path(hub)).check(file)
    show(findings.table, format, output, first=CHECK_FIRST)
    if any(row["Severity"] == "error" for row in findings.to_dicts()):
        raise typer.Exit(PROBLEMS)


@focus_app.command("export")
def export(
    file: Annotated[
        Path, typer.Argument(help="The file to write; its ending says .parquet or .csv.")
    ],
    version: Annotated[str, typer.Option("--version", help="1.2, 1.3, 1.4 or 1.5-draft.")],
    hub: HubOption = None,
) -> None:
    """Write the charges of the hub as a FOCUS file, tokens counted as Tokens."""
    from pertoken.api import Hub  # noqa: PLC0415

    rows, missing = Hub(hub_path(hub)).export_focus(version, file)
    typer.echo(f"{rows:,} rows of FOCUS {version} in {file}", err=True)
    if missing:
        typer.echo(
            f"No source for the mandatory columns {', '.join(missing)}: they are NULL.", err=True
        )
