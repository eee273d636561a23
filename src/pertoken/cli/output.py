"""How a command answers: the table on stdout, talk on stderr, an exit code.

0 is ok, 1 failed, 2 bad usage or problems found in the data.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pertoken.errors import ConfigError, PertokenError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.reports import Table

FAILED = 1
PROBLEMS = 2

RUNS_FIRST = ("BillingMonth", "ExportName", "DatasetVersion", "Rows", "Status", "Reason")
DIFF_FIRST = (
    "ChargeDate", "ResourceId", "SkuMeter", "Change", "EffectiveCostBefore", "EffectiveCostAfter",
    "BillingCurrency",
)  # fmt: skip
METERS_FIRST = (
    "SkuMeter", "x_ModelId", "x_TokenDirection", "x_TokenCacheAction", "x_DeploymentScope",
    "x_MeterStatus", "BillingCurrency", "EffectiveCost", "ShareOfCost",
)  # fmt: skip
"""What a terminal shows of a table; every other format has all columns, in contract order."""

HubOption = Annotated[
    str | None,
    typer.Option("--hub", help="The hub's folder or URL; else $PERTOKEN_HUB, else ./pertoken-hub."),
]
FormatOption = Annotated[
    str, typer.Option("--format", "-f", help="table, csv, json, parquet or xlsx.")
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write to a file instead of stdout.")
]


def hub_path(option: str | None) -> str:
    """The hub's folder: the option, else $PERTOKEN_HUB, else ./pertoken-hub."""
    return option or os.environ.get("PERTOKEN_HUB") or "pertoken-hub"


def show(
    table: Table,
    format: str,  # noqa: A002
    output: Path | None,
    *,
    by: Sequence[str] | None = None,
    first: Sequence[str] = (),
) -> None:
    """Write a table to stdout or to a file.

    As text, a matrix (`by` given) is a hierarchy, and of another table only the columns in `first`
    are shown, so that a terminal has room for them.
    """
    from pertoken.reports import write  # noqa: PLC0415 - keeps --help fast

    if format == "table" and output is None and by is not None:
        from rich.console import Console  # noqa: PLC0415

        from pertoken.reports.matrix import matrix_text  # noqa: PLC0415

        matrix_text(table, by, Console(highlight=False))
        return
    if format == "table" and first:
        table = table.select(first)
        if output is None:
            typer.echo("More columns: --format csv.", err=True)
    write(table, format, output if output is not None else sys.stdout)


def check_format(format: str) -> None:  # noqa: A002
    """Refuse an unknown format before any work is done."""
    from pertoken.reports import FORMATS  # noqa: PLC0415

    if format not in FORMATS:
        raise ConfigError(
            f"'{format}' is not a format.",
            f"Expected one of {', '.join(FORMATS)}.",
            "Give one of them with --format.",
        )


def report_findings(findings: Sequence[str]) -> None:
    """Say on stderr what a person should know of the figures; then end with 2."""
    for finding in findings:
        typer.echo(finding, err=True)
    if findings:
        raise typer.Exit(PROBLEMS)


def report_error(error: PertokenError) -> int:
    """Print the three lines of an error on stderr; gives the exit code."""
    typer.echo(str(error), err=True)
    return PROBLEMS if isinstance(error, ConfigError) else FAILED
