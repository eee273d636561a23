"""Products: which model families one sells, and whether a charge is an AI charge.

A product is read by its words, so that "Grok model family", "Azure Grok" and "Azure Grok Models"
are the same product before and after their renaming.

Source: products.csv, ai_products.csv; docs/meters.md, "Products".
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pertoken.meters.families import canonical
from pertoken.meters.models import ANY
from pertoken.meters.vocabulary import rows_of
from pertoken.meters.words import LONGEST_NAME, words_of

if TYPE_CHECKING:
    from pertoken.meters.values import MeterName

AI_CATEGORY = "ai and machine learning"
_PLAN_WORDS = frozenset({"paygo", "tokens", "search", "consumption"})


class Product(NamedTuple):
    """The families that a product sells, and the one that goes without saying."""

    families: tuple[str, ...]
    default_family: str | None
    model_words: tuple[str, ...]


UNKNOWN_PRODUCT = Product(ANY, None, ())


def product_of(name: MeterName) -> Product:
    """The product of a meter: by its product name, else its description, service, publisher."""
    for text in (name.product_name, name.description, name.service_name, name.publisher_name):
        if text:
            product = _product(heading(text)[:200])
            if product:
                return product
    return UNKNOWN_PRODUCT


def heading(text: str) -> str:
    """The product in a text such as "Azure OpenAI - gpt 4.1 Inp glbl Tokens - US East 2"."""
    return text.split(" - ", 1)[0]


def is_ai(name: MeterName) -> bool:
    """Whether a charge is for AI: by its service category, its service or product, its publisher.

    A publisher of models also sells other things, so its meter must speak of tokens. A name that
    comes alone, without any of these, is read as an AI meter: nothing says that it is not.
    """
    if is_ai_context(name):
        return True
    if not is_publisher(name):
        return False
    return not _PLAN_WORDS.isdisjoint(words_of(name.meter_name[:LONGEST_NAME]))


def is_ai_context(name: MeterName) -> bool:
    """Whether what stands around the meter's own name makes the charge an AI charge."""
    category = (name.service_category or "").strip().lower()
    if category == AI_CATEGORY:
        return True
    texts = (name.service_name, name.product_name)
    if any((text or "").strip().lower() in _listed() for text in texts):
        return True
    if is_publisher(name):
        return False
    if name.product_name:
        return _product(heading(name.product_name)[:200]) is not None
    return not (name.service_name or category or name.publisher_name)


def is_publisher(name: MeterName) -> bool:
    """Whether a publisher of models sells this meter."""
    return (name.publisher_name or "").strip().lower() in _publishers()


def marketplace_scope(name: MeterName) -> str | None:
    """The deployment scope that all plans of a publisher have, None if they differ."""
    return _publishers().get((name.publisher_name or "").strip().lower()) or None


@cache
def _listed() -> frozenset[str]:
    return frozenset(
        row["name"].lower() for row in rows_of("ai_products.csv") if row["kind"] == "service"
    )


@cache
def _publishers() -> dict[str, str]:
    return {
        row["name"].lower(): row["deployment_scope"]
        for row in rows_of("ai_products.csv")
        if row["kind"] == "publisher"
    }


@cache
def _products() -> list[tuple[frozenset[str], Product]]:
    rows = [
        (
            frozenset(canonical(row["words"])),
            Product(
                tuple(row["families"].split()),
                row["default_family"] or None,
                tuple(canonical(row["model_words"])),
            ),
        )
        for row in rows_of("products.csv")
    ]
    return sorted(rows, key=lambda row: -len(row[0]))


@lru_cache(maxsize=50_000)
def _product(text: str) -> Product | None:
    words = frozenset(canonical(text))
    return next((product for needed, product in _products() if needed <= words), None)
