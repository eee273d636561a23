"""Meter names into words.

Blanks, hyphens and every other mark part words; a dot stays inside a number. What is glued
(`BatchOutp`, `aud1217`, `gpt4omini`, `56sol`) is parted only where every part is a known word or
a number and only one parting has the fewest parts. Case never matters. What cannot be parted
stays one unknown word.

Source: docs/meters.md, "Words".
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from pertoken.meters.vocabulary import vocabulary

LONGEST_NAME = 400
LONGEST_GLUED = 40
SHORTEST_GLUED = 3
_MANY = 200_000

_RUNS = re.compile(r"\d{3,4}x\d{3,4}|\d+(?:\.\d+)*|[^\W\d_]+|.")
_PICTURE = re.compile(r"\d{3,4}p|\d{3,4}x\d{3,4}|\d{1,2}s")
_LETTERED = re.compile(r"[okrvm]\d{1,2}(?:\.\d+)?")
_VERSIONED = re.compile(r"[1-9]\d?(?:\.\d+)?")
# A dot parts words unless it stands between digits.
_LOOSE_DOT = re.compile(r"(?<!\d)\.+|\.+(?!\d)")
_NUMBER_DOTS = re.compile(r"[^.]*(?:(?<=\d)\.(?=\d)[^.]*)*")
_NUMBER_WORD = re.compile(r"(\d+(?:\.\d+)*)([^\W\d_]{3,})")
_SEPARATORS = {code: " " for code in range(128) if not chr(code).isalnum() and chr(code) != "."}
# What may stand after a number: billions, thousands, experts, omni, pixels, seconds, gigabytes.
_SIZES = ("gb", "b", "k", "m", "e", "o", "p", "s")
_VERSION_LETTERS = frozenset("okrvm")
_words_of_chunk: dict[str, tuple[str, ...]] = {}


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name, each in the spelling that stands for it.

    >>> words_of("gpt-4o-mini BatchOutp-glbl Tokens")
    ('gpt', '4o', 'mini', 'batch', 'outp', 'gl', 'tokens')
    """
    words: list[str] = []
    for chunk in text.lower().translate(_SEPARATORS).split():
        found = _words_of_chunk.get(chunk)
        words += found if found is not None else _remembered(chunk)
    return tuple(words)


def phrased(words: tuple[str, ...]) -> list[str]:
    """The words, with phrases (`data zone`), versions (`V 3.1`) and ranges (`1-5s`) joined."""
    phrases = vocabulary().phrases
    joined: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        size, put = 1, word
        for parts, phrase in phrases.get(word, ()):
            if words[at : at + len(parts)] == parts:
                size, put = len(parts), phrase
                break
        else:
            follower = words[at + 1] if at + 1 < len(words) else ""
            if word in {"o", "k", "r", "v", "m"} and _VERSIONED.fullmatch(follower):
                size, put = 2, word + follower
            elif word.isdigit() and follower.endswith("s") and is_picture(follower):
                size, put = 2, follower
        joined.append(put)
        at += size
    return joined


def is_picture(word: str) -> bool:
    """Whether a word is the size or the length of a picture: `1080p`, `1024x1024`, `5s`."""
    return _PICTURE.fullmatch(word) is not None


def _remembered(chunk: str) -> tuple[str, ...]:
    if len(_words_of_chunk) > _MANY:
        _words_of_chunk.clear()
    words = _words_of_chunk[chunk] = _parted(chunk)
    return words


def _parted(chunk: str) -> tuple[str, ...]:
    spellings = vocabulary().spellings
    chunk = chunk.strip(".")
    if not chunk:
        return ()
    if chunk in spellings:
        return (spellings[chunk],)
    if "." in chunk and not _NUMBER_DOTS.fullmatch(chunk):
        return tuple(word for part in _LOOSE_DOT.split(chunk) for word in _parted(part))
    if len(chunk) <= LONGEST_GLUED:
        parts = _fewest_parts(chunk)
        if parts:
            return tuple(spellings.get(part, part) for part in parts)
    new_name = _NUMBER_WORD.fullmatch(chunk)
    return (new_name[1], new_name[2]) if new_name else (chunk,)


def _fewest_parts(chunk: str) -> tuple[str, ...] | None:
    """The parting into fewest known parts, None if there is none or more than one."""
    partings: list[tuple[str, ...]] = [()]
    for run in _RUNS.findall(chunk):
        if run[0].isdigit():
            partings = [longer for parting in partings for longer in _with_number(parting, run)]
        else:
            partings = [longer for parting in partings for longer in _with_letters(parting, run)]
        if not partings:
            return None
    whole = {parting for parting in partings if len(parting[-1]) > 1 or parting[-1].isdigit()}
    fewest = min(map(len, whole), default=0)
    found = [parting for parting in whole if len(parting) == fewest]
    return found[0] if len(found) == 1 else None


def _with_number(parting: tuple[str, ...], number: str) -> list[tuple[str, ...]]:
    if parting and parting[-1] in _VERSION_LETTERS:
        lettered = parting[-1] + number
        return [(*parting[:-1], lettered)] if _LETTERED.fullmatch(lettered) else []
    return [(*parting, number)]


def _with_letters(parting: tuple[str, ...], letters: str) -> list[tuple[str, ...]]:
    found = [parting + parts for parts in _letter_parts(letters)]
    if parting and parting[-1][-1].isdigit():
        for size in _SIZES:
            if letters.startswith(size):
                sized = (*parting[:-1], parting[-1] + size)
                rest = letters[len(size) :]
                found += [sized + parts for parts in _letter_parts(rest)] if rest else [sized]
    return found


@lru_cache(maxsize=50_000)
def _letter_parts(letters: str) -> tuple[tuple[str, ...], ...]:
    """Letters as known words, the fewest; a version letter may stand alone at their end."""
    if letters in vocabulary().spellings and len(letters) > 1:
        return ((letters,),)
    nothing: list[tuple[str, ...]] = [()]
    best = [nothing, *([] for _ in letters)]
    for end in range(1, len(letters) + 1):
        options = [
            (*before, letters[start:end])
            for start in range(end)
            if letters[start:end] in _glued_words()
            for before in best[start]
        ]
        fewest = min(map(len, options), default=0)
        best[end] = [option for option in options if len(option) == fewest][:2]
    found = best[-1]
    if letters[-1] in _VERSION_LETTERS:
        found += [(*parts, letters[-1]) for parts in best[-2]]
    return tuple(found)


@cache
def _glued_words() -> frozenset[str]:
    """Words long enough to be parted from others; shorter ones occur inside too many words."""
    return frozenset(word for word in vocabulary().spellings if len(word) >= SHORTEST_GLUED)
