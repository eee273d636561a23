"""Events of all channels as findings: hindsight for the costs, one finding per event.

Source: docs/forecast-and-anomalies.md, "One event, one finding".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pertoken.anomalies import words
from pertoken.anomalies.events import DRIFT_SPAN
from pertoken.anomalies.findings import Finding
from pertoken.anomalies.switches import MOVE_DAYS, new_models, switches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.anomalies.cube import Cube, Node
    from pertoken.anomalies.delivery import Delivery
    from pertoken.anomalies.events import Event, Volume
    from pertoken.anomalies.mix import Mix, MixEvent
    from pertoken.anomalies.prices import PriceEvent, Prices
    from pertoken.anomalies.settings import Settings
    from pertoken.anomalies.watch import Watch

LONG_DAYS = 14
SHORT_DAYS = 2
RUNAWAY = 3.0
"""A runaway loop: days at this multiple of the highest day of the 90 before."""
_VOLUME = frozenset({"spike", "runaway loop", "level shift", "ramp"})
_MIX = frozenset({"cache collapse", "double metering", "verbose output", "longer prompts"})


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that a pass over the days left behind."""

    made: Cube
    groups: tuple[Node, ...]
    watch: Watch
    volume: Volume
    mix: Mix
    prices: Prices
    delivery: Delivery
    settings: Settings


def findings_of(run: Run) -> tuple[Finding, ...]:
    """The findings of a run, by start."""
    data = [_delivery_finding(run, place) for place in range(len(run.delivery.events))]
    mix = _merged_mix([_mix_finding(run, event) for event in run.mix.events])
    prices = [each for event in run.prices.events for each in _price_findings(run, event)]
    moved = switches(run)
    volume = [_volume_finding(run, event) for event in _joined(run.volume.events)]
    volume = _merged_volume([each for each in volume if not _explained(each, [*mix, *moved])])
    found = [*data, *mix, *prices, *moved, *volume, *new_models(run)]
    kept = [each for each in found if abs(each.extra_cost) >= run.settings.minimum_cost]
    return tuple(
        sorted(
            (_with_feedback(run.settings, each) for each in kept),
            key=lambda each: (each.start, each.kind, str(sorted(each.cell.items()))),
        )
    )


def _with_feedback(settings: Settings, found: Finding) -> Finding:
    reason = settings.reason_for(found)
    return found if reason is None else replace(found, muted=reason)


def _delivery_finding(run: Run, place: int) -> Finding:
    event = run.delivery.events[place]
    node = run.groups[event.scope]
    days = [event.day]
    cells = node.cells[~np.isnan(run.made.base_price[node.cells])]
    cells = cells if len(cells) else node.cells
    expected = expected_cost(run, event.scope, days, cells)
    actual = float(run.made.cost[cells, event.day].sum())
    return Finding(
        kind=event.kind,
        cell=dict(node.key),
        start=run.made.days[event.day],
        end=run.made.days[event.day],
        found=run.made.days[event.day],
        expected_cost=expected,
        actual_cost=actual,
        extra_cost=actual - expected,
        currency=_currency(run, node.cells),
        score=event.score,
        explanation=words.delivery(event.kind, event.factor),
    )


def expected_cost(
    run: Run, node: int, days: Sequence[int], cells: np.ndarray | None = None
) -> float:
    """What a group should have cost on these days, by the same weekdays before and after.

    The days after are hindsight: they are used when there are any. Days that the watch masked
    (events, faults of delivery) are left out; the causal expectation stands in where none is left.
    """
    total = 0.0
    for place, node_cells in _leaves(run, node):
        own = node_cells if cells is None else np.intersect1d(node_cells, cells)
        actual = run.made.cost[own].sum(axis=0)
        outside = ~np.isnan(run.watch.clean[place])
        outside[list(days)] = False
        outside[: run.watch.first[place]] = False
        total += sum(_expected_day(run, place, own, actual, outside, day) for day in days)
    return total


def _expected_day(
    run: Run, node: int, cells: np.ndarray, actual: np.ndarray, outside: np.ndarray, day: int
) -> float:
    near = [day + 7 * week for week in (-2, -1, 1, 2)]
    values = [actual[each] for each in near if 0 <= each < len(actual) and outside[each]]
    if len(values) >= 2:  # noqa: PLR2004 - a median needs two
        return float(np.median(values))
    if not np.isnan(run.watch.expected[node, day]) and len(cells) == len(run.groups[node].cells):
        return float(run.watch.expected[node, day] * _price_level(run, node, [day]))
    recent = actual[max(0, day - 14) : day]
    return float(np.median(recent)) if len(recent) else 0.0


