"""`demo` and `ingest`: bills into a hub, and the trust card."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pertoken.cli.output import (
    PROBLEMS,
    RUNS_FIRST,
    FormatOption,
    HubOption,
    OutputOption,
    check_format,
    hub_path,
    show,
)
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from pertoken.api import IngestResult
    from pertoken.telemetry import UsageFinding


def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Folders of exports (any depth), manifest.json, FOCUS files; az:// or s3:// URLs."
        ),
    ],
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what would be done, and touch nothing.")
    ] = False,
    wait: Annotated[
        float, typer.Option("--wait", help="Seconds to wait while another ingest writes the hub.")
    ] = 60.0,
    card: Annotated[
        Path | None, typer.Option("--card", help="Also write the trust card as JSON to this file.")
    ] = None,
    watch: Annotated[
        float | None,
        typer.Option("--watch", help="Ingest again this many minutes after each end."),
    ] = None,
    hub: HubOption = None,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Bring exports into the hub: one line per run found, then the trust card on stderr."""
    from pertoken.api import Hub  # noqa: PLC0415

    check_format(format)
    if watch is not None:
        if plan or card is not None or output is not None:
            raise ConfigError(
                "--watch and --plan, --card or --output were given together.",
                "Expected one of them: a watch says one line a round and prints no table.",
                "Leave one out.",
            )
        from pertoken.cli.watch import watch as keep_watch  # noqa: PLC0415 - only here

        path = hub_path(hub)

        def one_round() -> IngestResult:
            opened = Hub(path)
            try:
                return opened.ingest(*sources, wait_seconds=wait)
            finally:
                opened.close()

        keep_watch(watch, one_round)
        return
    result = Hub(hub_path(hub)).ingest(*sources, plan=plan, wait_seconds=wait)
    show(result.table, format, output, first=RUNS_FIRST)
    _talk(result, plan=plan)
    if card is not None and result.card is not None:
        card.write_text(
            json.dumps(result.card.to_json(), indent=2, ensure_ascii=False) + "\n", "utf-8"
        )
    if result.report.found_problems:
        raise typer.Exit(PROBLEMS)


def demo(
    hub: HubOption = None,
    no_serve: Annotated[
        bool,
        typer.Option("--no-serve", help="Print the matrix and stop; open no page."),
    ] = False,
    format: FormatOption = "table",  # noqa: A002
    output: OutputOption = None,
) -> None:
    """Ingest the bundled tenant, print its unit-cost matrix, and serve its page to a terminal."""
    from pertoken.api import Hub  # noqa: PLC0415
    from pertoken.cli.serve import has_page, serve_page  # noqa: PLC0415
    from pertoken.unit_economics import DEFAULT_BY  # noqa: PLC0415

    check_format(format)
    demo_hub = Hub(hub or demo_hub_path())
    result = demo_hub.ingest(demo_exports())
    show(demo_hub.matrix().table, format, output, by=DEFAULT_BY)
    _talk(result, plan=False)
    demo_hub.close()
    typer.echo(f"\nThe demo's hub: pertoken matrix --by x_ModelId --hub {demo_hub.path}", err=True)
    if result.report.problems:
        raise typer.Exit(PROBLEMS)
    if no_serve or not sys.stdout.isatty() or not has_page():
        typer.echo(f"Its page:       pertoken serve --hub {demo_hub.path}", err=True)
        return
    typer.echo("Its page, until Ctrl-C:", err=True)
    serve_page(str(demo_hub.path), port=None, opens=True)


def demo_exports() -> Path:
    """The exports of the bundled tenant, Northwind Traders (invented)."""
    return Path(__file__).parent.parent / "demo" / "northwind"


def demo_hub_path() -> Path:
    """Where the demo keeps its hub: the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "pertoken" / "demo-hub"


def _talk(result: IngestResult, *, plan: bool) -> None:
    """The trust card, or what a plan would write, on stderr."""
    from rich.console import Console  # noqa: PLC0415

    from pertoken.reports.trust_card import card_text  # noqa: PLC0415

    console = Console(stderr=True, highlight=False)
    if result.card is not None:
        console.print()
        card_text(result.card, console)
    for line in _usage_lines(result):
        typer.echo(line, err=True)
    for problem in result.report.problems if plan else ():
        typer.echo(str(problem), err=True)
    if plan:
        applied = [run for run in result.report.runs if run.status == "applied"]
        typer.echo(
            f"Plan: {len(applied)} of {len(result.report.runs)} runs stand for their month"
            + (f"; {files} of telemetry" if (files := _telemetry_found(result)) else "")
            + "; nothing was written.",
            err=True,
        )


def _usage_lines(result: IngestResult) -> list[str]:
    """What came of the telemetry in the sources, and what of it does not count."""
    report = result.report
    lines = []
    if report.usage_files or report.usage_known:
        known = f"; {_counted(report.usage_known, 'file')} known already"
        lines.append(
            f"Telemetry: {_counted(report.usage_files, 'new file')}, "
            f"{_counted(report.usage_rows, 'hour')} of usage{known if report.usage_known else ''}."
        )
    return lines + [_finding_line(finding) for finding in report.usage_findings]


def _telemetry_found(result: IngestResult) -> str:
    count = len({file.digest for file in result.report.telemetry})
    return _counted(count, "file") if count else ""


def _finding_line(finding: UsageFinding) -> str:
    readings = _counted(finding.rows, "reading")
    if finding.counts:
        words = f"{readings} with a doubt: {finding.reason}"
    elif finding.rows:
        words = f"{readings} not counted: {finding.reason}"
    else:
        words = finding.reason
    example = f", such as {finding.example}" if finding.example else ""
    return f"! {words} ({finding.path}{example})"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
