"""Unit prices: the same tokens at another price, found on the first day, whoever's they are.

Each cell has a price of its own, the median of its last four weeks. A group's price index of a day
is what its tokens cost over what they would have cost at those prices. Groups are taken by meter,
by model with scope and tier, by application, by resource; the widest group whose cells all moved
alike is the one whose price changed, so a cut of one model in four resources is one finding, and
many noisy cells of one application together show what none shows alone.

Source: docs/forecast-and-anomalies.md, "Price and mix".
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from pertoken.anomalies.baseline import median, tail_log_probability
from pertoken.anomalies.events import onset

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pertoken.anomalies.cube import Cube
    from pertoken.anomalies.settings import Settings

    Matrix = NDArray[np.float64]

BY = (
    (), ("x_ModelId", "x_DeploymentScope", "x_ServiceTier"), ("x_ModelId",), ("SkuMeter",),
    ("Application",), ("Team",), ("ResourceId",), ("Application", "x_ModelId"),
    ("ResourceId", "x_ModelId"), ("BillingAccountId",),
)  # fmt: skip
LEVEL_DAYS = 28
SPANS = (1, 3, 7)
LEAST_CHANGE = 0.01
LEAST_SPREAD = 0.002
ALIKE_SHARE, ALIKE_CELLS = 0.95, 0.8
_MIN_DAYS = 10
_FEW = 3
"""Days that make a price."""
_MOST_AT_ONCE = 8
"""Prices that move on one day, at most."""
_LEAST_RARITY = 5.0


@dataclass(slots=True)
class PriceEvent:
    """A price that moved: the cells, the day, the logarithm of the factor, the prices before."""

    key: tuple[tuple[str, Any], ...]
    cells: NDArray[np.int64]
    start: int
    found: int
    change: float
    score: float
    before: Matrix
    end: int | None = None


class Prices:
    """Price indices of groups, one day at a time."""

    def __init__(self, made: Cube, settings: Settings) -> None:
        self._made, self._settings = made, settings
        counted = (made.units > 0) & (made.cost > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            self._paid = np.where(counted, made.cost / made.units, np.nan)
        self._clean = self._paid.copy()
        self._recent = np.full(made.cost.shape, np.nan)
        self.groups = _groups(made)
        shape = (len(self.groups), len(made.days))
        self._index = np.full(shape, np.nan)
        sizes = [len(cells) for _, cells in self.groups]
        self._group_of = np.repeat(np.arange(len(self.groups)), sizes)
        none = np.zeros(0, dtype=np.int64)
        self._cell_of = np.concatenate([none, *(cells for _, cells in self.groups)])
        self.events: list[PriceEvent] = []

    def step(self, day: int, usual: float, *, weigh: bool = True) -> None:
        """Compare the prices of a day; `usual` is the cost of a day of all."""
        past = self._clean[:, max(0, day - LEVEL_DAYS) : day]
        enough = (~np.isnan(past)).sum(axis=1) >= _FEW
        self._recent[:, day] = np.where(enough, median(past, 1), np.nan)
        free = np.ones(len(self._made.cells), dtype=bool)
        for turn in count():
            index = self._indices(day, free)
            if turn == 0:
                self._index[:, day] = index
            if not weigh:
                return
            found = self._surest(day, index, free, usual)
            if found is None or turn > _MOST_AT_ONCE:
                return
            self._take(found, day)
            free[found.cells] = False

    def _indices(self, day: int, free: NDArray[np.bool_]) -> Matrix:
        usable = free & ~np.isnan(self._paid[:, day]) & ~np.isnan(self._recent[:, day])
        actual = np.where(usable, self._made.cost[:, day], 0.0)
        before = np.where(usable, self._made.units[:, day] * self._recent[:, day], 0.0)
        actual, before = self._sums(actual), self._sums(np.nan_to_num(before))
        known = (actual > 0) & (before > 0)
        ratio = np.where(known, actual, 1.0) / np.where(known, before, 1.0)
        return np.where(known, np.log(ratio), np.nan)

    def _sums(self, cells: Matrix) -> Matrix:
        """Sums of a value of cells by group."""
        values = cells[self._cell_of]
        return np.bincount(self._group_of, values, len(self.groups)).astype(np.float64)

    def _surest(
        self, day: int, index: Matrix, free: NDArray[np.bool_], usual: float
    ) -> PriceEvent | None:
        best: tuple[float, PriceEvent] | None = None
        for span in SPANS:
            if day < span:
                continue
            days = slice(day - span + 1, day + 1)
            mean = np.concatenate([self._index[:, days.start : day], index[:, None]], axis=1)
            mean = mean.mean(axis=1)
            rarity = self._rarity(mean, day, span)
            for place in np.flatnonzero((rarity > _LEAST_RARITY) & (np.abs(mean) > LEAST_CHANGE)):
                key, cells = self.groups[int(place)]
                cells = cells[free[cells] & ~np.isnan(self._paid[cells, day])]
                moved = self._alike(cells, days, float(mean[place]))
                money = abs(float(np.nansum(self._money(cells, days))))
                enough = rarity[place] > self._settings.needed(7 * money / span / usual)
                if not moved or not enough or money < 1e-3 * usual:
                    continue
                if best is None or money > 1.001 * best[0]:
                    start = self._onset(int(place), index, day, span)
                    before = self._recent[cells, start]
                    event = PriceEvent(
                        key, cells, start, day, float(mean[place]), float(rarity[place]), before
                    )
                    best = (money, event)
            if best is not None:
                return best[1]
        return None

    def _rarity(self, mean: Matrix, day: int, span: int) -> Matrix:
        past = self._index[:, max(0, day - 120) : day - span + 1]
        if span > 1 and past.shape[1] >= span:
            windows = np.lib.stride_tricks.sliding_window_view(past, span, axis=1)
            past = windows.mean(axis=2)
        now = np.nan_to_num(mean)
        up = tail_log_probability(now, past, spread=LEAST_SPREAD, min_days=_MIN_DAYS, span=span)
        down = tail_log_probability(-now, -past, spread=LEAST_SPREAD, min_days=_MIN_DAYS, span=span)
        return np.where(now >= 0, up, down)

    def _alike(self, cells: NDArray[np.int64], days: slice, change: float) -> bool:
        """Whether nearly all of the group's cost moved by about the same factor."""
        with np.errstate(all="ignore"):
            own = np.log(self._paid[cells, days] / self._recent[cells, days])
        known = ~np.isnan(own)
        moved = np.where(known, own, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        weight = np.where(known, self._made.cost[cells, days], 0).sum(axis=1)
        past = self._clean[cells, max(0, days.start - LEVEL_DAYS) : days.start]
        with np.errstate(all="ignore"):
            noise = np.nanstd(np.log(np.where(np.isnan(past), 1.0, past)), axis=1)
            noise = np.where(np.isnan(past).any(axis=1), 0.0, noise)
        width = np.maximum(np.maximum(0.01, 3 * noise), 0.25 * abs(change))
        near = np.abs(moved - change) <= width
        return (
            float(weight[near].sum()) >= ALIKE_SHARE * float(weight.sum()) > 0
            and near[weight > 0].mean() >= ALIKE_CELLS
        )

    def _money(self, cells: NDArray[np.int64], days: slice) -> Matrix:
        before = self._made.units[cells, days] * self._recent[cells, days]
        return np.asarray(self._made.cost[cells, days] - before)

    def _onset(self, place: int, index: Matrix, day: int, span: int) -> int:
        path = self._index[place].copy()
        path[day] = index[place]
        start = onset(path, day, span)
        taken = [e.found for e in self.events if set(e.cells) & set(self.groups[place][1])]
        return min(day, max([start, day - 13, *taken]))

    def _take(self, event: PriceEvent, day: int) -> None:
        """The new price is the level from its first day; the group's index forgets the jump."""
        for earlier in reversed(self.events):
            same = np.intersect1d(earlier.cells, event.cells)
            back = abs(earlier.change + event.change) < 0.3 * abs(event.change)
            if earlier.end is None and back and len(same) > 0.5 * len(event.cells):
                earlier.end = event.start - 1
                break
        else:
            self.events.append(event)
        self._clean[event.cells, : event.start] *= np.exp(event.change)
        moved = np.zeros(len(self._made.cells))
        moved[event.cells] = 1
        touching = self._sums(moved) > 0
        self._index[touching, event.start : day + 1] = np.nan


def _groups(made: Cube) -> list[tuple[tuple[tuple[str, Any], ...], NDArray[np.int64]]]:
    """Groups by each combination of columns in BY, a set of cells once, widest first."""
    found: dict[tuple[int, ...], tuple[tuple[str, Any], ...]] = {}
    for columns in BY:
        groups: dict[tuple[Any, ...], list[int]] = {}
        for number, cell in enumerate(made.cells):
            if np.isnan(made.base_price[number]):
                continue
            values = tuple(cell.get(column) for column in columns)
            if not columns or any(value is not None for value in values):
                groups.setdefault(values, []).append(number)
        for values, members in groups.items():
            pairs = zip(columns, values, strict=True)
            key = tuple((name, value) for name, value in pairs if value is not None)
            found.setdefault(tuple(members), key)
    return [(key, np.array(members)) for members, key in found.items()]
