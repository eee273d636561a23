"""Processes and queries, timed against a baseline of the same run.

A baseline and what is held against it run in turn, and the least of each counts: other work on the
machine only ever adds time. For processes the CPU seconds are kept too, of all their threads; they
tell more than the clock where cores are shared.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Process:
    """What a process took: seconds by the clock, CPU seconds, peak resident bytes."""

    seconds: float
    cpu: float
    peak: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `met` is None where there is no goal."""

    name: str
    measured: str
    baseline: str
    ratio: str
    goal: str
    met: bool | None


_OBSERVED = """
import json, os, subprocess, sys, time
started = time.perf_counter()
with subprocess.Popen(
    sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
) as process:
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps([process.returncode, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""
"""A process that does nothing but start the command: the peak of a child begins at the size of who
starts it, and a benchmark that has made its own data is large.
"""


def run_process(arguments: Sequence[str]) -> Process:
    """Run a command to its end; raises CalledProcessError when it fails (2 is data problems)."""
    done = subprocess.run(python(_OBSERVED, *arguments), capture_output=True, check=True)
    code, seconds, cpu, peak = json.loads(done.stdout)
    if code not in (0, 2):
        raise subprocess.CalledProcessError(code, arguments, stderr=done.stderr[-2000:])
    return Process(seconds, cpu, peak * 1024)


def python(code: str, *arguments: str) -> list[str]:
    """The command that runs Python code with this interpreter."""
    return [sys.executable, "-c", code, *arguments]


def in_turn(times: int, *actions: Callable[[], Process]) -> list[Process]:
    """Each action `times` times, in turn; the least seconds, CPU and peak of each."""
    found: list[list[Process]] = [[] for _ in actions]
    for _ in range(times):
        for results, action in zip(found, actions, strict=True):
            results.append(action())
    return [
        Process(
            min(each.seconds for each in results),
            min(each.cpu for each in results),
            min(each.peak for each in results),
        )
        for results in found
    ]


def timed(action: Callable[[], object]) -> Process:
    """What an action takes in this process; its peak is not known."""
    started, cpu = time.perf_counter(), time.process_time()
    action()
    return Process(time.perf_counter() - started, time.process_time() - cpu, 0)


def against(name: str, process: Process, baseline: Process, goal: float) -> tuple[Figure, Figure]:
    """Two figures whose goal is a ratio to a baseline: by the clock, and in CPU seconds."""
    return (
        _ratio(name, process.seconds, baseline.seconds, goal),
        _ratio("the same, CPU seconds", process.cpu, baseline.cpu, goal),
    )


def _ratio(name: str, value: float, baseline: float, goal: float) -> Figure:
    ratio = value / baseline
    return Figure(
        name, f"{value:.2f} s", f"{baseline:.2f} s", f"{ratio:.2f}", f"<= {goal:g}", ratio <= goal
    )


def under(name: str, value: float, limit: float, unit: str, baseline: str = "") -> Figure:
    """A figure whose goal is a limit."""
    return Figure(name, f"{value:.0f} {unit}", baseline, "", f"< {limit:g} {unit}", value < limit)


def started(name: str, process: Process, nothing: Process, limit: float | None = None) -> Figure:
    """What a process takes, beside one that does nothing; its goal is a limit in seconds."""
    goal, met = ("", None) if limit is None else (f"< {limit:g} s", process.seconds < limit)
    return Figure(name, _seconds(process), f"{_seconds(nothing)}: python -c pass", "", goal, met)


def _seconds(process: Process) -> str:
    return f"{process.seconds:.2f} s (CPU {process.cpu:.2f} s)"


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    head = ("what", "measured", "baseline", "ratio", "goal", "met")
    rows = [head, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    met = {True: "yes", False: "no", None: ""}[figure.met]
    return figure.name, figure.measured, figure.baseline, figure.ratio, figure.goal, met
