"""`ingest --watch`: one ingest after the other, until the process is told to stop.

SIGTERM and Ctrl-C end it with 0. While it waits that is at once; in a round it is an exception that
leaves through the same doors as any other, so the lock is let go and the hub is as its last commit.
"""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Never

import typer

from pertoken.cli.output import report_error
from pertoken.errors import ConfigError, PertokenError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from pertoken.api import IngestResult


class Stopped(BaseException):
    """The process was told to stop; no error, so no handler of errors takes it."""


def watch(minutes: float, ingest: Callable[[], IngestResult]) -> None:
    """Ingest, wait, and again, until SIGTERM or Ctrl-C.

    Takes:   minutes between the end of a round and the next; what a round does.
    Raises:  ConfigError for no time to wait, and where a round has one: it would have it again.
    """
    if not 0 < minutes < threading.TIMEOUT_MAX / 60:
        raise ConfigError(
            f"'{minutes:g}' minutes cannot be waited.",
            "Expected more than 0.",
            "Give --watch 60 for an ingest every hour.",
        )
    before = {each: signal.signal(each, _stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        while True:
            _round(ingest)
            threading.Event().wait(minutes * 60)
    except Stopped:
        typer.echo("Stopped; the hub is as the last commit left it.", err=True)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _round(ingest: Callable[[], IngestResult]) -> None:
    """One ingest and its line; an error of a source or the hub is said, and ends the round only."""
    try:
        report = ingest().report
    except ConfigError:
        raise
    except PertokenError as error:
        report_error(error)
        typer.echo(f"{_now()} nothing was ingested; the next round tries again", err=True)
        return
    refused = sum(run.status == "refused" for run in report.runs) + len(report.problems)
    months = {(each.scope, each.month) for each in report.written} | set(report.emptied)
    words = f"{_now()} {len(report.runs):,} runs found, {len(months):,} months written"
    words += f", {report.usage_files:,} files of telemetry" if report.usage_files else ""
    words += f", {refused:,} refused or no export (pertoken runs)" if refused else ""
    typer.echo(words, err=True)


def _stop(_signal: int, _frame: FrameType | None) -> Never:
    raise Stopped


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
