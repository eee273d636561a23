"""The daily cells of a tenant as arrays, and the groups in which they are watched.

A cell is one meter of one resource (and deployment, application, team where known); a day without
a row is 0 tokens and 0 cost. Everything a detector needs is here once, so that no channel reads
the table again. Only columns that the table has are used: each finer attribution adds a level.

Source: docs/forecast-and-anomalies.md, "Cells and groups".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from pertoken.errors import ConfigError, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

CELL_COLUMNS = (
    "BillingCurrency", "BillingAccountId", "SubAccountId", "ResourceId", "Deployment",
    "Team", "Application", "x_ModelId", "x_DeploymentScope", "x_ServiceTier", "SkuMeter",
    "x_TokenDirection", "x_TokenCacheAction",
)  # fmt: skip
"""What may tell one cell from another; every one is optional but the currency's amounts."""
CHAIN = (
    "BillingCurrency", "BillingAccountId", "ResourceId", "Deployment", "Team", "Application",
    "x_ModelId",
)  # fmt: skip
"""The levels of the hierarchy, widest first; a level that splits nothing is left out."""
REQUIRED = ("ChargeDate", "EffectiveCost", "x_TokenQuantity")

Cell = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cube:
    """Cells by days: cost in BillingCurrency and units (tokens, images, hours), 0 where no row.

    `base_price` is each cell's first known cost per unit; units times it is volume at a constant
    price. `first_day` is the place of the cell's first row.
    """

    cells: tuple[Cell, ...]
    days: tuple[date, ...]
    cost: Matrix
    units: Matrix
    base_price: Matrix
    first_day: NDArray[np.int64]
    rows: Matrix | None = None
    """Rows of the bill, where the table counts them (x_Rows)."""

    @property
    def volume(self) -> Matrix:
        """Cost at the cell's first price; the cost itself where no units are known."""
        priced = self.base_price[:, None] * self.units
        return np.where(np.isnan(self.base_price)[:, None], self.cost, priced)


@dataclass(frozen=True, slots=True)
class Node:
    """A group of cells: the columns that name it and the places of its cells."""

    key: tuple[tuple[str, Any], ...]
    cells: NDArray[np.int64]
    parent: int


def cube(columns: Mapping[str, Sequence[Any]]) -> Cube:
    """The cube of a long table of cells and days.

    Takes:   columns of equal length; ChargeDate, EffectiveCost, x_TokenQuantity (NULL where a
             meter counts none) and any of CELL_COLUMNS. Rows in any order; rows of one cell and
             day are added.
    Raises:  ConfigError when a required column is absent.
    """
    for name in REQUIRED:
        if name not in columns:
            raise ConfigError(
                f"The cells have no column '{name}'.",
                f"Expected the columns {', '.join(REQUIRED)} and any of those that name a cell.",
                f"Nearest names: {alternatives(name, columns)}.",
            )
    named = [name for name in CELL_COLUMNS if name in columns]
    rows = list(zip(*(columns[name] for name in named), strict=True)) or []
    dates = list(columns["ChargeDate"])
    if not dates:
        none = np.zeros((0, 0))
        return Cube((), (), none, none, np.zeros(0), np.zeros(0, dtype=np.int64))
    keys = rows if named else [()] * len(dates)
    order = sorted(set(keys), key=lambda key: tuple(str(part) for part in key))
    place = {key: number for number, key in enumerate(order)}
    start = min(dates)
    length = (max(dates) - start).days + 1
    where = np.array([place[key] for key in keys]), np.array([(day - start).days for day in dates])
    cost, units = np.zeros((len(order), length)), np.zeros((len(order), length))
    np.add.at(cost, where, _floats(columns["EffectiveCost"]))
    np.add.at(units, where, np.nan_to_num(_floats(columns["x_TokenQuantity"])))
    present = np.zeros((len(order), length), dtype=bool)
    present[where] = True
    return Cube(
        cells=tuple(dict(zip(named, key, strict=True)) for key in order),
        days=tuple(start + timedelta(days=number) for number in range(length)),
        cost=cost,
        units=units,
        base_price=_base_prices(cost, units),
        first_day=np.argmax(present, axis=1),
        rows=_rows(columns, where, cost.shape),
    )


def nodes(made: Cube) -> tuple[Node, ...]:
    """The groups of the hierarchy, parents first; a group of the same cells is named once."""
    found: dict[tuple[int, ...], int] = {}
    result: list[Node] = []
    used: list[str] = []
    levels = [name for name in CHAIN if any(cell.get(name) is not None for cell in made.cells)]
    if "BillingCurrency" not in levels:
        levels.insert(0, "BillingCurrency")
    for level in levels:
        used.append(level)
        for key, members in _groups(made.cells, used):
            same = tuple(members)
            if same in found:
                old = result[found[same]]
                result[found[same]] = Node(key, old.cells, old.parent)
                continue
            parent = _smallest_holding(result, set(same))
            found[same] = len(result)
            result.append(Node(key, np.array(members), parent))
    return tuple(result)


def _groups(
    cells: Sequence[Cell], used: Sequence[str]
) -> Iterable[tuple[tuple[tuple[str, Any], ...], list[int]]]:
    groups: dict[tuple[Any, ...], list[int]] = {}
    for number, cell in enumerate(cells):
        groups.setdefault(tuple(cell.get(name) for name in used), []).append(number)
    for values, members in groups.items():
        pairs = zip(used, values, strict=True)
        yield tuple((name, value) for name, value in pairs if value is not None), members


def _smallest_holding(result: Sequence[Node], members: set[int]) -> int:
    holding = [
        (len(node.cells), number)
        for number, node in enumerate(result)
        if len(node.cells) > len(members) and members <= set(node.cells.tolist())
    ]
    return min(holding)[1] if holding else -1


def _rows(
    columns: Mapping[str, Sequence[Any]], where: tuple[Any, Any], shape: tuple[int, ...]
) -> Matrix | None:
    if "x_Rows" not in columns:
        return None
    counted = np.zeros(shape)
    np.add.at(counted, where, np.nan_to_num(_floats(columns["x_Rows"])))
    return counted


def _base_prices(cost: Matrix, units: Matrix) -> Matrix:
    """The median unit price of a cell's first seven priced days, NaN where it never has one."""
    result = np.full(len(cost), np.nan)
    for number, (paid, counted) in enumerate(zip(cost, units, strict=True)):
        days = np.flatnonzero((counted > 0) & (paid > 0))[:7]
        if len(days):
            result[number] = float(np.median(paid[days] / counted[days]))
    return result


def _floats(values: Sequence[Any]) -> Matrix:
    return np.array([np.nan if value is None else float(value) for value in values])
