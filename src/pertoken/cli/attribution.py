"""`attribute`, `reconcile`, `tags`, `rules`, `kpis`: who caused a cost, and whether it is right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pertoken.cli.output import FormatOption, HubOption, OutputOption, check_format, hub_path, show
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from pertoken.reports import Table

METRIC_DIMENSIONS = (
    "Team", "Application", "Feature", "Customer", "Environment", "Product", "CostCenter",
    "BusinessUnit", "Experiment", "Deployment",
)  # fmt: skip
rules_app = typer.Typer(
    help="The dated rules of a hub: what tags mean, which cost goes where, who a team is.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
RulesOption = Annotated[
    Path | None, typer.Option("--rules", help="A file of rules in the place of the hub's.")
]
PlatformOption = Annotated[
    bool,
    typer.Option(
        "--platform",
        help="The charges that are no AI charges and that the rules name, in the place of AI cost.",
    ),
]
ByOption = Annotated[
    str,
    typer.Option(
        "--by",
        help="Dimensions, parted by commas: Team, Application, Feature, Customer, Environment, "
        "CostCenter, Deployment, ..., and columns of the charge.",
    ),
]


ReservationsOption = Annotated[
    str,
    typer.Option(
        "--reservations",
        help="What capacity that shares a reservation pays: billed, or the pooled rate of the day.",
    ),
]


_GAPS_FIRST = (
    "ChargeDate", "Deployment", "x_ModelId", "x_TokenDirection", "GapTokens", "GapCost",
    "BillingCurrency", "ReasonCode",
)  # fmt: skip
_UNITS_FIRST = (
    "BillingCurrency", "MetricQuantity", "EffectiveCost", "x_UnitCost", "x_UnitCostUnit",
    "ResidualReason", "UnattributedShare",
)  # fmt: skip
_KPIS_FIRST = (
    "BillingMonth", "Team", "BillingCurrency", "EffectiveCost", "AttributedShare", "MeasuredShare",
    "TaggedShare", "CachedShare", "x_UnitCost",
)  # fmt: skip


def attribute(
    by: ByOption = "Team",
    evidence: Annotated[
        str | None,
        typer.Option(
            "--evidence", help="tags, telemetry or rules; else telemetry, then rules for the rest."
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First day, inclusive: YYYY-MM-DD or YYYY-MM.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Last day, exclusive: YYYY-MM-DD or YYYY-MM.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", help="Only this BillingCurrency; never converts.")
    ] = None,
    idle: Annotated[
        str,
        typer.Option("--idle", help="Idle provisioned capacity: spread, show or owner."),
    ] = "spread",
    reservations: ReservationsOption = "billed",
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="The day whose organisation counts; else that of the charge."),
    ] = None,
    per: Annotated[
        str, typer.Option("--per", help="Tokens of a unit cost: token, 1K or 1M.")
    ] = "1M",
    platform: PlatformOption = False,
    rules: RulesOption = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Who caused the cost: parts of the bill by any dimensions, the rest named."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    result = Hub(hub_path(hub)).attribute(
        _names(by),
        evidence=evidence,
        start=start,
        end=end,
        currency=currency,
        idle=idle,
        reservations=reservations,
        as_of=as_of,
        per=per,
        platform=platform,
        rules=rules,
    )
    first = ("BillingMonth", *_names(by), "BillingCurrency", "EffectiveCost", "x_TokenQuantity",
             "x_UnitCost", "Evidence", "ResidualReason", *_spread_column(result.table))  # fmt: skip
    show(result.table, format, output, first=tuple(dict.fromkeys(first)))
    for finding in result.findings:
        typer.echo(finding, err=True)


def reconcile(
    start: Annotated[
        str | None, typer.Option("--from", help="First day, inclusive: YYYY-MM-DD or YYYY-MM.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Last day, exclusive: YYYY-MM-DD or YYYY-MM.")
    ] = None,
    exceptions: Annotated[
        bool, typer.Option("--exceptions", help="Only gaps that somebody can do something about.")
    ] = False,
    claim: Annotated[
        Path | None,
        typer.Option(
            "--claim", help="A new or empty folder for the claim: claim.csv, claim.pdf, the rest."
        ),
    ] = None,
    claimant: Annotated[
        str | None, typer.Option("--claimant", help="Who claims, as claim.pdf names them.")
    ] = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Whether the bill agrees with the usage: every gap in tokens and cost, with its reason."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    asked = Hub(hub_path(hub))
    if claim is None:
        if claimant is not None:
            raise ConfigError(
                f"--claimant {claimant} names nobody without a claim.",
                "Expected --claim DIR beside it: only a claim says who claims.",
                "Add --claim DIR, or leave --claimant out.",
            )
        result = asked.reconcile(start=start, end=end, exceptions=exceptions)
        show(result.table, format, output, first=_GAPS_FIRST)
        return
    if exceptions:
        raise ConfigError(
            "--exceptions and --claim were given together.",
            "Expected one of them: a claim is made of the exceptions.",
            "Leave --exceptions out; not-claimed.csv holds those that are not claimed.",
        )
    from pertoken.reports.numbers import plain  # noqa: PLC0415

    made = asked.claim(claim, start=start, end=end, claimant=claimant)
    show(made.table(), format, output, first=_GAPS_FIRST)
    sums = ", ".join(f"{plain(cost)} {currency}" for currency, cost in made.totals().items())
    typer.echo(
        f"Claimed {sums} in {len(made.lines)} lines; {len(made.others)} exceptions are not "
        f"claimed. Written to {claim}.",
        err=True,
    )


def units(
    metric: Annotated[
        str | None,
        typer.Option("--metric", help="A metric of the hub; without it, all are listed."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", help="Dimensions that the metric is stated by; all of them if left."),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First day, inclusive: YYYY-MM-DD or YYYY-MM.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Last day, exclusive: YYYY-MM-DD or YYYY-MM.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", help="Only this BillingCurrency; never converts.")
    ] = None,
    evidence: Annotated[
        str | None,
        typer.Option(
            "--evidence", help="tags, telemetry or rules; else telemetry, then rules for the rest."
        ),
    ] = None,
    idle: Annotated[
        str, typer.Option("--idle", help="Idle provisioned capacity: spread, show or owner.")
    ] = "spread",
    reservations: ReservationsOption = "billed",
    aggregation: Annotated[
        str,
        typer.Option("--aggregation", help="How the metric adds up over days: sum, mean or max."),
    ] = "sum",
    per: Annotated[str, typer.Option("--per", help="Units of a unit cost: 1, 1K or 1M.")] = "1",
    rules: RulesOption = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Business unit economics: what a conversation, a ticket or an active user costs."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    result = Hub(hub_path(hub)).units(
        metric,
        None if by is None else _names(by),
        start=start,
        end=end,
        currency=currency,
        evidence=evidence,
        idle=idle,
        reservations=reservations,
        aggregation=aggregation,
        per=per,
        rules=rules,
    )
    names = result.table.column_names
    first = ("BillingMonth", *(_names(by) if by else METRIC_DIMENSIONS), *_UNITS_FIRST)
    shown = names if metric is None else tuple(name for name in first if name in names)
    show(result.table, format, output, first=tuple(dict.fromkeys(shown)))


def kpis(
    metric: Annotated[
        str | None,
        typer.Option("--metric", help="The business metric that divides the cost."),
    ] = None,
    rules: RulesOption = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Key figures of allocation, for the hub and for each team, month by month."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    result = Hub(hub_path(hub)).kpis(metric, rules=rules)
    show(result.table, format, output, first=_KPIS_FIRST)


def tags(
    drift: Annotated[
        bool, typer.Option("--drift", help="Where the value of a key changed, and when.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Days without a key that the resource has on others.")
    ] = False,
    sources: Annotated[
        bool, typer.Option("--sources", help="Where each value stands: charge, or inherited.")
    ] = False,
    rules: RulesOption = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Which share of the cost has each canonical tag, and how its spellings were read."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    result = Hub(hub_path(hub)).tags(drift=drift, repair=repair, sources=sources, rules=rules)
    show(result.table, format, output)


@rules_app.command("preview")
def preview(
    file: Annotated[Path, typer.Argument(help="A file of rules (TOML).")],
    by: ByOption = "Team",
    platform: PlatformOption = False,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """What a file of rules would move, before it is saved."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    moves = Hub(hub_path(hub)).preview_rules(file, _names(by), platform=platform)
    show(moves.table, format, output)


@rules_app.command("save")
def save(
    file: Annotated[Path, typer.Argument(help="A file of rules (TOML).")],
    by: Annotated[
        str | None,
        typer.Option("--by", help="Who saves it; else the user of the operating system."),
    ] = None,
    hub: HubOption = None,
) -> None:
    """Make a file of rules the one that counts; earlier ones are kept."""
    from pertoken.api import Hub  # noqa: PLC0415

    typer.echo(f"The rules that count: {Hub(hub_path(hub)).save_rules(file, by)}", err=True)


@rules_app.command("list")
def saved(
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Every file of rules that was saved, by whom and when; the one that counts first."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    show(Hub(hub_path(hub)).saved_rules().table, format, output)


def _spread_column(table: Table) -> tuple[str, ...]:
    """The column of spreads, for a table on the screen, where any row has one."""
    at = table.column_names.index("x_SpreadRule")
    return ("x_SpreadRule",) if any(row[at] for row in table.rows) else ()


def _names(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())
