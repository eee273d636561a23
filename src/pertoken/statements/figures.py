"""The figures that statements are made of: exact parts of the bill by key, rounded by team.

A key is what a line says; a part what it costs, exact, with its evidence. The minor units of a
month are given to teams first, by largest remainder over what calls explain, and then to the lines
of each team, so that a team's statement, the house's and the bill agree.

Source: docs/statements.md, "Rounding".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, NamedTuple

from pertoken.allocation import UNATTRIBUTED, rounded_parts
from pertoken.reports.numbers import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ZERO = Decimal(0)
CALL_REASONS = frozenset({"BypassedGateway", "MissingDay", "LateData"})
"""Residuals of calls that happened; they share the rounding of the teams."""


class Key(NamedTuple):
    """What a line of a statement is about; None is unknown."""

    team: str
    application: str | None
    model: str | None
    meter_use: str | None
    direction: str | None
    cache_action: str | None
    reason: str | None
    cost_center: str | None
    entity: str | None
    ledger_account: str | None

    @property
    def subject(self) -> tuple[str | None, ...]:
        """The key without what the organisation says, to find it in another month."""
        return self[:7]

    @property
    def order(self) -> tuple[str, ...]:
        """Where the key stands among others."""
        return tuple("" if each is None else each for each in self)


@dataclass(frozen=True, slots=True)
class Part:
    """Exact sums: cost in the currency, tokens; `card` is the cost by the rate card, else None."""

    cost: Decimal = ZERO
    token_cost: Decimal = ZERO
    tokens: Decimal = ZERO
    measured: Decimal = ZERO
    estimated: Decimal = ZERO
    assumed: Decimal = ZERO
    residual: Decimal = ZERO
    card: Decimal | None = ZERO

    def plus(self, other: Part) -> Part:
        """The sum of two parts; a card cost that is unknown stays so."""
        unknown = self.card is None or other.card is None
        return Part(
            EXACT.add(self.cost, other.cost),
            EXACT.add(self.token_cost, other.token_cost),
            EXACT.add(self.tokens, other.tokens),
            EXACT.add(self.measured, other.measured),
            EXACT.add(self.estimated, other.estimated),
            EXACT.add(self.assumed, other.assumed),
            EXACT.add(self.residual, other.residual),
            None if unknown else EXACT.add(self.card or ZERO, other.card or ZERO),
        )


Figures = dict[Key, Part]


def total(values: Iterable[Decimal]) -> Decimal:
    """An exact sum of any number of decimals."""
    whole = ZERO
    for value in values:
        whole = EXACT.add(whole, value)
    return whole


def summed(pairs: Iterable[tuple[Key, Part]]) -> Figures:
    """Parts by key, those of one key added."""
    figures: Figures = {}
    for key, part in pairs:
        figures[key] = figures[key].plus(part) if key in figures else part
    return figures


def team_totals(house: Mapping[Key, Part], digits: int) -> dict[str, Decimal]:
    """What each team of a month is charged, in whole minor units.

    Takes:   every part of the bill of a month and currency.
    Gives:   by largest remainder over what calls explain; Unattributed takes what is left of the
             rounded bill, its costs that no call explains among it.
    Keeps:   their sum is the bill, rounded to the minor unit.
    """
    called: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for key, part in house.items():
        if key.team != UNATTRIBUTED or key.reason in CALL_REASONS:
            called[key.team] = EXACT.add(called[key.team], part.cost)
    unit = Decimal(1).scaleb(-digits)
    bill = total(part.cost for part in house.values()).quantize(unit, ROUND_HALF_EVEN)
    cents = rounded_parts(called, digits)
    named = {team: amount for team, amount in cents.items() if team != UNATTRIBUTED}
    if any(key.team == UNATTRIBUTED for key in house):
        named[UNATTRIBUTED] = EXACT.subtract(bill, total(named.values()))
    return named


def line_amounts(house: Mapping[Key, Part], digits: int) -> dict[Key, Decimal]:
    """Every part of a month in whole minor units; the parts of a team sum to its total."""
    totals = team_totals(house, digits)
    by_team: dict[str, dict[Key, Decimal]] = defaultdict(dict)
    for key, part in house.items():
        by_team[key.team][key] = part.cost
    amounts: dict[Key, Decimal] = {}
    for team, costs in by_team.items():
        amounts |= rounded_parts(costs, digits, whole=totals[team])
    return amounts
