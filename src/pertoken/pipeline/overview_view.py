"""The overview of a period: cost, tokens, unit cost, their change, movers, and what is not known.

An open month is compared with as many days of the month before; a whole month with a whole month.
Every figure is a sum of the matrix, or a quotient of such sums.
Source: docs/page.md, "Overview".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.periods import month_start
from pertoken.pipeline.hierarchy_view import change, hierarchy, share_of
from pertoken.pipeline.views import matrix_table
from pertoken.reports.numbers import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations
    from pertoken.reports import Table
    from pertoken.reports.subtotals import Subtotal
    from pertoken.unit_economics import MatrixQuery

MOVER_COLUMNS = (("x_ModelId", "x_TokenDirection", "x_TokenCacheAction"), ("ResourceName",))
_MOST_MOVERS = 8
_COVERAGE = ("x_MeterStatus", "Unit", "ChargeCategory", "x_TagsKey")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the period, of the compared one, and the change as a share of the latter."""

    now: Decimal | None
    before: Decimal | None
    difference: Decimal | None
    change: Decimal | None


@dataclass(frozen=True, slots=True)
class Mover:
    """A group whose cost moved: its labels, the figures, and those of tokens and unit cost."""

    labels: tuple[object, ...]
    cost: Figure
    tokens: Figure
    unit_cost: Figure


@dataclass(frozen=True, slots=True)
class CurrencyOverview:
    """The overview of one BillingCurrency."""

    currency: str
    cost: Figure
    tokens: Figure
    unit_cost: Figure
    mixed: bool
    read_share: Decimal | None
    proven_share: Decimal | None
    tagged_share: Decimal | None
    movers: tuple[tuple[tuple[str, ...], tuple[Mover, ...]], ...]


def overview(
    engine: Engine,
    relations: Relations,
    query: MatrixQuery,
    compare: tuple[date, date] | None,
) -> list[CurrencyOverview]:
    """The overview of the charges that `query` matches, one per BillingCurrency.

    Takes:   query, whose `by` is not used; compare, the period to compare with.
    Gives:   movers by model and token kind, and by resource: greatest change of cost first.
    """
    tagged = _tagged_keys(engine, relations)
    moved = {
        by: hierarchy(engine, relations, replace(query, by=by), compare) for by in MOVER_COLUMNS
    }
    coverage = matrix_table(engine, relations, replace(query, by=_COVERAGE))
    overviews = []
    for each in moved[MOVER_COLUMNS[0]]:
        if each.line.labels:
            continue
        currency = str(each.line.currency)
        read, proven, tags = _coverage(coverage, currency, tagged)
        movers = tuple(
            (
                by,
                _movers(
                    (line.line, line.before)
                    for line in lines
                    if line.line.is_leaf and line.line.currency == each.line.currency
                ),
            )
            for by, lines in moved.items()
        )
        cost, tokens, unit_cost = _figures(each.line, each.before)
        overviews.append(
            CurrencyOverview(
                currency, cost, tokens, unit_cost, each.line.mixed, read, proven, tags,
                movers if compare is not None else (),
            )
        )  # fmt: skip
    return overviews


def previous_period(start: date, end: date, through: date | None) -> tuple[date, date]:
    """The period before one: as many months, or days where it is no whole months.

    A month without its last days (`through` is the last day with data) is compared with as many
    days of the month before.
    """
    first_of_months = start.day == 1 and end.day == 1
    until = min(end, through + timedelta(days=1)) if through is not None else end
    if not first_of_months:
        return start - (end - start), start
    months = (end.year - start.year) * 12 + end.month - start.month
    before = _months_back(start, months)
    if until >= end or until <= start:
        return before, start
    return before, min(before + (until - start), start)


def _months_back(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return month_start(f"{number // 12:04d}-{number % 12 + 1:02d}")


def _figures(line: Subtotal, before: Subtotal | None) -> tuple[Figure, Figure, Figure]:
    return (
        _figure(line.effective_cost, before.effective_cost if before else None),
        _figure(line.token_quantity, before.token_quantity if before else None),
        _figure(line.unit_cost, before.unit_cost if before else None),
    )


def _figure(now: Decimal | None, before: Decimal | None) -> Figure:
    difference = EXACT.subtract(now, before) if now is not None and before is not None else None
    return Figure(now, before, difference, change(now, before))


def _movers(pairs: Iterable[tuple[Subtotal, Subtotal | None]]) -> tuple[Mover, ...]:
    movers = []
    for line, before in pairs:
        cost, tokens, unit_cost = _figures(line, before)
        movers.append(Mover(line.labels, cost, tokens, unit_cost))
    return tuple(sorted(movers, key=_moved, reverse=True)[:_MOST_MOVERS])


def _moved(mover: Mover) -> Decimal:
    """How far a cost moved; one that began or ended moved by all of itself."""
    return abs(EXACT.subtract(mover.cost.now or Decimal(0), mover.cost.before or Decimal(0)))


def _tagged_keys(engine: Engine, relations: Relations) -> set[object]:
    if not relations.view(engine, "tags"):
        return set()
    return {
        row[0]
        for row in engine.rows(
            "SELECT DISTINCT x_TagsKey FROM tags WHERE TagKey <> '' AND TagValue <> ''"
        )
    }


def _coverage(
    table: Table, currency: str, tagged: set[object]
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Shares of cost: read of all, with proven tokens of token usage, tagged of all."""
    names = table.column_names
    whole = read = token_usage = proven = with_tags = Decimal(0)
    for row in table.rows:
        cell = dict(zip(names, row, strict=True))
        cost = cell["EffectiveCost"]
        if cell["BillingCurrency"] != currency or not isinstance(cost, Decimal):
            continue
        whole = EXACT.add(whole, cost)
        if cell["x_MeterStatus"] == "recognised":
            read = EXACT.add(read, cost)
        if cell["x_TagsKey"] in tagged:
            with_tags = EXACT.add(with_tags, cost)
        if cell["Unit"] == "Tokens" and cell["ChargeCategory"] == "Usage":
            token_usage = EXACT.add(token_usage, cost)
            known = cell["x_TokenCost"]
            proven = EXACT.add(proven, known) if isinstance(known, Decimal) else proven
    return share_of(read, whole), share_of(proven, token_usage), share_of(with_tags, whole)
