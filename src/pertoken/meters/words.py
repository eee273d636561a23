"""Meter names into words.

Blanks, hyphens and every other mark part words; a dot stays inside a number. What is glued
(`BatchOutp`, `aud1217`, `gpt4omini`, `56sol`) is parted only where every part is a known word or
a number and only one parting has the fewest parts. Case never matters. What cannot be parted
stays one unknown word.

Source: docs/meters.md, "Words".
"""

from __future__ import annotations

import re
from functools import cache

from pertoken.meters.vocabulary import vocabulary

LONGEST_NAME = 400
LONGEST_GLUED = 40
_MANY = 200_000

_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_SIZE = re.compile(r"gb|[bkmeops]|x\d{3,4}")
_PICTURE = re.compile(r"\d{3,4}p|\d{3,4}x\d{3,4}|\d{1,2}s")
_LETTERED = re.compile(r"[okrvm]\d{1,2}(?:\.\d+)?(?!\d)")
_LETTERS = re.compile(r"[^\W\d_]+")
_VERSIONED = re.compile(r"[1-9]\d?(?:\.\d+)?")
_NUMBER_WORD = re.compile(r"(\d+(?:\.\d+)*)([^\W\d_]{3,})")
_SEPARATORS = {code: " " for code in range(128) if not chr(code).isalnum() and chr(code) != "."}
# These two letters occur inside too many other words to be parted from a glued word.
_NEVER_GLUED = frozenset({"in", "ip", "op", "ch", "rg", "fl", "rt"})

_words_of_chunk: dict[str, tuple[str, ...]] = {}


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name, each in the spelling that stands for it.

    >>> words_of("gpt-4o-mini BatchOutp-glbl Tokens")
    ('gpt', '4o', 'mini', 'batch', 'opt', 'gbl', 'token')
    """
    words: list[str] = []
    for chunk in text.lower().translate(_SEPARATORS).split():
        found = _words_of_chunk.get(chunk)
        words += found if found is not None else _remembered(chunk)
    return tuple(words)


def phrased(words: tuple[str, ...]) -> list[str]:
    """The words with phrases (`data zone`), lettered versions (`V 3.1`) and ranges (`1-5s`) joined."""
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
    if len(chunk) <= LONGEST_GLUED:
        parts = _fewest_parts(chunk)
        if parts:
            return tuple(spellings.get(part, part) for part in parts)
    new_name = _NUMBER_WORD.fullmatch(chunk)
    return new_name.groups() if new_name else (chunk,)  # type: ignore[return-value]


def _fewest_parts(chunk: str) -> tuple[str, ...] | None:
    """The parting into fewest known parts, None if there is none or more than one."""
    best: list[list[tuple[str, ...]]] = [[()]] + [[] for _ in chunk]
    for end in range(1, len(chunk) + 1):
        options = [
            (*before, chunk[start:end])
            for start in range(end)
            if _is_part(chunk, start, end)
            for before in best[start]
        ]
        fewest = min(map(len, options), default=0)
        best[end] = [option for option in options if len(option) == fewest][:2]
    found = best[-1]
    return found[0] if len(found) == 1 and _is_plain(found[0]) else None


def _is_part(chunk: str, start: int, end: int) -> bool:
    part = chunk[start:end]
    if part[0].isdigit():
        number = _NUMBER.match(chunk, start)
        size = part[len(number[0]) :] if number else None
        return bool(number) and (not size or bool(_SIZE.fullmatch(size or "")))
    if _LETTERED.fullmatch(part):
        return end == len(chunk) or not chunk[end].isdigit()
    return part in _glued_words()


@cache
def _glued_words() -> frozenset[str]:
    known = vocabulary().spellings
    return frozenset(word for word in known if len(word) > 1 and word not in _NEVER_GLUED)


def _is_plain(parts: tuple[str, ...]) -> bool:
    """Whether letters glued to letters are long enough not to be chance."""
    letters = [part for part in parts if _LETTERS.fullmatch(part)]
    glued = any(
        _LETTERS.fullmatch(left) and _LETTERS.fullmatch(right)
        for left, right in zip(parts, parts[1:], strict=False)
    )
    return not glued or sum(map(len, letters)) * 2 >= 5 * len(letters)
