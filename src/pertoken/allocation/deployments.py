"""Which meters a deployment is billed by, where its resource has several of its model.

A bill names the resource and the meter, telemetry the deployment. A deployment has one SKU, so all
of its tokens are on the meters of one offering (model, scope, tier, fine-tuned), or on none where
it is provisioned. Of all ways to put the deployments of a model on its offerings the one is taken
whose tokens come nearest to those billed, day by day. Where two come equally near, nothing is
proven and every deployment shares every offering by its tokens.

Source: docs/allocation.md, "Deployments and meters".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

CAPACITY = "Capacity"
MOST_WAYS = 4096

Daily = dict["date", tuple[int, int]]
"""Input and output tokens of each day."""


@dataclass(frozen=True, slots=True)
class Home:
    """The offering of a deployment in a month; `is_proven` where its tokens say so alone."""

    month: str
    resource: str
    deployment: str
    offering: str
    is_proven: bool


def homes(
    month: str,
    resource: str,
    deployments: Mapping[str, Daily],
    offerings: Mapping[str, Daily],
    *,
    has_capacity: bool,
) -> Iterable[Home]:
    """The offerings of the deployments of one model on one resource in one month.

    Takes:   tokens by day, as measured per deployment and as billed per offering.
    Gives:   one home per deployment; of a deployment that nothing proves, one per offering.
    """
    names = sorted(deployments)
    places = [*sorted(offerings), *([CAPACITY] if has_capacity else [])]
    if not places:
        return
    if len(places) == 1:
        yield from (Home(month, resource, name, places[0], is_proven=True) for name in names)
        return
    best = _best_way([deployments[name] for name in names], offerings, places)
    if best is not None:
        for name, place in zip(names, best, strict=True):
            yield Home(month, resource, name, place, is_proven=True)
        return
    for name, place in product(names, sorted(offerings) or places):
        yield Home(month, resource, name, place, is_proven=False)


def _best_way(
    measured: Sequence[Daily], offerings: Mapping[str, Daily], places: Sequence[str]
) -> tuple[str, ...] | None:
    if len(places) ** len(measured) > MOST_WAYS:
        return None
    ranked = sorted(
        (_distance(way, measured, offerings), way) for way in product(places, repeat=len(measured))
    )
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        return None
    return ranked[0][1]


def _distance(way: Sequence[str], measured: Sequence[Daily], offerings: Mapping[str, Daily]) -> int:
    """Tokens that are billed and not measured, or measured and not billed, over all days."""
    total = 0
    for offering, billed in offerings.items():
        sums: dict[date, list[int]] = defaultdict(lambda: [0, 0])
        for place, daily in zip(way, measured, strict=True):
            if place == offering:
                for day, (into, out) in daily.items():
                    sums[day][0] += into
                    sums[day][1] += out
        for day in billed.keys() | sums.keys():
            there, here = billed.get(day, (0, 0)), sums[day]
            total += abs(there[0] - here[0]) + abs(there[1] - here[1])
    return total
