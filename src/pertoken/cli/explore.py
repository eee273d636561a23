"""`runs`, `periods`, `matrix`, `meters`: questions to the hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pertoken.cli.output import (
    DIFF_FIRST,
    METERS_FIRST,
    RUNS_FIRST,
    FormatOption,
    HubOption,
    OutputOption,
    check_format,
    hub_path,
    report_findings,
    show,
)
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

ReportingOption = Annotated[
    str | None,
    typer.Option(
        "--reporting-currency",
        help="Also costs in this currency, by the rate table of the hub; what was billed stays.",
    ),
]
RateOption = Annotated[
    str, typer.Option("--rate", help="Rate of each billing month: average or closing.")
]
meters_app = typer.Typer(
    help="The AI meters of the hub, how each was read, and what it cost.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


def runs(
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Every run ever handed over: what was decided about it, and why."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    show(Hub(hub_path(hub)).runs().table, format, output, first=RUNS_FIRST)


def periods(
    diff: Annotated[
        str | None,
        typer.Option(
            "--diff", help="What a later complete run changed in a closed month: YYYY-MM."
        ),
    ] = None,
    reporting_currency: ReportingOption = None,
    rate: RateOption = "average",
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Rows and costs of every month and scope, all charges, and the state of the month."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    if diff is not None:
        changes = Hub(hub_path(hub)).restatement(diff)
        show(changes.table, format, output, first=DIFF_FIRST)
        if not len(changes):
            typer.echo(f"{diff} was not restated.", err=True)
        return
    result = Hub(hub_path(hub)).periods(reporting_currency=reporting_currency, rate=rate)
    show(result.table, format, output)
    report_findings(result.findings)


def matrix(
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            help="Columns to group by: FOCUS or x_ columns, BillingMonth, ChargeDate, Tags.KEY; "
            "parted by commas. Default: x_SkuMeterCategory,x_SkuMeterSubcategory,SkuMeter.",
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First day, inclusive: YYYY-MM-DD or YYYY-MM.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Last day, exclusive: YYYY-MM-DD or YYYY-MM.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            help="COLUMN=VALUE; again for more. Values of one column are alternatives; "
            "an empty value means unknown.",
        ),
    ] = None,
    per: Annotated[
        str, typer.Option("--per", help="Tokens of a unit cost: token, 1K or 1M.")
    ] = "1M",
    currency: Annotated[
        str | None, typer.Option("--currency", help="Only this BillingCurrency; never converts.")
    ] = None,
    cost: Annotated[
        str, typer.Option("--cost", help="Cost of a unit: Effective, Billed, List or Contracted.")
    ] = "Effective",
    all_charges: Annotated[
        bool, typer.Option("--all-charges", help="All charges, not only AI.")
    ] = False,
    savings: Annotated[
        bool,
        typer.Option("--savings", help="Also negotiated, commitment and total savings."),
    ] = False,
    reporting_currency: ReportingOption = None,
    rate: RateOption = "average",
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """What every token costs: cost, tokens and unit cost by any columns."""
    from pertoken.api import Hub  # noqa: PLC0415
    from pertoken.unit_economics import DEFAULT_BY  # noqa: PLC0415

    check_format(format)
    columns = (
        DEFAULT_BY if by is None else tuple(each.strip() for each in by.split(",") if each.strip())
    )
    result = Hub(hub_path(hub)).matrix(
        columns,
        where=[pair(each) for each in where or ()],
        start=start,
        end=end,
        currency=currency,
        cost=cost,
        per=per,
        all_charges=all_charges,
        savings=savings,
        reporting_currency=reporting_currency,
        rate=rate,
    )
    more = _more_columns(columns, result.columns)
    show(result.table, format, output, by=None if more else columns, first=more)
    report_findings(result.findings)


@meters_app.callback()
def meters(
    context: typer.Context,
    unread: Annotated[
        bool, typer.Option("--unread", help="Only meters that are not recognised.")
    ] = False,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """The AI meters of the hub: how each was read, its cost and its share of AI cost."""
    if context.invoked_subcommand is not None:
        return
    from pertoken.api import Hub  # noqa: PLC0415
    from pertoken.pipeline.views import read_shares  # noqa: PLC0415
    from pertoken.reports.numbers import share_text  # noqa: PLC0415

    check_format(format)
    opened = Hub(hub_path(hub))
    show(opened.meters(unread=unread).table, format, output, first=METERS_FIRST)
    for currency, share in read_shares(opened.meters().table).items():
        typer.echo(
            f"{currency}: {share_text(share)} of AI cost is on meters that are read.", err=True
        )


@meters_app.command("classify")
def classify(
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV with meterName and, where known, productName, "
            "serviceName, unitOfMeasure, meterId."
        ),
    ],
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Read meter names from a file: what each meter measures, or why it cannot be read."""
    from pertoken.api.classify import classified_meters  # noqa: PLC0415

    check_format(format)
    show(classified_meters(file).table, format, output, first=("meterName", *METERS_FIRST[1:6]))


def _more_columns(by: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    """What a terminal shows of a matrix with savings or converted costs; nothing for a plain one.

    The hierarchy has room for the columns of a plain matrix only.
    """
    more = [
        name for name in columns if "Savings" in name or "Reporting" in name or "Unpriced" in name
    ]
    if not more:
        return ()
    return tuple(dict.fromkeys((*by, "BillingCurrency", "EffectiveCost", *more)))


@meters_app.command("relations")
def relations(
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV of prices: meterName, productName, unitOfMeasure, retailPrice "
            "or unitPrice, a region and a currency."
        ),
    ],
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Prices that do not stand to each other as the readings of their meters say they should."""
    from pertoken.api.classify import suspicious_prices  # noqa: PLC0415

    check_format(format)
    suspicions, pairs = suspicious_prices(file)
    show(suspicions.table, format, output)
    typer.echo(
        f"{len(suspicions):,} of {pairs:,} pairs of prices are outside their band.", err=True
    )


def pair(text: str) -> tuple[str, str]:
    """A column and a value from COLUMN=VALUE; raises ConfigError on any other text."""
    column, sign, value = text.partition("=")
    if not sign or not column.strip():
        raise ConfigError(
            f"'{text}' is no condition.",
            "Expected COLUMN=VALUE, such as x_ModelId=gpt-4.1-mini.",
            "Give --where in that form.",
        )
    return column.strip(), value.strip()
