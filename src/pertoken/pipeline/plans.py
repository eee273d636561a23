"""What a person knows of days to come or gone: approved price changes and planned events.

One file serves forecasts and detection: a price change moves the forecast from its first day and
is no alarm when it comes; a planned batch is no alarm while it lasts. TOML or CSV; whatever cannot
be read refuses the file, all of it named at once.

Source: docs/reference.md, "Plans".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError
from pertoken.pipeline.dated_file import cell_text, dated_rows, day_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PRICE_CHANGE, PLANNED = "price change", "planned"
CELL_COLUMNS = (
    "BillingCurrency", "BillingAccountId", "SubAccountId", "ResourceId", "Deployment", "Team",
    "Application", "x_ModelId", "x_DeploymentScope", "x_ServiceTier", "SkuMeter",
    "x_TokenDirection", "x_TokenCacheAction",
)  # fmt: skip
_COLUMNS = ("Kind", "Start", "End", "Factor", "Reason", *CELL_COLUMNS)
_OPEN = timedelta(days=45)
"""How long a price change without an end may go on being told before it counts as the price."""


@dataclass(frozen=True, slots=True)
class Plan:
    """From `start` to `end` (inclusive): prices times `factor`, or (None) use that is expected."""

    kind: str
    start: date
    end: date
    reason: str
    factor: Decimal | None = None
    cell: Mapping[str, str] = field(default_factory=dict)


def read_plans(path: Path) -> tuple[Plan, ...]:
    """The plans of a TOML or CSV file.

    Takes:   tables `[[price_change]]` (start, factor, reason) and `[[planned]]` (start, end,
             reason), each with any of CELL_COLUMNS; a CSV has a column Kind instead.
    Raises:  ConfigError that names every row that cannot be read.
    """
    faults: list[str] = []
    plans = []
    for place, row in dated_rows(
        path, {"price_change": PRICE_CHANGE, "planned": PLANNED}, _COLUMNS
    ):
        plan = _plan(place, row, faults)
        if plan is not None:
            plans.append(plan)
    if faults:
        raise ConfigError(
            f"{path} has {len(faults)} faults: {'; '.join(faults)}.",
            "Expected price changes with start and factor, plans with start, end and reason.",
            "Mend the rows; nothing of the file was used.",
        )
    return tuple(plans)


def _plan(place: str, row: Mapping[str, Any], faults: list[str]) -> Plan | None:
    kind = cell_text(row.get("Kind"))
    start = day_of(row.get("Start"), f"{place}: Start", faults)
    end = day_of(row.get("End"), f"{place}: End", faults, optional=kind == PRICE_CHANGE)
    reason = cell_text(row.get("Reason"))
    if kind not in (PRICE_CHANGE, PLANNED):
        faults.append(f"{place}: Kind '{kind or ''}' is neither '{PRICE_CHANGE}' nor '{PLANNED}'")
        return None
    factor = _factor(row.get("Factor"), place, faults) if kind == PRICE_CHANGE else None
    if kind == PLANNED and reason is None:
        faults.append(f"{place}: no Reason")
    if start is None or (kind == PLANNED and end is None):
        return None
    if end is not None and end < start:
        faults.append(f"{place}: End {end} lies before Start {start}")
        return None
    cell = {name: text for name in CELL_COLUMNS if (text := cell_text(row.get(name))) is not None}
    said = reason or f"approved price change of {start}"
    return Plan(kind, start, end or start + _OPEN, said, factor, cell)


def _factor(value: object, place: str, faults: list[str]) -> Decimal | None:
    text = cell_text(value)
    try:
        factor = Decimal(text or "")
    except InvalidOperation:
        factor = Decimal(-1)
    if not factor.is_finite() or factor <= 0:
        faults.append(f"{place}: Factor '{text or ''}' is no number above 0")
        return None
    return factor
