"""Model words into a model, within the families that a product sells.

First the model table is asked for exactly these words, then the family's naming rule forms the
id and says so. A family is taken from its own name in the words, else from the product. Words are
compared whole: no substring, no likeness, no price.

Source: models.csv; docs/meters.md, "Models".
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from pertoken.meters.dates import dates_apart, version_of
from pertoken.meters.families import (
    Family,
    families,
    is_number,
    name_words,
    named_families,
    without_name,
)
from pertoken.meters.naming import MOST_WORDS, formed_name, modality_of
from pertoken.meters.vocabulary import rows_of

ANY = ("*",)
_TWO_DIGITS = re.compile(r"[1-9]\d")
_YEAR_MONTH = re.compile(r"\d\d\.\d\d")


class Resolution(NamedTuple):
    """A model, and how it was found."""

    model_id: str
    family: Family
    modalities: tuple[str, ...]  # the first is the one that goes without saying, "-" if none
    version: str | None
    note: str
    use: str = ""
    direction: str = ""
    by_rule: bool = False
    is_named: bool = False  # whether the family's own name is among the words of a table model

    @property
    def is_mixed(self) -> bool:
        """Whether the model counts more than one thing."""
        return len(self.modalities) > 1


class _Row(NamedTuple):
    model_id: str
    modalities: tuple[str, ...]
    use: str
    direction: str


@lru_cache(maxsize=100_000)
def resolved(
    words: tuple[str, ...], allowed: tuple[str, ...], default: str | None
) -> tuple[Resolution, ...]:
    """The models that these words may name: none, one, or more than one.

    Takes:   model words in the order of the name; the families that the product sells, ANY
             where it is unknown; the family that goes without saying in this product.
    Gives:   the readings of the first rule that has any.
    """
    if len(words) > MOST_WORDS:
        return ()
    named = named_families(words)
    inside = [family for family in named if allowed == ANY or family.key in allowed]
    is_named = any(family.words for family in inside)
    implied = [families()[default]] if default and not is_named else []
    for candidates in (inside, implied, _nameless(allowed)):
        if found := _from_table(words, candidates):
            return found
    for candidates in (inside, implied):
        if found := _by_rule(words, candidates):
            return found
    outside = [family for family in named if family.words and family not in inside]
    return _from_table(words, outside) or _by_rule(words, outside)


def model_of_plan(slug: str) -> Resolution | None:
    """The model of a plan whose name is an id, such as `claude-sonnet-4-5`.

    The id is taken as it stands, so its other words need not be known; its family must be.
    """
    words = name_words(slug)
    family = next((family for family in named_families(words) if family.words), None)
    if family is None:
        return None
    counted = modality_of(words, family.key) or family.modality
    return Resolution(slug, family, (counted, "text"), None, "id of the plan")


@cache
def _nameless(allowed: tuple[str, ...]) -> list[Family]:
    return [
        family
        for family in families().values()
        if family.nameless and (allowed == ANY or family.key in allowed)
    ]


@cache
def _table() -> dict[tuple[str, tuple[str, ...]], _Row]:
    found: dict[tuple[str, tuple[str, ...]], _Row] = {}
    for row in rows_of("models.csv"):
        rest = without_name(name_words(row["words"]), families()[row["family"]])
        found[row["family"], tuple(sorted(rest))] = _Row(
            row["model_id"], tuple(row["modalities"].split()), row["use"], row["direction"]
        )
    return found


@cache
def _table_words() -> frozenset[str]:
    return frozenset(word for _, words in _table() for word in words)


def _from_table(words: tuple[str, ...], candidates: list[Family]) -> tuple[Resolution, ...]:
    """The models of the table with exactly these words; no number stands before a family's name."""
    found: dict[str, Resolution] = {}
    for family in candidates:
        rest = without_name(words, family)
        if len(rest) < len(words) and is_number(words[0]) and words[0] not in family.words:
            continue
        undated, date = dates_apart(rest)
        row = _row(family, rest)
        if row is None and date:
            row = _row(family, undated)
        elif family.dates_in_id:
            date = None
        if row:
            version, note = version_of(family.developer, date)
            found[row.model_id] = Resolution(
                row.model_id,
                family,
                row.modalities,
                version,
                note,
                row.use,
                row.direction,
                is_named=len(rest) < len(words),
            )
    return tuple(found.values())


def _row(family: Family, words: tuple[str, ...]) -> _Row | None:
    rows = (_table().get((family.key, tuple(sorted(spelt)))) for spelt in _spellings(words))
    return next((row for row in rows if row), None)


@lru_cache(maxsize=10_000)
def _spellings(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The words as they stand, then with versions written in the other ways that occur."""
    dotted = tuple(f"{w[0]}.{w[1]}" if _TWO_DIGITS.fullmatch(w) else w for w in words)
    joined: list[str] = []
    for word in words:
        if joined and len(word) == len(joined[-1]) == 1 and (joined[-1] + word).isdigit():
            joined[-1] += "." + word
        else:
            joined.append(word)
    undotted = tuple(w.replace(".", "") if _YEAR_MONTH.fullmatch(w) else w for w in words)
    spelt = dict.fromkeys([words, dotted, tuple(joined), undotted])
    return [words for words in spelt if _table_words().issuperset(words)]


def _by_rule(words: tuple[str, ...], candidates: list[Family]) -> tuple[Resolution, ...]:
    found = []
    for family in candidates:
        name = formed_name(words, family) if family.numbers else None
        if name:
            found.append(
                Resolution(
                    name.model_id, family, name.modalities, name.version, name.note, by_rule=True
                )
            )
    return tuple(found)
