"""The words that meter names are made of, read once from the data files beside this module.

A word plays roles: `inp` is a direction, `aud` is a modality and may be part of a model's name.
Spellings with the same roles are one word; its first spelling stands for all of them, so that
`Inp`, `inpt` and `input` are the same word from here on.

Source: vocabulary.csv, each row with its own source and date.
"""

from __future__ import annotations

import csv
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
FILES = (
    "ai_products.csv",
    "families.csv",
    "modalities.csv",
    "models.csv",
    "products.csv",
    "units.csv",
    "versions.csv",
    "vocabulary.csv",
)
MODEL = "model"


class Role(NamedTuple):
    """One meaning of a word; `families` limits it to meters of those model families."""

    kind: str
    value: str
    families: frozenset[str]


class Vocabulary(NamedTuple):
    """Roles by word, the one spelling that stands for each word, and the phrases."""

    roles: dict[str, tuple[Role, ...]]
    spellings: dict[str, str]
    phrases: dict[str, tuple[tuple[tuple[str, ...], str], ...]]


def rows_of(file_name: str) -> list[dict[str, str]]:
    """The rows of one data file."""
    with (FOLDER / file_name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def vocabulary_version() -> str:
    """Twelve hex digits that change when any data file changes."""
    digest = hashlib.sha256()
    for file_name in FILES:
        digest.update((FOLDER / file_name).read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of vocabulary.csv."""
    roles: dict[str, list[Role]] = {}
    for row in rows_of("vocabulary.csv"):
        role = Role(row["class"], row["value"], frozenset(row["families"].split()))
        roles.setdefault(row["words"], []).append(role)
    for row in rows_of("families.csv"):
        for word in row["words"].split():
            if "#" not in word and not any(role.kind == MODEL for role in roles.get(word, ())):
                roles.setdefault(word, []).append(Role(MODEL, word, frozenset()))
    first: dict[tuple[Role, ...], str] = {}
    spellings: dict[str, str] = {}
    for words in sorted(roles, key=lambda words: " " in words):
        key = tuple(sorted(roles[words], key=lambda role: (role.kind, role.value)))
        spellings[words] = first.setdefault(key, words)
    by_word = {spellings[words]: tuple(found) for words, found in roles.items()}
    return Vocabulary(by_word, spellings, _phrases(roles, spellings))


def _phrases(
    roles: dict[str, list[Role]], spellings: dict[str, str]
) -> dict[str, tuple[tuple[tuple[str, ...], str], ...]]:
    """Phrases by their first word, the longest first."""
    found: dict[str, dict[tuple[str, ...], str]] = {}
    for words in roles:
        if " " in words:
            parts = tuple(spellings.get(part, part) for part in words.split())
            found.setdefault(parts[0], {})[parts] = spellings[words]
    return {
        word: tuple(sorted(phrases.items(), key=lambda item: (-len(item[0]), item[0])))
        for word, phrases in found.items()
    }
