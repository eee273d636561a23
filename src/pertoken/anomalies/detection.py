"""Daily detection: cells in, findings out, as if each day had been read when it came.

The order of a day: predict every group; judge the delivery; then prices, mix and volume of what
was delivered. What one channel explains, the next does not raise again. When all days are read,
the days after an event improve its expected cost, and related events become one finding.

Source: docs/forecast-and-anomalies.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pertoken.anomalies.cube import Cube, Node, cube, nodes
from pertoken.anomalies.delivery import Delivery
from pertoken.anomalies.events import Volume
from pertoken.anomalies.mix import Mix
from pertoken.anomalies.prices import Prices
from pertoken.anomalies.report import Run, findings_of
from pertoken.anomalies.settings import Settings
from pertoken.anomalies.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pertoken.anomalies.findings import Finding

MIN_DAYS = 7
_SCOPE_COLUMNS = frozenset({"BillingCurrency", "BillingAccountId"})


def detect(
    columns: Mapping[str, Sequence[Any]], settings: Settings | None = None
) -> tuple[Finding, ...]:
    """The findings of a daily table of cells.

    Takes:   columns as `cube` does: ChargeDate, EffectiveCost, x_TokenQuantity and any of
             CELL_COLUMNS; several currencies are watched apart.
    Gives:   findings by start; fewer than seven days, or no cost at all, give none.
    Raises:  ConfigError when a required column is absent.
    """
    made = cube(columns)
    if len(made.days) < MIN_DAYS or not made.cost.any():
        return ()
    return findings_of(watched(made, settings or Settings()))


def watched(made: Cube, settings: Settings) -> Run:
    """Every day of a cube read in its order."""
    groups = nodes(made)
    watch = Watch(made, groups)
    volume = Volume(watch, groups, settings)
    leaves = [node for place, node in enumerate(groups) if not volume.children.get(place)]
    mix, prices = Mix(made, leaves, settings), Prices(made, settings)
    delivery = _delivery(made, watch, groups, volume)
    run = Run(made, groups, watch, volume, mix, prices, delivery, settings)
    mix_roots = np.array([_root_of(run, cells) for _, cells in mix.groups], dtype=int)
    settled = len(made.days) - settings.unsettled_days
    for day, date in enumerate(made.days):
        weigh = settings.since is None or date >= settings.since
        watch.step(day, weigh=weigh)
        faults = delivery.step(day, settled=day < settled)
        muted = frozenset(_mute(run, [event.scope for event in faults], day))
        usual = {root: volume.usual_day(root, day) for root in set(volume.roots)}
        if not faults:
            prices.step(day, min(usual.values()), weigh=weigh)
        mix.step(
            day,
            np.array([usual[root] for root in mix_roots]),
            np.array([root in muted for root in mix_roots], dtype=bool),
            weigh=weigh,
        )
        if weigh:
            volume.step(day, muted)
    return run


def _delivery(made: Cube, watch: Watch, groups: Sequence[Node], volume: Volume) -> Delivery:
    """Scopes are the groups by currency and account, leaves those without children."""
    named = [{name for name, _ in node.key} for node in groups]
    scopes = [
        place
        for place, names in enumerate(named)
        if groups[place].parent == -1 or names <= _SCOPE_COLUMNS
    ]
    inner = [s for s in scopes if not any(groups[other].parent == s for other in scopes)]
    leaves = {
        scope: [
            place
            for place, node in enumerate(groups)
            if not volume.children.get(place) and set(node.cells) <= set(groups[scope].cells)
        ]
        for scope in inner
    }
    rows = None
    if made.rows is not None:
        # Rows per cell that has any: more cells have more rows, a day twice has twice per cell.
        counted = [made.rows[groups[scope].cells] for scope in inner]
        rows = np.array([r.sum(axis=0) / np.maximum((r > 0).sum(axis=0), 1) for r in counted])
    return Delivery(watch, inner, leaves, rows)


def _mute(run: Run, scopes: Sequence[int], day: int) -> set[int]:
    """Nothing learns from a day that was not delivered as it was; gives the roots concerned."""
    for scope in scopes:
        cells = set(run.groups[scope].cells)
        touched = [p for p, node in enumerate(run.groups) if cells & set(node.cells)]
        run.watch.blank(np.array(touched), slice(day, day + 1))
        inside = [p for p, (_, own) in enumerate(run.mix.groups) if set(own) <= cells]
        if inside:
            for ratios in (run.mix.cache, run.mix.output):
                ratios.forget(np.array(inside), slice(day, day + 1))
    return {run.volume.roots[scope] for scope in scopes}


def _root_of(run: Run, cells: np.ndarray) -> int:
    first = int(cells[0])
    return next(
        root for root in sorted(set(run.volume.roots)) if first in set(run.groups[root].cells)
    )
