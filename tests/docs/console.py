"""Console blocks of the documentation: what a reader types, and what the page says comes out."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


READING = frozenset({
    "accrual", "anomalies", "attribute", "backtest", "bridge", "budgets", "check", "commitments",
    "doctor", "forecast", "kpis", "matrix", "meters", "periods", "ptu", "reconcile", "runs", "tags",
    "units", "variance", "whatif",
})  # fmt: skip
"""Commands that leave the hub as it is."""


@dataclass(frozen=True, slots=True)
class Command:
    """A line after `$ `, with the output lines that the page shows below it."""

    text: str
    shown: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        """The command as a shell splits it, without its comment."""
        return shlex.split(self.text, comments=True)


@dataclass(frozen=True, slots=True)
class Block:
    """A console block: commands that follow each other in one place."""

    page: str
    commands: tuple[Command, ...]

    @property
    def only_reads(self) -> bool:
        """Whether the hub is the same after it."""
        return all(len(each.words) > 1 and each.words[1] in READING and "save" not in each.words
                   and "mark" not in each.words for each in self.commands)  # fmt: skip


def blocks() -> list[Block]:
    """The console blocks of every page, in order."""
    found = []
    for page in PAGES:
        for text in _BLOCK.findall(page.read_text("utf-8")):
            commands = []
            for part in re.split(r"^\$ ", text.replace("\\\n", ""), flags=re.MULTILINE)[1:]:
                first, *shown = part.rstrip("\n").split("\n")
                commands.append(Command(first, tuple(line for line in shown if line.strip())))
            found.append(Block(str(page.relative_to(ROOT)), tuple(commands)))
    return found


def matches(shown: tuple[str, ...], printed: str) -> str | None:
    """None when the output has the shown lines; else what differs.

    A line `...` stands for any lines, and an ellipsis in a line for any text.
    """
    lines = [line.rstrip() for line in printed.splitlines() if line.strip()]
    at, free = 0, False
    for line in shown:
        if line.strip() == "...":
            free = True
            continue
        wanted = re.compile(".*".join(re.escape(part) for part in line.rstrip().split("…")))
        place = next((n for n in range(at, len(lines)) if wanted.fullmatch(lines[n])), None)
        if place is None or (place != at and not free):
            return f"shown:   {line}\nprinted: {lines[at] if at < len(lines) else '(the end)'}"
        at, free = place + 1, False
    if at < len(lines) and not free:
        return f"the page ends, and this was printed: {lines[at]}"
    return None
