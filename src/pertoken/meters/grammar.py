"""One meter name into a Meter.

Every word is a field word (direction, cache, scope, tier, ...), a word of the model's name, or
unknown. A word that can be either is tried as both. The model words go to the resolver; a
reading holds only if every word is used and no field has two values. Otherwise the meter is
`unrecognised`, with the words left over, or `ambiguous`, with both readings, and keeps only what
its words state: no default stands beside a word that nobody understood.

Source: docs/meters.md, "Grammar".
"""

from __future__ import annotations

from functools import cache
from itertools import product as combinations
from typing import NamedTuple

from pertoken.meters.models import Resolution, is_known, is_number, model_word, resolved
from pertoken.meters.products import Product
from pertoken.meters.units import TOKENS, Measure, tokens_per_unit, unit_of
from pertoken.meters.values import AMBIGUOUS, RECOGNISED, UNRECOGNISED, Meter
from pertoken.meters.vocabulary import MODEL, Role, vocabulary
from pertoken.meters.words import is_picture, phrased

_MANY_VALUES = frozenset({"detail", "hardware"})
_MOST_DOUBLE_WORDS = 6
_PICTURE_ROLES = (Role("detail", "Picture format", frozenset()),)
UNKNOWN_WORD = "\N{REPLACEMENT CHARACTER}"
_CAPACITY = "Capacity"
_MADE = frozenset({"Images", "Megapixels", "Videos"})


class Sentence(NamedTuple):
    """The words of a name with their roles in this product."""

    words: tuple[str, ...]
    roles: tuple[tuple[Role, ...], ...]


class Fields(NamedTuple):
    """What the field words state, by kind, and the kinds that have two values."""

    stated: dict[str, str]
    conflicts: tuple[str, ...]


class Reading(NamedTuple):
    """One way to read a sentence: its fields and the model that the other words name."""

    fields: Fields
    model_words: tuple[str, ...]
    resolution: Resolution | None


def meter_read(
    words: tuple[str, ...], product: Product, measure: Measure
) -> Meter:
    """The meter that these words name.

    Takes:   the words of the meter name; its product; its unit of measure.
    Gives:   a Meter of status recognised, ambiguous or unrecognised.
    """
    sentence = _sentence(words, product)
    readings = _readings(sentence, product)
    if not readings:
        return _set_aside(sentence, measure, UNRECOGNISED, "no words that a meter is made of")
    best = _best(readings)
    if len(best) > 1:
        texts = sorted({_text(reading) for reading in best})
        return _set_aside(sentence, measure, AMBIGUOUS, "two readings: " + " or ".join(texts))
    reading = best[0]
    if reading.fields.conflicts:
        reason = "two values for " + "; ".join(reading.fields.conflicts)
        return _set_aside(sentence, measure, AMBIGUOUS, reason)
    leftover = _leftover(reading)
    if leftover:
        reason = "words left over: " + " ".join(word[:60] for word in leftover[:12])
        return _set_aside(sentence, measure, UNRECOGNISED, reason)
    return _meter(reading, measure, sentence)


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
        and (at > last_unit if is_number(word) else at == 0 or not is_number(words[at - 1]))
        and not is_picture(word)
    ]


@cache
def _plain_words() -> frozenset[str]:
    """Words with roles, and the parts of phrases."""
    known = vocabulary()
    parts = {part for phrases in known.phrases.values() for words, _ in phrases for part in words}
    return frozenset(known.roles) | parts | {UNKNOWN_WORD}


@cache
def _unit_words() -> frozenset[str]:
    return frozenset(
        word
        for word, roles in vocabulary().roles.items()
        if [role.kind for role in roles] == ["unit"]
    )


def _sentence(words: tuple[str, ...], product: Product) -> Sentence:
    known = vocabulary().roles
    joined = tuple(phrased(words))
    sold = product.families
    return Sentence(
        joined,
        tuple(
            tuple(
                role
                for role in known.get(word, _PICTURE_ROLES if is_picture(word) else ())
                if not role.families or "*" in sold or not role.families.isdisjoint(sold)
            )
            for word in joined
        ),
    )


