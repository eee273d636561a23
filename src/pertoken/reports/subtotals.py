"""The matrix as a hierarchy: sums of leaves, and quotients of those sums.

This is the one place in the reports room where a cost is computed. A subtotal never adds two
currencies, and its unit cost is x_TokenCost / x_TokenQuantity of the sums, never a mean of unit
costs.

Source: docs/how-it-works.md; the published practice, Microsoft FinOps blog, "Managing
Azure OpenAI costs with the FinOps toolkit and FOCUS" (2025-05-21).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from pertoken.errors import CostError
from pertoken.reports.numbers import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pertoken.reports.table import Table

MIX_SEPARATOR = "; "
_AMOUNTS = ("EffectiveCost", "BilledCost", "x_TokenCost", "x_TokenQuantity")
_UNIT = re.compile(r"(?:(\d+) ?)?([KM])? ?Tokens?", re.IGNORECASE)
_SIZES = {None: 1, "K": 1_000, "M": 1_000_000}
_SCALE = Decimal(1).scaleb(-18)


@dataclass(frozen=True, slots=True)
class Subtotal:
    """One line of the hierarchy: a leaf, a group of leaves, or the total of a currency.

    labels holds the values of the `by` columns down to this line; the total has none. mixed says
    that the tokens below are of more than one use, modality or tier.
    """

    currency: str | None
    labels: tuple[object, ...]
    effective_cost: Decimal | None
    billed_cost: Decimal | None
    token_cost: Decimal | None
    token_quantity: Decimal | None
    unit_cost: Decimal | None
    unit: str | None
    mixed: bool
    is_leaf: bool


class _Leaf(NamedTuple):
    labels: tuple[object, ...]
    amounts: tuple[Decimal | None, ...]
    unit_cost: Decimal | None
    mix: frozenset[object]


def subtotals(table: Table, by: Sequence[str]) -> list[Subtotal]:
    """Every line of the matrix, in the order in which it is read.

    Takes:   table, with the `by` columns, BillingCurrency, EffectiveCost, BilledCost,
             x_TokenCost, x_TokenQuantity (tokens), x_UnitCost, x_UnitCostUnit, and where known
             x_Mix: use, modality and tier of a row as one key, several keys parted by "; ".
    Gives:   per currency, in the order of their codes, groups before their parts and the total
             last; siblings by EffectiveCost from high to low, then by name. A sum is NULL where
             every part is; a unit cost is NULL where tokens are 0 or NULL.
    Keeps:   per currency, each total is the sum of its leaves, exactly.
    Raises:  CostError, when rows state different or unreadable units of unit cost.
    """
    unit = _unit_of(table)
    names = table.column_names
    currency_at = names.index("BillingCurrency")
    by_currency: dict[str | None, list[_Leaf]] = {}
    for row, leaf in zip(table.rows, _leaves(table, by), strict=True):
        currency = row[currency_at]
        by_currency.setdefault(None if currency is None else str(currency), []).append(leaf)
    lines: list[Subtotal] = []
    for currency, leaves in sorted(by_currency.items(), key=lambda pair: _name_order(pair[0])):
        total = _subtotal(currency, (), leaves, unit, depth=len(by))
        if by:
            lines.extend(_groups(currency, (), leaves, unit, len(by)))
        lines.append(total)
    return lines


def tokens_per_unit(unit: str) -> int:
    """How many tokens a unit of unit cost holds.

    >>> tokens_per_unit("1000000 Tokens"), tokens_per_unit("1K Tokens"), tokens_per_unit("Token")
    (1000000, 1000, 1)
    """
    match = _UNIT.fullmatch(unit)
    if match is None:
        raise CostError(
            f"x_UnitCostUnit '{unit}' is not a number of tokens.",
            "Expected '<quantity> Tokens', such as '1000000 Tokens' (FOCUS, Unit Format).",
            "Take one of --per token, --per 1K, --per 1M.",
        )
    count, size = match.groups()
    return int(count or 1) * _SIZES[size and size.upper()]


def _unit_of(table: Table) -> str | None:
    at = table.column_names.index("x_UnitCostUnit")
    units = sorted({str(row[at]) for row in table.rows if row[at] is not None})
    if len(units) > 1:
        raise CostError(
            f"The rows of {table.name} state unit costs per {' and per '.join(units)}.",
            "Expected one x_UnitCostUnit, because subtotals share it.",
            "Take one of --per token, --per 1K, --per 1M.",
        )
    return units[0] if units else None


def _leaves(table: Table, by: Sequence[str]) -> Iterator[_Leaf]:
    names = table.column_names
    label_at = [names.index(name) for name in by]
    amount_at = [names.index(name) for name in _AMOUNTS]
    unit_cost_at = names.index("x_UnitCost")
    mix_at = names.index("x_Mix") if "x_Mix" in names else None
    for row in table.rows:
        amounts = tuple(_amount(row[at]) for at in amount_at)
        mix: frozenset[object] = frozenset()
        if mix_at is not None and amounts[-1]:
            key = row[mix_at]
            mix = frozenset(key.split(MIX_SEPARATOR) if isinstance(key, str) else [key])
        labels = tuple(row[at] for at in label_at)
        yield _Leaf(labels, amounts, _amount(row[unit_cost_at]), mix)


def _amount(value: object) -> Decimal | None:
    if value is None or isinstance(value, Decimal):
        return value
    raise TypeError(f"expected a Decimal or None, not {value!r}")


def _groups(
    currency: str | None,
    labels: tuple[object, ...],
    leaves: Sequence[_Leaf],
    unit: str | None,
    depth: int,
) -> Iterator[Subtotal]:
    """The lines below one label, each followed by its own."""
    level = len(labels)
    parts: dict[object, list[_Leaf]] = {}
    for leaf in leaves:
        parts.setdefault(leaf.labels[level], []).append(leaf)
    lines = [
        (_subtotal(currency, (*labels, label), part, unit, depth=depth), part)
        for label, part in parts.items()
    ]
    for line, part in sorted(lines, key=lambda pair: _line_order(pair[0])):
        yield line
        if level + 1 < depth:
            yield from _groups(currency, line.labels, part, unit, depth)


def _subtotal(
    currency: str | None,
    labels: tuple[object, ...],
    leaves: Sequence[_Leaf],
    unit: str | None,
    *,
    depth: int,
) -> Subtotal:
    effective, billed, token_cost, tokens = (
        _sum(amounts) for amounts in zip(*(leaf.amounts for leaf in leaves), strict=True)
    )
    is_leaf = bool(labels) and len(labels) == depth
    alone = is_leaf and len(leaves) == 1
    unit_cost = leaves[0].unit_cost if alone else unit_cost_of(token_cost, tokens, unit)
    mixed = len(frozenset[object]().union(*(leaf.mix for leaf in leaves))) > 1
    return Subtotal(
        currency, labels, effective, billed, token_cost, tokens, unit_cost, unit, mixed, is_leaf
    )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The exact sum of what is known; NULL where nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return reduce(EXACT.add, known) if known else None


def unit_cost_of(
    token_cost: Decimal | None, tokens: Decimal | None, unit: str | None
) -> Decimal | None:
    """The quotient per `unit` (x_UnitCostUnit), to 1e-12; NULL without cost, tokens or unit."""
    if token_cost is None or not tokens or unit is None:
        return None
    per_token = EXACT.divide(token_cost, tokens)
    return EXACT.quantize(EXACT.multiply(per_token, Decimal(tokens_per_unit(unit))), _SCALE)


def _line_order(line: Subtotal) -> tuple[bool, Decimal, bool, str]:
    cost = line.effective_cost
    highest_first = Decimal(0) if cost is None else EXACT.minus(cost)
    return (cost is None, highest_first, *_name_order(line.labels[-1]))


def _name_order(name: object) -> tuple[bool, str]:
    return (name is None, str(name))
