"""The document of a statement: its lines, corrections of earlier months, totals and what it pins.

Made of figures alone, by arithmetic that can be done again: the same figures, method and earlier
statements give the same document, which is what `verify` holds it to.

A month that an issued statement books changes in a later statement only: what its figures are now,
less what is booked of it, line by line. Less than the threshold is carried forward: it is not
booked, and stays part of the next comparison.

Source: docs/statements.md.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError, alternatives
from pertoken.reports.numbers import EXACT, minor_units, plain
from pertoken.statements.figures import (
    ZERO,
    Figures,
    Key,
    Part,
    line_amounts,
    total,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

COST, CORRECTION, ROUNDING = "cost", "correction", "rounding"
BASES = ("EffectiveCost", "BilledCost")
_DECIMALS = frozenset({
    "cost", "amount", "token_cost", "tokens", "measured", "estimated", "assumed", "residual",
    "card", "previous",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Method:
    """How a month was divided: basis, a column of cost; the rest as `attribute` has it.

    The method of a statement is that of its corrections too.
    """

    basis: str = "EffectiveCost"
    evidence: str | None = None
    idle: str = "spread"
    reservations: str = "billed"

    def to_json(self) -> dict[str, str | None]:
        """The method as a statement holds it, beside its basis.

        Reservations as billed are not said, so that statements drafted before there was a choice
        are still made again word for word.
        """
        said = {"Evidence": self.evidence, "Idle": self.idle}
        return said if self.reservations == "billed" else said | {"Reservations": self.reservations}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: cost exact, amount in whole minor units; None is unknown or does not apply."""

    line: int
    kind: str
    team: str | None
    application: str | None = None
    model: str | None = None
    meter_use: str | None = None
    direction: str | None = None
    cache_action: str | None = None
    reason: str | None = None
    cost_center: str | None = None
    entity: str | None = None
    ledger_account: str | None = None
    cost: Decimal = ZERO
    amount: Decimal = ZERO
    token_cost: Decimal | None = None
    tokens: Decimal | None = None
    measured: Decimal | None = None
    estimated: Decimal | None = None
    assumed: Decimal | None = None
    residual: Decimal | None = None
    previous: Decimal | None = None
    card: Decimal | None = None
    corrects_statement: int | None = None
    corrects_month: str | None = None

    @property
    def key(self) -> Key:
        """What the line is about."""
        return Key(
            self.team or "", self.application, self.model, self.meter_use, self.direction,
            self.cache_action, self.reason, self.cost_center, self.entity, self.ledger_account,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The line as canonical JSON has it: decimals are plain digits in text."""
        return {
            each.name: plain(value) if isinstance(value, Decimal) else value
            for each in fields(Line)
            for value in (getattr(self, each.name),)
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Line:
        """A line from its JSON."""
        values: dict[str, Any] = {
            name: Decimal(value) if name in _DECIMALS and value is not None else value
            for name, value in content.items()
        }
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose month a statement is about: team None is the whole house."""

    month: str
    team: str | None
    currency: str

    @property
    def words(self) -> str:
        """The subject for people."""
        return f"{self.team or 'the whole house'}, {self.month}, {self.currency}"


@dataclass(frozen=True, slots=True)
class Booked:
    """An issued statement, as corrections see it."""

    number: int
    subject: Subject
    method: Method
    lines: tuple[Line, ...]


def document(
    subject: Subject,
    method: Method,
    threshold: Decimal | None,
    *,
    figures_of: Callable[[Method], Mapping[tuple[str, str], Figures]],
    booked: Sequence[Booked],
) -> dict[str, Any]:
    """The document of a statement, without its pins.

    Takes:   threshold, the cost moved below which a correction is carried forward, None for one
             minor unit; figures_of,
             the figures of every (month, currency) by a method; booked, the statements that are
             issued and not void.
    Gives:   BillingMonth, Team, BillingCurrency, Basis, Method, Lines, Carried and Totals as JSON.
    Keeps:   the exact costs of lines of kind cost sum to the share of the bill; lines and rounding
             sum to the total, and so do the amounts.
    Raises:  ConfigError for a month, currency or team without cost.
    """
    months = figures_of(method)
    house = _house(months, subject)
    digits = minor_units(subject.currency)
    own = _own_lines(months, house, subject, digits)
    if threshold is None:
        threshold = Decimal(1).scaleb(-digits)
    corrections, carried = _corrections(subject, threshold, figures_of, booked, digits)
    lines = [*own, *corrections]
    amount = total(line.amount for line in lines)
    rounding = EXACT.subtract(amount, total(line.cost for line in lines))
    largest = max(own, key=lambda line: abs(line.cost))
    lines.append(
        Line(0, ROUNDING, subject.team, cost=rounding, cost_center=largest.cost_center,
             entity=largest.entity, ledger_account=largest.ledger_account)
    )  # fmt: skip
    numbered = [_numbered(line, place) for place, line in enumerate(lines, start=1)]
    return {
        "BillingMonth": subject.month,
        "Team": subject.team,
        "BillingCurrency": subject.currency,
        "Basis": method.basis,
        "Method": method.to_json() | {"Threshold": plain(threshold)},
        "Lines": [line.to_json() for line in numbered],
        "Carried": carried,
        "Totals": _totals(numbered),
    }


def _house(months: Mapping[tuple[str, str], Figures], subject: Subject) -> Figures:
    house = months.get((subject.month, subject.currency), {})
    if not house:
        known = sorted(" ".join(place) for place in months)
        raise ConfigError(
            f"There is no AI cost of {subject.month} in {subject.currency}.",
            "Expected a month and currency of the hub.",
            f"Take one of {', '.join(known)}.",
        )
    teams = {key.team for key in house}
    if subject.team is not None and subject.team not in teams:
        raise ConfigError(
            f"Team '{subject.team}' has no cost in {subject.month} in {subject.currency}.",
            "Expected a team to which cost is attributed, or Unattributed.",
            f"Nearest names: {alternatives(subject.team, teams)}.",
        )
    return house


def _of_team(figures: Mapping[Key, Part], team: str | None) -> Figures:
    return {key: part for key, part in figures.items() if team in (None, key.team)}


def _own_lines(
    months: Mapping[tuple[str, str], Figures], house: Figures, subject: Subject, digits: int
) -> list[Line]:
    """The lines of the month itself, beside what the month before cost; what ended costs 0."""
    amounts = line_amounts(house, digits)
    before = _before(months, subject)
    own = sorted(_of_team(house, subject.team).items(), key=lambda each: each[0].order)
    lines = [
        _line(COST, key, part, amounts[key],
              previous=None if before is None else before.pop(key.subject, ZERO))
        for key, part in own
    ]  # fmt: skip
    gone = [
        (Key._make((*each, None, None, None)), cost)
        for each, cost in (before or {}).items()
        if cost
    ]
    lines += [_line(COST, key, Part(card=None), ZERO, previous=cost) for key, cost in gone]
    return sorted(lines, key=lambda line: line.key.order)


def _before(
    months: Mapping[tuple[str, str], Figures], subject: Subject
) -> dict[tuple[str | None, ...], Decimal] | None:
    """What each subject cost in the month before; None where the hub has no such month."""
    figures = months.get((month_before(subject.month), subject.currency))
    if figures is None:
        return None
    costs: dict[tuple[str | None, ...], Decimal] = {}
    for key, part in _of_team(figures, subject.team).items():
        costs[key.subject] = EXACT.add(costs.get(key.subject, ZERO), part.cost)
    return costs


def month_before(month: str) -> str:
    """The month before a month.

    >>> month_before("2026-01")
    '2025-12'
    """
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1:04d}-12" if number == 1 else f"{year:04d}-{number - 1:02d}"


