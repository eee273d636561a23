"""`anomalies`: what was not natural, and what people say of it."""

from __future__ import annotations

from typing import Annotated

import typer

from pertoken.cli.outlook import CurrencyOption, PlansOption  # noqa: TC001 - typer reads them
from pertoken.cli.output import FormatOption, HubOption, OutputOption, check_format, hub_path, show

anomalies_app = typer.Typer(
    help="What was not natural: where, since when, for how much, and why.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
_FIRST = (
    "Id", "Kind", "Start", "End", "ExtraCost", "BillingCurrency", "x_ModelId", "Deployment",
    "Application", "ResourceId", "Muted",
)  # fmt: skip


@anomalies_app.callback()
def anomalies(
    context: typer.Context,
    start: Annotated[
        str | None, typer.Option("--from", help="First day, inclusive: YYYY-MM-DD or YYYY-MM.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Last day, exclusive: YYYY-MM-DD or YYYY-MM.")
    ] = None,
    minimum_cost: Annotated[
        str,
        typer.Option("--minimum-cost", help="Hide findings that cost less; none is judged anew."),
    ] = "0",
    currency: CurrencyOption = None,
    notices: Annotated[
        bool, typer.Option("--notices", help="Also new models and drops, which are no alarms.")
    ] = False,
    hide_muted: Annotated[
        bool, typer.Option("--hide-muted", help="Leave out what was planned or marked.")
    ] = False,
    plans: PlansOption = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """What was not natural: where, since when, for how much, and why."""
    if context.invoked_subcommand is not None:
        return
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    result = Hub(hub_path(hub)).anomalies(
        start=start, end=end, minimum_cost=minimum_cost, currency=currency, notices=notices,
        muted=not hide_muted, plans=plans,
    )  # fmt: skip
    show(result.table, format, output, first=_FIRST)
    if format == "table" and output is None:
        typer.echo()
        for row in result.to_dicts():
            typer.echo(f"{row['Id']}  {row['Explanation']}")


@anomalies_app.command("mark")
def mark(
    identity: Annotated[str, typer.Argument(metavar="ID", help="The Id of a finding.")],
    said: Annotated[
        str, typer.Argument(metavar="MARK", help="expected, unexpected or muted (with --until).")
    ],
    by: Annotated[str, typer.Option("--by", help="Who says so.")],
    until: Annotated[
        str | None, typer.Option("--until", help="The last day that the mark holds: YYYY-MM-DD.")
    ] = None,
    note: Annotated[str | None, typer.Option("--note", help="Why, in a few words.")] = None,
    hub: HubOption = None,
) -> None:
    """Keep what you know of a finding: it is told with that from then on."""
    from pertoken.api import Hub  # noqa: PLC0415

    Hub(hub_path(hub)).mark_anomaly(identity, said, by=by, until=until, note=note)
    typer.echo(f"{identity} is {said}, says {by}.", err=True)
