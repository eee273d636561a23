"""The daily history that an outlook reads: what use cost per day and group, and which days count.

Every charge of the mart is booked: actual sums agree with `matrix`. Usage alone is carried into the
future: purchases, credits, tax and corrections are booked on their day and never extrapolated. Use
is restated at the last price of each meter and resource, so that a price change of the past is no
trend. A day is unknown (NaN), never 0, where a scope has no charge of any kind on it although it
has on most days of that weekday, and where its run was made less than two days after it.

Source: docs/forecast-and-anomalies.md, "From the hub".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from pertoken.allocation import ORGANISATION_COLUMNS, AttributionQuery
from pertoken.errors import ConfigError
from pertoken.forecast import Panel, at_last_price
from pertoken.pipeline.attribution_view import attribution_table
from pertoken.pipeline.cost_days import CostDays, cost_days
from pertoken.pipeline.views import matrix_table, require_charges, view_dimensions
from pertoken.unit_economics import MART_DIMENSIONS, MatrixQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun
    from pertoken.pipeline.audience import Relations

    Matrix = NDArray[np.float64]
    Key = tuple[Any, ...]

RECENT_DAYS = 28
_CELL = ("ChargeDate", "x_ScopeKey", "x_MeterKey", "ResourceId", "ChargeCategory", "ChargeClass")
_PARTS = ("ChargeDate", "ResourceId", "x_MeterKey", "ChargeCategory")
SCOPE = "Scope"


@dataclass(frozen=True, slots=True)
class Line:
    """What a meter of a resource cost on a day, in a group; `tokens` None where it counts none."""

    day: date
    currency: str
    meter: str
    resource: str | None
    key: Key
    cost: Decimal
    is_use: bool
    tokens: float | None
    scope: str | None = None

    @property
    def cell(self) -> Key:
        """What is priced: day, currency, meter and resource."""
        return (self.day, self.currency, self.meter, self.resource)


@dataclass(frozen=True, slots=True)
class RecentCell:
    """What a meter of a resource cost a group in the last four weeks, at last prices."""

    key: Key
    meter: str
    resource: str | None
    cost: float
    tokens: float


@dataclass(frozen=True, slots=True)
class CostHistory:
    """The history of one currency, by day through the last settled one; row -1 is the total.

    `use` is cost of use at last prices, `tokens` its tokens, both NaN on unknown days; `booked` is
    all cost as billed, exact. Without `by` there is one group, whose key is ().
    """

    currency: str
    by: tuple[str, ...]
    keys: tuple[Key, ...]
    days: tuple[date, ...]
    use: Matrix
    tokens: Matrix
    booked: dict[tuple[Key, date], Decimal]
    recent: tuple[RecentCell, ...]
    notes: tuple[str, ...] = ()
    own_days: frozenset[date] = frozenset()
    """Days on which anything of this currency is there, settled or not, later ones too."""
    late: dict[tuple[Key, date], Decimal] = field(default_factory=dict)
    """What is there already of days after the last settled one."""
    ended: str | None = None
    """Why nothing more is to come in this currency: its scopes are billed in another one."""

    def panel(self, values: Matrix) -> Panel:
        """The groups of `use` or `tokens`, without the total, as a panel."""
        return Panel(self.by, self.keys, self.days, values[:-1])

    def booked_panel(self, since: date) -> Panel:
        """The booked cost of every group by day from `since`."""
        days = tuple(day for day in self.days if day >= since)
        values = np.array(
            [[float(self.booked.get((key, day), 0)) for day in days] for key in self.keys]
        ).reshape(len(self.keys), len(days))
        return Panel(self.by, self.keys, days, values)

    def booked_between(self, key: Key | None, since: date, until: date) -> Decimal:
        """The exact cost of a group, or of all (None), from a day to before another."""
        return sum(
            (
                cost
                for (each, day), cost in self.booked.items()
                if since <= day < until and day <= self.days[-1] and key in (None, each)
            ),
            Decimal(0),
        )


@dataclass(slots=True)
class _Sums:
    """Sums of the lines of one currency."""

    use: dict[Key, dict[date, float]] = field(default_factory=lambda: defaultdict(dict))
    tokens: dict[Key, dict[date, float]] = field(default_factory=lambda: defaultdict(dict))
    booked: dict[tuple[Key, date], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    recent: dict[tuple[Key, str, str | None], list[float]] = field(
        default_factory=lambda: defaultdict(lambda: [0.0, 0.0])
    )
    scopes: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))


def cost_histories(
    engine: Engine,
    relations: Relations,
    runs: Iterable[LedgerRun],
    by: Sequence[str],
    rules: Rules,
    *,
    currency: str | None = None,
    until: date | None = None,
) -> tuple[CostHistory, ...]:
    """The history of every currency, the dearest first.

    Takes:   by, columns of the mart, of its meters or tags, Scope, or dimensions of `attribute`;
             until, the first day that is left out (None: all that is settled).
    Keeps:   booked cost is that of `matrix`, per currency.
    Raises:  ConfigError for a column twice or ChargeDate; HubError for an empty hub.
    """
    require_charges(relations)
    by = tuple(name for name in by if name != "BillingCurrency")
    _check(by)
    people = _people(engine, relations, by)
    base = _base_lines(engine, relations, () if people else by, runs)
    parts = _attributed_lines(engine, relations, by, rules) if people else base
    known = cost_days(engine, relations, runs)
    wanted = None if currency is None else currency.upper()
    costs: dict[str, Decimal] = defaultdict(Decimal)
    for line in base:
        if wanted in (None, line.currency):
            costs[line.currency] += abs(line.cost)
    if wanted is not None and wanted not in costs:
        raise ConfigError(
            f"There are no AI charges in {wanted}.",
            f"Expected one of {', '.join(sorted({line.currency for line in base})) or 'none'}.",
            "Leave --currency out for all of them.",
        )
    found = (
        _history(name, by, base, parts, known, until)
        for name in sorted(costs, key=lambda each: (-costs[each], each))
    )
    return tuple(_ended(each, base) for each in found if each is not None)


def _ended(history: CostHistory, base: Sequence[Line]) -> CostHistory:
    """A currency that its scopes have left for another is not extrapolated."""
    first: dict[tuple[str, str | None], date] = {}
    last: dict[tuple[str, str | None], date] = {}
    for line in base:
        if line.cost and line.day <= history.days[-1]:
            place = (line.currency, line.scope)
            first[place] = min(first.get(place, line.day), line.day)
            last[place] = max(last.get(place, line.day), line.day)
    own = [scope for name, scope in last if name == history.currency]
    new: dict[str, date] = {}
    for scope in own:
        ended = last[history.currency, scope]
        after = [
            (day, name)
            for (name, each), day in first.items()
            if each == scope and name != history.currency and day >= ended
        ]
        if not after or ended >= history.days[-1]:
            return history
        new[min(after)[1]] = min(after)[0]
    if not new:
        return history
    name, since = max(new.items(), key=lambda each: each[1])
    reason = f"billed in {name} since {since}"
    note = (
        f"{history.currency}: {reason}; nothing more is expected in it. Costs are never converted: "
        f"the history of {name} begins there."
    )
    return replace(history, ended=reason, notes=(*history.notes, note))


def _check(by: Sequence[str]) -> None:
    if "ChargeDate" in by or "BillingMonth" in by or len(set(by)) < len(by):
        raise ConfigError(
            f"'{', '.join(by)}' cannot be grouped by here.",
            "Expected each column once, and no day or month: every row has its ChargeDate.",
            "Give columns such as --by x_ModelId or --by Team.",
        )


def _people(engine: Engine, relations: Relations, by: Sequence[str]) -> bool:
    """Whether a column is a dimension of attribution and none of the charge."""
    view_dimensions(engine, relations)
    held = {*MART_DIMENSIONS, *engine.columns("meters"), SCOPE}
    return any(name not in held and not name.startswith("Tags.") for name in by)


def _base_lines(
    engine: Engine, relations: Relations, by: Sequence[str], runs: Iterable[LedgerRun]
) -> list[Line]:
    """The mart's own lines, grouped by columns of the charge."""
    named = [name if name != SCOPE else "x_ScopeKey" for name in by]
    query = MatrixQuery(by=tuple(dict.fromkeys((*_CELL, *named))))
    scopes = _scope_names(runs)
    lines = []
    for row in matrix_table(engine, relations, query).to_dicts():
        key = tuple(
            scopes.get(str(row["x_ScopeKey"]), row["x_ScopeKey"]) if name == SCOPE else row[name]
            for name in by
        )
        lines.append(_line(row, key, scope=str(row["x_ScopeKey"])))
    return lines


