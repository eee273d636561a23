"""An effect in one sentence: how much, and what moved."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.reports.numbers import money_text, price_text, quantity_text, share_text
from pertoken.unit_economics.variance import CELL_COLUMNS, LEVELS, TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pertoken.pipeline.compared import Period
    from pertoken.unit_economics.variance import Cell, Effect

_MILLION = 1_000_000
_ZERO = Decimal(0)
_LEVEL_COLUMNS = dict(LEVELS)
_PLAIN = {
    "PtuCover": "provisioned capacity cost {before} and costs {after}",
    "Corrections": "corrections were {before} and are {after}",
    "UnprovenQuantity": "usage whose tokens are not proven cost {before} and costs {after}",
    "OtherUsage": "usage that counts no tokens cost {before} and costs {after}",
    "OtherCharges": "purchases, credits, adjustments and tax were {before} and are {after}",
    "New": "tokens of {names}, which {period} had not",
    "Retired": "no tokens of {names}, which {period} had",
}


def explanation(
    found: Sequence[Effect], cells: Iterable[Cell], before: Period, after: Period
) -> str:
    """The sentence of an effect: `found` are its parts, `cells` all of its group."""
    first = found[0]
    amount = sum((each.amount for each in found), _ZERO)
    sign = "+" if amount > 0 else ""
    group = [
        "unknown" if each is None else str(each).rsplit("/", 1)[-1] for each in first.cell.group
    ]
    subject = f"{' / '.join(group)}: " if group else ""
    said = _said(found, [cell for cell in cells if cell.kind == TOKENS], before, after)
    currency = first.cell.currency
    return f"{sign}{money_text(amount, currency)} {currency}: {subject}{said}."


def _said(found: Sequence[Effect], tokens: Sequence[Cell], before: Period, after: Period) -> str:
    driver = found[0].driver
    if driver == "Volume":
        return _volume(tokens, after)
    if driver in ("Price", "Currency"):
        return _price(found)
    if driver in _LEVEL_COLUMNS:
        return _moved(found, tokens)
    return _PLAIN[driver].format(
        before=_side(found, "before"), after=_side(found, "after"), names=_names(found),
        period=(before if driver == "New" else after).words,
    )  # fmt: skip


def _volume(tokens: Sequence[Cell], after: Period) -> str:
    had, has = _tokens(tokens, "before"), _tokens(tokens, "after")
    more = "more" if has >= had else "fewer"
    return (
        f"{share_text(abs(has - had) / had)} {more} tokens in {after.words} "
        f"({_whole(had)}, then {_whole(has)}), at the unit cost of before"
    )


def _price(found: Sequence[Effect]) -> str:
    largest = max(found, key=lambda each: abs(each.amount))
    cell = largest.cell
    if cell.before is None or cell.after is None:
        return "another price"
    if largest.driver == "Currency" and cell.before.rate and cell.after.rate:
        return (
            f"the exchange rate moved from {price_text(cell.before.rate)} "
            f"to {price_text(cell.after.rate)}"
        )
    kind = {"ListPrice": "list price", "Discount": "discount"}.get(largest.component or "", "price")
    units = [
        price_text(side.cost * _MILLION / (side.quantity or Decimal(1)))
        for side in (cell.before, cell.after)
    ]
    most = f"{share_text(largest.amount / _sum(found))} of it" if len(found) > 1 else "all of it"
    return (
        f"another {kind}; {most} from {_label(cell)}, "
        f"whose unit cost moved from {units[0]} to {units[1]} per million"
    )


def _moved(found: Sequence[Effect], tokens: Sequence[Cell]) -> str:
    """Which labels of a level lost and won the largest share of the tokens."""
    driver = found[0].driver
    places = [CELL_COLUMNS.index(name) for name in _LEVEL_COLUMNS[driver]]
    if driver != "ModelMix":
        # Within the model (and the levels above) that makes most of the effect.
        depth = places[0]
        largest = _largest_node(found, depth)
        tokens = [cell for cell in tokens if cell.words[:depth] == largest]
        where = f", most of it within {_words(largest)}"
    else:
        models = {each.cell.words[0] for each in found}
        tokens = [cell for cell in tokens if cell.words[0] in models]
        where = ""
    shares: dict[str, Decimal] = defaultdict(Decimal)
    for side, sign in (("before", -1), ("after", 1)):
        whole = _tokens(tokens, side)
        for cell in tokens:
            held = getattr(cell, side)
            if held is not None and whole:
                label = _words([cell.words[place] for place in places])
                shares[label] += sign * held.quantity / whole
    won = max(shares, key=lambda label: shares[label])
    lost = min(shares, key=lambda label: shares[label])
    if won == lost or shares[won] <= 0:
        return f"another mix{where}"
    return (
        f"{share_text(min(shares[won], -shares[lost]))} of tokens moved from {lost} to {won}{where}"
    )


def _largest_node(found: Sequence[Effect], depth: int) -> tuple[object, ...]:
    sums: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for each in found:
        sums[each.cell.words[:depth]] += each.amount
    return max(sums, key=lambda node: abs(sums[node]))


def _side(found: Sequence[Effect], side: str) -> str:
    cells = dict.fromkeys(each.cell for each in found)
    held = [getattr(cell, side) for cell in cells]
    return money_text(sum((each.cost for each in held if each), _ZERO), found[0].cell.currency)


def _names(found: Sequence[Effect]) -> str:
    return ", ".join(dict.fromkeys(str(each.cell.words[0] or "an unread model") for each in found))


def _label(cell: Cell) -> str:
    """A cell by its model, direction and, where tokens are cached, what the cache did."""
    names = ("x_ModelId", "x_TokenDirection", "x_TokenCacheAction")
    words = [cell.words[CELL_COLUMNS.index(name)] for name in names]
    return _words([each for each in words if each != "Uncached"])


def _whole(quantity: Decimal) -> str:
    """Tokens to the whole one: a share of a bill can hold parts of a token."""
    return quantity_text(quantity.to_integral_value())


def _words(words: Sequence[object]) -> str:
    said = [("fine-tuned" if each else "") if isinstance(each, bool) else str(each)
            for each in words if each is not None]  # fmt: skip
    return " ".join(each for each in said if each) or "unknown"


def _tokens(cells: Iterable[Cell], side: str) -> Decimal:
    held = [getattr(cell, side) for cell in cells]
    return sum((each.quantity for each in held if each and each.quantity), _ZERO)


def _sum(found: Sequence[Effect]) -> Decimal:
    return sum((each.amount for each in found), _ZERO) or Decimal(1)
