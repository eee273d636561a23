"""Meter names into Meters: the door of this room.

Names differ, sentences repeat: a price sheet spells one sentence in many ways, so Meters are
remembered by words, product and unit. Remembering changes no answer, because a Meter follows
from these three alone; meter ids play no part, since they differ by region and are used again.

Source: docs/meters.md.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pertoken.meters.grammar import (
    UNKNOWN_WORD,
    has_unit,
    meter_read,
    ordered_words,
    plan_meter_read,
    strange_words,
)
from pertoken.meters.models import model_of_plan
from pertoken.meters.products import (
    UNKNOWN_PRODUCT,
    Product,
    heading,
    is_ai,
    is_ai_context,
    is_publisher,
    marketplace_scope,
    product_of,
)
from pertoken.meters.units import Measure, measure_of
from pertoken.meters.values import NOT_AI, RECOGNISED, UNRECOGNISED, Meter, MeterName, unread_meter
from pertoken.meters.words import LONGEST_NAME, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_MANY = 200_000
_PLAN_METER = "paygo"
_PARTS = " - "
_SLUG = re.compile(r"[A-Za-z0-9.]+(?:-[A-Za-z0-9.]+)+")

_Sentence = tuple[tuple[str, ...], Product, Measure]
_meters: dict[_Sentence, Meter] = {}
_not_ai = unread_meter(NOT_AI, "no AI service, product or publisher")
_too_long = unread_meter(UNRECOGNISED, f"longer than {LONGEST_NAME} characters")


def classify(name: MeterName) -> Meter:
    """The meter that a name means; of status unrecognised, ambiguous or not AI if it has none.

    >>> classify(MeterName("gpt 4.1 mini cached Inp DZone Tokens", unit_of_measure="1K"))[2:8]
    ('gpt-4.1-mini', None, 'Input', 'Read', 'text', 'DataZone')
    """
    ai, product, measure = _context(name[1:])
    if not ai and not is_ai(name):
        return _not_ai
    text = name.meter_name or name.product_name or ""
    if len(text) > LONGEST_NAME:
        return _too_long
    if _PARTS in text:
        return _in_another_field(name, measure) or _plan_meter(name, text, product, measure)
    words = words_of(text)
    if _PLAN_METER in words or is_publisher(name):
        return _plan_meter(name, text, product, measure)
    meter = _remembered(product.model_words + words, product, measure)
    if meter.status == UNRECOGNISED and not has_unit(words):
        return _in_another_field(name, measure) or meter
    return meter


def classify_all(names: Iterable[MeterName]) -> list[Meter]:
    """The meters of many names, in their order; a name that recurs is read once."""
    found: dict[MeterName, Meter] = {}
    meters = []
    for name in names:
        meter = found.get(name)
        if meter is None:
            meter = found[name] = classify(name)
        meters.append(meter)
    return meters


@lru_cache(maxsize=50_000)
def _context(around: tuple[str | None, ...]) -> tuple[bool, Product, Measure]:
    """What stands around a meter's own name: whether it is AI, the product, the unit of measure."""
    name = MeterName("", *around)
    return is_ai_context(name), product_of(name), measure_of(name.unit_of_measure or "")


def _remembered(words: tuple[str, ...], product: Product, measure: Measure) -> Meter:
    sentence = (words, product, measure)
    meter = _meters.get(sentence)
    if meter is None:
        strange = strange_words(words)
        if strange:
            return _with_strange_words(words, strange, product, measure)
        if len(_meters) > _MANY:
            _meters.clear()
        meter = _meters[sentence] = _read(ordered_words(words), product, measure)
    return meter


@lru_cache(maxsize=_MANY)
def _read(words: tuple[str, ...], product: Product, measure: Measure) -> Meter:
    return meter_read(words, product, measure)


def _with_strange_words(
    words: tuple[str, ...], strange: list[int], product: Product, measure: Measure
) -> Meter:
    """The meter of a sentence with unknown words: the same for all of them but for its reason."""
    masked = list(words)
    for at in strange:
        masked[at] = UNKNOWN_WORD
    sentence = (tuple(masked), product, measure)
    meter = _meters.get(sentence)
    if meter is None:
        meter = _meters[sentence] = meter_read(sentence[0], product, measure)
    reason = meter.reason
    for at in strange:
        reason = reason.replace(UNKNOWN_WORD, words[at][:60], 1)
    return meter._replace(reason=reason)


def _in_another_field(name: MeterName, measure: Measure) -> Meter | None:
    """The meter in a text such as "Azure OpenAI - gpt 4.1 Inp glbl Tokens - US East 2".

    Some bills carry the whole text as the meter's name, or the meter in the product's place.
    """
    for text in (name.meter_name, name.product_name, name.description):
        parts = (text or "")[:LONGEST_NAME].split(_PARTS)
        product = product_of(name._replace(product_name=parts[0], description=name.product_name))
        for part in parts:
            words = words_of(part)
            if has_unit(words) and _PLAN_METER not in words:
                meter = _remembered(words, product, measure)
                if meter.status == RECOGNISED:
                    return meter._replace(reason=f"{meter.reason}; found in: {text}"[:LONGEST_NAME])
    return None


def _plan_meter(name: MeterName, text: str, product: Product, measure: Measure) -> Meter:
    """A marketplace meter: its own words say what is counted, its plan says which model."""
    words = words_of(text.rsplit(_PARTS, 1)[-1])
    meter = _remembered(words, UNKNOWN_PRODUCT, measure)
    for plan in (name.product_name, heading(text), name.description):
        if meter.status != RECOGNISED and plan:
            slug = heading(plan[:LONGEST_NAME]).strip()
            read = _meter_of_plan(slug, words, product, measure)
            meter = read if read.status == RECOGNISED else meter
    scope = marketplace_scope(name)
    if meter.status == RECOGNISED and scope and meter.deployment_scope is None:
        reason = f"{meter.reason}; {scope} by the publisher's terms"
        meter = meter._replace(deployment_scope=scope, reason=reason)
    return meter


def _meter_of_plan(plan: str, words: tuple[str, ...], product: Product, measure: Measure) -> Meter:
    model = model_of_plan(plan) if _SLUG.fullmatch(plan) else None
    if model:
        return plan_meter_read(words, model, measure)
    return _remembered(words_of(plan) + words, product, measure)
