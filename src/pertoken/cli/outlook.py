"""`forecast`, `backtest`, `accrual`: what it will cost, and how well that is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pertoken.cli.output import FormatOption, HubOption, OutputOption, check_format, hub_path, show
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

ByOption = Annotated[
    str,
    typer.Option(
        "--by",
        help="Groups, parted by commas: columns of the charge or meter, Tags.KEY, Scope, or who "
        "caused it (Team, Application, Deployment, CostCenter, ...).",
    ),
]
CurrencyOption = Annotated[
    str | None, typer.Option("--currency", help="Only this BillingCurrency; never converts.")
]
PlansOption = Annotated[
    Path | None,
    typer.Option("--plans", help="A TOML or CSV file of price changes and planned events."),
]
RulesOption = Annotated[
    Path | None, typer.Option("--rules", help="A file of rules in the place of the hub's.")
]
_FORECAST_FIRST = ("BillingCurrency", "EffectiveCost", "Low80", "High80", "Method")
_MONTH_FIRST = (
    "BillingCurrency", "ActualCost", "EffectiveCost", "Low80", "High80", "RunRateCost",
    "BudgetProbability", "BreachDate",
)  # fmt: skip
_BACKTEST_FIRST = (
    "Grain", "BillingCurrency", "Horizon", "Method", "Series", "MASE", "WAPE", "Within12Percent",
    "Coverage80", "Coverage95",
)  # fmt: skip


_ACCRUAL_FIRST = (
    "BillingCurrency", "ActualCost", "LateCost", "AccruedCost", "Low80", "High80", "MissingDays",
)  # fmt: skip
_TRUE_UP_FIRST = ("BillingCurrency", "AccruedCost", "FinalCost", "TrueUpCost", "State")


def forecast(
    by: ByOption = "",
    horizon: Annotated[
        int | None, typer.Option("--horizon", help="Days ahead; 30 unless told.")
    ] = None,
    month_end: Annotated[
        bool,
        typer.Option("--month-end", help="The end of a month: actual days and the rest expected."),
    ] = False,
    month: Annotated[
        str | None,
        typer.Option("--month", help="The month that ends: YYYY-MM; else that of the first day."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option("--budget", help="A budget of that month: the odds of it, the day of breach."),
    ] = None,
    currency: CurrencyOption = None,
    until: Annotated[
        str | None,
        typer.Option("--until", help="Leave this day and later ones out of the history."),
    ] = None,
    plans: PlansOption = None,
    rules: RulesOption = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """What AI use will cost, by day or at the end of a month, with intervals."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    groups = _names(by)
    asked = Hub(hub_path(hub))
    if month_end or month is not None or budget is not None:
        if horizon is not None:
            raise ConfigError(
                "A horizon was given for the end of a month.",
                "Expected one of them: the month's last day is the horizon.",
                "Leave --horizon out, or --month-end, --month and --budget.",
            )
        result = asked.month_end(
            groups, month=month, budget=budget, currency=currency, until=until, plans=plans,
            rules=rules,
        )  # fmt: skip
        show(result.table, format, output, first=("BillingMonth", *groups, *_MONTH_FIRST))
    else:
        result = asked.forecast(
            groups, horizon=30 if horizon is None else horizon, currency=currency, until=until,
            plans=plans, rules=rules,
        )  # fmt: skip
        show(result.table, format, output, first=("ChargeDate", *groups, *_FORECAST_FIRST))
    say(result.notes)


def backtest(
    by: ByOption = "x_ModelId",
    horizon: Annotated[
        str, typer.Option("--horizon", help="Days ahead, parted by commas.")
    ] = "7,30",
    currency: CurrencyOption = None,
    rules: RulesOption = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """How good forecasts would have been on this hub's history, against seasonal naive."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    try:
        horizons = [int(each) for each in _names(horizon)]
    except ValueError:
        raise ConfigError(
            f"'{horizon}' are no horizons.",
            "Expected days, parted by commas.",
            "Give --horizon such as 7,30.",
        ) from None
    result = Hub(hub_path(hub)).backtest(
        _names(by), horizons=horizons, currency=currency, rules=rules
    )
    show(result.table, format, output, first=_BACKTEST_FIRST)


def accrual(
    month: Annotated[str, typer.Option("--month", help="The month to accrue: YYYY-MM.")],
    by: ByOption = "CostCenter",
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="The day it is known on; else that of the newest run."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep it in the hub, for the true-up to come.")
    ] = False,
    currency: CurrencyOption = None,
    rules: RulesOption = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """What a month will turn out to have cost, by cost centre; later, the true-up against it."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    groups = _names(by)
    result = Hub(hub_path(hub)).accrual(
        month, groups, as_of=as_of, keep=keep, currency=currency, rules=rules
    )
    is_final = any(row["FinalCost"] is not None for row in result.to_dicts())
    shown = _TRUE_UP_FIRST if is_final else _ACCRUAL_FIRST
    show(result.table, format, output, first=("BillingMonth", *groups, *shown))
    say(result.notes)


def say(notes: Iterable[str]) -> None:
    """Notes on stderr."""
    for note in notes:
        typer.echo(note, err=True)


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
