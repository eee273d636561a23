"""`statement` and `journal`: what a team is charged, as documents, and how it is booked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pertoken.cli.output import (
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
    from pertoken.api import Result
    from pertoken.api.statements import Statements

statement_app = typer.Typer(
    help="Statements: drafted, approved by somebody else, issued, and verifiable for good.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
NumberArgument = Annotated[int, typer.Argument(help="The number of the statement.")]
ByOption = Annotated[str, typer.Option("--by", help="Who takes the step; recorded in the log.")]
LineOption = Annotated[int, typer.Option("--line", help="The number of the line.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; recorded in the log.")]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", help="The day whose organisation is shown; else what was booked."),
]
_LIST_FIRST = (
    "Statement", "BillingMonth", "Team", "BillingCurrency", "State", "Amount", "OpenDisputes",
    "PreparedBy", "ApprovedBy", "Hash",
)  # fmt: skip
_LINES_FIRST = (
    "Line", "Kind", "Team", "Amount", "Application", "x_ModelId", "x_TokenDirection",
    "x_TokenCacheAction", "x_UnitCost", "x_TokenQuantity", "Difference", "BillingCurrency",
)  # fmt: skip
_JOURNAL_FIRST = (
    "Entity", "BillingCurrency", "LedgerAccount", "CostCenter", "Team", "Debit", "Credit",
    "Statement", "Status", "SuspenseReason",
)  # fmt: skip
_DOCUMENTS = ("xlsx", "pdf")


@statement_app.command("draft")
def draft(
    month: Annotated[str, typer.Option("--month", help="The billing month: YYYY-MM.")],
    by: ByOption,
    team: Annotated[
        str | None, typer.Option("--team", help="One team; else the whole house.")
    ] = None,
    every_team: Annotated[
        bool, typer.Option("--every-team", help="One statement for each team that has cost.")
    ] = False,
    currency: Annotated[
        str | None, typer.Option("--currency", help="Only this BillingCurrency; never converts.")
    ] = None,
    cost: Annotated[
        str, typer.Option("--cost", help="The basis: Effective or Billed.")
    ] = "Effective",
    evidence: Annotated[
        str | None, typer.Option("--evidence", help="tags, telemetry or rules, as in `attribute`.")
    ] = None,
    idle: Annotated[
        str, typer.Option("--idle", help="Idle provisioned capacity: spread, show or owner.")
    ] = "spread",
    reservations: Annotated[
        str, typer.Option("--reservations", help="Shared reservations: billed or pooled.")
    ] = "billed",
    threshold: Annotated[
        str | None,
        typer.Option(
            "--threshold",
            help="The cost moved below which a correction is carried forward; else one minor unit.",
        ),
    ] = None,
    rate_card: Annotated[
        Path | None, typer.Option("--rate-card", help="A CSV of internal prices, shown beside.")
    ] = None,
    issuer: Annotated[
        str | None, typer.Option("--issuer", help="Who issues it, for the letterhead.")
    ] = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Draft the statement of a month, with corrections of months that were issued before."""
    check_format(format)
    result = _statements(hub).draft(
        month, by=by, team=team, every_team=every_team, currency=currency, cost=cost,
        evidence=evidence, idle=idle, reservations=reservations, threshold=threshold,
        rate_card=rate_card, issuer=issuer,
    )  # fmt: skip
    _show_list(result, format, output)


