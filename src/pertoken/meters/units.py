"""What one unit of a meter is: by the name's own unit words, else by the unit of measure.

`1K` and `1M` are block sizes, never units: they also stand beside calls, images and characters.
A name and a unit of measure that state different blocks are two readings.

Source: units.csv; docs/meters.md, "Units".
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from pertoken.meters.vocabulary import rows_of

TOKENS = "Tokens"
_PART = re.compile(r"\d+|[^\W\d_]+")


class Measure(NamedTuple):
    """A unit of measure: its number (1, 100, 1000) and its unit word, if it has one."""

    block: int | None
    unit: str | None


@lru_cache(maxsize=10_000)
def measure_of(unit_of_measure: str) -> Measure:
    """A unit of measure such as "1K", "1/Hour", "100" or "1 Second".

    >>> measure_of("1K"), measure_of("1/Hour")
    (Measure(block=1000, unit=None), Measure(block=1, unit='Hours'))
    """
    block: int | None = None
    unit: str | None = None
    words = _words()
    for part in _PART.findall(unit_of_measure[:40].lower()):
        if part.isascii() and part.isdigit():
            block = int(part) * (block or 1)
        elif part in ("k", "m"):
            block = (block or 1) * (1000 if part == "k" else 1_000_000)
        else:
            unit = words.get(part, unit)
    return Measure(block, unit)


@cache
def _words() -> dict[str, str]:
    return {row["word"]: row["unit"] for row in rows_of("units.csv")}


def unit_of(stated: str | None, measure: Measure, use: str) -> str | None:
    """The unit that a meter counts, from the name's unit word and the unit of measure."""
    if use == "Capacity":
        return {"Months": "PTU-Months", "Hours": "PTU-Hours"}.get(measure.unit or "Hours")
    if stated == "GB" and measure.unit in ("Days", "Months"):
        return f"GB-{measure.unit}"
    if stated in (None, "Unit") or (stated == "Videos" and measure.unit):
        return measure.unit
    return stated


def tokens_per_unit(
    unit: str | None, scale: str | None, measure: Measure
) -> tuple[int | None, bool]:
    """Tokens of one priced unit, and whether name and unit of measure agree on them."""
    if unit != TOKENS:
        return None, True
    stated = int(scale) if scale else None
    differ = bool(stated and measure.block and stated != measure.block)
    if differ or measure.unit:
        return None, False
    return measure.block or stated, True
