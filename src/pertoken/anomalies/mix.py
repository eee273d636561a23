"""Mix inside a model's use: the cache rate and the output per input, and what moved them.

Both are ratios of tokens of one leaf group, so volume cancels. A fall of the cache rate has two
causes that the counts tell apart: a cache that stopped working keeps all input and moves it from
read to uncached; cached tokens metered twice keep the read tokens and add them to the uncached.

Source: docs/forecast-and-anomalies.md, "Price and mix"; Azure/azure-rest-api-specs issue 45178.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pertoken.anomalies.baseline import WEEK
from pertoken.anomalies.ratios import SPANS, Ratios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pertoken.anomalies.cube import Cube, Node
    from pertoken.anomalies.settings import Settings

    Matrix = NDArray[np.float64]

QUIET_DAYS = 2
ACCEPT_DAYS = 28
LEAST_SPREAD = 0.02
_HALF = 0.5
_SAME = 0.12
"""Counts that agree within this share are the same tokens."""


@dataclass(slots=True)
class MixEvent:
    """Days in which the mix of one group was another."""

    kind: str
    group: int
    start: int
    last: int
    found: int
    score: float
    closed: bool = False
    days: dict[int, float] = field(default_factory=dict)
    """Extra cost by day."""


class Mix:
    """Cache rate and output ratio of every leaf group, one day at a time."""

    def __init__(self, made: Cube, leaves: Sequence[Node], settings: Settings) -> None:
        self._settings = settings
        self.groups = _groups(made, leaves)
        shape = (len(self.groups), len(made.days))
        self.tokens = {kind: np.zeros(shape) for kind in ("Uncached", "Read", "Output")}
        self.cost = {kind: np.zeros(shape) for kind in self.tokens}
        for place, (_, cells) in enumerate(self.groups):
            for cell in cells:
                kind = _kind(made.cells[cell])
                if kind is not None:
                    self.tokens[kind][place] += made.units[cell]
                    self.cost[kind][place] += made.cost[cell]
        uncached, read, output = (self.tokens[k] for k in ("Uncached", "Read", "Output"))
        self.input = uncached + read
        self.cache = Ratios(_log_ratio(read, uncached), LEAST_SPREAD)
        self.output = Ratios(_log_ratio(output, self.input), LEAST_SPREAD)
        self.events: list[MixEvent] = []

    def step(
        self, day: int, usual: Matrix, muted: NDArray[np.bool_], *, weigh: bool = True
    ) -> None:
        """Read a day; `usual` is the cost of a day of each group's currency."""
        self.cache.step(day, weigh=weigh)
        self.output.step(day, weigh=weigh)
        if not weigh:
            return
        for event in self.events:
            if not event.closed and not muted[event.group]:
                self._go_on(event, day)
        busy = {event.group for event in self.events if not event.closed}
        for group in range(len(self.groups)):
            if group not in busy and not muted[group]:
                self._look(group, day, float(usual[group]))

    def _look(self, group: int, day: int, usual: float) -> None:
        for span in SPANS:
            if any(e.group == group and e.last >= day - span + 1 for e in self.events):
                continue
            down, up = -self.cache.rarity[span][group, day], self.output.rarity[span][group, day]
            days = list(range(max(0, day - span + 1), day + 1))
            for kind, score in self._candidates(group, days, down, up):
                extra = sum(self._extra(kind, group, each) for each in days)
                if self._with_sibling(kind, group, day) and extra > 0:
                    self._begin(kind, group, day, span, score)
                    return
                if extra < self._settings.minimum_share * usual:
                    continue
                young = self._settings.young(
                    int((~np.isnan(self._ratios(kind).logs[group, :day])).sum())
                )
                if score > self._settings.needed(extra / usual) + young:
                    self._begin(kind, group, day, span, score)
                    return

    def _with_sibling(self, kind: str, group: int, day: int) -> bool:
        """Whether the same is going on in another group of the resource: one more sign of it."""
        home = dict(self.groups[group][0]).get("ResourceId")
        return kind == "double metering" and any(
            event.kind == kind
            and event.last >= day - 1
            and dict(self.groups[event.group][0]).get("ResourceId") == home
            for event in self.events
        )

    def _candidates(
        self, group: int, days: list[int], down: float, up: float
    ) -> list[tuple[str, float]]:
        least = 0.7 * self._settings.sureness
        if down > least:
            kind = "double metering" if self._twice(group, days) else "cache collapse"
            return [(kind, float(down))]
        if up > least and not self._less_input(group, days):
            return [("verbose output", float(up))]
        if -up > least and not self._less_output(group, days):
            return [("longer prompts", float(-up))]
        return []

    def _twice(self, group: int, days: list[int]) -> bool:
        """Whether uncached input holds the read tokens too, and reads did not fall.

        The share of reads before tells what uncached input belongs to them; billed twice it is
        that and the reads once more. Output, where there is any, says that use did not change.
        """
        read = self.tokens["Read"][group, days].sum()
        uncached = self.tokens["Uncached"][group, days].sum()
        usual = np.exp(-self.cache.level[group, days[0]])
        twice = abs(uncached - read * (usual + 1)) <= _SAME * uncached
        output = self.tokens["Output"][group, days].sum()
        level = self.output.level[group, days[0]]
        if output <= 0 or np.isnan(level):
            return bool(twice)
        before = output / np.exp(level)
        grown = (uncached + read) / before
        whole = (usual + 2) / (usual + 1)
        return bool(twice and abs(np.log(grown / whole)) < abs(np.log(grown)))

    def _less_input(self, group: int, days: list[int]) -> bool:
        """Whether the output ratio rose because input fell, not because output rose."""
        return self._against(self.tokens["Output"], group, days) < 1.0 + _SAME

    def _less_output(self, group: int, days: list[int]) -> bool:
        return self._against(self.input, group, days) < 1.0 + _SAME

    def _against(self, tokens: Matrix, group: int, days: list[int]) -> float:
        """Tokens of these days over those of the same weekdays of four weeks before."""
        before = [
            np.median(
                [tokens[group, day - WEEK * week] for week in range(1, 5) if day >= WEEK * week]
            )
            for day in days
            if day >= WEEK
        ]
        return float(tokens[group, days].sum() / max(sum(before), 1e-9)) if before else 1.0

    def _extra(self, kind: str, group: int, day: int) -> float:
        """What the day's mix cost more than the usual mix of the same tokens."""
        uncached, read = self.tokens["Uncached"][group, day], self.tokens["Read"][group, day]
        if kind == "double metering":
            return float(min(read, uncached) * self._price("Uncached", group, day))
        if kind == "cache collapse":
            odds = np.exp(self.cache.level[group, day])
            missed = (uncached + read) * odds / (1 + odds) - read
            saved = self._price("Uncached", group, day) - self._price("Read", group, day)
            return float(max(missed, 0) * saved)
        ratio = np.exp(self.output.level[group, day])
        output, entered = self.tokens["Output"][group, day], self.input[group, day]
        if kind == "verbose output":
            return float((output - ratio * entered) * self._price("Output", group, day))
        cost = self.cost["Uncached"][group, day] + self.cost["Read"][group, day]
        return float((entered - output / ratio) * cost / max(entered, 1e-9))

    def _price(self, kind: str, group: int, day: int) -> float:
        """Cost per token of a kind, of the day or of the last four weeks where it has none."""
        for days in (slice(day, day + 1), slice(max(0, day - 28), day + 1)):
            tokens = self.tokens[kind][group, days].sum()
            if tokens > 0:
                return float(self.cost[kind][group, days].sum() / tokens)
        return 0.0

    def _begin(self, kind: str, group: int, day: int, span: int, score: float) -> None:
        deviation = self._ratios(kind).deviation[group]
        size = np.nanmean(deviation[max(0, day - span + 1) : day + 1])
        start = day
        while start > max(0, day - 13) and deviation[start - 1] / size > _HALF:
            start -= 1
        event = MixEvent(kind, group, start, day, day, score)
        self.events.append(event)
        for each in range(start, day + 1):
            self._take(event, each)

    def _go_on(self, event: MixEvent, day: int) -> None:
        if self._still(event, day):
            event.last = day
            self._take(event, day)
            if len(event.days) >= ACCEPT_DAYS:
                event.closed = True
                for ratios in (self.cache, self.output):
                    ratios.relearn(np.array([event.group]), event.start, day)
        elif day - event.last > QUIET_DAYS:
            event.closed = True

    def _still(self, event: MixEvent, day: int) -> bool:
        """Whether the ratio lies nearer to that of the event than to the level before."""
        ratios = self._ratios(event.kind)
        before = ratios.level[event.group, event.start]
        during = np.nanmedian(ratios.logs[event.group, list(event.days)])
        now = ratios.logs[event.group, day]
        return bool(np.isnan(now) or abs(now - during) < abs(now - before))

    def _ratios(self, kind: str) -> Ratios:
        return self.output if kind in ("verbose output", "longer prompts") else self.cache

    def _take(self, event: MixEvent, day: int) -> None:
        event.days[day] = self._extra(event.kind, event.group, day)
        for ratios in (self.cache, self.output):
            ratios.forget(np.array([event.group]), slice(day, day + 1))


def _kind(cell: dict[str, Any]) -> str | None:
    if cell.get("x_TokenDirection") == "Output":
        return "Output"
    if cell.get("x_TokenDirection") != "Input":
        return None
    return "Read" if cell.get("x_TokenCacheAction") == "Read" else "Uncached"


def _groups(
    made: Cube, leaves: Sequence[Node]
) -> list[tuple[tuple[tuple[str, Any], ...], NDArray[np.int64]]]:
    """Leaf groups, split further by scope and tier: cells in which tokens of a kind are alike."""
    result = []
    for leaf in leaves:
        groups: dict[tuple[Any, Any], list[int]] = {}
        for cell in leaf.cells:
            each = made.cells[cell]
            if _kind(each) is not None:
                key = (each.get("x_DeploymentScope"), each.get("x_ServiceTier"))
                groups.setdefault(key, []).append(int(cell))
        result += [(leaf.key, np.array(cells)) for cells in groups.values()]
    return result


def _log_ratio(part: Matrix, rest: Matrix) -> Matrix:
    known = (part > 0) & (rest > 0)
    return np.where(known, np.log(np.where(known, part, 1) / np.where(known, rest, 1)), np.nan)
