"""`azure exports`: the exports of Cost Management, listed, made and run; `azure`, its group."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from pertoken.cli.azure_telemetry import telemetry_app
from pertoken.cli.output import FormatOption, OutputOption, check_format, show

azure_app = typer.Typer(help="Azure's control plane.", no_args_is_help=True)
exports_app = typer.Typer(
    help="Exports of Microsoft Cost Management: where the bills come from.", no_args_is_help=True
)
azure_app.add_typer(exports_app, name="exports")
azure_app.add_typer(telemetry_app, name="telemetry")

LISTED_FIRST = (
    "ExportName", "Dataset", "DatasetVersion", "Timeframe", "State", "LastRun", "LastStatus",
)  # fmt: skip
ScopeOption = Annotated[
    str,
    typer.Option(
        "--scope",
        help="The resource id of a billing account, billing profile or subscription.",
    ),
]
EndpointOption = Annotated[
    str, typer.Option("--endpoint", help="Azure Resource Manager of a sovereign cloud.")
]
PUBLIC = "https://management.azure.com"


@exports_app.command("list")
def list_exports(
    scope: ScopeOption,
    endpoint: EndpointOption = PUBLIC,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """The exports of a scope, and how the last run of each ended."""
    from pertoken.integrations.azure.exports import LISTED, Exports  # noqa: PLC0415
    from pertoken.reports import Column, Table  # noqa: PLC0415

    check_format(format)
    rows = tuple(Exports(scope, endpoint=endpoint).listed())
    table = Table("exports", tuple(Column(name, "text") for name in LISTED), rows)
    show(table, format, output, first=LISTED_FIRST)


@exports_app.command("create")
def create(
    scope: ScopeOption,
    storage_account: Annotated[
        str, typer.Option("--storage-account", help="The resource id of the storage account.")
    ],
    container: Annotated[str, typer.Option("--container", help="The container in it.")],
    folder: Annotated[
        str, typer.Option("--folder", help="The folder in the container.")
    ] = "exports",
    datasets: Annotated[
        str,
        typer.Option(
            "--datasets",
            help="Of focus, prices, reservation-details, reservation-transactions; by commas.",
        ),
    ] = "focus,prices",
    name: Annotated[
        str, typer.Option("--name", help="What the names of the exports begin with.")
    ] = "pertoken",
    location: Annotated[
        str | None,
        typer.Option(
            "--location", help="Region of a managed identity, for an account behind a firewall."
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", help="First day of the schedule; tomorrow, UTC.")
    ] = None,
    endpoint: EndpointOption = PUBLIC,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print the bodies of the requests, and send nothing.")
    ] = False,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Make scheduled exports; one that exists under its name stays as it is."""
    from pertoken.integrations.azure import Exports, Placement, export_plans  # noqa: PLC0415
    from pertoken.periods import parse_day  # noqa: PLC0415
    from pertoken.reports import Column, Table  # noqa: PLC0415

    check_format(format)
    first = parse_day(start) if start else (datetime.now(UTC) + timedelta(days=1)).date()
    placement = Placement(storage_account, container, folder, location)
    names = [each.strip() for each in datasets.split(",") if each.strip()]
    plans = export_plans(scope, placement, names, prefix=name, start=first)
    if plan:
        bodies = [
            {"method": "PUT", "path": f"{scope}/providers/Microsoft.CostManagement/exports/"
             f"{each.name}", "body": each.body}
            for each in plans
        ]  # fmt: skip
        typer.echo(json.dumps(bodies, indent=2))
        typer.echo(f"Plan: {len(plans)} exports; nothing was sent.", err=True)
        return
    rows = tuple(Exports(scope, endpoint=endpoint).create(plans))
    columns = tuple(Column(each, "text") for each in ("ExportName", "Dataset", "Change"))
    show(Table("exports", columns, rows), format, output)


@exports_app.command("run")
def run(
    scope: ScopeOption,
    name: Annotated[str, typer.Option("--name", help="The export to run.")],
    first: Annotated[str, typer.Option("--from-month", help="The first month: YYYY-MM.")],
    last: Annotated[str, typer.Option("--to-month", help="The last month, inclusive: YYYY-MM.")],
    endpoint: EndpointOption = PUBLIC,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print the bodies of the requests, and send nothing.")
    ] = False,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Backfill: ask for one run per month, the newest first, as a run covers one month at most."""
    from pertoken.integrations.azure import Exports, month_requests  # noqa: PLC0415
    from pertoken.integrations.azure.definitions import check_scope  # noqa: PLC0415
    from pertoken.periods import parse_month  # noqa: PLC0415
    from pertoken.reports import Column, Table  # noqa: PLC0415

    check_format(format)
    since, until = parse_month(first), parse_month(last)
    requests = month_requests(since, until)
    if plan:
        check_scope(scope)
        path = f"{scope}/providers/Microsoft.CostManagement/exports/{name}/run"
        bodies = [{"method": "POST", "path": path, "body": body} for _, body in requests]
        typer.echo(json.dumps(bodies, indent=2))
        typer.echo(f"Plan: {len(requests)} runs; nothing was sent.", err=True)
        return
    rows: list[tuple[str, str, str]] = []
    for month, state in Exports(scope, endpoint=endpoint).run(name, since, until):
        typer.echo(f"{month} {state}, {len(rows) + 1} of {len(requests)}", err=True)
        rows.append((name, month, state))
    columns = tuple(Column(each, "text") for each in ("ExportName", "BillingMonth", "Change"))
    show(Table("runs", columns, tuple(rows)), format, output)
