"""Version dates inside model words: `0806`, `05052026`, `2024-08-06`.

A month and a day say no year. The year comes from the developer's list of versions; a day that
is not listed stays without a year, and so without a version.

Source: versions.csv; docs/meters.md, "Versions".
"""

from __future__ import annotations

import re
from functools import cache

from pertoken.meters.vocabulary import rows_of

_MONTH_DAY = re.compile(r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_CENTURY = "20"
_SHORT, _LONG = len("MMDD"), len("MMDDYYYY")


def is_date(word: str) -> bool:
    """Whether a word is a version date: MMDD, MMDDYYYY or YYYYMMDD."""
    return _date(word) is not None


def dates_apart(words: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """The words without their first date, and that date as MMDD or YYYY-MM-DD.

    >>> dates_apart(("gpt", "4o", "0806")), dates_apart(("4o", "2024", "08", "06"))
    ((('gpt', '4o'), '0806'), (('4o',), '2024-08-06'))
    """
    for at, word in enumerate(words):
        if not word.isdigit():
            continue
        three = words[at : at + 3]
        day = "".join(three[1:])
        if len(word) == _SHORT and word.startswith(_CENTURY) and _MONTH_DAY.fullmatch(day):
            return words[:at] + words[at + 3 :], "-".join((word, day[:2], day[2:]))
        date = _date(word)
        if date:
            return words[:at] + words[at + 1 :], date
    return words, None


def version_of(developer: str, date: str | None) -> tuple[str | None, str]:
    """The version that a date names, and a note where its year is not known."""
    if date is None or len(date) > _SHORT:
        return date, ""
    version = _versions().get((developer, date))
    return version, "" if version else f"version {date} of an unknown year"


def _date(word: str) -> str | None:
    if not word.isdigit():
        return None
    if len(word) == _LONG:
        for month_day, year in ((word[:4], word[4:]), (word[4:], word[:4])):
            if _MONTH_DAY.fullmatch(month_day) and year.startswith(_CENTURY):
                return f"{year}-{month_day[:2]}-{month_day[2:]}"
    return word if _MONTH_DAY.fullmatch(word) else None


@cache
def _versions() -> dict[tuple[str, str], str]:
    return {(row["developer"], row["month_day"]): row["version"] for row in rows_of("versions.csv")}
