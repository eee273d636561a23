"""Words that nobody has listed yet: when one may be taken as the name of a new model.

Since GPT-5.6 OpenAI names the sizes of a version by a word of its own ("5.6 sol", "6 astra"), so
one unlisted word straight after such a version is read as a name. A word one letter away from a
known word may be a spelling of it and is never taken; likeness only ever leads to abstaining.

Source: families.csv, codename_from; docs/meters.md, "New models".
"""

from __future__ import annotations

from pertoken.meters.vocabulary import vocabulary

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
    return not any(_is_alike(word, known) for known in vocabulary().spellings)


def _as_version(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number / 10 if "." not in text and 10 <= number < 100 else number  # noqa: PLR2004


def _is_alike(word: str, known: str) -> bool:
    """Whether one letter put in, left out, replaced or moved makes the words equal."""
    if abs(len(word) - len(known)) > 1:
        return False
    at = next((at for at, (a, b) in enumerate(zip(word, known, strict=False)) if a != b), None)
    if at is None:
        return True
    rest, known_rest = word[at:], known[at:]
    return (
        rest[1:] == known_rest[1:]
        or rest[1:] == known_rest
        or rest == known_rest[1:]
        or (rest[1::-1] == known_rest[:2] and rest[2:] == known_rest[2:])
    )
