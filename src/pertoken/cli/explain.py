"""`variance`, `ptu`, `whatif`: why the cost moved, what capacity is worth, what would have been."""

from __future__ import annotations

from typing import Annotated

import typer

from pertoken.cli.explore import pair
from pertoken.cli.output import FormatOption, HubOption, OutputOption, check_format, hub_path, show
from pertoken.errors import ConfigError

_CELL_FIRST = (
    "x_ModelId", "x_TokenDirection", "x_TokenCacheAction", "x_DeploymentScope", "x_ServiceTier",
)  # fmt: skip
_PTU_FIRST = (
    "BillingMonth", "Deployment", "DeployedUnitHours", "ReservedUnitHours", "Utilisation",
    "IdleCost", "UnusedReservationCost", "EffectiveCost", "x_UnitCost", "PaygCostLow",
    "PaygCostHigh", "BreakEvenUtilisation", "AdvisedUnitsLow", "AdvisedUnitsHigh",
    "BillingCurrency",
)  # fmt: skip
whatif_app = typer.Typer(
    help="What a month's own tokens would have cost otherwise, at own dated prices.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
_WHATIF_FIRST = (
    "x_TokenQuantity", "CostBefore", "CostAfter", "Difference", "BillingCurrency", "PriceSource",
    "Reason",
)  # fmt: skip
_DAY = "YYYY-MM-DD or YYYY-MM."


def variance(
    from_month: Annotated[
        str | None, typer.Option("--from-month", help="The earlier billing month: YYYY-MM.")
    ] = None,
    to_month: Annotated[
        str | None, typer.Option("--to-month", help="The later billing month: YYYY-MM.")
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="Columns, tags or dimensions of attribution (Team, Application, ...), parted by "
            "commas; each group has its own effects.",
        ),
    ] = "",
    start: Annotated[
        str | None, typer.Option("--from", help=f"Instead of months: first day, {_DAY}")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help=f"Last day, exclusive: {_DAY}")] = None,
    compare_from: Annotated[
        str | None,
        typer.Option(
            "--compare-from", help="First day to compare with; else as many days right before."
        ),
    ] = None,
    compare_to: Annotated[
        str | None, typer.Option("--compare-to", help=f"Last day of it, exclusive: {_DAY}")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", help="COLUMN=VALUE; again for more, as for matrix."),
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", help="Only this BillingCurrency; never converts.")
    ] = None,
    drill: Annotated[
        str | None,
        typer.Option("--drill", help="The cells that make a driver, such as ModelMix; or all."),
    ] = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Why the cost of AI moved: effects that add to the difference exactly."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    names = tuple(each.strip() for each in by.split(",") if each.strip())
    result = Hub(hub_path(hub)).variance(
        from_month,
        to_month,
        by=names,
        where=[pair(each) for each in where or ()],
        start=start,
        end=end,
        compare_start=compare_from,
        compare_end=compare_to,
        currency=currency,
        drill=drill,
    )
    shown = ("Driver", "Component", "Effect", "BillingCurrency")
    cells = [each for each in _CELL_FIRST if drill and each not in names]
    tail = ("QuantityBefore", "QuantityAfter") if drill else ()
    show(result.table, format, output, first=(*names, *cells, *shown, *tail))
    if format == "table" and output is None and not drill:
        typer.echo()
        for row in result.to_dicts():
            place = "".join(f"{row[name]}, " for name in names)
            typer.echo(f"{place}{row['Driver']}: {row['Explanation']}")
    for note in result.notes:
        typer.echo(note, err=True)


def ptu(
    month: Annotated[
        str | None, typer.Option("--month", help="Only this billing month: YYYY-MM.")
    ] = None,
    by: Annotated[
        str, typer.Option("--by", help="month, or hour where telemetry has it.")
    ] = "month",
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """What provisioned capacity was used for, what idled, and what its tokens would cost."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    result = Hub(hub_path(hub)).ptu(month, by=by)
    show(result.table, format, output, first=_PTU_FIRST if by == "month" else ())
    for reason in dict.fromkeys(
        f"{row['BillingMonth']} {row['Deployment'] or row['ResourceId'] or ''}: {row['Reason']}"
        for row in result.to_dicts()
        if row.get("Reason")
    ):
        typer.echo(reason, err=True)


@whatif_app.callback()
def whatif(
    context: typer.Context,
    month: Annotated[
        str | None, typer.Option("--month", help="The billing month whose tokens count: YYYY-MM.")
    ] = None,
    switch: Annotated[
        list[str] | None,
        typer.Option(
            "--switch",
            help="FROM=TO: models (MODEL or MODEL@VERSION), tiers or scopes; again for more.",
        ),
    ] = None,
    token_ratio: Annotated[
        list[str] | None,
        typer.Option(
            "--token-ratio", help="Tokens of the new model for one of the old: N or MODEL=N."
        ),
    ] = None,
    cache_rate: Annotated[
        str | None, typer.Option("--cache-rate", help="Share of input read from the cache: 0 to 1.")
    ] = None,
    discount: Annotated[
        str | None, typer.Option("--discount", help="A further discount on every price: 0 to 1.")
    ] = None,
    ptu: Annotated[
        int | None, typer.Option("--ptu", help="Provisioned capacity at this many units instead.")
    ] = None,
    by: Annotated[
        str, typer.Option("--by", help="Columns to group by, parted by commas.")
    ] = "x_ModelId",
    where: Annotated[
        list[str] | None,
        typer.Option("--where", help="COLUMN=VALUE; again for more, as for matrix."),
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", help="Only this BillingCurrency; never converts.")
    ] = None,
    save: Annotated[
        str | None, typer.Option("--save", help="Keep the scenario in the hub under this name.")
    ] = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """What a month's own tokens would have cost otherwise, at own dated prices."""
    from pertoken.api import Hub  # noqa: PLC0415

    if context.invoked_subcommand is not None:
        return
    check_format(format)
    if month is None:
        raise ConfigError(
            "No month is given.",
            "Expected --month, whose tokens are priced anew.",
            "Give it as --month 2026-08, with a change such as --switch gpt-4o=gpt-4.1-mini.",
        )
    names = tuple(each.strip() for each in by.split(",") if each.strip())
    result = Hub(hub_path(hub)).whatif(
        month,
        switch or (),
        token_ratio=token_ratio or (),
        cache_rate=cache_rate,
        discount=discount,
        ptu=ptu,
        by=names,
        where=[pair(each) for each in where or ()],
        currency=currency,
        save=save,
    )
    show(result.table, format, output, first=(*names, *_WHATIF_FIRST))
    for assumption in dict.fromkeys(str(row["Assumption"]) for row in result.to_dicts()):
        typer.echo(f"Assumed: {assumption}.", err=True)


@whatif_app.command("list")
def scenarios(
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """The scenarios that the hub keeps, with what each said when it was saved."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    show(Hub(hub_path(hub)).scenarios().table, format, output)


@whatif_app.command("compare")
def compare(
    name: Annotated[str, typer.Argument(help="The name under which the scenario was saved.")],
    month: Annotated[str, typer.Option("--month", help="The later billing month: YYYY-MM.")],
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """What a saved scenario expected of a later month's tokens, and what they cost."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    show(Hub(hub_path(hub)).compare_scenario(name, month).table, format, output)
