"""Why a cost moved between two periods: effects that add to the difference exactly.

The tokens of a group lie in cells (model, offering, direction, cache action, and the rest). With q
tokens and p cost per token of a cell, before (0) and after (1), Q and C the sums over cells:

    price    sum of q1 (p1 - p0), over cells with tokens in both periods
    volume   (Q1 - Q0) C0 / Q0
    mix      the rest: the same tokens lie in other cells, at the prices of before

Mix is taken apart level by level: what a level adds is the cost of the tokens of after at the unit
costs of before of that level, less the same of the level above. A cell that is new has no price of
before and takes that of after; a model without tokens in one of the periods, in any group, is New
or Retired. Price is taken apart into the exchange rate, the list price and the discount, where both
sides state them. Every effect is the sum of its cells, rounded to 18 digits; Volume takes what
rounding leaves, so that the sum of effects is the difference to the last digit.

Source: docs/variance.md, "Variance".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

LEVELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ModelMix", ("x_ModelId",)),
    ("TierAndScopeMix", ("x_DeploymentScope", "x_ServiceTier")),
    ("TokenKindMix", ("x_TokenDirection",)),
    ("CacheRate", ("x_TokenCacheAction",)),
    ("OtherMix", ("x_ModelVersion", "x_FineTuned", "x_MeterUse", "x_Modality", "x_ContextTier")),
)
"""The levels of mix, outermost first, and the columns in which their cells differ."""

CELL_COLUMNS = tuple(column for _, columns in LEVELS for column in columns)
REMAINDER = "Volume"
TOKENS = "Tokens"
DRIVERS: dict[str, str] = {
    "Volume": "more or fewer tokens, at the unit cost of before; takes what rounding leaves",
    "Price": "another price of the same cell: list price, discount, or not told apart",
    "Currency": "another exchange rate from pricing to billing currency",
    "ModelMix": "another share of the models that both periods have",
    "TierAndScopeMix": "another share of service tiers and deployment scopes, within a model",
    "TokenKindMix": "another share of input and output, within a model and offering",
    "CacheRate": "another share of cached tokens, within those",
    "OtherMix": "another share of versions, fine-tuning, uses, modalities and context tiers",
    "New": "a model, or a whole group, without tokens in the earlier period",
    "Retired": "a model, or a whole group, without tokens in the later period",
    "PtuCover": "provisioned capacity: used, unused and on demand",
    "Corrections": "corrections of earlier charges, and token rows of negative quantity",
    "UnprovenQuantity": "usage of token meters whose tokens are not proven",
    "OtherUsage": "usage that counts no tokens: images, hours, hosting, tools",
    "OtherCharges": "purchases, credits, adjustments and tax",
}
"""Every driver and what it says, in the order in which they are shown."""

COMPONENTS = ("ListPrice", "Discount", "Unsplit")
"""The parts of Price; Unsplit where the list price of a cell is not known on both sides."""

_SCALE, _DIGITS = Decimal("1e-18"), 60
_ROUNDING = Decimal("1e-9")
"""A discount below this share of a cost is the rounding of the export's own costs."""
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Side:
    """A cell in one period: cost in BillingCurrency, tokens, list cost and exchange rate if known.

    `list_cost` is NULL unless it is known for every token; `rate` unless it is one for all.
    """

    cost: Decimal
    quantity: Decimal | None = None
    list_cost: Decimal | None = None
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """What is compared: a group, a currency, a driver of its own or TOKENS, and the words."""

    group: tuple[object, ...]
    currency: str
    kind: str
    words: tuple[object, ...]
    before: Side | None
    after: Side | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What one cell adds to the difference by one driver, in BillingCurrency."""

    cell: Cell
    driver: str
    component: str | None
    amount: Decimal


def effects(cells: Iterable[Cell]) -> list[Effect]:
    """The effects of every group and currency.

    Takes:   cells, one per group, currency, kind and words; a token cell has a quantity above 0.
    Gives:   one effect per cell and driver that is not 0, those of one group together.
    Keeps:   per group and currency, the sum of effects is cost after less cost before, exactly.
    """
    groups: dict[tuple[tuple[object, ...], str], list[Cell]] = defaultdict(list)
    models: dict[str, list[set[object]]] = defaultdict(lambda: [set(), set()])
    for cell in cells:
        groups[cell.group, cell.currency].append(cell)
        if cell.kind == TOKENS:
            for held, side in zip(models[cell.currency], (cell.before, cell.after), strict=True):
                if side is not None:
                    held.add(cell.words[0])
    found: list[Effect] = []
    with localcontext() as context:
        context.prec = _DIGITS
        for (_, currency), members in groups.items():
            tokens = [cell for cell in members if cell.kind == TOKENS]
            found += _token_effects(tokens, *models[currency])
            found += [
                Effect(cell, cell.kind, None, _cost(cell.after) - _cost(cell.before))
                for cell in members
                if cell.kind != TOKENS
            ]
    return [each for each in found if each.amount]


def three_effects(cells: Sequence[Cell]) -> tuple[Decimal, Decimal, Decimal]:
    """Price, volume and mix of token cells: the formula at the head of this file.

    Raises: ZeroDivisionError where nothing was used before.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        before = sum((_cost(cell.before) for cell in cells), _ZERO)
        after = sum((_cost(cell.after) for cell in cells), _ZERO)
        quantity_before = sum((_quantity(cell.before) for cell in cells), _ZERO)
        quantity_after = sum((_quantity(cell.after) for cell in cells), _ZERO)
        price = sum(
            (
                cell.after.cost - _quantity(cell.after) * _unit(cell.before)
                for cell in cells
                if cell.before is not None and cell.after is not None
            ),
            _ZERO,
        )
        volume = (quantity_after - quantity_before) * before / quantity_before
        return price, volume, after - before - price - volume


