"""The words and the shape of a unit of measure.

    [<positive integer> ]<Units>[-<Units>][/[<positive integer> ]<Unit>]

such as Tokens, 1000 Tokens, GB-Hours, GB/Hour, Units/3 Months. A word not listed is fit when it is
capitalised; a listed data size has one spelling. Source: FOCUS UnitFormat; per row in units.csv.
"""

from __future__ import annotations

from functools import cache

from pertoken.focus.tables import table

_WORDS = r"\p{Lu}[\p{L}\p{N}]*(?: \p{Lu}[\p{L}\p{N}]*)*"
_BASE = rf"(?:{_WORDS}|b)"
UNIT_PATTERN = rf"^(?:[1-9][0-9]* )?{_BASE}(?:-{_BASE})?(?:/(?:[1-9][0-9]* )?{_BASE})?$"
"""The shape in RE2 syntax, anchored: what the engine matches a unit with."""


@cache
def unit_words() -> frozenset[str]:
    """The base unit names that FOCUS lists, singular and plural.

    >>> sorted({"Tokens", "GB", "GBs", "Terabyte"} & unit_words())
    ['GB', 'Tokens']
    """
    return frozenset(word for row in table("units") for word in (row["singular"], row["plural"]))
