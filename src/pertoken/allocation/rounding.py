"""Rounding to the minor unit of a currency by largest remainder, once, where a line is printed.

The rounded parts add up to the rounded sum: each part is cut to the unit below, and the units that
are missing go to the parts that lost most, of equals to the first key.

Source: docs/allocation.md, "Rounding".
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, localcontext
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = TypeVar("Key")
_DIGITS = 60


def rounded_parts(
    parts: Mapping[Key, Decimal], digits: int = 2, *, whole: Decimal | None = None
) -> dict[Key, Decimal]:
    """The parts in whole minor units; their sum is the rounded sum of the parts, or `whole`.

    Takes:   whole, what the parts must sum to where they are part of something larger that was
             rounded first; a whole number of minor units.

    >>> rounded_parts({"a": Decimal("0.334"), "b": Decimal("0.333"), "c": Decimal("0.333")})
    {'a': Decimal('0.34'), 'b': Decimal('0.33'), 'c': Decimal('0.33')}
    >>> rounded_parts({"a": Decimal("0.014"), "b": Decimal("0.01")}, whole=Decimal("0.03"))
    {'a': Decimal('0.02'), 'b': Decimal('0.01')}
    """
    unit = Decimal(1).scaleb(-digits)
    with localcontext() as context:
        context.prec = _DIGITS
        cut = {key: part.quantize(unit, ROUND_FLOOR) for key, part in parts.items()}
        if whole is None:
            whole = sum(parts.values(), Decimal(0)).quantize(unit, ROUND_HALF_EVEN)
        missing = int((whole - sum(cut.values(), Decimal(0))) / unit)
        order = sorted(parts, key=lambda key: (cut[key] - parts[key], str(key)))
        for place in range(missing):
            cut[order[place % len(order)]] += unit
        for place in range(-missing):
            cut[order[-1 - place % len(order)]] -= unit
    return cut
