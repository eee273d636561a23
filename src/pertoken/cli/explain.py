"""`variance`, `ptu`: why the cost moved, and what capacity is worth."""

from __future__ import annotations

from typing import Annotated

import typer

from pertoken.cli.explore import pair
from pertoken.cli.output import FormatOption, HubOption, OutputOption, check_format, hub_path, show

_CELL_FIRST = (
    "x_ModelId", "x_TokenDirection", "x_TokenCacheAction", "x_DeploymentScope", "x_ServiceTier",
)  # fmt: skip
_PTU_FIRST = (
    "BillingMonth", "Deployment", "DeployedUnitHours", "ReservedUnitHours", "Utilisation",
    "IdleCost", "UnusedReservationCost", "EffectiveCost", "x_UnitCost", "PaygEquivalentCost",
    "BreakEvenUtilisation", "AdvisedUnitsLow", "AdvisedUnitsHigh", "BillingCurrency",
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
    tail = ("QuantityBefore", "QuantityAfter") if drill else ("Explanation",)
    show(result.table, format, output, first=(*names, *cells, *shown, *tail))
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
