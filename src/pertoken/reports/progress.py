"""Progress of long work: on stderr, only where a person watches it.

A file or a pipe on stderr gets nothing from here, so that logs hold no redrawn lines. What is
drawn disappears at the end: the answer of a command says what was done.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from rich.progress import Progress, TaskID


class Advance(Protocol):
    """What the worker says while it works."""

    def advance(self, *, bytes: int = 0, rows: int = 0) -> None:  # noqa: A002 - the unit
        """More bytes read and rows done."""

    def note(self, text: str) -> None:
        """What is being done now, in a few words."""


@contextmanager
def progress(
    total_bytes: int | None, title: str, *, stream: TextIO | None = None
) -> Iterator[Advance]:
    """A progress line while the block runs, where the stream (stderr) is a terminal.

    Takes:   total_bytes, or None where they are not known.
    """
    target = sys.stderr if stream is None else stream
    if not target.isatty():
        yield _Silent()
        return
    bar = _bar(target)
    task = bar.add_task(title, total=total_bytes, rows=0, note="")
    with bar:
        yield _Drawn(bar, task)


class _Silent:
    """Nobody watches."""

    def advance(self, *, bytes: int = 0, rows: int = 0) -> None:  # noqa: A002 - the unit
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""


class _Drawn:
    """A line on a terminal."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task
        self._rows = 0

    def advance(self, *, bytes: int = 0, rows: int = 0) -> None:  # noqa: A002 - the unit
        """Move the bar by bytes, and count the rows."""
        self._rows += rows
        self._bar.update(self._task, advance=bytes, rows=self._rows)

    def note(self, text: str) -> None:
        """Show a few words at the end of the line."""
        from pertoken.reports.layout import printable  # noqa: PLC0415 - lazy on purpose

        self._bar.update(self._task, note=printable(text))


def _bar(stream: TextIO) -> Progress:
    from rich.console import Console  # noqa: PLC0415 - lazy on purpose
    from rich.progress import (  # noqa: PLC0415 - lazy on purpose
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        DownloadColumn(binary_units=False),
        TextColumn("{task.fields[rows]:,} rows", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=Console(file=stream),
        transient=True,
    )