def _line(
    kind: str, key: Key, part: Part, amount: Decimal, *, previous: Decimal | None = None
) -> Line:
    has_tokens = bool(part.tokens) or bool(part.token_cost)
    return Line(
        0, kind, *key, cost=part.cost, amount=amount,
        token_cost=part.token_cost if has_tokens else None,
        tokens=part.tokens if has_tokens else None,
        measured=part.measured, estimated=part.estimated, assumed=part.assumed,
        residual=part.residual, previous=previous, card=part.card if has_tokens else None,
    )  # fmt: skip


def _numbered(line: Line, place: int) -> Line:
    return Line(**{each.name: getattr(line, each.name) for each in fields(Line)} | {"line": place})


def _corrections(
    subject: Subject,
    threshold: Decimal,
    figures_of: Callable[[Method], Mapping[tuple[str, str], Figures]],
    booked: Sequence[Booked],
    digits: int,
) -> tuple[list[Line], list[dict[str, Any]]]:
    """Corrections of booked months before this one, and those carried forward."""
    lines: list[Line] = []
    carried: list[dict[str, Any]] = []
    series = [
        each
        for each in booked
        if (each.subject.team, each.subject.currency) == (subject.team, subject.currency)
    ]
    earlier = [each for each in series if each.subject.month < subject.month]
    for each in sorted(earlier, key=lambda one: (one.subject.month, one.number)):
        house = figures_of(each.method).get((each.subject.month, each.subject.currency), {})
        amounts = line_amounts(house, digits)
        now = {
            key: (part.cost, amounts[key], part.token_cost, part.tokens)
            for key, part in _of_team(house, subject.team).items()
        }
        differences = _differences(now, _booked_of(series, each.subject.month))
        moved = _moved(differences)
        if not moved:
            continue
        if moved < threshold:
            carried.append(
                {
                    "Statement": each.number,
                    "BillingMonth": each.subject.month,
                    "Moved": plain(moved),
                    "Amount": plain(total(values[1] for values in differences.values())),
                }
            )
            continue
        for key, values in sorted(differences.items(), key=lambda one: one[0].order):
            cost, amount, token_cost, tokens = values
            lines.append(
                Line(0, CORRECTION, *key, cost=cost, amount=amount, token_cost=token_cost or None,
                     tokens=tokens or None, corrects_statement=each.number,
                     corrects_month=each.subject.month)
            )  # fmt: skip
    return lines, carried


