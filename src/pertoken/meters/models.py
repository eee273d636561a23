"""Model words into a model, within the families that a product sells.

First the model table is asked for exactly these words, then the family's naming rule forms the
id and says so. A family is taken from its own name in the words, else from the product. Words are
compared whole: no substring, no likeness, no price.

Source: models.csv, families.csv, versions.csv; docs/meters.md, "Models".
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from pertoken.meters.newnames import is_new_name
from pertoken.meters.vocabulary import MODEL, rows_of, vocabulary
from pertoken.meters.words import phrased, words_of

ANY = ("*",)
_NUMBER = re.compile(r"\d+(?:\.\d+)*(?:gb|[bkmeo])?|[okrvm]\d{1,2}(?:\.\d+)?")
_LETTERED = re.compile(r"[krvm]\d{1,2}(?:\.\d+)?")
_TWO_DIGITS = re.compile(r"[1-9]\d")
_YEAR_MONTH = re.compile(r"\d\d\.\d\d")
_MOST_WORDS = 8
_SIZE_LETTERS = frozenset("bke")
_MONTH_DAY = re.compile(r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")


class Family(NamedTuple):
    """A family of models and how its ids are formed."""

    family: str
    developer: str
    name: str
    words: frozenset[str]
    prefix: str
    suffix: str
    modality: str
    dotless: bool
    dates_in_id: bool
    codename_from: float | None
    version_letter: str
    version_dot: str
    nameless: bool


class Resolution(NamedTuple):
    """A model, and how it was found."""

    model_id: str
    family: Family
    modalities: tuple[str, ...]  # the first is the one that goes without saying, "-" if none
    version: str | None
    use: str
    direction: str
    by_rule: bool
    note: str


class _Row(NamedTuple):
    model_id: str
    modalities: tuple[str, ...]
    use: str
    direction: str


@cache
def families() -> dict[str, Family]:
    """The families of families.csv by key."""
    return {row["family"]: _family(row) for row in rows_of("families.csv")}


@lru_cache(maxsize=100_000)
def resolved(
    words: tuple[str, ...], allowed: tuple[str, ...], default: str | None
) -> tuple[Resolution, ...]:
    """The models that these words may name: none, one, or more than one.

    Takes:   model words in the order of the name; the families that the product sells, ANY
             where it is unknown; the family that goes without saying in this product.
    Gives:   the readings of the first rule that has any.
    """
    named = _named(words)
    inside = [family for family in named if allowed == ANY or family.family in allowed]
    outside = [family for family in named if family not in inside and family.words]
    implied = [families()[default]] if default and default not in map(_key, inside) else []
    nameless = [
        family
        for family in families().values()
        if family.nameless and (allowed == ANY or family.family in allowed)
    ]
    for candidates in (inside, implied, nameless):
        if found := _from_table(words, candidates):
            return found
    for candidates in (inside, implied):
        if found := _by_rule(words, candidates):
            return found
    return _from_table(words, outside) or _by_rule(words, outside)


def is_number(word: str) -> bool:
    """Whether a word is a version or a size."""
    return _NUMBER.fullmatch(word) is not None


def is_known(word: str) -> bool:
    """Whether a word may stand in a model's name."""
    return is_number(word) or _is_model_word(word)


def _key(family: Family) -> str:
    return family.family


def _family(row: dict[str, str]) -> Family:
    return Family(
        row["family"],
        row["developer"],
        row["name"],
        frozenset(row["words"].split()),
        row["prefix"],
        row["suffix"],
        row["modality"],
        row["dotless"] == "yes",
        row["month_day"] == "id",
        float(row["codename_from"]) if row["codename_from"] else None,
        row["version_letter"],
        row["version_dot"],
        row["nameless"] == "yes",
    )


def _named(words: tuple[str, ...]) -> list[Family]:
    """Families whose whole name is among the words; the longer name hides the shorter."""
    present = set(words)
    by_word, wordless = _families_by_word()
    found = {family for word in present for family in by_word.get(word, ())}
    if words[0][0] == "o" and is_number(words[0]):
        found.add(families()["o"])
    named = [family for family in found if family.words <= present or family.family == "o"]
    shown = [family for family in named if not any(family.words < other.words for other in named)]
    return sorted(shown, key=_key) + wordless


@cache
def _families_by_word() -> tuple[dict[str, list[Family]], list[Family]]:
    """Families by each word of their names, and those whose table holds whole names."""
    by_word: dict[str, list[Family]] = {}
    for family in families().values():
        for word in family.words:
            by_word.setdefault(word, []).append(family)
    return by_word, [family for family in families().values() if not family.words]


@cache
def _table() -> dict[tuple[str, tuple[str, ...]], _Row]:
    found: dict[tuple[str, tuple[str, ...]], _Row] = {}
    for row in rows_of("models.csv"):
        words = tuple(model_word(word) for word in canonical(row["words"]))
        rest = _without_name(words, families()[row["family"]])
        found[row["family"], tuple(sorted(rest))] = _Row(
            row["model_id"], tuple(row["modalities"].split()), row["use"], row["direction"]
        )
    return found


def canonical(text: str) -> list[str]:
    """The words of a text of the data files."""
    return phrased(words_of(text))


@cache
def model_word(word: str) -> str:
    """The spelling of a word inside a model's name."""
    for role in vocabulary().roles.get(word, ()):
        if role.kind == MODEL:
            return role.value
    return word


