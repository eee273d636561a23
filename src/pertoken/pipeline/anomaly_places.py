"""Where a finding of the bill is, as far as telemetry knows: its deployment, application and team.

The bill names a resource and a model; usage names who called. Of the callers of that resource and
model, the one whose tokens moved most between the four weeks before and the event is named, where
it holds at least three fifths of what moved; a deployment that is the only one is named too. Of a
long event its first two weeks are judged, of a ramp, which begins with little, its last two.

Source: docs/forecast-and-anomalies.md, "From the hub".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pertoken.allocation import view_used_days
from pertoken.anomalies import DATA_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pertoken.anomalies import Finding
    from pertoken.engine import Engine

SHARE = 0.6
BEFORE_DAYS, MOST_DAYS = 28, 14
_MEASURES = {
    "verbose output": "Output",
    "cache collapse": "Uncached",
    "longer prompts": "Prompt",
}
_TOKENS = "Prompt + Output"


def with_places(engine: Engine, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings with Deployment, Application and Team where usage tells; `usage` is named."""
    if not findings:
        return ()
    view_used_days(engine)
    return tuple(_placed(engine, each) for each in findings)


def _placed(engine: Engine, finding: Finding) -> Finding:
    resource = finding.cell.get("ResourceId")
    if resource is None or finding.kind in DATA_KINDS:
        return finding
    name = str(resource).rsplit("/", 1)[-1].casefold()
    model = finding.cell.get("x_ModelId")
    cell = dict(finding.cell)
    days = _judged(finding)
    first = days.start - timedelta(days=BEFORE_DAYS)
    measure = _MEASURES.get(finding.kind, _TOKENS)
    where = _Where(name, model, first, days.last)
    if cell.get("Deployment") is None:
        used = _used(engine, "deployment_days", "Deployment", measure, where)
        _name(cell, "Deployment", used, days)
    where = replace(where, deployment=cell.get("Deployment"))
    for column in ("Application", "Team"):
        used = _used(engine, "callers", column, measure, where)
        _name(cell, column, used, days)
    return replace(finding, cell=cell)


@dataclass(frozen=True, slots=True)
class _Where:
    """Whose tokens are read: a resource's, a model's (any where None), of a deployment or all."""

    resource: str
    model: object
    first: date
    last: date
    deployment: object = None


@dataclass(frozen=True, slots=True)
class _Days:
    """When an event began, and the first and last of its days that are judged."""

    start: date
    first: date
    last: date


def _judged(finding: Finding) -> _Days:
    most = timedelta(days=MOST_DAYS - 1)
    if finding.kind == "ramp":
        return _Days(finding.start, max(finding.start, finding.end - most), finding.end)
    return _Days(finding.start, finding.start, min(finding.end, finding.start + most))


def _name(
    cell: dict[str, Any], column: str, used: dict[tuple[Any, date], float], days: _Days
) -> None:
    """Name the only value, or the one that moved most; what callers say goes before a tag."""
    names = {value for value, _ in used if value is not None}
    found = next(iter(names)) if len(names) == 1 else _mover(used, days)
    if found is not None:
        cell[column] = found


def _used(
    engine: Engine, relation: str, column: str, measure: str, where: _Where
) -> dict[tuple[Any, date], float]:
    """Tokens by value of a column and day."""
    conditions = ["lower(ResourceName) = ?", "ChargeDate BETWEEN ? AND ?"]
    values: list[Any] = [where.resource, where.first, where.last]
    if where.model is not None:
        conditions.append("Model = ?")
        values.append(str(where.model).casefold())
    if where.deployment is not None:
        conditions.append("Deployment = ?")
        values.append(where.deployment)
    rows = engine.rows(
        f"SELECT {column}, ChargeDate, CAST(sum({measure}) AS DOUBLE) FROM {relation} "
        f"WHERE {' AND '.join(conditions)} GROUP BY {column}, ChargeDate",
        values,
    )
    return {(value, day): float(tokens or 0) for value, day, tokens in rows}


def _mover(used: dict[tuple[Any, date], float], judged: _Days) -> Any:  # noqa: ANN401
    """The value that holds most of what moved; None where no one does."""
    moved = {value: _moved(used, value, judged) for value in {key[0] for key in used}}
    rises = _positive(moved.items())
    whole = sum(rises.values())
    if not whole:
        return None
    value = max(rises, key=lambda each: (rises[each], str(each)))
    return value if rises[value] >= SHARE * whole else None


def _moved(used: dict[tuple[Any, date], float], value: object, judged: _Days) -> float:
    """Tokens of the judged days over those that the weekdays before the event had."""
    by_weekday: dict[int, list[float]] = defaultdict(list)
    for back in range(1, BEFORE_DAYS + 1):
        day = judged.start - timedelta(days=back)
        by_weekday[day.weekday()].append(used.get((value, day), 0.0))
    usual = {weekday: sorted(tokens)[len(tokens) // 2] for weekday, tokens in by_weekday.items()}
    days = [
        judged.first + timedelta(days=number)
        for number in range((judged.last - judged.first).days + 1)
    ]
    return sum(used.get((value, day), 0.0) - usual[day.weekday()] for day in days)


def _positive(items: Iterable[tuple[Any, float]]) -> dict[Any, float]:
    return {value: moved for value, moved in items if moved > 0}