def _readings(sentence: Sentence, product: Product) -> list[Reading]:
    """Every way to share the words between fields and model."""
    doubles = [
        at
        for at, roles in enumerate(sentence.roles)
        if len(roles) > 1 and any(role.kind == MODEL for role in roles)
    ]
    if not sentence.words or len(doubles) > _MOST_DOUBLE_WORDS:
        return []
    readings = []
    for choice in combinations((False, True), repeat=len(doubles)):
        as_model = {at for at, chosen in zip(doubles, choice, strict=True) if chosen}
        readings += _readings_with(sentence, product, set(doubles), as_model)
    return readings


def _readings_with(
    sentence: Sentence, product: Product, doubles: set[int], as_model: set[int]
) -> list[Reading]:
    model_words: list[str] = []
    field_roles: list[Role] = []
    for at, (word, roles) in enumerate(zip(sentence.words, sentence.roles, strict=True)):
        fields = [role for role in roles if role.kind != MODEL]
        if at in as_model or not fields or (at in doubles and not fields):
            model_words.append(model_word(word))
        else:
            field_roles.append(fields[0])
    fields_read = _fields(field_roles)
    if fields_read.conflicts and as_model != doubles and doubles:
        return []
    words = tuple(model_words)
    found = resolved(words, product.families, product.default_family) if words else ()
    found = tuple(
        resolution
        for resolution in found
        if _fits(resolution, fields_read) and _in_place(resolution, sentence, doubles, as_model)
    )
    if not found:
        return [Reading(fields_read, words, None)]
    return [Reading(fields_read, words, resolution) for resolution in found]


def _fits(resolution: Resolution, fields: Fields) -> bool:
    """Whether the model counts what the name says is counted."""
    modality = fields.stated.get("modality")
    return modality is None or modality in resolution.modalities or "none" in resolution.modalities


def _in_place(
    resolution: Resolution, sentence: Sentence, doubles: set[int], as_model: set[int]
) -> bool:
    """Whether a rule may take the double words so: part of the name before the version only."""
    if not resolution.by_rule or not doubles:
        return True
    version = next((at for at, word in enumerate(sentence.words) if is_number(word)), 0)
    realtime = "realtime" in sentence.words
    before = {at for at in doubles if at < version and _is_modality(sentence.roles[at])}
    return as_model == (set() if realtime else before)


def _is_modality(roles: tuple[Role, ...]) -> bool:
    return any(role.kind == "modality" for role in roles)


def _fields(roles: list[Role]) -> Fields:
    values: dict[str, list[str]] = {}
    for role in roles:
        found = values.setdefault(role.kind, [])
        if role.value not in found:
            found.append(role.value)
    if "Write" in values.get("cache", ()):
        values["cache"] = ["Write"]
    conflicts = tuple(
        f"{kind}: {' and '.join(found)}"
        for kind, found in values.items()
        if len(found) > 1 and kind not in _MANY_VALUES
    )
    stated = {kind: " ".join(found) for kind, found in values.items()}
    if stated.get("direction") == "Output" and "cache" in stated:
        conflicts = (*conflicts, "direction: Output and cache " + stated["cache"])
    return Fields(stated, conflicts)


def _best(readings: list[Reading]) -> list[Reading]:
    """The readings of the strongest kind: from the table before by rule, the longest name first.

    Where no model is found, the reading that leaves the fewest words.
    """
    found = [reading for reading in readings if reading.resolution]
    if not found:
        complete = [reading for reading in readings if not reading.model_words]
        return complete[:1] or [min(readings, key=lambda reading: len(reading.model_words))]
    from_table = [r for r in found if r.resolution and not r.resolution.by_rule]
    strongest = from_table or found
    longest = max(len(reading.model_words) for reading in strongest)
    kept: dict[str, Reading] = {}
    for reading in strongest:
        if len(reading.model_words) == longest and reading.resolution:
            kept.setdefault(_text(reading), reading)
    return list(kept.values())


def _text(reading: Reading) -> str:
    resolution = reading.resolution
    model = resolution.model_id if resolution else "no model"
    modality = reading.fields.stated.get("modality")
    return f"{model} ({modality})" if modality else model


