"""What a month's own tokens would have cost with another model, version, tier, scope or cache.

A switch FROM=TO replaces one word of a kind of token; the tokens stay, unless a ratio says that the
other model needs more or fewer. A cache rate is the share of input (uncached and read) that is read
from the cache. Tokens whose kind stays keep their own billed unit cost; others take the tenant's
own price of the new kind. A kind without a price makes the cost NULL, with a reason, never 0.

Source: docs/variance.md, "What if".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

KIND_COLUMNS = (
    "x_ModelId", "x_ModelVersion", "x_FineTuned", "x_MeterUse", "x_DeploymentScope",
    "x_ServiceTier", "x_TokenDirection", "x_TokenCacheAction", "x_Modality", "x_ContextTier",
)  # fmt: skip
SCOPES = ("Global", "DataZone", "Regional")
TIERS = ("Standard", "Batch", "Priority", "Flex")
ANY_VERSION = "*"
_ONE, _SCALE = Decimal(1), Decimal("1e-18")


class TokenKind(NamedTuple):
    """What has a price of its own; the fields stand in the order of KIND_COLUMNS."""

    model: str | None
    version: str | None
    fine_tuned: bool | None
    use: str | None
    scope: str | None
    tier: str | None
    direction: str | None
    cache: str | None
    modality: str | None
    context: str | None

    @property
    def words(self) -> str:
        """The kind in words, without what goes without saying."""
        said = (self.model, None if self.version == ANY_VERSION else self.version, self.scope,
                self.tier, self.direction, self.cache)  # fmt: skip
        return " ".join(each for each in said if each)


class Priced(Protocol):
    """Prices per token: amount and source of a kind, or a reason why there is none."""

    def price(self, kind: TokenKind) -> tuple[Decimal | None, str]:
        """Currency per token and its source; NULL and the reason."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One word of a kind for another: `field` is model, scope or tier."""

    field: str
    old: str
    new: str
    old_version: str | None = None
    new_version: str | None = None

    def applies(self, kind: TokenKind) -> bool:
        """Whether a kind has the old word."""
        if (getattr(kind, self.field) or "").casefold() != self.old.casefold():
            return False
        return self.old_version is None or self.old_version == kind.version

    def of(self, kind: TokenKind) -> TokenKind:
        """The kind with the new word; a model without a version stands for any."""
        if self.field == "scope":
            return kind._replace(scope=self.new)
        if self.field == "tier":
            return kind._replace(tier=self.new)
        return kind._replace(model=self.new, version=self.new_version or ANY_VERSION)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is changed; ratios are tokens of the new model per token of the old, by new model."""

    switches: tuple[Switch, ...] = ()
    ratios: Mapping[str, Decimal] = field(default_factory=dict)
    cache_rate: Decimal | None = None
    discount: Decimal | None = None

    def target(self, kind: TokenKind) -> TokenKind:
        """What a kind becomes."""
        for switch in self.switches:
            if switch.applies(kind):
                kind = switch.of(kind)
        return kind

    def ratio(self, old: TokenKind, new: TokenKind) -> Decimal:
        """Tokens of the new kind for one of the old; 1 within a model."""
        if new.model == old.model:
            return _ONE
        return self.ratios.get((new.model or "").casefold(), self.ratios.get("", _ONE))

    def touches(self, kind: TokenKind) -> bool:
        """Whether the scenario changes tokens of a kind or their price."""
        cached = self.cache_rate is not None and _is_cacheable(kind)
        return cached or self.discount is not None or self.target(kind) != kind


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of a kind and what they cost, as billed."""

    group: tuple[object, ...]
    kind: TokenKind
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Repriced:
    """Tokens under a scenario; `cost` is NULL with a reason where a price is missing."""

    tokens: Tokens
    quantity: Decimal
    cost: Decimal | None
    sources: tuple[str, ...]
    reasons: tuple[str, ...]


def repriced(used: Iterable[Tokens], scenario: Scenario, prices: Priced) -> Iterator[Repriced]:
    """The tokens that a scenario touches, under it.

    Takes:   tokens with a quantity above 0.
    Gives:   cost in the same currency; sources and reasons each once.
    """
    for tokens in used:
        if not scenario.touches(tokens.kind):
            continue
        cost: Decimal | None = Decimal(0)
        whole, sources, reasons = Decimal(0), [], []
        for kind, quantity in _parts(tokens, scenario):
            whole += quantity
            if kind == tokens.kind:
                price, source = tokens.cost / tokens.quantity, "own bill"
            else:
                found, source = prices.price(kind)
                if found is None:
                    reasons.append(source)
                    cost = None
                    continue
                price = found
            sources.append(source)
            if cost is not None:
                cost += quantity * price * (1 - (scenario.discount or 0))
        yield Repriced(
            tokens, whole, None if cost is None else cost.quantize(_SCALE),
            tuple(dict.fromkeys(sources)), tuple(dict.fromkeys(reasons)),
        )  # fmt: skip


def _parts(tokens: Tokens, scenario: Scenario) -> Sequence[tuple[TokenKind, Decimal]]:
    """What tokens become: one kind, or two where a cache rate divides input."""
    kind = scenario.target(tokens.kind)
    quantity = tokens.quantity * scenario.ratio(tokens.kind, kind)
    if scenario.cache_rate is None or not _is_cacheable(kind):
        return [(kind, quantity)]
    read = quantity * scenario.cache_rate
    parts = (
        (kind._replace(cache="Read"), read),
        (kind._replace(cache="Uncached"), quantity - read),
    )
    return [part for part in parts if part[1]]


def _is_cacheable(kind: TokenKind) -> bool:
    return kind.direction == "Input" and kind.cache in ("Uncached", "Read")
