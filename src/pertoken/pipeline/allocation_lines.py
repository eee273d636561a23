"""Attribution as a hierarchy: who caused a cost, by levels, with its evidence and its change.

A line is a sum of rows of the attribution; its unit cost is the quotient of its sums. What nobody
can be shown to have caused stands below `Unattributed`, by its reason, and last among its like.

Source: docs/allocation.md; docs/page.md.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.allocation import PER, UNATTRIBUTED
from pertoken.pipeline.hierarchy_view import change
from pertoken.reports.numbers import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pertoken.reports import Table

Labels = tuple[object, ...]
_ZERO = Decimal(0)
_SHARE = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class AllocationLine:
    """A line: the labels from the top down to it, none for the total of a currency.

    Shares are of the line's own EffectiveCost, `share` is of the currency's; `reason` is the
    ResidualReason of a line below Unattributed. What was not there before has no `before`.
    """

    currency: str
    labels: Labels
    cost: Decimal
    token_cost: Decimal | None
    tokens: Decimal | None
    unit_cost: Decimal | None
    idle_cost: Decimal | None
    measured: Decimal | None
    estimated: Decimal | None
    assumed: Decimal | None
    unattributed: Decimal | None
    share: Decimal | None
    before: Decimal | None
    difference: Decimal | None
    cost_change: Decimal | None
    unit_cost_change: Decimal | None
    reason: str | None


@dataclass(slots=True)
class _Sums:
    cost: Decimal = _ZERO
    token_cost: Decimal | None = None
    tokens: Decimal | None = None
    idle: Decimal | None = None
    evidence: dict[object, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, row: dict[str, object]) -> None:
        """Take a row of the attribution into the sums."""
        cost = _added(_ZERO, row["EffectiveCost"]) or _ZERO
        self.cost = EXACT.add(self.cost, cost)
        self.token_cost = _added(self.token_cost, row["x_TokenCost"])
        self.tokens = _added(self.tokens, row["x_TokenQuantity"])
        self.idle = _added(self.idle, row["x_IdleCost"])
        evidence = row["Evidence"] if row["ResidualReason"] is None else UNATTRIBUTED
        self.evidence[evidence] = EXACT.add(self.evidence[evidence], cost)


def allocation_lines(
    now: Table, before: Table | None, by: Sequence[str], per: str
) -> list[AllocationLine]:
    """Every line in reading order: groups before their parts, each currency's total last.

    Takes:   now and before, attributions by the same `by` and per the same tokens; before None
             where nothing is compared.
    Keeps:   per currency, each total is the sum of its rows, exactly.
    """
    sums, earlier = _summed(now, by), _summed(before, by) if before is not None else {}
    lines: list[AllocationLine] = []
    for currency in sorted({currency for currency, _ in sums}):
        own = {labels: each for (held, labels), each in sums.items() if held == currency}
        past = {labels: each for (held, labels), each in earlier.items() if held == currency}
        lines += [
            _line(currency, labels, own[labels], own[()], past.get(labels), PER[per])
            for labels in (*_ordered(own), ())
        ]
    return lines


def _summed(table: Table, by: Sequence[str]) -> dict[tuple[str, Labels], _Sums]:
    sums: dict[tuple[str, Labels], _Sums] = defaultdict(_Sums)
    for row in table.to_dicts():
        labels = _labels(row, by)
        for depth in range(len(labels) + 1):
            sums[str(row["BillingCurrency"]), labels[:depth]].add(row)
    return sums


def _labels(row: dict[str, object], by: Sequence[str]) -> Labels:
    """The values of a row; of the residual Unattributed, its reason, and facts of the charge."""
    if row["ResidualReason"] is None:
        return tuple(row[name] for name in by)
    labels: list[object] = []
    for name in by:
        if row[name] != UNATTRIBUTED:
            labels.append(row[name])
        elif UNATTRIBUTED not in labels:
            labels += [UNATTRIBUTED, row["ResidualReason"]]
    return tuple(labels)


def _ordered(own: dict[Labels, _Sums]) -> Iterator[Labels]:
    """Labels from the top down, siblings from the dearest, Unattributed last."""
    below: dict[Labels, list[Labels]] = defaultdict(list)
    for labels in own:
        if labels:
            below[labels[:-1]].append(labels)

    def walk(above: Labels) -> Iterator[Labels]:
        for labels in sorted(
            below[above],
            key=lambda each: (each[-1] == UNATTRIBUTED, -own[each].cost, str(each[-1])),
        ):
            yield labels
            yield from walk(labels)

    yield from walk(())


def _line(
    currency: str, labels: Labels, own: _Sums, whole: _Sums, past: _Sums | None, base: int
) -> AllocationLine:
    unit_cost, former = _unit_cost(own, base), _unit_cost(past, base) if past else None
    before = past.cost if past else None
    at = labels.index(UNATTRIBUTED) if UNATTRIBUTED in labels else None
    reason = None if at is None or len(labels) < at + 2 else str(labels[at + 1])
    return AllocationLine(
        currency=currency, labels=labels, cost=own.cost, token_cost=own.token_cost,
        tokens=own.tokens, unit_cost=unit_cost, idle_cost=own.idle,
        measured=_share(own.evidence["measured"], own.cost),
        estimated=_share(own.evidence["estimated"], own.cost),
        assumed=_share(own.evidence["assumed"], own.cost),
        unattributed=_share(own.evidence[UNATTRIBUTED], own.cost),
        share=_share(own.cost, whole.cost), before=before,
        difference=None if before is None else EXACT.subtract(own.cost, before),
        cost_change=change(own.cost, before), unit_cost_change=change(unit_cost, former),
        reason=reason,
    )  # fmt: skip


def _unit_cost(sums: _Sums, base: int) -> Decimal | None:
    if not sums.tokens:
        return None
    spent = EXACT.multiply(sums.token_cost or _ZERO, Decimal(base))
    return EXACT.quantize(EXACT.divide(spent, sums.tokens), _SHARE)


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return EXACT.quantize(EXACT.divide(part, whole), _SHARE) if whole else None


def _added(held: Decimal | None, value: object) -> Decimal | None:
    if not isinstance(value, Decimal):
        return held
    return value if held is None else EXACT.add(held, value)
