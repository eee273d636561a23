"""One meter name into a Meter.

Where every word is used and no field has two values, the name is read. Otherwise the meter is
`unrecognised`, with the words left over, or `ambiguous`, with both readings, and keeps only what
its words state: no default stands beside a word that nobody understood.

Source: docs/meters.md, "Grammar".
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from pertoken.meters.families import is_number
from pertoken.meters.naming import NO_DEFAULT, is_known, modality_of
from pertoken.meters.products import UNKNOWN_PRODUCT, Product
from pertoken.meters.readings import (
    Part,
    Reading,
    best_readings,
    fields_of,
    parts_of,
    reading_text,
)
from pertoken.meters.units import TOKENS, Measure, tokens_per_unit, unit_of
from pertoken.meters.values import AMBIGUOUS, RECOGNISED, UNRECOGNISED, Meter
from pertoken.meters.vocabulary import MODEL, vocabulary
from pertoken.meters.words import is_picture

if TYPE_CHECKING:
    from pertoken.meters.models import Resolution

UNKNOWN_WORD = "\N{REPLACEMENT CHARACTER}"
_CAPACITY = "Capacity"
_MANAGED = "Managed"
_MADE = frozenset({"Images", "Megapixels", "Videos"})
_EMBEDDING = "embedding"
_NO_MODEL = ("",)
_NO_DIRECTION = frozenset({"Training", "Hosting", _CAPACITY, _MANAGED})


def meter_read(words: tuple[str, ...], product: Product, measure: Measure) -> Meter:
    """The meter that these words name.

    Takes:   the words of the meter name; its product; its unit of measure.
    Gives:   a Meter of status recognised, ambiguous or unrecognised.
    """
    parts = parts_of(words, product)
    best = best_readings(parts, product)
    if not best:
        return _set_aside(parts, measure, UNRECOGNISED, "no words that a meter is made of")
    if len(best) > 1:
        reason = "two readings: " + " or ".join(sorted(map(reading_text, best)))
        return _set_aside(parts, measure, AMBIGUOUS, reason)
    reading = best[0]
    if reading.fields.conflicts:
        reason = "two values for " + "; ".join(reading.fields.conflicts)
        return _set_aside(parts, measure, AMBIGUOUS, reason)
    leftover = _leftover(reading)
    if leftover:
        reason = "words left over: " + " ".join(word[:60] for word in leftover[:12])
        reason = "no model named" if leftover == _NO_MODEL else reason
        return _set_aside(parts, measure, UNRECOGNISED, reason)
    implied = _implied_modality(reading, product)
    meter = _meter(reading, measure, parts, implied)
    if reading.resolution is None and reading.model_words:
        return _without_model(meter, reading)
    return meter


def plan_meter_read(words: tuple[str, ...], model: Resolution, measure: Measure) -> Meter:
    """The meter of a marketplace plan that names its model: the words say only what is counted."""
    parts = parts_of(words, UNKNOWN_PRODUCT)
    fields = fields_of([part.field for part in parts if part.field])
    unread = [
        part.word[:60]
        for part in parts
        if not part.field and modality_of((part.word,), None) != model.modalities[0]
    ]
    if fields.conflicts or unread:
        reason = "words left over: " + " ".join([*unread[:12], *fields.conflicts])
        return _set_aside(parts, measure, UNRECOGNISED, reason)
    first = model.modalities[0]
    return _meter(Reading(fields, (model.model_id,), model), measure, parts, first)


def has_unit(words: tuple[str, ...]) -> bool:
    """Whether one of the words is a unit, as in every meter's full name."""
    return not _unit_words().isdisjoint(words)


def strange_words(words: tuple[str, ...]) -> list[int]:
    """Places of the words that no meter is made of, and of numbers behind the unit.

    A word straight after a number may be the name of a new model and is left to the resolver.
    """
    plain = _plain_words()
    if plain.issuperset(words):
        return []
    last_unit = max((at for at, word in enumerate(words) if word in _unit_words()), default=99)
    return [
        at
        for at, word in enumerate(words)
        if word not in plain
        and not (len(word) == 1 and word.isalpha())
        and (at > last_unit if is_number(word) else at == 0 or not is_number(words[at - 1]))
        and not is_picture(word)
    ]