def _from_table(words: tuple[str, ...], candidates: list[Family]) -> tuple[Resolution, ...]:
    found: dict[str, Resolution] = {}
    if len(words) > _MOST_WORDS:
        return ()
    for family in candidates:
        rest = _without_name(words, family)
        undated, date = _dates_apart(rest)
        for these, day in ((rest, None if family.dates_in_id else date), (undated, date)):
            row = next(
                (row for spelt in _spellings(these) if (row := _row(family, spelt))), None
            )
            if row:
                found[row.model_id] = _resolution(family, row, day)
                break
    return tuple(found.values())


def _row(family: Family, words: tuple[str, ...]) -> _Row | None:
    return _table().get((family.family, tuple(sorted(words))))


def _resolution(family: Family, row: _Row, day: str | None) -> Resolution:
    version, note = _version(family, day)
    return Resolution(
        row.model_id, family, row.modalities, version, row.use, row.direction, False, note
    )


def _without_name(words: tuple[str, ...], family: Family) -> tuple[str, ...]:
    return tuple(word for word in words if word not in family.words)


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


@cache
def _table_words() -> frozenset[str]:
    return frozenset(word for _, words in _table() for word in words)


def _dates_apart(words: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """The words without a date, and the date as MMDD or YYYY-MM-DD."""
    for at, word in enumerate(words):
        three = words[at : at + 3]
        if len(word) == 4 and word[:2] == "20" and list(map(len, three)) == [4, 2, 2]:
            day = "".join(three[1:])
            if day.isdigit() and _MONTH_DAY.fullmatch(day):
                return words[:at] + words[at + 3 :], "-".join(three)
        if len(word) == 8 and word.isdigit():
            for month_day, year in ((word[:4], word[4:]), (word[4:], word[:4])):
                if _MONTH_DAY.fullmatch(month_day) and year[:2] == "20":
                    day = f"{year}-{month_day[:2]}-{month_day[2:]}"
                    return words[:at] + words[at + 1 :], day
        if _MONTH_DAY.fullmatch(word):
            return words[:at] + words[at + 1 :], word
    return words, None


@cache
def _versions() -> dict[tuple[str, str], str]:
    return {(row["developer"], row["month_day"]): row["version"] for row in rows_of("versions.csv")}


def _version(family: Family, day: str | None) -> tuple[str | None, str]:
    if day is None or len(day) > 4:
        return day, ""
    version = _versions().get((family.developer, day))
    return version, "" if version else f"version {day} of an unknown year"


def _by_rule(words: tuple[str, ...], candidates: list[Family]) -> tuple[Resolution, ...]:
    found = [_formed(words, family) for family in candidates if family.prefix or family.family == "o"]
    return tuple(resolution for resolution in found if resolution)


def _formed(words: tuple[str, ...], family: Family) -> Resolution | None:
    """The model whose id the family's naming rule forms, None if a word is not understood."""
    rest = _without_name(words, family)
    day = None
    if not family.dates_in_id or any(len(word) == 8 for word in rest):
        rest, day = _dates_apart(rest)
    numbers = [word for word in rest if is_number(word)]
    if not _is_name(words, family) or not _is_version(numbers, family) or len(rest) > _MOST_WORDS:
        return None
    unlisted = [word for word in rest if word not in numbers and not _is_model_word(word)]
    if unlisted and not _is_one_new_name(unlisted, rest, family):
        return None
    version, note = _version(family, day)
    model_id = family.prefix + "-".join(_id_parts(rest, family)) + _suffix(rest, family)
    modalities = _rule_modalities(rest, family)
    return Resolution(model_id, family, modalities, version, "", "", True, note)


def _is_name(words: tuple[str, ...], family: Family) -> bool:
    """Whether no word stands twice and none before the family's name, if it is named."""
    named = [word in family.words for word in words]
    return len(set(words)) == len(words) and (not any(named) or named[0])


def _is_version(numbers: list[str], family: Family) -> bool:
    """Whether the numbers are a version, or a version and a size (70b, 128k, 8x7b)."""
    if len(numbers) == 2:  # noqa: PLR2004
        return bool(family.version_dot) or numbers[1][-1] in _SIZE_LETTERS
    return len(numbers) == 1


def _is_one_new_name(unlisted: list[str], words: tuple[str, ...], family: Family) -> bool:
    at = words.index(unlisted[0])
    return len(unlisted) == 1 and at > 0 and is_new_name(words[at], words[at - 1], family.codename_from)


def _is_model_word(word: str) -> bool:
    return word in _model_words()


@cache
def _model_words() -> frozenset[str]:
    roles = [role for roles in vocabulary().roles.values() for role in roles]
    return frozenset(role.value for role in roles if role.kind == MODEL)


def _suffix(words: tuple[str, ...], family: Family) -> str:
    return "" if "instruct" in words else family.suffix


def _id_parts(words: tuple[str, ...], family: Family) -> list[str]:
    parts: list[str] = []
    versioned = False
    for word in words:
        part = word.replace(" ", "-")
        if is_number(word):
            if family.dotless and _TWO_DIGITS.fullmatch(part):
                part = f"{part[0]}.{part[1]}"
            if _LETTERED.fullmatch(part):
                part = part.upper()
            elif not versioned and part[0].isdigit() and part[-1].isdigit():
                part = family.version_letter + part
            if family.version_dot:
                part = part.replace(".", family.version_dot)
            versioned = True
        parts.append(part)
    return parts


@cache
def _implied_modalities() -> dict[str, str]:
    return {row["word"]: row["modality"] for row in rows_of("modalities.csv")}


def _rule_modalities(words: tuple[str, ...], family: Family) -> tuple[str, ...]:
    implied = [_implied_modalities()[word] for word in words if word in _implied_modalities()]
    first = implied[0] if implied else family.modality
    return (first, "text", "audio", "image", "video")