def _token_effects(
    cells: Sequence[Cell], known_before: set[object], known_after: set[object]
) -> list[Effect]:
    before = sum((_quantity(cell.before) for cell in cells), _ZERO)
    after = sum((_quantity(cell.after) for cell in cells), _ZERO)
    if not before or not after:
        driver = "Retired" if before else "New"
        return [
            Effect(each, driver, None, _cost(each.after) - _cost(each.before)) for each in cells
        ]
    average = sum((_cost(cell.before) for cell in cells), _ZERO) / before
    found = [
        Effect(
            each,
            "Volume",
            None,
            _rounded((after - before) * average * _quantity(each.before) / before),
        )
        for each in cells
    ]
    for cell in cells:
        found += _price_effects(cell)
    names = {
        cell.words[0]: "New" if cell.words[0] not in known_before else "Retired"
        for cell in cells
        if cell.words[0] not in known_before or cell.words[0] not in known_after
    }
    found += _mix_effects(cells, names)
    return _with_remainder(cells, found)


def _price_effects(cell: Cell) -> Iterator[Effect]:
    """The price effect of a cell, in its parts."""
    if cell.before is None or cell.after is None:
        return
    quantity = _quantity(cell.after)
    was, now = _unit(cell.before), _unit(cell.after)
    whole = _rounded(quantity * (now - was))
    if cell.before.rate and cell.after.rate and cell.before.rate != cell.after.rate:
        by_rate = cell.after.rate / cell.before.rate
        currency = _rounded(quantity * was * (by_rate - 1))
        yield Effect(cell, "Currency", None, currency)
    else:
        by_rate, currency = Decimal(1), _ZERO
    list_was, list_now = _list_unit(cell.before), _list_unit(cell.after)
    if not list_was or not list_now:
        yield Effect(cell, "Price", "Unsplit", whole - currency)
        return
    listed = _rounded(quantity * (list_now - list_was * by_rate) * was / list_was)
    discount = whole - currency - listed
    if abs(discount) <= abs(cell.after.cost) * _ROUNDING:
        listed, discount = listed + discount, _ZERO
    yield Effect(cell, "Price", "ListPrice", listed)
    yield Effect(cell, "Price", "Discount", discount)