_Values = tuple[Decimal, Decimal, Decimal, Decimal]
_NOTHING: _Values = (ZERO, ZERO, ZERO, ZERO)


def _booked_of(series: Iterable[Booked], month: str) -> dict[Key, _Values]:
    """What is booked of a month: its own lines, and the corrections that name it."""
    sums: dict[Key, _Values] = {}
    for each in series:
        for line in each.lines:
            own = line.kind == COST and each.subject.month == month
            if own or (line.kind == CORRECTION and line.corrects_month == month):
                values = (line.cost, line.amount, line.token_cost or ZERO, line.tokens or ZERO)
                before = sums.get(line.key, _NOTHING)
                sums[line.key] = _combined(before, values)
    return sums


def _combined(first: _Values, second: _Values) -> _Values:
    pairs = zip(first, second, strict=True)
    cost, amount, token_cost, tokens = (EXACT.add(one, other) for one, other in pairs)
    return cost, amount, token_cost, tokens


def _differences(now: Mapping[Key, _Values], before: Mapping[Key, _Values]) -> dict[Key, _Values]:
    found = {}
    for key in {*now, *before}:
        cost, amount, token_cost, tokens = (
            each.copy_negate() for each in before.get(key, _NOTHING)
        )
        values = _combined(now.get(key, _NOTHING), (cost, amount, token_cost, tokens))
        if any(values[:2]):
            found[key] = values
    return found


def _moved(differences: Mapping[Key, _Values]) -> Decimal:
    """The cost that changed its place: the larger of what was added and what was taken away."""
    costs = [values[0] for values in differences.values()]
    up, down = total(each for each in costs if each > 0), total(each for each in costs if each < 0)
    return max(up, down.copy_negate())


def _totals(lines: Sequence[Line]) -> dict[str, str | None]:
    own = [line for line in lines if line.kind == COST]
    corrections = [line for line in lines if line.kind == CORRECTION]
    cost = total(line.cost for line in own)
    known = [line.previous for line in own if line.previous is not None]
    previous = total(known) if known else None
    carded = [line for line in own if line.card is not None]
    sums: dict[str, Decimal | None] = {
        "Amount": total(line.amount for line in lines),
        "Cost": cost,
        "Corrections": total(line.cost for line in corrections),
        "CorrectionsAmount": total(line.amount for line in corrections),
        "Rounding": lines[-1].cost,
        "PreviousCost": previous,
        "Difference": None if previous is None else EXACT.subtract(cost, previous),
        "TokenCost": total(line.token_cost or ZERO for line in own),
        "Tokens": total(line.tokens or ZERO for line in own),
        "MeasuredCost": total(line.measured or ZERO for line in own),
        "EstimatedCost": total(line.estimated or ZERO for line in own),
        "AssumedCost": total(line.assumed or ZERO for line in own),
        "ResidualCost": total(line.residual or ZERO for line in own),
        "RateCardCost": total(line.card or ZERO for line in carded) if carded else None,
        "RateCardBasis": total(line.cost for line in carded) if carded else None,
    }
    return {name: None if value is None else plain(value) for name, value in sums.items()}
