"""Why the cost of AI moved between two periods: the effects, or the cells that make them.

The cells cover every AI charge, so that the effects add to the difference of the matrix or, by a
dimension such as Team, of the attribution.

Source: docs/variance.md, "Variance".
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError, alternatives
from pertoken.pipeline.compared import compared_days, compared_months
from pertoken.pipeline.variance_cells import VarianceQuery, variance_cells
from pertoken.pipeline.variance_words import explanation
from pertoken.pipeline.views import require_charges, view_dimensions
from pertoken.reports import Column, Table
from pertoken.unit_economics.variance import (
    CELL_COLUMNS,
    COMPONENTS,
    DRIVERS,
    Cell,
    Effect,
    Side,
    effects,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun
    from pertoken.pipeline.audience import Relations

    Days = tuple[date | None, date | None]

ALL_DRIVERS = "all"
_NO_BY = ("BillingMonth", "ChargeDate")
_SHOWN = {
    "Driver": "text", "Effect": "money", "BillingCurrency": "text", "Component": "text",
    "CostBefore": "money", "CostAfter": "money", "DataThrough": "date", "Explanation": "text",
}  # fmt: skip
_DRILLED = {
    "Driver": "text", "Effect": "money", "BillingCurrency": "text", "Component": "text",
    "QuantityBefore": "quantity", "QuantityAfter": "quantity", "CostBefore": "money",
    "CostAfter": "money", "DataThrough": "date",
}  # fmt: skip
_ZERO = Decimal(0)
_DIGITS = 80
"""More than any sum of DECIMAL(38,18) has."""


def variance_table(
    engine: Engine, relations: Relations, query: VarianceQuery, rules: Rules | None
) -> Table:
    """One row per group, currency, driver and component; with `drill`, one per cell of it.

    Takes:   rules of attribution; None where no dimension of it may be asked for.
    Gives:   Effect, CostBefore and CostAfter in BillingCurrency: those of the group, or of the
             cell; groups and drivers without an effect have no row.
    Keeps:   per group and currency, the sum of Effect is CostAfter less CostBefore.
    Raises:  ConfigError for an unknown column or driver.
    """
    _check(query)
    require_charges(relations)
    view_dimensions(engine, relations)
    with localcontext(prec=_DIGITS):
        cells = variance_cells(engine, relations, query, rules)
        found = effects(cells)
        if query.drill is not None:
            return _drilled(query, found)
        return _summed(query, cells, found)


def asked_variance(
    runs: Iterable[LedgerRun],
    *,
    months: tuple[str | None, str | None],
    days: Days = (None, None),
    compare: Days = (None, None),
    **asked: Any,  # noqa: ANN401 - the other fields of VarianceQuery
) -> tuple[VarianceQuery, tuple[str, ...]]:
    """The query of two months, or of two ranges of days, and what to know of its days.

    Raises: ConfigError for one month alone, months beside days, and days that cannot be compared.
    """
    earlier, later = months
    if earlier is None and later is None:
        before, after, notes = compared_days(runs, days, compare)
    elif earlier is None or later is None or (*days, *compare) != (None,) * 4:
        raise ConfigError(
            "A period is given by half, or both as months and as days.",
            "Expected two months, or the first and last day of periods.",
            "Give both of a pair, and one pair.",
        )
    else:
        before, after, notes = compared_months(runs, earlier, later)
    through = (
        f"Compared: {before.words} with {after.words}; data through "
        f"{after.end - timedelta(days=1)}."
    )
    return VarianceQuery(before, after, **asked), (through, *notes)


def _check(query: VarianceQuery) -> None:
    for name in query.by:
        if name in _NO_BY or query.by.count(name) > 1:
            raise ConfigError(
                f"A variance by {name} compares nothing."
                if name in _NO_BY
                else f"The column {name} stands twice.",
                "Expected columns that both periods have, each once: a tag, a model, a team.",
                "Leave it out; the periods are given by months or days.",
            )
    valid = {each.casefold() for each in (ALL_DRIVERS, *DRIVERS)}
    if query.drill is not None and query.drill.casefold() not in valid:
        raise ConfigError(
            f"'{query.drill}' is not a driver.",
            f"Expected {ALL_DRIVERS} or one of {', '.join(DRIVERS)}.",
            f"Nearest: {alternatives(query.drill, (ALL_DRIVERS, *DRIVERS))}.",
        )


def _by_group(cells: Iterable[Cell]) -> dict[tuple[object, ...], list[Cell]]:
    groups: dict[tuple[object, ...], list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[*cell.group, cell.currency].append(cell)
    return groups


def _group_cost(cells: Iterable[Cell]) -> tuple[Decimal, Decimal]:
    """Cost before and after."""
    held = list(cells)
    return (
        sum((cell.before.cost for cell in held if cell.before), _ZERO),
        sum((cell.after.cost for cell in held if cell.after), _ZERO),
    )


def _summed(query: VarianceQuery, cells: Sequence[Cell], found: Sequence[Effect]) -> Table:
    parts: dict[tuple[object, ...], list[Effect]] = defaultdict(list)
    for each in found:
        key = (*each.cell.group, each.cell.currency, each.driver, each.component)
        parts[key].append(each)
    groups = _by_group(cells)
    costs = {key: _group_cost(members) for key, members in groups.items()}
    through = query.after.end - timedelta(days=1)
    changes = {key: abs(after - before) for key, (before, after) in costs.items()}
    drivers, components = list(DRIVERS), [None, *COMPONENTS]
    width = len(query.by) + 1
    ordered = sorted(
        parts,
        key=lambda key: (
            str(key[width - 1]), -changes[key[:width]], [str(each) for each in key[:width]],
            drivers.index(str(key[width])), components.index(key[width + 1]),  # type: ignore[arg-type]
        ),
    )  # fmt: skip
    rows = []
    for key in ordered:
        *group, currency, driver, component = key
        amount = sum((each.amount for each in parts[key]), _ZERO)
        before, after = costs[key[:width]]
        words = explanation(parts[key], groups[key[:width]], query.before, query.after)
        rows.append((*group, driver, amount, currency, component, before, after, through, words))
    return Table("variance", _columns(query.by, _SHOWN), tuple(rows))


def _drilled(query: VarianceQuery, found: Sequence[Effect]) -> Table:
    through = query.after.end - timedelta(days=1)
    wanted = (query.drill or "").casefold()
    sums: dict[tuple[Cell, str, str | None], Decimal] = defaultdict(Decimal)
    for each in found:
        if wanted in (ALL_DRIVERS, each.driver.casefold()):
            sums[each.cell, each.driver, each.component] += each.amount
    rest = [name for name in CELL_COLUMNS if name not in query.by]
    places = [CELL_COLUMNS.index(name) for name in rest]
    rows = [
        (
            *cell.group, *(cell.words[place] for place in places), driver, amount, cell.currency,
            component, _of(cell.before, "quantity"), _of(cell.after, "quantity"),
            _of(cell.before, "cost"), _of(cell.after, "cost"), through,
        )
        for (cell, driver, component), amount in sorted(
            sums.items(), key=lambda item: (item[0][0].currency, -abs(item[1]), str(item[0]))
        )
    ]  # fmt: skip
    kinds = {name: "flag" if name == "x_FineTuned" else "text" for name in rest}
    return Table("variance", _columns(query.by, kinds | _DRILLED), tuple(rows))


def _columns(by: Sequence[str], shown: dict[str, str]) -> tuple[Column, ...]:
    own = [Column(name, "flag" if name == "x_FineTuned" else "text") for name in by
           if name not in shown]  # fmt: skip
    return (*own, *(Column(name, kind) for name, kind in shown.items()))


def _of(side: Side | None, name: str) -> Decimal | None:
    return None if side is None else getattr(side, name)
