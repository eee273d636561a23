"""Words that nobody has listed yet: when one may be taken as the name of a new model.

Since GPT-5.6 OpenAI names the sizes of a version by a word of its own ("5.6 sol", "6 astra"), so
one unlisted word straight after such a version is read as a name. A word that resembles a field
word may be a new spelling of it and is never taken; resemblance only ever leads to abstaining.

Source: families.csv, codename_from; docs/meters.md, "New models".
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from pertoken.meters.vocabulary import MODEL, vocabulary

_SHORTEST, _LONGEST = 3, 12


def is_new_name(word: str, version: str, codename_from: float | None) -> bool:
    """Whether `word`, standing straight after `version`, is the name of a new model.

    >>> is_new_name("mars", "5.7", 5.6), is_new_name("mars", "4.1", 5.6)
    (True, False)
    >>> is_new_name("inptt", "5.7", 5.6)
    False
    """
    if codename_from is None or not _as_version(version) >= codename_from:
        return False
    if not (word.isascii() and word.isalpha() and _SHORTEST <= len(word) <= _LONGEST):
        return False
    return not get_close_matches(word, _field_words(), n=1, cutoff=0.7)


def _as_version(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number / 10 if "." not in text and 10 <= number < 100 else number  # noqa: PLR2004


@cache
def _field_words() -> list[str]:
    known = vocabulary()
    return [
        word
        for word, spelling in known.spellings.items()
        if any(role.kind != MODEL for role in known.roles[spelling])
    ]
