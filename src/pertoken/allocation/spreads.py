"""Spreads: rules that divide what nobody is shown to have caused by a key that a person states.

A spread moves only the parts of the charges of its conditions whose dimension nothing states. Its
key is what those values cost or used that are known, the same part for each, or fixed shares.
Shares are whole numbers that sum to WHOLE, so that what they divide stays whole too.

Source: docs/allocation.md, "Spreads"; docs/decisions/0031-spreads.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pertoken.allocation.rule_fields import check_fields, conditions_of, days_of, unreachable
from pertoken.allocation.split import USAGE_DIMENSIONS
from pertoken.errors import alternatives

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date

    from pertoken.allocation.rule_fields import When

WHOLE = 10**10
"""What the shares of a spread sum to."""
SPREAD_KEYS = ("cost", "tokens", "even")
AI, PLATFORM = "ai", "platform"
SPREAD_CHARGES = (AI, PLATFORM)
"""What a spread divides: AI charges, or charges that are none and that its conditions name."""
RESIDUAL_REASON = "ResidualReason"
"""What conditions of a spread can name beside the columns of a charge: why it is unattributed."""
NO_SPREAD_KEY = "NoSpreadKey"
"""Why a part that a spread matches stays: in its month and currency the key has no weight."""
_FIELDS = {"name", "dimension", "by", "shares", "charges", "when", "from", "to"}
_OF_CALLS = (RESIDUAL_REASON, "Deployment", *USAGE_DIMENSIONS)
_DECIMALS = 10
_NOBODY = "Unattributed"


@dataclass(frozen=True, slots=True)
class Spread:
    """Parts without a value of `dimension`, divided by a key where all conditions hold.

    `by` is one of SPREAD_KEYS, or "shares" with a share of WHOLE for each value; `charges` one of
    SPREAD_CHARGES.
    """

    name: str
    dimension: str
    by: str
    shares: tuple[tuple[str, int], ...]
    when: When
    since: date | None = None
    until: date | None = None
    charges: str = AI


def whole_shares(weights: Mapping[str, int]) -> dict[str, int]:
    """Weights as whole shares that sum to WHOLE, by largest remainder, the largest share first.

    Takes:   weights; what weighs nothing, or less, has no share.
    Gives:   no share at all where nothing weighs anything; of equals the first name comes first.

    >>> whole_shares({"b": 1, "a": 2, "c": -5})
    {'a': 6666666667, 'b': 3333333333}
    """
    held = {name: weight for name, weight in weights.items() if weight > 0}
    whole = sum(held.values())
    cut = {name: weight * WHOLE // whole for name, weight in held.items()}
    missing = WHOLE - sum(cut.values()) if held else 0
    for name in sorted(held, key=lambda each: (-(held[each] * WHOLE % whole), each))[:missing]:
        cut[name] += 1
    ordered = sorted(cut.items(), key=lambda each: (-each[1], each[0]))
    return {name: share for name, share in ordered if share}


def read_spreads(
    tables: Iterable[Mapping[str, Any]], problems: list[str]
) -> Iterable[tuple[int, Spread]]:
    """The spreads of a rules file, each with its number; what is wrong is told."""
    for number, table in enumerate(tables, 1):
        name = str(table.get("name") or "")
        where = f"[[spread]] {number}" + (f" '{name}'" if name else "")
        check_fields(where, table, _FIELDS, problems)
        if not name or not table.get("dimension") or not table.get("when"):
            problems.append(f"{where}: name, dimension and when are needed")
            continue
        when = conditions_of(where, table, problems)
        key = _key(where, table, problems)
        charges = _charges(where, table, when, problems)
        since, until = days_of(where, table, problems)
        if when and key is not None and charges is not None:
            dimension = str(table["dimension"])
            yield number, Spread(name, dimension, *key, when, since, until, charges)


def check_spreads(spreads: Iterable[tuple[int, Spread]], dimensions: Collection[str]) -> list[str]:
    """What is wrong between spreads: names, loops, what nothing states, what never matches.

    Takes:   dimensions, what tags, rules, calls and the organisation can state.
    """
    numbered = list(spreads)
    spread_dimensions = {spread.dimension for _, spread in numbered}
    problems: list[str] = []
    named: dict[str, int] = {}
    for number, spread in numbered:
        where = f"[[spread]] {number} '{spread.name}'"
        other = named.setdefault(spread.name, number)
        if other != number:
            problems.append(f"{where}: [[spread]] {other} has that name")
        problems += [
            f"{where}: its condition names {column}, which is spread itself: a loop"
            for column, _ in spread.when
            if column in spread_dimensions
        ]
        if spread.dimension not in dimensions:
            nearest = alternatives(spread.dimension, dimensions)
            problems.append(
                f"{where}: nothing states the dimension '{spread.dimension}' (nearest: {nearest})"
            )
    for charges in SPREAD_CHARGES:
        problems += unreachable("spread", [each for each in numbered if each[1].charges == charges])
    return problems


def _charges(where: str, table: Mapping[str, Any], when: When, problems: list[str]) -> str | None:
    """Which charges a spread divides; None where that cannot be told."""
    charges = table.get("charges", AI)
    if charges not in SPREAD_CHARGES:
        problems.append(
            f"{where}: charges is {charges!r}; it is one of {', '.join(SPREAD_CHARGES)}"
        )
        return None
    unknown = [column for column, _ in when if charges == PLATFORM and column in _OF_CALLS]
    problems += [f"{where}: {column} is never known of platform charges" for column in unknown]
    if unknown:
        return None
    return str(charges)


def _key(
    where: str, table: Mapping[str, Any], problems: list[str]
) -> tuple[str, tuple[tuple[str, int], ...]] | None:
    """The key of a spread and its fixed shares; None where it cannot be used."""
    by, shares = table.get("by"), table.get("shares")
    if (by is None) == (shares is None):
        problems.append(f"{where}: one of by ({', '.join(SPREAD_KEYS)}) and shares is needed")
        return None
    if shares is None:
        if by in SPREAD_KEYS:
            return str(by), ()
        problems.append(f"{where}: by is {by!r}; it is one of {', '.join(SPREAD_KEYS)}")
        return None
    if not isinstance(shares, dict) or not shares:
        problems.append(
            f"{where}: shares is {shares!r}, not a table such as {{ a = 0.4, b = 0.6 }}"
        )
        return None
    wrong = [
        f"{where}: the share of {value} {fault}"
        for value, share in shares.items()
        if (fault := _share_fault(str(value), share))
    ]
    if not wrong and (whole := sum(map(Decimal, shares.values()), Decimal(0))) != 1:
        wrong = [f"{where}: shares sum to {whole.normalize():f}, not to 1"]
    problems += wrong
    if wrong:
        return None
    whole_numbers = {str(value): int(Decimal(share) * WHOLE) for value, share in shares.items()}
    return "shares", tuple(whole_shares(whole_numbers).items())


def _share_fault(value: str, share: object) -> str | None:
    """What is wrong with a fixed share; None where nothing is."""
    if value == _NOBODY:
        return f"is nobody's: {_NOBODY} is what no value has"
    if isinstance(share, bool) or not isinstance(share, int | Decimal):
        return f"is {share!r}, not a number"
    number = Decimal(share)
    if not number.is_finite() or number <= 0:
        return f"is {number}, not above 0"
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_DECIMALS:
        return f"is {number}, which has more than {_DECIMALS} decimals"
    return None