def _leftover(reading: Reading) -> tuple[str, ...]:
    stated = reading.fields.stated
    if reading.resolution:
        return ()
    if reading.model_words:
        unknown = tuple(word for word in reading.model_words if not is_known(word))
        return unknown or reading.model_words
    serves_every_model = stated.get("use") in (_CAPACITY, "Managed") or "hardware" in stated
    return () if serves_every_model else ("(no model named)",)


def _set_aside(sentence: Sentence, measure: Measure, status: str, reason: str) -> Meter:
    """A meter that is not read: only what its words state beyond doubt."""
    fields = _fields([roles[0] for roles in sentence.roles if len(roles) == 1])
    doubtful = {conflict.split(":")[0] for conflict in fields.conflicts}
    stated = {kind: value for kind, value in fields.stated.items() if kind not in doubtful}
    cache = stated.get("cache")
    use = stated.get("use")
    unit = unit_of(stated.get("unit"), measure, use or "")
    return Meter(
        model_developer=None,
        model_family=None,
        model_id=None,
        model_version=None,
        token_direction="Input" if cache else stated.get("direction"),
        token_cache_action=cache,
        modality=stated.get("modality"),
        deployment_scope=stated.get("scope"),
        service_tier=stated.get("tier"),
        context_tier=stated.get("context"),
        meter_use="Hosting" if use == "Managed" else use,
        fine_tuned=True if "tuned" in stated else None,
        unit=unit,
        tokens_per_unit=tokens_per_unit(unit, stated.get("scale"), measure)[0],
        status=status,
        reason=reason,
    )


def _meter(reading: Reading, measure: Measure, sentence: Sentence) -> Meter:
    stated = reading.fields.stated
    model = reading.resolution
    use = _use(stated, model)
    unit = unit_of(stated.get("unit"), measure, use)
    tokens, agree = tokens_per_unit(unit, stated.get("scale"), measure)
    if not agree:
        reason = f"two values for the block: {stated['scale']} and {measure.block}"
        return _set_aside(sentence, measure, AMBIGUOUS, reason)
    modality = stated.get("modality") or _modality(model)
    direction = _direction(stated, model, unit, modality)
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
        reason=_reason(reading, sentence),
    )


def _use(stated: dict[str, str], model: Resolution | None) -> str:
    use = stated.get("use") or ("Managed" if model is None else model.use)
    if use == "Managed":
        return "Hosting"
    return "Storage" if stated.get("unit") == "GB" else use


def _modality(model: Resolution | None) -> str | None:
    first = model.modalities[0] if model else "none"
    return None if first in ("-", "none") else first


def _direction(
    stated: dict[str, str], model: Resolution | None, unit: str | None, modality: str | None
) -> str | None:
    if "cache" in stated:
        return "Input"
    if "direction" in stated:
        return stated["direction"]
    if stated.get("use") in ("Training", "Hosting", _CAPACITY):
        return None
    if unit in _MADE or (unit == "Seconds" and modality == "video"):
        return "Input" if "Reference image" in stated.get("detail", "") else "Output"
    embeds = unit == TOKENS and model is not None and model.modalities[0] == "embedding"
    if embeds or unit == "Characters":
        return "Input"
    return (model.direction or None) if model else None


def _cache_action(
    stated: dict[str, str], model: Resolution | None, direction: str | None, unit: str | None
) -> str | None:
    """The cache action of input tokens; None where one meter counts cached and other tokens."""
    if direction != "Input" or unit != TOKENS or (model and model.direction):
        return None
    return stated.get("cache", "Uncached")


def _reason(reading: Reading, sentence: Sentence) -> str:
    model = reading.resolution
    if model is None:
        how = "serves every model"
    elif model.by_rule:
        how = f"model id formed by the {model.family.name} rule from: {' '.join(reading.model_words)}"
    else:
        how = f"model table: {' '.join(reading.model_words)}"
    note = f"; {model.note}" if model and model.note else ""
    return f"{how}; read: {' '.join(sentence.words)}{note}"
