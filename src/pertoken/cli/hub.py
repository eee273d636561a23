"""`hub compact`, `hub vacuum` and `hub retain`: what keeps a hub small."""

from __future__ import annotations

from typing import Annotated

import typer

from pertoken.cli.output import (
    FormatOption,
    HubOption,
    OutputOption,
    check_format,
    hub_path,
    show,
)

hub_app = typer.Typer(help="Upkeep of the hub.", no_args_is_help=True)
PlanOption = Annotated[
    bool, typer.Option("--plan", help="Say what would be done, and touch nothing.")
]
WaitOption = Annotated[
    float, typer.Option("--wait", help="Seconds to wait while an ingest writes the hub.")
]


@hub_app.command("compact")
def compact(
    plan: PlanOption = False,
    wait: WaitOption = 60.0,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Merge the small files of every month and scope; no row changes."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    result = Hub(hub_path(hub)).compact(plan=plan, wait_seconds=wait)
    show(result.table, format, output)
    files = sum(int(str(row["Files"])) for row in result.to_dicts())
    _say(f"{files:,} files become {len(result):,}.", plan=plan)


@hub_app.command("vacuum")
def vacuum(
    keep_hours: Annotated[
        float,
        typer.Option(
            "--keep-hours", help="Keep what a reader may have opened in these last hours."
        ),
    ] = 24.0,
    plan: PlanOption = False,
    wait: WaitOption = 60.0,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Remove data files of replaced months and killed writes, which no kept commit needs."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    result = Hub(hub_path(hub)).vacuum(keep_hours=keep_hours, plan=plan, wait_seconds=wait)
    show(result.table, format, output)
    rows = result.to_dicts()
    files = sum(int(str(row["RemovedFiles"])) for row in rows)
    size = sum(int(str(row["RemovedBytes"])) for row in rows)
    _say(f"{files:,} files of {size / 1e6:,.1f} MB removed.", plan=plan)


@hub_app.command("retain")
def retain(
    months: Annotated[int, typer.Argument(help="How many of the last billing months to keep.")],
    plan: PlanOption = False,
    wait: WaitOption = 60.0,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Keep the last billing months of charges and usage; `runs` and `periods` say what went."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    result = Hub(hub_path(hub)).retain(months, plan=plan, wait_seconds=wait)
    show(result.table, format, output)
    dropped = sorted(
        {str(row["BillingMonth"]) for row in result.to_dicts() if row["Change"] == "dropped"}
    )
    words = f"{dropped[0]} to {dropped[-1]}" if dropped else "none"
    _say(f"Months dropped: {words}. `pertoken hub vacuum` frees the disk.", plan=plan)


def _say(words: str, *, plan: bool) -> None:
    typer.echo(f"Plan: {words} Nothing was written." if plan else words, err=True)