def _mix_effects(cells: Sequence[Cell], names: Mapping[object, str]) -> list[Effect]:
    """What each level of mix adds, as parts of the cells below it."""
    nodes: list[tuple[Cell, ...]] = [tuple(cells)]
    found: list[Effect] = []
    depth = 0
    for driver, columns in LEVELS:
        depth += len(columns)
        below: list[tuple[Cell, ...]] = []
        for node in nodes:
            children = _parted(node, lambda cell, width=depth: cell.words[:width])  # type: ignore[misc]
            below += children
            if len(children) > 1:
                found += _level_effects(node, children, driver, names if depth == 1 else {})
        nodes = below
    return found


def _level_effects(
    node: Sequence[Cell],
    children: Sequence[Sequence[Cell]],
    driver: str,
    names: Mapping[object, str],
) -> Iterator[Effect]:
    """Children's shares of their node after against before, at the unit costs of before.

    A node that is new as a whole has been counted where it became new.
    """
    before = sum((_quantity(cell.before) for cell in node), _ZERO)
    after = sum((_quantity(cell.after) for cell in node), _ZERO)
    if not before:
        return
    average = _unit_before(node)
    for child in children:
        had = sum((_quantity(cell.before) for cell in child), _ZERO)
        has = sum((_quantity(cell.after) for cell in child), _ZERO)
        amount = (has - after * had / before) * (_unit_before(child) - average)
        for cell, part in _spread(child, amount, of_after=bool(has)):
            yield Effect(cell, names.get(cell.words[0], driver), None, part)


def _spread(
    cells: Sequence[Cell], amount: Decimal, *, of_after: bool
) -> Iterator[tuple[Cell, Decimal]]:
    """An amount over the cells of a node, by their tokens."""
    weights = [_quantity(cell.after if of_after else cell.before) for cell in cells]
    whole = sum(weights, _ZERO)
    for cell, weight in zip(cells, weights, strict=True):
        if weight:
            yield cell, _rounded(amount * weight / whole)


def _with_remainder(cells: Sequence[Cell], found: list[Effect]) -> list[Effect]:
    """The effects, and what rounding leaves of the difference, as Volume of the largest cell."""
    difference = sum((_cost(cell.after) - _cost(cell.before) for cell in cells), _ZERO)
    left = difference - sum((each.amount for each in found), _ZERO)
    if not left:
        return found
    largest = max(cells, key=lambda cell: (_cost(cell.after), str(cell.words)))
    return [*found, Effect(largest, REMAINDER, None, left)]


def _unit_before(cells: Sequence[Cell]) -> Decimal:
    """Cost per token before; of cells that are all new, after."""
    quantity = sum((_quantity(cell.before) for cell in cells), _ZERO)
    if quantity:
        return sum((_cost(cell.before) for cell in cells), _ZERO) / quantity
    quantity = sum((_quantity(cell.after) for cell in cells), _ZERO)
    return sum((_cost(cell.after) for cell in cells), _ZERO) / quantity


def _parted(
    cells: Iterable[Cell], key: Callable[[Cell], tuple[object, ...]]
) -> list[tuple[Cell, ...]]:
    parts: dict[tuple[object, ...], list[Cell]] = defaultdict(list)
    for cell in cells:
        parts[key(cell)].append(cell)
    return [tuple(part) for part in parts.values()]


def _cost(side: Side | None) -> Decimal:
    return _ZERO if side is None else side.cost


def _quantity(side: Side | None) -> Decimal:
    return _ZERO if side is None or side.quantity is None else side.quantity


def _unit(side: Side) -> Decimal:
    return side.cost / _quantity(side)


def _list_unit(side: Side) -> Decimal | None:
    return None if side.list_cost is None else side.list_cost / _quantity(side)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_SCALE)