def _leaves(run: Run, node: int) -> list[tuple[int, np.ndarray]]:
    """The leaf groups of a group, with their cells."""
    waiting, result = [node], []
    while waiting:
        place = waiting.pop()
        children = run.volume.children.get(place, [])
        waiting += children
        if not children:
            result.append((place, run.groups[place].cells))
    return result


def _price_level(run: Run, node: int, days: Sequence[int]) -> float:
    """Cost of these days over their volume at constant price."""
    cost = run.made.cost[run.groups[node].cells][:, list(days)].sum()
    volume = run.watch.actual[node, list(days)].sum()
    return float(cost / volume) if volume > 0 and cost > 0 else 1.0


def _joined(events: Sequence[Event]) -> list[Event]:
    """Events of one group that follow each other and are of one size are one event.

    What comes after the days that made a level is not that level: it was raised by itself.
    """
    result: list[Event] = []
    for event in sorted(events, key=lambda each: (each.node, each.start)):
        last = result[-1] if result else None
        if (
            last is not None
            and last.node == event.node
            and event.start - last.days[-1] <= SHORT_DAYS
            and 1 / RUNAWAY < event.usual / max(last.usual, 1e-9) < RUNAWAY
        ):
            result[-1] = replace(
                last,
                last=max(last.last, event.last),
                score=max(last.score, event.score),
                accepted=last.accepted or event.accepted,
                closed=event.closed,
                days=sorted({*last.days, *event.days}),
            )
        else:
            result.append(event)
    return result


def _volume_finding(run: Run, event: Event) -> Finding:
    node = run.groups[event.node]
    days = list(range(event.start, event.last + 1))
    actual = float(run.made.cost[node.cells][:, days].sum())
    if event.accepted:
        level = _level_before(run, event)
        expected = level * len(days) * _price_level(run, event.node, days)
        expected = min(expected, actual)
    else:
        expected = expected_cost(run, event.node, days)
    still = event.last >= len(run.made.days) - 1 - SHORT_DAYS and not event.closed
    kind = _volume_kind(run, event)
    return Finding(
        kind=kind,
        cell=dict(node.key),
        start=run.made.days[event.start],
        end=run.made.days[event.last],
        found=run.made.days[event.found],
        expected_cost=expected,
        actual_cost=actual,
        extra_cost=actual - expected,
        currency=_currency(run, node.cells),
        score=event.score,
        explanation=words.volume(kind, dict(node.key), actual, expected, len(days)),
        open=still,
        split={"Volume": actual - expected},
    )


def _level_before(run: Run, event: Event) -> float:
    """A level is what was expected, a drift had taught it: there it is the day before that."""
    if event.span == DRIFT_SPAN:
        return run.volume.level_before(event)
    return float(np.nanmean(run.watch.expected[event.node, event.days]))


