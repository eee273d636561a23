"""The id of a model that the table does not hold, formed by its family's naming rule.

A rule is applied only where the words have the family's shape: its name first, the numbers that
its ids have, every other word known from other models, none twice. A meter read so says it in
its Reason.

Source: families.csv, modalities.csv; docs/meters.md, "New models".
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from pertoken.meters.dates import dates_apart, version_of
from pertoken.meters.families import (
    Family,
    families,
    is_number,
    model_words,
    named_families,
    rule_words,
    without_name,
)
from pertoken.meters.newnames import is_new_name
from pertoken.meters.vocabulary import rows_of

MOST_WORDS = 8
NO_DEFAULT = "-"  # a model that counts several things, none of which goes without saying
_LETTERED = re.compile(r"[krvm]\d{1,2}(?:\.\d+)?")
_DOTLESS = re.compile(r"[4-9]\d")
# A version as models have it: 5, 5.6, k2.5, v4; and for some developers a year and a month: 2508.
_VERSION = re.compile(r"([okrvm]?)[1-9](?:\.\d{1,2})?[oe]?")
_YEAR_MONTH = re.compile(r"2\d(?:0[1-9]|1[0-2])")
_SIZE_LETTERS = frozenset("bke")
_MEDIA = ("text", "audio", "image", "video")


class FormedName(NamedTuple):
    """A model id formed by rule, what the model counts, its version and a note on it."""

    model_id: str
    modalities: tuple[str, ...]
    version: str | None
    note: str


def formed_name(words: tuple[str, ...], family: Family) -> FormedName | None:
    """The id that the family's rule forms from these words, None if they do not have its shape.

    >>> formed_name(("glm", "6", "fast"), families()["glm"])[0]
    'GLM-6-fast'
    """
    rest, date = without_name(words, family), None
    if not family.dates_in_id:
        rest, date = dates_apart(rest)
    if not rest or len(rest) > MOST_WORDS or not _has_shape(words, rest, family):
        return None
    version, note = version_of(family.developer, date)
    suffix = "" if "instruct" in rest else family.suffix
    model_id = family.prefix + "-".join(_id_parts(rest, family)) + suffix
    implied = _implied(rest)
    counted = (implied, *_MEDIA) if implied else (family.modality or NO_DEFAULT, "text")
    return FormedName(model_id, counted, version, note)


def modality_of(words: tuple[str, ...], default_family: str | None) -> str | None:
    """What a model counts whose id is not known: by its words, else by its family.

    A family speaks only for a numbered version of itself.
    """
    implied = _implied(words)
    if implied:
        return None if implied == NO_DEFAULT else implied
    if not any(_VERSION.fullmatch(word) for word in words):
        return None
    named = [family for family in named_families(words) if family.words]
    family = named[0] if named else families().get(default_family or "")
    return family.modality or None if family else None


def is_known(word: str) -> bool:
    """Whether a word may stand in a model's name; one letter says nothing by itself."""
    return is_number(word) or (len(word) > 1 and word in model_words())


def _has_shape(words: tuple[str, ...], rest: tuple[str, ...], family: Family) -> bool:
    named = [word in family.words for word in words]
    in_order = len(set(words)) == len(words) and (not any(named) or named[0])
    if not in_order or not family.unsure_words.isdisjoint(rest):
        return False
    if len(words) == 1 and words[0][0].isdigit() and not family.bare_versions:
        return False
    numbers = [word for word in rest if is_number(word)]
    if not (_fit(numbers, family) if numbers else family.dotless and named[0] and _implied(rest)):
        return False
    unlisted = [word for word in rest if not is_number(word) and word not in rule_words()]
    return not unlisted or _is_one_new_name(unlisted, rest, family)


def _fit(numbers: list[str], family: Family) -> bool:
    """Whether the numbers are those of the family: a version, a size (70b, 128k), or both."""
    kinds = " ".join(_kind_of_number(word, family) for word in numbers)
    if family.numbers == "version (size)":
        return kinds in ("version", "version size")
    return kinds == family.numbers or (family.version_dot != "" and kinds == "version version")


def _kind_of_number(word: str, family: Family) -> str:
    version = _VERSION.fullmatch(word)
    if version and version[1].upper() in family.version_letters:
        return "version"
    if (family.dotless and _DOTLESS.fullmatch(word)) or (
        family.year_months and _YEAR_MONTH.fullmatch(word)
    ):
        return "version"
    return "size" if word[-1] in _SIZE_LETTERS else "other"


def _is_one_new_name(unlisted: list[str], words: tuple[str, ...], family: Family) -> bool:
    at = words.index(unlisted[0])
    if len(unlisted) > 1 or at == 0:
        return False
    return is_new_name(words[at], words[at - 1], family.codename_from)


def _id_parts(words: tuple[str, ...], family: Family) -> list[str]:
    parts: list[str] = []
    versioned = False
    for word in words:
        part = word.replace(" ", "-")
        if is_number(word):
            if family.dotless and _DOTLESS.fullmatch(part):
                part = f"{part[0]}.{part[1]}"
            if _LETTERED.fullmatch(part):
                part = part.upper()
            elif not versioned and part[0].isdigit() and part[-1].isdigit():
                part = family.version_letters[:1] + part
            if family.version_dot:
                part = part.replace(".", family.version_dot)
            versioned = True
        parts.append(part)
    return parts


def _implied(words: tuple[str, ...]) -> str | None:
    return next((_modalities()[word] for word in words if word in _modalities()), None)


@cache
def _modalities() -> dict[str, str]:
    return {row["word"]: row["modality"] for row in rows_of("modalities.csv")}
