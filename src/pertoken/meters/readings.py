"""Ways to read the words of a name: which are fields, which are the model's name.

A word plays its field role, or stands in the model's name, or is unknown. A word that can do
either is tried as both; a reading holds if its fields do not contradict each other and its model
counts what they say is counted.

Source: docs/meters.md, "Grammar".
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product as combinations
from typing import TYPE_CHECKING, NamedTuple

from pertoken.meters.dates import is_date
from pertoken.meters.families import is_number, model_word
from pertoken.meters.models import Resolution, resolved
from pertoken.meters.vocabulary import MODEL, Role, vocabulary
from pertoken.meters.words import is_picture, phrased

if TYPE_CHECKING:
    from pertoken.meters.products import Product

_MANY_VALUES = frozenset({"detail", "hardware"})
_MOST_DOUBLE_WORDS = 6
_PICTURE = Role("detail", "Picture format", frozenset())
_EVERY_MODEL = frozenset({"Capacity", "Managed"})
_REALTIME = "realtime"


class Part(NamedTuple):
    """One word: its field role, and its spelling in a model's name; one of them may be None."""

    word: str
    field: Role | None
    name: str | None

    @property
    def is_double(self) -> bool:
        """Whether the word may be a field or stand in the model's name."""
        return self.field is not None and self.name is not None


class Fields(NamedTuple):
    """What the field words state, by kind, and the kinds that have two values."""

    stated: dict[str, str]
    conflicts: tuple[str, ...]


class Reading(NamedTuple):
    """One way to read a sentence: its fields, and the model that the other words name."""

    fields: Fields
    model_words: tuple[str, ...]
    resolution: Resolution | None


def parts_of(words: tuple[str, ...], product: Product) -> tuple[Part, ...]:
    """The words with their roles in this product."""
    return tuple(_part(word, product.families) for word in phrased(words))


def best_readings(parts: tuple[Part, ...], product: Product) -> list[Reading]:
    """The readings that hold, of the strongest kind; more than one if they differ.

    A model of the table is stronger than one formed by rule, and a longer name than a shorter.
    Where no model is found, the one reading that leaves the fewest words.
    """
    readings = _readings(parts, product)
    found = [reading for reading in readings if reading.resolution]
    if not found:
        return [min(readings, key=_unread)] if readings else []
    from_table = [r for r in found if r.resolution and not r.resolution.by_rule]
    strongest = from_table or found
    longest = max(len(reading.model_words) for reading in strongest)
    kept = [reading for reading in strongest if len(reading.model_words) == longest]
    return list({reading_text(reading): reading for reading in kept}.values())


def reading_text(reading: Reading) -> str:
    """A reading in words, as Reason shows it."""
    model = reading.resolution.model_id if reading.resolution else "no model"
    modality = reading.fields.stated.get("modality")
    return f"{model} ({modality})" if modality else model


def fields_of(roles: list[Role]) -> Fields:
    """What these roles state, and where they contradict each other."""
    values: dict[str, list[str]] = {}
    for role in roles:
        found = values.setdefault(role.kind, [])
        if role.value not in found:
            found.append(role.value)
    if "Write" in values.get("cache", ()):
        values["cache"] = ["Write"]
    conflicts = [
        f"{kind}: {' and '.join(sorted(found))}"
        for kind, found in values.items()
        if len(found) > 1 and kind not in _MANY_VALUES
    ]
    stated = {kind: " ".join(found) for kind, found in values.items()}
    if "cache" in stated and stated.get("direction") == "Output":
        conflicts.append(f"direction: Output and cache {stated['cache']}")
    return Fields(stated, tuple(conflicts))


@lru_cache(maxsize=50_000)
def _part(word: str, sold: tuple[str, ...]) -> Part:
    roles = vocabulary().roles.get(word, (_PICTURE,) if is_picture(word) else ())
    here = [
        role
        for role in roles
        if not role.families or "*" in sold or not role.families.isdisjoint(sold)
    ]
    fields = [role for role in here if role.kind != MODEL]
    in_names = not fields or len(fields) < len(here)
    return Part(word, fields[0] if fields else None, model_word(word) if in_names else None)


def _unread(reading: Reading) -> tuple[int, int]:
    return len(reading.model_words), len(reading.fields.conflicts)


def _readings(parts: tuple[Part, ...], product: Product) -> list[Reading]:
    """Every way to share the double words between fields and model."""
    doubles = [at for at, part in enumerate(parts) if part.is_double]
    if not parts or len(doubles) > _MOST_DOUBLE_WORDS:
        return []
    readings: list[Reading] = []
    for choice in combinations((False, True), repeat=len(doubles)):
        as_name = {at for at, chosen in zip(doubles, choice, strict=True) if chosen}
        readings += _readings_with(parts, product, doubles, as_name)
    return readings


def _readings_with(
    parts: tuple[Part, ...], product: Product, doubles: list[int], as_name: set[int]
) -> list[Reading]:
    roles: list[Role] = []
    names: list[str] = []
    for at, part in enumerate(parts):
        if part.field and (part.name is None or at not in as_name):
            roles.append(part.field)
        else:
            names.append(part.name or part.word)
    fields = fields_of(roles)
    if fields.conflicts and len(as_name) < len(doubles):
        return []
    words = tuple(names)
    found = resolved(words, product.families, product.default_family) if words else ()
    readings = [
        Reading(fields, words, resolution)
        for resolution in found
        if _fits(resolution, fields) and _in_place(resolution, parts, doubles, as_name)
    ]
    return readings or [Reading(fields, words, None)]


def _fits(resolution: Resolution, fields: Fields) -> bool:
    """Whether the model counts what the name says is counted, and may have such a meter."""
    modality = fields.stated.get("modality")
    if fields.stated.get("use") in _EVERY_MODEL and not resolution.is_named:
        return False
    return modality is None or modality in resolution.modalities or "none" in resolution.modalities


def _in_place(
    resolution: Resolution, parts: tuple[Part, ...], doubles: list[int], as_name: set[int]
) -> bool:
    """Whether a rule may take the double words so: a name holds them before its version only."""
    if not resolution.by_rule or not doubles:
        return True
    if not all(_is_modality(parts[at]) for at in doubles):
        return False
    head = _head(parts)
    if any(part.word == _REALTIME for part in parts):
        return not as_name
    return as_name == {at for at in doubles if at < head}


def _is_modality(part: Part) -> bool:
    return part.field is not None and part.field.kind == "modality"


def _head(parts: tuple[Part, ...]) -> int:
    """Where the first words of a name end: at its version, else behind its second word."""
    for at, part in enumerate(parts):
        if part.field is None and is_number(part.word) and not is_date(part.word):
            return at
    return 2
