"""Families of models: who develops them, what names them, how their ids are formed.

Source: families.csv; docs/meters.md, "Models".
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from pertoken.meters.vocabulary import MODEL, rows_of, vocabulary
from pertoken.meters.words import phrased, words_of

# A version or a size: 4.1, 4o, 70b, 128k, k2.5, v3, o3.
_NUMBER = re.compile(r"\d+(?:\.\d+)*(?:gb|[bkmeo])?|[okrvm]\d{1,2}(?:\.\d+)?")
_SHORTEST_RULE_WORD = 3
_NUMBERED_FAMILY = "o"


class Family(NamedTuple):
    """A family of models and how its ids are formed."""

    key: str
    developer: str
    name: str
    words: frozenset[str]  # the words that name the family, none where its table holds them
    prefix: str
    suffix: str
    modality: str
    dotless: bool  # whether 54 may stand for 5.4
    dates_in_id: bool  # whether 0324 is part of the id, not a version beside it
    year_months: bool  # whether 2508 is a version
    codename_from: float | None
    version_letters: str  # letters that a version begins with; the first goes without saying
    version_dot: str
    nameless: bool  # whether meters leave the family's name out
    bare_versions: bool  # whether a bare number may then be all that is left
    numbers: str  # what an id formed by rule has: a version, a size, both, or a version (size)
    unsure_words: frozenset[str]  # words beside which the rule does not hold


@cache
def families() -> dict[str, Family]:
    """The families of families.csv by key."""
    return {row["family"]: _family(row) for row in rows_of("families.csv")}


def named_families(words: tuple[str, ...]) -> list[Family]:
    """Families whose whole name is among the words; the longer name hides the shorter.

    Families without a name of their own come last: their table holds whole names.
    """
    present = set(words)
    by_word, wordless = _families_by_word()
    found = {family for word in present for family in by_word.get(word, ())}
    if words[0][0] == _NUMBERED_FAMILY and is_number(words[0]):
        found.add(families()[_NUMBERED_FAMILY])
    named = [family for family in found if family.words <= present or family.words == {"o#"}]
    shown = [family for family in named if not any(family.words < other.words for other in named)]
    return sorted(shown, key=_key) + wordless


def without_name(words: tuple[str, ...], family: Family) -> tuple[str, ...]:
    """The words but for those that name the family."""
    return tuple(word for word in words if word not in family.words)


def is_number(word: str) -> bool:
    """Whether a word is a version or a size."""
    return _NUMBER.fullmatch(word) is not None


def canonical(text: str) -> list[str]:
    """The words of a text of the data files, phrases joined."""
    return phrased(words_of(text))


def name_words(text: str) -> tuple[str, ...]:
    """The words of a model's name in the data files."""
    return tuple(model_word(word) for word in canonical(text))


@cache
def model_word(word: str) -> str:
    """The spelling of a word inside a model's name."""
    for role in vocabulary().roles.get(word, ()):
        if role.kind == MODEL:
            return role.value
    return word


@cache
def rule_words() -> frozenset[str]:
    """Words that an id formed by rule may hold: no short ones, no names of families."""
    names = {word for family in families().values() for word in family.words}
    return frozenset(w for w in model_words() - names if len(w) >= _SHORTEST_RULE_WORD)


@cache
def model_words() -> frozenset[str]:
    """Every word that is known to stand in the name of a model."""
    roles = [role for roles in vocabulary().roles.values() for role in roles]
    return frozenset(role.value for role in roles if role.kind == MODEL)


def _key(family: Family) -> str:
    return family.key


@cache
def _families_by_word() -> tuple[dict[str, list[Family]], list[Family]]:
    by_word: dict[str, list[Family]] = {}
    for family in families().values():
        for word in family.words:
            by_word.setdefault(word, []).append(family)
    return by_word, [family for family in families().values() if not family.words]


def _family(row: dict[str, str]) -> Family:
    return Family(
        key=row["family"],
        developer=row["developer"],
        name=row["name"],
        words=frozenset(row["words"].split()),
        prefix=row["prefix"],
        suffix=row["suffix"],
        modality=row["modality"],
        dotless=row["dotless"] == "yes",
        dates_in_id=row["dates"] != "version",
        year_months=row["dates"] == "year-month",
        codename_from=float(row["codename_from"]) if row["codename_from"] else None,
        version_letters=row["version_letters"].replace(" ", ""),
        version_dot=row["version_dot"],
        nameless=row["nameless"] != "",
        bare_versions=row["nameless"] == "version",
        numbers=row["numbers"],
        unsure_words=frozenset(row["unsure_words"].split()),
    )
