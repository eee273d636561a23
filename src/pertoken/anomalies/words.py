"""What is said about a finding, in one sentence a person can act on."""

from __future__ import annotations

from typing import Any

_NAMES = ("Deployment", "x_ModelId", "Application", "Team", "ResourceId")


def place(cell: dict[str, Any]) -> str:
    """A cell in words: the finest names first, a resource by the last part of its id."""
    named = [str(cell[name]).rsplit("/", 1)[-1] for name in _NAMES if cell.get(name) is not None]
    return " of ".join(named[:3]) if named else "everything"


def volume(kind: str, cell: dict[str, Any], actual: float, expected: float, days: int) -> str:
    """More tokens at the same price."""
    times = f"{actual / expected:.1f} times" if expected > 0 else "more than"
    said = {
        "spike": "used", "runaway loop": "ran away: it used",
        "level shift": "moved to a new level and used", "ramp": "rose day by day and used",
    }  # fmt: skip
    span = "on one day" if days == 1 else f"over {days} days"
    return f"{place(cell)} {said[kind]} {times} its usual volume {span}; price and mix held."


def mix(kind: str, cell: dict[str, Any], extra: float) -> str:
    """The same use, another mix."""
    said = {
        "cache collapse": "input that used to be read from cache is billed as uncached",
        "double metering": "cached input is billed a second time as uncached input",
        "verbose output": "answers are longer for the same input",
        "longer prompts": "prompts are longer for the same output",
    }
    return f"{place(cell)}: {said[kind]}, {extra:,.2f} more than with the usual mix."


def price(cell: dict[str, Any], factor: float, extra: float) -> str:
    """The same tokens, another price."""
    moved = "rose" if factor > 1 else "fell"
    return (
        f"The unit price of {place(cell)} {moved} by {abs(factor - 1):.1%}; "
        f"the same tokens cost {extra:+,.2f}."
    )


def delivery(kind: str, factor: float) -> str:
    """What arrived, not what was used."""
    if kind == "missing data":
        return "No row of any kind for this day, while days before have them."
    if kind == "late data":
        return f"All groups stand at about {factor:.0%} of their usual day: data is still to come."
    return "All groups stand at twice their usual day: the day seems to be counted twice."


def switch(cell: dict[str, Any], before: str, after: str, extra: float, *, column: str) -> str:
    """Tokens moved from one model or scope to another."""
    what = "model" if column == "x_ModelId" else "deployment scope"
    return (
        f"{place(cell)}: tokens moved from {what} {before} to {after}; "
        f"the same use costs {extra:+,.2f}."
    )


def new(cell: dict[str, Any], share: float) -> str:
    """A model that was not there."""
    return f"{place(cell)} is new and takes {share:.0%} of the cost of a day."


def also(said: str, cell: dict[str, Any], extra: float) -> str:
    """What moved with it."""
    return f"{said} With it: {place(cell)} ({extra:+,.2f})."