@statement_app.command("approve")
def approve(
    number: NumberArgument,
    by: ByOption,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Approve a draft; not by who prepared it."""
    check_format(format)
    _show_list(_statements(hub).approve(number, by=by), format, output)


@statement_app.command("issue")
def issue(
    number: NumberArgument,
    by: ByOption,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Issue an approved statement: from then on it books its month."""
    check_format(format)
    _show_list(_statements(hub).issue(number, by=by), format, output)


@statement_app.command("post")
def post(
    number: NumberArgument,
    by: ByOption,
    reference: Annotated[
        str, typer.Option("--reference", help="The voucher under which the ledger has it.")
    ],
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Record that an issued statement stands in the ledger."""
    check_format(format)
    _show_list(_statements(hub).post(number, by=by, reference=reference), format, output)


@statement_app.command("void")
def void(
    number: NumberArgument,
    by: ByOption,
    reason: ReasonOption,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Take a statement back; one that is posted is corrected in a later month instead."""
    check_format(format)
    _show_list(_statements(hub).void(number, by=by, reason=reason), format, output)


@statement_app.command("dispute")
def dispute(
    number: NumberArgument,
    line: LineOption,
    by: ByOption,
    reason: ReasonOption,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Dispute a line of a statement."""
    check_format(format)
    _show_list(_statements(hub).dispute(number, line=line, by=by, reason=reason), format, output)


@statement_app.command("resolve")
def resolve(
    number: NumberArgument,
    line: LineOption,
    by: ByOption,
    outcome: Annotated[
        str, typer.Option("--outcome", help="accepted or rejected; withdrawn by who raised it.")
    ],
    reason: ReasonOption,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Answer the open dispute of a line."""
    check_format(format)
    statements = _statements(hub)
    result = statements.resolve(number, line=line, by=by, outcome=outcome, reason=reason)
    _show_list(result, format, output)


@statement_app.command("list")
def list_statements(
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Every statement and where it stands."""
    check_format(format)
    _show_list(_statements(hub).list(), format, output)


@statement_app.command("show")
def show_statement(
    number: NumberArgument,
    view: Annotated[
        str,
        typer.Option(
            "--view",
            help="lines, models, applications, kinds, evidence, corrections, disputes, events "
            "or pins.",
        ),
    ] = "lines",
    as_of: AsOfOption = None,
    hub: HubOption = None,
    format: Annotated[  # noqa: A002
        str, typer.Option("--format", "-f", help="table, csv, json, parquet, xlsx or pdf.")
    ] = "table",
    output: OutputOption = None,
) -> None:
    """A statement: its lines or another view, or the whole of it as a workbook or PDF."""
    statements = _statements(hub)
    if format in _DOCUMENTS:
        _write_document(statements, number, format, output)
        return
    check_format(format)
    result = statements.show(number, view=view, as_of=as_of)
    show(result.table, format, output, first=_LINES_FIRST if view == "lines" else ())
    for line in _words(statements, number):
        typer.echo(line, err=True)


@statement_app.command("verify")
def verify(
    numbers: Annotated[
        list[int] | None, typer.Argument(help="Numbers of statements; all without any.")
    ] = None,
    printed_hash: Annotated[
        str | None, typer.Option("--hash", help="The hash printed on a copy of the statement.")
    ] = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Make statements again from what they pin, and check the chain."""
    check_format(format)
    result = _statements(hub).verify(*(numbers or ()), printed_hash=printed_hash)
    show(result.table, format, output)
    report_findings(result.findings)


def journal(
    month: Annotated[str, typer.Option("--month", help="The billing month: YYYY-MM.")],
    as_of: AsOfOption = None,
    clearing_account: Annotated[
        str, typer.Option("--clearing-account", help="Credited: where the invoice was booked.")
    ] = "CLEARING",
    suspense_account: Annotated[
        str, typer.Option("--suspense-account", help="Debited for what has no valid place.")
    ] = "SUSPENSE",
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """The journal of a month: debits equal to credits by entity and currency."""
    check_format(format)
    result = _statements(hub).journal(
        month, as_of=as_of, clearing_account=clearing_account, suspense_account=suspense_account
    )
    show(result.table, format, output, first=_JOURNAL_FIRST)


def _statements(hub: str | None) -> Statements:
    from pertoken.api import Hub  # noqa: PLC0415 - keeps --help fast

    return Hub(hub_path(hub)).statements


def _show_list(result: Result, format: str, output: Path | None) -> None:  # noqa: A002
    show(result.table, format, output, first=_LIST_FIRST)


def _write_document(
    statements: Statements,
    number: int,
    format: str,  # noqa: A002
    output: Path | None,
) -> None:
    if output is not None:
        statements.write(number, output, format=format)
        return
    if sys.stdout.isatty():
        raise ConfigError(
            f"{format} is made of bytes, and the output is a terminal.",
            "Expected a file or a pipe.",
            f"Add --output statement-{number}.{format}.",
        )
    sys.stdout.buffer.write(statements.document(number, format))


def _words(statements: Statements, number: int) -> list[str]:
    """What stands around the lines of a statement: totals, evidence, corrections, hash."""
    from pertoken.statements.views import headline  # noqa: PLC0415 - keeps --help fast

    return headline(statements.statement(number))
