"""The door: commands, and the one place where an unforeseen error is caught."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pertoken.cli import (
    alerts,
    anomalies,
    assistants,
    attribution,
    azure,
    conformance,
    doctor,
    explain,
    explore,
    export,
    finance,
    hub,
    ingestion,
    outlook,
    serve,
    statements,
)
from pertoken.cli.output import FAILED, report_error
from pertoken.errors import PertokenError
from pertoken.redaction import redacted
from pertoken.version import __version__

app = typer.Typer(
    name="pertoken",
    help="What every token costs, exact to the cent, from the bills that already exist.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(ingestion.demo)
app.command("ingest")(ingestion.ingest)
app.command("runs")(explore.runs)
app.command("periods")(explore.periods)
app.command("matrix")(explore.matrix)
app.add_typer(explore.meters_app, name="meters")
app.command("bridge")(finance.bridge)
app.command("variance")(explain.variance)
app.command("ptu")(explain.ptu)
app.add_typer(statements.statement_app, name="statement")
app.command("journal")(statements.journal)
app.add_typer(explain.whatif_app, name="whatif")
app.command("commitments")(finance.commitments)
app.command("attribute")(attribution.attribute)
app.command("reconcile")(attribution.reconcile)
app.command("units")(attribution.units)
app.command("kpis")(attribution.kpis)
app.command("tags")(attribution.tags)
app.add_typer(attribution.rules_app, name="rules")
app.add_typer(hub.hub_app, name="hub")
app.command("forecast")(outlook.forecast)
app.command("backtest")(outlook.backtest)
app.command("accrual")(outlook.accrual)
app.add_typer(anomalies.anomalies_app, name="anomalies")
app.add_typer(alerts.budgets_app, name="budgets")
app.command("alerts")(alerts.alerts)
app.add_typer(azure.azure_app, name="azure")
app.command("serve")(serve.serve)
app.command("mcp")(assistants.mcp)
app.command("doctor")(doctor.doctor)
app.command("check")(conformance.check)
app.add_typer(conformance.focus_app, name="focus")
app.add_typer(export.export_app, name="export")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"pertoken {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """What every token costs, exact to the cent, from the bills that already exist."""


def main() -> None:
    """Run the command line."""
    try:
        app()
    except PertokenError as error:
        sys.exit(report_error(error))
    except BrokenPipeError:
        # The reader of stdout, such as `head`, has gone: that is no failure of ours.
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        typer.echo("Stopped; the hub is as the last commit left it.", err=True)
        sys.exit(FAILED)
    except Exception:  # noqa: BLE001 - the outermost door
        import traceback  # noqa: PLC0415

        typer.echo(redacted(traceback.format_exc()), err=True)
        typer.echo(
            "pertoken met an error that it did not foresee.\n"
            "Expected no such error from any input.\n"
            "Report it with the lines above and the command; the hub is as it was.",
            err=True,
        )
        sys.exit(FAILED)
