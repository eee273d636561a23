"""Tokens that moved: from one model to another, from one deployment scope to another, or new.

A switch is seen in pairs of groups under one resource (or application): one loses most of its
tokens, another gains about as many in the same days. It is no fault, but whoever asks why the cost
moved must be told.

Source: docs/forecast-and-anomalies.md, "Switches and new models".
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from pertoken.anomalies import words
from pertoken.anomalies.findings import Finding

if TYPE_CHECKING:
    from pertoken.anomalies.report import Run

BEFORE, AFTER = 14, 7
LOST = 0.5
"""A model is left when it loses half its tokens or more."""
LASTING = 0.8
GAPS = (0, 7, 14, 21)
"""Days that a move may take."""
MOVE_DAYS = GAPS[-1] + AFTER
"""Days after its first in which a move is seen at the latest."""
LEAST_SHARE = 0.02
NEW_DAYS = 7
_HOMES = ("ResourceId", "Deployment", "Team", "Application", "BillingAccountId", "BillingCurrency")


def switches(run: Run) -> list[Finding]:
    """Model switches and scope changes, by the columns that moved."""
    result = []
    for column, kind in (("x_ModelId", "model switch"), ("x_DeploymentScope", "scope change")):
        for home, parts in sorted(_parts(run, column).items(), key=str):
            if len(parts) > 1:
                result += _moves(run, dict(home), parts, column, kind)
    return result


def _parts(run: Run, column: str) -> dict[tuple[Any, ...], dict[str, list[int]]]:
    """Cells with tokens by home, and in it by the value of the column."""
    names = [*_HOMES] if column == "x_ModelId" else [*_HOMES, "x_ModelId"]
    homes: dict[tuple[Any, ...], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, cell in enumerate(run.made.cells):
        if cell.get(column) is None or np.isnan(run.made.base_price[number]):
            continue
        if cell.get("x_TokenDirection") is None:
            continue
        home = tuple((name, cell[name]) for name in names if cell.get(name) is not None)
        homes[home][str(cell[column])].append(number)
    return homes


def _moves(
    run: Run, home: dict[str, Any], parts: dict[str, list[int]], column: str, kind: str
) -> list[Finding]:
    tokens = {name: run.made.units[cells].sum(axis=0) for name, cells in parts.items()}
    result = []
    for old in sorted(parts):
        move = _left(tokens[old])
        if move is None:
            continue
        day, gap = move
        after = slice(day + gap, day + gap + AFTER)
        lost = tokens[old][day - BEFORE : day].mean() - tokens[old][after].mean()
        gains = {
            new: tokens[new][after].mean() - tokens[new][day - BEFORE : day].mean()
            for new in sorted(parts)
            if new != old
        }
        new = max(gains, key=lambda name: gains[name])
        seen = day + gap + AFTER - 1
        found = _finding(run, home, parts, (old, new), (day, seen), column=column, kind=kind)
        if LOST * lost <= gains[new] <= 2 * lost and found is not None:
            result.append(found)
    return result


def _left(tokens: np.ndarray) -> tuple[int, int] | None:
    """The day from which a series loses most for good, and the days the loss took."""
    best: tuple[float, tuple[int, int]] | None = None
    if len(tokens) < BEFORE + AFTER:
        return None
    windows = np.lib.stride_tricks.sliding_window_view
    before = windows(tokens, BEFORE).mean(axis=1)
    active = (windows(tokens, BEFORE) > 0).mean(axis=1)
    after = windows(tokens, AFTER).mean(axis=1)
    for gap in GAPS:
        days = np.arange(BEFORE, len(tokens) - AFTER - gap + 1)
        if not len(days):
            continue
        old, new = before[days - BEFORE], after[days + gap]
        left = (active[days - BEFORE] >= LASTING) & (new <= (1 - LOST) * old)
        turned = (tokens[days] < (1 - LOST) * old) | (gap > 0)
        fall = np.where(left, (old - new) * np.where(turned, 1.0, 0.5) / (1 + gap / 30), 0.0)
        place = int(np.argmax(fall))
        if fall[place] > 0 and (best is None or fall[place] > best[0]):
            best = (float(fall[place]), (int(days[place]), gap))
    return None if best is None else best[1]


def _finding(
    run: Run,
    home: dict[str, Any],
    parts: dict[str, list[int]],
    pair: tuple[str, str],
    when: tuple[int, int],
    *,
    column: str,
    kind: str,
) -> Finding | None:
    """A move between a pair, `when` it began and when the days that show it were there."""
    (old, new), (day, seen) = pair, when
    cells = np.array([*parts[old], *parts[new]])
    cost = run.made.cost[cells].sum(axis=0)
    days = slice(day, len(cost))
    before = float(cost[day - BEFORE : day].mean())
    expected = before * (len(cost) - day)
    actual = float(cost[days].sum())
    root = run.volume.roots[_node_of(run, cells[0])]
    usual = run.volume.usual_day(root, day)
    if before < LEAST_SHARE * usual:
        return None
    cell = {**home, column: new}
    return Finding(
        kind=kind,
        cell=cell,
        start=run.made.days[day],
        end=run.made.days[-1],
        found=run.made.days[seen],
        expected_cost=expected,
        actual_cost=actual,
        extra_cost=actual - expected,
        currency=home.get("BillingCurrency"),
        score=20.0,
        explanation=words.switch(home, old, new, actual - expected, column=column),
        open=True,
        split={"Mix": actual - expected},
    )


def new_models(run: Run) -> list[Finding]:
    """Leaf groups that were not there; alarmed when they take a large share, else noticed."""
    result = []
    for place, node in enumerate(run.groups):
        first = int(run.watch.first[place])
        home = int(run.watch.first[run.volume.roots[place]])
        if run.volume.children.get(place) or first < home + BEFORE:
            continue
        cost = run.made.cost[node.cells].sum(axis=0)
        days = cost[first : first + NEW_DAYS]
        usual = run.volume.usual_day(run.volume.roots[place], first)
        share = float(days.mean() / (usual + days.mean()))
        if share < LEAST_SHARE:
            continue
        last = min(first + len(days), len(cost)) - 1
        result.append(
            Finding(
                kind="new model",
                cell=dict(node.key),
                start=run.made.days[first],
                end=run.made.days[last],
                found=run.made.days[first],
                expected_cost=0.0,
                actual_cost=float(days.sum()),
                extra_cost=float(days.sum()),
                currency=dict(node.key).get("BillingCurrency"),
                score=20.0,
                explanation=words.new(dict(node.key), share),
                notice=share < run.settings.new_share,
            )
        )
    return result


def _node_of(run: Run, cell: int) -> int:
    return next(p for p, node in enumerate(run.groups) if cell in set(node.cells))