def _attributed_lines(
    engine: Engine, relations: Relations, by: Sequence[str], rules: Rules
) -> list[Line]:
    """The same cost by who caused it; tags say it where neither telemetry nor rules can."""
    facts = any(name in ORGANISATION_COLUMNS for name in by) and not rules.organisation
    evidence = "tags" if facts or not relations.view(engine, "usage") else None
    query = AttributionQuery(by=tuple(dict.fromkeys((*_PARTS, *by))), evidence=evidence)
    table = attribution_table(engine, relations, query, rules)
    return [_line(row, tuple(row[name] for name in by)) for row in table.to_dicts()]


def _line(row: dict[str, Any], key: Key, scope: str | None = None) -> Line:
    is_use = row["ChargeCategory"] == "Usage" and row.get("ChargeClass") is None
    tokens = row["x_TokenQuantity"]
    resource = row["ResourceId"]
    return Line(
        day=row["ChargeDate"],
        currency=row["BillingCurrency"],
        meter=row["x_MeterKey"],
        resource=None if resource is None else resource.casefold(),
        key=key,
        cost=row["EffectiveCost"] or Decimal(0),
        is_use=is_use,
        tokens=None if tokens is None else float(tokens),
        scope=scope,
    )


def _scope_names(runs: Iterable[LedgerRun]) -> dict[str, str]:
    from pertoken.pipeline.standing import partition_of  # noqa: PLC0415 - beside its use

    return {partition_of(run.scope, run.month)["x_ScopeKey"]: run.scope for run in runs}


