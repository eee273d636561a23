"""`export`: the hub for other products."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pertoken.cli.output import HubOption, hub_path
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

export_app = typer.Typer(help="The hub for other products.", no_args_is_help=True)


@export_app.command("powerbi")
def powerbi(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    audience: Annotated[
        str | None,
        typer.Option("--audience", metavar="TEAM", help="Only the rows attributed to this team."),
    ] = None,
    evidence: Annotated[
        str | None, typer.Option("--evidence", help="tags, telemetry or rules, as in attribute.")
    ] = None,
    hub_at: Annotated[
        str | None,
        typer.Option("--hub-at", help="Where Power BI finds the hub: a folder or https:// URL."),
    ] = None,
    tables_at: Annotated[
        str | None,
        typer.Option("--tables-at", help="Where Power BI finds DIR/tables; as --hub-at."),
    ] = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Write only the tables of an earlier export anew.")
    ] = False,
    hub: HubOption = None,
) -> None:
    """Write a Power BI project (PBIP) over the hub's Delta tables."""
    from pertoken.api import Hub  # noqa: PLC0415

    opened = Hub(hub_path(hub))
    if refresh:
        if any(each is not None for each in (audience, evidence, hub_at, tables_at)):
            raise ConfigError(
                "A refresh takes no other option.",
                "Expected the audience and evidence that the export was made with.",
                "Leave the other options out, or export a new project.",
            )
        made = opened.refresh_power_bi(folder)
    else:
        made = opened.export_power_bi(
            folder, audience=audience, evidence=evidence, hub_at=hub_at, tables_at=tables_at
        )
        typer.echo(
            f"{folder / 'pertoken.pbip'}: a Power BI project of {made.files} files", err=True
        )
    _say_rows(made.tables)
    for note in made.notes:
        typer.echo(note, err=True)


TablesOption = Annotated[
    list[str] | None,
    typer.Option("--table", help="Only this serving table; again for more."),
]


@export_app.command("parquet")
def parquet(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    table: TablesOption = None,
    hub: HubOption = None,
) -> None:
    """Write the hub's serving tables as Parquet, large ones a file a month."""
    _export_tables("parquet", folder, table, hub)


@export_app.command("csv")
def csv(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    table: TablesOption = None,
    hub: HubOption = None,
) -> None:
    """Write the hub's serving tables as CSV, safe to open in a spreadsheet."""
    _export_tables("csv", folder, table, hub)


@export_app.command("xlsx")
def xlsx(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    table: TablesOption = None,
    hub: HubOption = None,
) -> None:
    """Write the hub's serving tables as one workbook, a sheet each."""
    _export_tables("xlsx", file, table, hub)


@export_app.command("duckdb")
def duckdb(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    table: TablesOption = None,
    hub: HubOption = None,
) -> None:
    """Write the hub's serving tables as a DuckDB database."""
    _export_tables("duckdb", file, table, hub)


def _export_tables(format: str, target: Path, tables: list[str] | None, hub: str | None) -> None:  # noqa: A002
    from pertoken.api import Hub  # noqa: PLC0415

    _say_rows(Hub(hub_path(hub)).export_tables(format, target, tables=tables or ()))


def _say_rows(tables: Mapping[str, int]) -> None:
    for name, rows in tables.items():
        typer.echo(f"{name}: {rows:,} rows", err=True)
