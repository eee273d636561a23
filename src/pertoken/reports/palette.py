"""Colours of model families: the same hue for a family in every chart, as on the page.

A family that the table does not know has a hue by a hash of its name, so that it keeps it; groups
that are no families are coloured by place. Source: frontend/src/lib/palette.ts, which a test reads;
the hues follow Okabe and Ito, which stay apart under deuteranopia and protanopia.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FAMILIES = {
    "GPT": 0, "o-series": 1, "o": 1, "DeepSeek": 2, "Grok": 3, "Claude": 4, "Llama": 5,
    "Mistral": 6, "Phi": 7, "text-embedding": 8, "FLUX": 9, "Cohere Command": 5, "Command": 5,
    "GLM": 6,
}  # fmt: skip
HUES = (
    "#0072B2", "#D55E00", "#009E73", "#A35B8A", "#8C6D00", "#4B5AA8", "#6B7F2A", "#8A4B2F",
    "#3E8E9E", "#7A7A78",
)  # fmt: skip
NONE = "#8B8B88"
UNATTRIBUTED = "Unattributed"
_FAMILY = "x_ModelFamily"


def family_colour(family: str | None) -> str:
    """The colour of a model family on a light ground.

    >>> family_colour("GPT"), family_colour(None)
    ('#0072B2', '#8B8B88')
    """
    if not family:
        return NONE
    return HUES[FAMILIES.get(family, _hash(family) % len(HUES))]


def colours(column: str, groups: Sequence[str | None]) -> list[str]:
    """A colour for each group of a column, in order."""
    if column == _FAMILY:
        return [family_colour(group) for group in groups]
    return [
        NONE if group in {None, UNATTRIBUTED} else HUES[at % len(HUES)]
        for at, group in enumerate(groups)
    ]


def _hash(name: str) -> int:
    """The hash of the page, over UTF-16 code units."""
    value = 7
    units = name.encode("utf-16-le")
    for at in range(0, len(units), 2):
        value = (value * 31 + int.from_bytes(units[at : at + 2], "little")) & 0xFFFFFFFF
    return value