def _history(
    currency: str,
    by: tuple[str, ...],
    base: Sequence[Line],
    parts: Sequence[Line],
    known: CostDays,
    until: date | None,
) -> CostHistory | None:
    own = [line for line in base if line.currency == currency]
    span = known.span(line.scope for line in own)
    if span is None:
        return None
    start, through, notes = span
    start = min([start, *(line.day for line in own)])
    if until is not None:
        through = min(through, until - timedelta(days=1))
    if through < start:
        return None
    factors, homes = _factors(own, through)
    sums = _sums(
        [line for line in parts if line.currency == currency and line.day <= through],
        factors, homes, through,
    )  # fmt: skip
    whole = sums if parts is base and not by else _sums(
        [line for line in own if line.day <= through], factors, homes, through, merged=True
    )  # fmt: skip
    days = tuple(start + timedelta(days=n) for n in range((through - start).days + 1))
    keys = tuple(sorted(sums.scopes, key=lambda key: tuple(str(each) for each in key)))
    unknown = {scope: known.unknown(scope, start, through) for scope in set(homes.values())}
    rows: list[tuple[_Sums, Key]] = [*((sums, key) for key in keys), (whole, ())]
    return CostHistory(
        currency=currency,
        by=by,
        keys=keys,
        days=days,
        use=np.array(
            [_values(each.use[key], each.scopes[key], days, unknown) for each, key in rows]
        ),
        tokens=np.array(
            [_values(each.tokens[key], each.scopes[key], days, unknown) for each, key in rows]
        ),
        booked=dict(sums.booked),
        recent=tuple(
            RecentCell(key, meter, resource, cost, tokens)
            for (key, meter, resource), (cost, tokens) in sums.recent.items()
        ),
        notes=notes,
        own_days=frozenset(line.day for line in own if until is None or line.day < until),
        late=_late([line for line in parts if line.currency == currency], through, until),
    )


def _late(
    lines: Iterable[Line], through: date, until: date | None
) -> dict[tuple[Key, date], Decimal]:
    late: dict[tuple[Key, date], Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.day > through and (until is None or line.day < until):
            late[line.key, line.day] += line.cost
    return dict(late)


def _factors(lines: Sequence[Line], through: date) -> tuple[dict[Key, float], dict[Key, str]]:
    """Use at the last price over booked cost of usage, and the scope, of every priced cell."""
    booked: dict[Key, float] = defaultdict(float)
    use: dict[Key, float] = defaultdict(float)
    tokens: dict[Key, float] = defaultdict(float)
    homes: dict[Key, str] = {}
    for line in lines:
        homes[line.cell] = line.scope or ""
        booked[line.cell] += float(line.cost)
        if line.is_use:
            use[line.cell] += float(line.cost)
            tokens[line.cell] += line.tokens or 0.0
    cells = list(use)
    columns: dict[str, Sequence[Any]] = {
        "ChargeDate": [cell[0] for cell in cells],
        "BillingCurrency": [cell[1] for cell in cells],
        "SkuMeter": [cell[2] for cell in cells],
        "ResourceId": [cell[3] for cell in cells],
        "EffectiveCost": [use[cell] for cell in cells],
        "x_TokenQuantity": [tokens[cell] or None for cell in cells],
    }
    restated = at_last_price(columns, through=through)["EffectiveCost"]
    factors = {
        cell: float(cost) / booked[cell] if booked[cell] else 0.0
        for cell, cost in zip(cells, restated, strict=True)
    }
    return factors, homes


def _sums(
    lines: Iterable[Line],
    factors: dict[Key, float],
    homes: dict[Key, str],
    through: date,
    *,
    merged: bool = False,
) -> _Sums:
    """Sums by group and day; `merged` puts all lines into the group ()."""
    sums = _Sums()
    since = through - timedelta(days=RECENT_DAYS)
    for line in lines:
        key = () if merged else line.key
        sums.booked[key, line.day] += line.cost
        sums.scopes[key].add(homes.get(line.cell, ""))
        used = float(line.cost) * factors.get(line.cell, 0.0)
        by_day = sums.use[key]
        by_day[line.day] = by_day.get(line.day, 0.0) + used
        if line.tokens is not None and used:
            counted = sums.tokens[key]
            counted[line.day] = counted.get(line.day, 0.0) + line.tokens
        if line.day > since:
            recent = sums.recent[key, line.meter, line.resource]
            recent[0] += used
            recent[1] += line.tokens or 0.0
    return sums


def _values(
    by_day: dict[date, float],
    scopes: set[str],
    days: Sequence[date],
    unknown: dict[str, frozenset[date]],
) -> list[float]:
    """A group's days: 0 where it cost nothing, NaN before its first day and on unknown days."""
    first = min(by_day, default=None)
    lost = frozenset().union(*(unknown.get(scope, frozenset()) for scope in scopes))
    return [
        np.nan if first is None or day < first or day in lost else by_day.get(day, 0.0)
        for day in days
    ]
