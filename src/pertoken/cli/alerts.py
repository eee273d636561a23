"""`budgets` and `alerts`: how budgets stand, and what somebody should act on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pertoken.cli.outlook import PlansOption, RulesOption, say
from pertoken.cli.output import (
    FAILED,
    FormatOption,
    HubOption,
    OutputOption,
    check_format,
    hub_path,
    show,
)

budgets_app = typer.Typer(
    help="How each budget of a month stands: actual, forecast, day of breach and odds.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
BudgetsOption = Annotated[
    Path | None,
    typer.Option("--budgets", help="A TOML or CSV file of budgets in the place of the hub's."),
]
_BUDGETS_FIRST = (
    "Budget", "BillingMonth", "BillingCurrency", "BudgetCost", "ActualCost", "EffectiveCost",
    "BudgetProbability", "BreachDate", "Status",
)  # fmt: skip
_ALERTS_FIRST = ("Severity", "Rule", "Owner", "Title", "SentTo")


@budgets_app.callback()
def budgets(
    context: typer.Context,
    file: BudgetsOption = None,
    month: Annotated[
        str | None, typer.Option("--month", help="YYYY-MM; else that of the first day ahead.")
    ] = None,
    plans: PlansOption = None,
    rules: RulesOption = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """How each budget of a month stands: actual, forecast, day of breach and odds."""
    if context.invoked_subcommand is not None:
        return
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    result = Hub(hub_path(hub)).budgets(file, month=month, plans=plans, rules=rules)
    show(result.table, format, output, first=_BUDGETS_FIRST)


@budgets_app.command("save")
def save(
    file: Annotated[Path, typer.Argument(help="A file of budgets (TOML or CSV).")],
    hub: HubOption = None,
) -> None:
    """Make a file of budgets the one that counts; earlier ones are kept."""
    from pertoken.api import Hub  # noqa: PLC0415

    typer.echo(f"The budgets that count: {Hub(hub_path(hub)).save_budgets(file)}", err=True)


def alerts(
    send: Annotated[
        bool, typer.Option("--send", help="Tell the channels what they have not had yet.")
    ] = False,
    channels: Annotated[
        Path | None, typer.Option("--channels", help="A TOML file of channels and thresholds.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="The time that it is, in UTC; else the system clock."),
    ] = None,
    budgets_file: BudgetsOption = None,
    plans: PlansOption = None,
    rules: RulesOption = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """What somebody should act on: exports, restatements, unread cost, budgets, anomalies."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    result = Hub(hub_path(hub)).alerts(
        channels, send=send, as_of=as_of, budgets=budgets_file, plans=plans, rules=rules
    )
    show(result.table, format, output, first=_ALERTS_FIRST)
    say(result.notes)
    say(result.findings)
    if result.findings:
        raise typer.Exit(FAILED)