def _volume_kind(run: Run, event: Event) -> str:
    if event.span == DRIFT_SPAN:
        return "ramp"
    days = event.days or [event.start]
    path = run.watch.mature[event.node, days]
    before = run.watch.mature[event.node, max(0, days[0] - 90) : days[0]]
    if len(days) >= SHORT_DAYS + 2:
        third = max(1, len(days) // 3)
        excess = path - np.nan_to_num(run.watch.expected[event.node, days])
        if excess[-third:].mean() > 2 * max(excess[:third].mean(), 1e-9):
            return "ramp"
    if event.accepted or len(days) >= LONG_DAYS:
        return "level shift"
    if len(before) and path.max() > RUNAWAY * max(before.max(), 1e-9) and len(days) > 1:
        return "runaway loop"
    return "spike"


def _mix_finding(run: Run, event: MixEvent) -> Finding:
    key, cells = run.mix.groups[event.group]
    days = list(range(event.start, event.last + 1))
    extra = float(sum(event.days.get(day, 0.0) for day in days))
    actual = float(run.made.cost[cells][:, days].sum())
    direction = "Output" if event.kind == "verbose output" else "Input"
    return Finding(
        kind=event.kind,
        cell={**dict(key), "x_TokenDirection": direction},
        start=run.made.days[event.start],
        end=run.made.days[event.last],
        found=run.made.days[event.found],
        expected_cost=actual - extra,
        actual_cost=actual,
        extra_cost=extra,
        currency=_currency(run, cells),
        score=event.score,
        explanation=words.mix(event.kind, dict(key), extra),
        open=not event.closed and event.last >= len(run.made.days) - 1 - SHORT_DAYS,
        split={"Mix": extra},
    )


def _merged_mix(found: list[Finding]) -> list[Finding]:
    """One kind on one resource in the same days is one finding, of all its models."""
    result: list[Finding] = []
    for each in sorted(found, key=lambda one: (one.start, -one.extra_cost)):
        for place, other in enumerate(result):
            same = each.kind == other.kind and each.currency == other.currency
            near = abs((each.start - other.start).days) <= 1
            home = each.cell.get("ResourceId") == other.cell.get("ResourceId")
            if same and near and home:
                result[place] = _together(other, each)
                break
        else:
            result.append(each)
    return result


def _together(first: Finding, second: Finding) -> Finding:
    common = {k: v for k, v in first.cell.items() if second.cell.get(k) == v}
    extra = first.extra_cost + second.extra_cost
    return replace(
        first,
        cell=common,
        start=min(first.start, second.start),
        end=max(first.end, second.end),
        found=min(first.found, second.found),
        expected_cost=first.expected_cost + second.expected_cost,
        actual_cost=first.actual_cost + second.actual_cost,
        extra_cost=extra,
        score=max(first.score, second.score),
        explanation=words.mix(first.kind, common, extra),
        split={"Mix": extra},
    )


def _price_findings(run: Run, event: PriceEvent) -> list[Finding]:
    """One per currency: prices move in all of them, costs cannot be added."""
    result = []
    last = len(run.made.days) - 1 if event.end is None else event.end
    days = slice(event.start, last + 1)
    currencies = {run.made.cells[cell].get("BillingCurrency") for cell in event.cells}
    for currency in sorted(currencies, key=str):
        own = [run.made.cells[cell].get("BillingCurrency") == currency for cell in event.cells]
        cells, before = event.cells[own], event.before[own]
        actual = float(run.made.cost[cells, days].sum())
        at_old = run.made.units[cells, days] * np.nan_to_num(before)[:, None]
        extra = actual - float(at_old.sum())
        cell = _common(run, cells) | dict(event.key) | {"BillingCurrency": currency}
        result.append(
            Finding(
                kind="price change",
                cell=cell,
                start=run.made.days[event.start],
                end=run.made.days[last],
                found=run.made.days[event.found],
                expected_cost=actual - extra,
                actual_cost=actual,
                extra_cost=extra,
                currency=currency,
                score=event.score,
                explanation=words.price(cell, float(np.exp(event.change)), extra),
                open=event.end is None,
                split={"Price": extra},
            )
        )
    return result


def _common(run: Run, cells: np.ndarray) -> dict[str, Any]:
    first = run.made.cells[cells[0]]
    return {
        name: value
        for name, value in first.items()
        if value is not None and all(run.made.cells[cell].get(name) == value for cell in cells)
    }


def _currency(run: Run, cells: np.ndarray) -> str | None:
    value = run.made.cells[cells[0]].get("BillingCurrency")
    return None if value is None else str(value)


def _explained(found: Finding, others: Sequence[Finding]) -> bool:
    """Whether a finding of mix or of a switch in the same cell and days says the same.

    A switch says what begins while tokens move, and no more per day than its models cost.
    """
    for other in others:
        inside = all(
            found.cell.get(name) in (None, value)
            for name, value in other.cell.items()
            if name != "x_TokenDirection"
        )
        around = all(other.cell.get(n) in (None, v) for n, v in found.cell.items())
        overlap = found.start <= other.end and found.end >= other.start
        if not (inside or around) or not overlap:
            continue
        if other.kind in _MIX:
            same = found.extra_cost < RUNAWAY * abs(other.extra_cost)
        else:
            begun = (found.start - other.start).days <= MOVE_DAYS
            most = RUNAWAY / 2 * max(other.expected_cost, other.actual_cost) / _length(other)
            same = begun and found.extra_cost / _length(found) < most
        if same:
            return True
    return False


def _length(found: Finding) -> int:
    return (found.end - found.start).days + 1


def _merged_volume(found: list[Finding]) -> list[Finding]:
    """Events of one resource or application that begin together are one: the dearest names it."""
    result: list[Finding] = []
    for each in sorted(found, key=lambda one: -one.extra_cost):
        for place, other in enumerate(result):
            home = next(
                (n for n in ("Application", "ResourceId") if each.cell.get(n) is not None), None
            )
            if (
                home is not None
                and each.cell.get(home) == other.cell.get(home)
                and abs((each.start - other.start).days) <= 1
                and other.kind in _VOLUME
            ):
                result[place] = replace(
                    other, explanation=words.also(other.explanation, each.cell, each.extra_cost)
                )
                break
        else:
            result.append(each)
    return result
