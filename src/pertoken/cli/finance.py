"""`bridge` and `commitments`: what finance asks of a month, and of what was bought ahead."""

from __future__ import annotations

from typing import Annotated

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

BRIDGE_FIRST = ("Step", "Kind", "Amount", "BillingCurrency")
COMMITMENTS_FIRST = (
    "BillingMonth", "CommitmentDiscountName", "CommitmentDiscountType", "PurchasedCost", "UsedCost",
    "UnusedCost", "OverageCost", "BalanceCost", "Utilisation", "Check", "BillingCurrency",
)  # fmt: skip


def bridge(
    month: Annotated[str, typer.Option("--month", help="The billing month: YYYY-MM.")],
    scope: Annotated[
        str | None,
        typer.Option("--scope", help="Only this scope, whole or by its last segment."),
    ] = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """From the invoice to BilledCost and EffectiveCost, every step with its amount."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    result = Hub(hub_path(hub)).bridge(month, scope=scope)
    show(result.table, format, output, first=BRIDGE_FIRST)
    for note in result.notes:
        typer.echo(note, err=True)
    report_findings(result.findings)


def commitments(
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Reservations and savings plans: bought, used, unused, beyond them, and what is left."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    result = Hub(hub_path(hub)).commitments()
    show(result.table, format, output, first=COMMITMENTS_FIRST)
    report_findings(result.findings)