def ordered_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words with those whose place says nothing behind the others, each once.

    Meters with the same words in another order are the same meter: the scope may stand before or
    behind the direction. Words of a model's name and of phrases keep their places.
    """
    placeless = _placeless_words()
    moved = {word for word in words if word in placeless}
    return (*(word for word in words if word not in placeless), *sorted(moved))


@cache
def _placeless_words() -> frozenset[str]:
    """Words that are fields and nothing else in every product, and no part of a phrase."""
    known = vocabulary()
    parts = {part for phrases in known.phrases.values() for words, _ in phrases for part in words}
    return frozenset(
        word
        for word, roles in known.roles.items()
        if word not in parts
        and len(roles) == 1
        and roles[0].kind != MODEL
        and not roles[0].families
    )


@cache
def _plain_words() -> frozenset[str]:
    """Words with roles, and the parts of phrases."""
    known = vocabulary()
    parts = {part for phrases in known.phrases.values() for words, _ in phrases for part in words}
    return frozenset(known.roles) | parts | {UNKNOWN_WORD}


@cache
def _unit_words() -> frozenset[str]:
    roles_of = vocabulary().roles
    return frozenset(
        word for word in roles_of if [role.kind for role in roles_of[word]] == ["unit"]
    )


def _leftover(reading: Reading) -> tuple[str, ...]:
    if reading.resolution:
        return ()
    if reading.model_words:
        return tuple(word for word in reading.model_words if not is_known(word))
    stated = reading.fields.stated
    serves_every_model = stated.get("use") in (_CAPACITY, _MANAGED) or "hardware" in stated
    return () if serves_every_model else _NO_MODEL


def _set_aside(parts: tuple[Part, ...], measure: Measure, status: str, reason: str) -> Meter:
    """A meter that is not read: only what its words state beyond doubt."""
    stated = _beyond_doubt(parts)
    use = stated.get("use")
    unit = stated.get("unit")
    unit = None if unit == "Unit" else unit_of(unit, measure, use or "") if unit else None
    return Meter(
        model_developer=None,
        model_family=None,
        model_id=None,
        model_version=None,
        token_direction="Input" if "cache" in stated else stated.get("direction"),
        token_cache_action=stated.get("cache"),
        modality=stated.get("modality"),
        deployment_scope=stated.get("scope"),
        service_tier=stated.get("tier") or _tier_beside_letters(parts, status),
        context_tier=stated.get("context"),
        meter_use="Hosting" if use == _MANAGED else use,
        fine_tuned=None,
        unit=unit,
        tokens_per_unit=tokens_per_unit(unit, stated.get("scale"), measure)[0],
        status=status,
        reason=reason,
    )


def _tier_beside_letters(parts: tuple[Part, ...], status: str) -> str | None:
    """Standard where a lone letter and a unit are all that a name says ("MAI o Tokens")."""
    unknown = [part.word for part in parts if part.field is None and not is_known(part.word)]
    letters = all(len(word) == 1 and word.isalpha() for word in unknown)
    kinds = {part.field.kind for part in parts if part.field}
    is_placeholder = status == UNRECOGNISED and unknown and letters and kinds == {"unit"}
    return "Standard" if is_placeholder else None


def _beyond_doubt(parts: tuple[Part, ...]) -> dict[str, str]:
    """What the words of an unread name state: no field with two values, and no direction beside
    an unknown word, which may say that the tokens are cached or written.
    """
    fields = fields_of([part.field for part in parts if part.field and not part.is_double])
    doubtful = {conflict.split(":")[0] for conflict in fields.conflicts}
    for part, neighbour in [*pairwise(parts), *pairwise(reversed(parts))]:
        unknown = neighbour.field is None and not is_known(neighbour.word)
        if unknown and part.field and part.field.kind in ("direction", "cache"):
            doubtful.add("direction")
    if "direction" in doubtful:
        doubtful.add("cache")
    return {kind: value for kind, value in fields.stated.items() if kind not in doubtful}


def _without_model(meter: Meter, reading: Reading) -> Meter:
    """A meter whose every word is known but for which model they name together."""
    return meter._replace(
        model_id=None,
        status=UNRECOGNISED if meter.status == RECOGNISED else meter.status,
        reason="no model known by the words: " + " ".join(reading.model_words),
    )


def _meter(
    reading: Reading, measure: Measure, parts: tuple[Part, ...], implied: str | None
) -> Meter:
    stated, model = reading.fields.stated, reading.resolution
    use = _use(reading)
    unit = unit_of(stated.get("unit"), measure, use)
    tokens, agree = tokens_per_unit(unit, stated.get("scale"), measure)
    if not agree:
        block = f"{stated.get('scale', '')} Tokens".lstrip()
        reason = (
            f"two values for the unit: {block} and {measure.block} {measure.unit or ''}".rstrip()
        )
        return _set_aside(parts, measure, AMBIGUOUS, reason)
    embeds = implied == _EMBEDDING and (model is None or not model.is_mixed)
    modality = implied if embeds else stated.get("modality") or implied
    direction = _direction(reading, unit, modality, implied)
    if not use:
        trains = "tuned" in stated and unit == TOKENS and direction is None
        use = "Training" if trains else "Inference"
    return Meter(
        model_developer=model.family.developer if model else None,
        model_family=model.family.name if model else None,
        model_id=model.model_id if model else "*",
        model_version=model.version if model else None,
        token_direction=direction,
        token_cache_action=_cache_action(stated, model, direction, unit),
        modality=modality,
        deployment_scope=stated.get("scope"),
        service_tier=stated.get("tier") or ("Provisioned" if use == _CAPACITY else "Standard"),
        context_tier=stated.get("context"),
        meter_use=use,
        fine_tuned=use == "Training" or ("tuned" in stated and use != "Grading"),
        unit=unit,
        tokens_per_unit=tokens,
        status=RECOGNISED,
        reason=_reason(reading, parts),
    )


def _use(reading: Reading) -> str:
    """What the meter is for, as its words or its model say; empty where neither does."""
    stated, model = reading.fields.stated, reading.resolution
    use = stated.get("use") or (model.use if model else "")
    if use == _MANAGED or (not use and model is None and not reading.model_words):
        return "Hosting"
    return "Storage" if stated.get("unit") == "GB" else use


def _implied_modality(reading: Reading, product: Product) -> str | None:
    """What goes without saying that the model counts."""
    if reading.resolution:
        first = reading.resolution.modalities[0]
        return None if first in (NO_DEFAULT, "none") else first
    return modality_of(reading.model_words, product.default_family)


def _direction(
    reading: Reading, unit: str | None, modality: str | None, implied: str | None
) -> str | None:
    stated, model = reading.fields.stated, reading.resolution
    if "cache" in stated:
        return "Input"
    if "direction" in stated:
        return stated["direction"]
    if stated.get("use") in _NO_DIRECTION:
        return None
    if unit in _MADE or (unit == "Seconds" and modality == "video"):
        return "Input" if "Reference image" in stated.get("detail", "") else "Output"
    if unit == "Characters" or (unit == TOKENS and implied == _EMBEDDING):
        return "Input"
    return (model.direction or None) if model else None


def _cache_action(
    stated: dict[str, str], model: Resolution | None, direction: str | None, unit: str | None
) -> str | None:
    """The cache action of input tokens; None where one meter counts cached and other tokens."""
    if direction != "Input" or unit != TOKENS or (model and model.direction):
        return None
    return stated.get("cache", "Uncached")


def _reason(reading: Reading, parts: tuple[Part, ...]) -> str:
    model, named = reading.resolution, " ".join(reading.model_words)
    if model is None:
        how = "serves every model"
    elif model.by_rule:
        how = f"model id formed by the {model.family.name} rule from: {named}"
    else:
        how = f"model table: {named}"
    note = f"; {model.note}" if model and model.note else ""
    return f"{how}; read: {' '.join(part.word for part in parts)}{note}"
