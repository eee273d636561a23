"""From alarms to events: the cell that caused an alarm, the day it began, the days it lasted.

An alarm of a wide group is handed down to the child that holds most of its excess, as long as one
does. Alarms of one cell on following days are one event; an event ends after three natural days;
one that lasts two weeks is the new level, and the past is moved to it.

Source: docs/forecast-and-anomalies.md, "One event, one finding".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pertoken.anomalies import drift
from pertoken.anomalies.watch import FAST, SPANS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.anomalies.cube import Node
    from pertoken.anomalies.settings import Settings
    from pertoken.anomalies.watch import Watch

DOMINANT = 0.6
PAIR, RARE = 0.8, 4.0
"""Two children are the cause that hold this share together, each of this rarity by itself."""
QUIET_DAYS = 3
ACCEPT_DAYS = 14
DRIFT_SPAN = 28
SLOW_MEMORY = 60
"""Days in which a level that was accepted still stands out of the slow averages."""
ONSET_DAYS = 45
_LARGER = 3.0
"""Another event begins when a day exceeds an open one by this factor."""
_STILL = 0.35
"""An event goes on while a day holds this share of its usual excess, which follows its days."""


@dataclass(slots=True)
class Event:
    """Days in which one group is above what is natural."""

    node: int
    start: int
    last: int
    found: int
    score: float
    span: int
    usual: float
    accepted: bool = False
    closed: bool = False
    days: list[int] = field(default_factory=list)


class Volume:
    """The open and closed events of volume, one day at a time."""

    def __init__(self, watch: Watch, groups: Sequence[Node], settings: Settings) -> None:
        self._watch, self._groups, self._settings = watch, groups, settings
        self.events: list[Event] = []
        self.children: dict[int, list[int]] = {}
        for place, node in enumerate(groups):
            self.children.setdefault(node.parent, []).append(place)
        self.roots = [self._root(place) for place in range(len(groups))]

    def step(self, day: int, muted: frozenset[int]) -> None:
        """Go on with open events, then raise what they do not explain; `muted` are roots."""
        for event in self.events:
            if not event.closed and self.roots[event.node] not in muted:
                self._go_on(event, day)
        for node, span, score in self._alarms(day, muted):
            for cause in self._causes(node, span, day):
                if not self._known(cause, span, day):
                    self._begin(cause, span, score, day)
        self._raise_drifts(day, muted)

    def _raise_drifts(self, day: int, muted: frozenset[int]) -> None:
        """Leaf groups whose weeks stand above all before them, and not with the rest."""
        watch = self._watch
        past = watch.clean[:, max(0, day + 1 - drift.DAYS) : day + 1]
        for node in np.flatnonzero(drift.drifts(past, past[self.roots] - past)).tolist():
            line = {node, *self._above(node), *self._below(node)}
            busy = any(e.node in line and day - e.last < ONSET_DAYS for e in self.events)
            if self.children.get(node) or self.roots[node] in muted or busy:
                continue
            start = day + 1 - drift.bend(past[node])
            before = float(np.nanmean(watch.clean[node, max(0, start - 56) : start]))
            excess = float(watch.mature[node, start : day + 1].sum() - before * (day + 1 - start))
            if self._settings.needed(excess / self.usual_day(node, day)) > drift.SURENESS:
                continue
            event = Event(
                node, start, day, day, drift.SURENESS, DRIFT_SPAN,
                float(excess / (day + 1 - start)), days=list(range(start, day + 1)),
            )  # fmt: skip
            self.events.append(event)
            self._accept(event, day)

    def _alarms(self, day: int, muted: frozenset[int]) -> list[tuple[int, int, float]]:
        """Groups and spans that are rarer than their cost needs, the surest first."""
        watch = self._watch
        found: dict[int, tuple[int, float]] = {}
        for span in SPANS:
            candidates = np.flatnonzero(watch.rarity[span][:, day] > self._settings.sureness)
            for node in candidates.tolist():
                excess = watch.excess[span][node, day] * span
                usual = self.usual_day(node, day)
                if self.roots[node] in muted or excess < self._settings.minimum_share * usual:
                    continue
                needed = self._settings.needed(excess / usual) + self._young(node)
                margin = watch.rarity[span][node, day] - needed
                if margin > found.get(node, (0, 0.0))[1]:
                    found[node] = (span, margin)
        order = sorted(found, key=lambda node: (-found[node][1], node))
        return [(n, found[n][0], float(watch.rarity[found[n][0]][n, day])) for n in order]

    def usual_day(self, node: int, day: int) -> float:
        """The expected cost of a day of the whole currency."""
        expected = self._watch.expected[self.roots[node], max(0, day - 13) : day + 1]
        known = expected[~np.isnan(expected)]
        return max(float(known.mean()) if len(known) else 0.0, 1e-9)

    def _young(self, node: int) -> float:
        """What the group's short memory adds to the sureness needed."""
        return self._settings.young(int(self._watch.known_days[node]))

    def _causes(self, node: int, span: int, day: int) -> list[int]:
        """The groups that hold an excess: the child that has most of it, or two that rose at once.

        Down the hierarchy as long as one child, or two that are each rare by themselves, hold the
        excess of the group; where it is spread over more, the group itself is what rose.
        """
        excess = np.nan_to_num(self._watch.excess[span][:, day])
        rarity = self._watch.rarity[span][:, day]
        children = sorted(self.children.get(node, ()), key=lambda child: (-excess[child], child))
        if children and excess[children[0]] >= DOMINANT * excess[node]:
            return self._causes(children[0], span, day)
        pair = [child for child in children[:2] if rarity[child] > RARE]
        if len(pair) > 1 and excess[pair].sum() >= PAIR * excess[node]:
            return [cause for child in pair for cause in self._causes(child, span, day)]
        return [node]

    def _known(self, cause: int, span: int, day: int) -> bool:
        """Whether open or lately closed events of the cause's family hold its excess."""
        line = {cause, *self._above(cause), *self._below(cause)}
        near = [
            event
            for event in self.events
            if event.node in line
            and day - event.last <= span + QUIET_DAYS
            and not self._outgrown(event, cause, span, day)
            and not self._settled(event, span, day)
        ]
        if not near:
            return False
        if any(event.node == cause or event.accepted for event in near):
            return True
        taken = slice(max(0, day - span + 1), day + 1)
        actual, expected = self._watch.mature[:, taken], self._watch.expected[:, taken]
        held = sum(float(np.nansum((actual - expected)[event.node])) for event in near)
        return held > 0.5 * float(self._watch.excess[span][cause, day]) * span

    @staticmethod
    def _settled(event: Event, span: int, day: int) -> bool:
        """Whether a level was accepted and these averages have learnt it: what comes is new."""
        return event.accepted and (span in FAST or day - event.start >= SLOW_MEMORY)

    def _outgrown(self, event: Event, cause: int, span: int, day: int) -> bool:
        """Whether a closed event is dwarfed by what comes after it."""
        excess = float(self._watch.excess[min(span, SPANS[1])][cause, day])
        return event.closed and event.last < day and excess > _LARGER * event.usual

    def _begin(self, node: int, span: int, score: float, day: int) -> None:
        watch = self._watch
        source = watch.deviation if span <= SPANS[1] else watch.slow
        start = onset(source[node], day, span)
        taken = [event.last + 1 for event in self.events if event.node == node]
        start = min(day, max([start, *taken]))
        excess = float(watch.excess[span][node, day])
        event = Event(node, start, day, day, score, span, excess)
        self.events.append(event)
        for each in range(start, day + 1):
            self._take(event, each)

    def _go_on(self, event: Event, day: int) -> None:
        watch = self._watch
        excess = watch.mature[event.node, day] - watch.expected[event.node, day]
        if event.accepted:
            self._watch_return(event, day)
        elif excess > _LARGER * event.usual and self._sure_alone(event.node, day):
            self._close(event)  # another event on top: it is raised by its own alarm
        elif excess > _STILL * event.usual:
            event.last = day
            event.usual = (event.usual + float(excess)) / 2
            self._take(event, day)
            if len(event.days) >= ACCEPT_DAYS:
                self._accept(event, day)
        elif day - event.last >= QUIET_DAYS:
            self._close(event)

    def _sure_alone(self, node: int, day: int) -> bool:
        rarity = max(float(self._watch.rarity[span][node, day]) for span in SPANS[:2])
        return rarity > self._settings.sureness

    def _close(self, event: Event) -> None:
        event.closed = True
        if self._settings.learn:
            rows = np.array([event.node, *self._below(event.node), *self._above(event.node)])
            self._watch.learn(rows, slice(event.start, event.last + 1))

    def _watch_return(self, event: Event, day: int) -> None:
        """A new level lasts until a week lies nearer to the old one."""
        taken = slice(max(0, day - 6), day + 1)
        if event.span == DRIFT_SPAN:  # what was expected had followed it
            mean = float(self._watch.mature[event.node, taken].mean())
            back = mean - self.level_before(event) < _STILL * event.usual
        else:
            week = self._watch.deviation[event.node, taken]
            shift = self._shift(event)
            back = bool(np.nanmean(np.where(np.isnan(week), 0, week)) < -0.7 * shift)
        if back:
            event.closed = True
        else:
            event.last = day

    def level_before(self, event: Event) -> float:
        """The mean day of the eight weeks before an event, since the group began."""
        begun = max(0, event.start - 56, int(self._watch.first[event.node]))
        before = self._watch.mature[event.node, begun : event.start]
        return float(before.mean()) if len(before) else 0.0

    def _shift(self, event: Event) -> float:
        watch = self._watch
        actual = watch.mature[event.node, event.days].mean()
        expected = np.nanmean(watch.expected[event.node, event.days])
        return float(np.log(max(actual, 1e-9) / max(expected, 1e-9)).clip(0.05, 5))

    def _take(self, event: Event, day: int) -> None:
        """A day of the event: unknown to its own groups, taken out of the groups above."""
        watch = self._watch
        event.days.append(day)
        expected = watch.expected[event.node, day]
        excess = watch.mature[event.node, day] - expected if not np.isnan(expected) else 0.0
        own = np.array([event.node, *self._below(event.node)])
        above = np.array(self._above(event.node), dtype=int)
        watch.forget(own, slice(day, day + 1))
        if len(above):
            clean = np.maximum(watch.clean[above, day] - excess, 0)
            watch.forget(above, slice(day, day + 1))
            watch.clean[above, day] = clean

    def _accept(self, event: Event, day: int) -> None:
        """Two weeks make a level: the past moves to it, so that the next change is seen."""
        watch = self._watch
        event.accepted = True
        for row in (event.node, *self._below(event.node), *self._above(event.node)):
            actual = watch.mature[row, event.start : day + 1]
            expected = np.nanmean(watch.expected[row, event.start : day + 1])
            ratio = np.clip(actual.mean() / max(expected, 1e-9), 0.05, 50)
            watch.clean[row, : event.start] *= ratio
            watch.clean[row, event.start : day + 1] = actual

    def _above(self, node: int) -> list[int]:
        result, parent = [], self._groups[node].parent
        while parent >= 0:
            result.append(parent)
            parent = self._groups[parent].parent
        return result

    def _below(self, node: int) -> list[int]:
        result = []
        waiting = list(self.children.get(node, ()))
        while waiting:
            child = waiting.pop()
            result.append(child)
            waiting += self.children.get(child, ())
        return result

    def _root(self, node: int) -> int:
        while self._groups[node].parent >= 0:
            node = self._groups[node].parent
        return node


def onset(deviation: np.ndarray, day: int, span: int) -> int:
    """The day from which deviations, less half their present size, add up to most."""
    first = max(0, day - (ONSET_DAYS if span > SPANS[1] else 2 * SPANS[1]))
    recent = np.nan_to_num(deviation[first : day + 1])
    size = recent[-span:].mean() or 1.0
    sums = np.cumsum((recent / size - 0.5)[::-1])[::-1]
    return first + int(np.argmax(sums))
