"""Provisioned capacity by deployment: utilisation, idle and unused cost, the cost by the token.

The bill names the resource, telemetry its deployments. A resource with one measured deployment is
that deployment; of several it is not known which has how many units, so that their utilisation is
NULL and says so. A reservation that one resource alone used in a month is that resource's; else its
unused part is a row of its own.

Source: docs/variance.md, "Provisioned capacity".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.engine import sql_file
from pertoken.errors import ConfigError
from pertoken.periods import month_of
from pertoken.pipeline.own_prices import OwnPrices, own_prices
from pertoken.pipeline.views import require_charges, view_dimensions
from pertoken.reports import Column, Table
from pertoken.unit_economics.ptu import (
    HOURS_OF_A_DAY,
    UsedHour,
    advised_size,
    break_even,
    idle_cost,
    utilisation,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations
    from pertoken.unit_economics.what_if import TokenKind

COLUMNS = {
    "BillingMonth": "date", "ResourceId": "text", "Deployment": "text",
    "DeployedUnitHours": "quantity", "ReservedUnitHours": "quantity", "Utilisation": "share",
    "IdleCost": "money", "UnusedReservationCost": "money", "EffectiveCost": "money",
    "x_TokenQuantity": "quantity", "x_UnitCost": "price", "PaygEquivalentCost": "money",
    "BreakEvenUtilisation": "share", "BillingCurrency": "text", "x_UnitCostUnit": "text",
    "x_ModelId": "text", "PriceSource": "text", "PaygCostLow": "money", "PaygCostHigh": "money",
    "AdvisedUnitsLow": "count",
    "AdvisedUnitsHigh": "count", "SpilledHoursLow": "count", "SpilledHoursHigh": "count",
    "HoursAtLimit": "count", "DataThrough": "date", "Reason": "text",
}  # fmt: skip
HOUR_COLUMNS = {
    "Hour": "time", "ResourceId": "text", "Deployment": "text", "DeployedUnits": "quantity",
    "Utilisation": "share", "x_TokenQuantity": "quantity", "EffectiveCost": "money",
    "IdleCost": "money", "BillingCurrency": "text",
}  # fmt: skip
_ZERO, _MILLION = Decimal(0), 1_000_000
_SCALE, _DIGITS = Decimal("1e-18"), 60


@dataclass(slots=True)
class _Capacity:
    """The capacity of a resource in a month and currency; costs and unit hours by day."""

    costs: dict[date, Decimal] = field(default_factory=dict)
    hours: dict[date, Decimal] = field(default_factory=dict)
    scope: str | None = None
    reserved: Decimal = _ZERO
    unused: Decimal = _ZERO
    unknown_hours: bool = False


_Place = tuple[str, str | None, str]
"""BillingMonth, ResourceId, BillingCurrency."""
_Hours = dict[tuple[str, str], dict[str, list[UsedHour]]]
"""The hours of each deployment by month and resource name."""


def ptu_table(
    engine: Engine, relations: Relations, month: str | None = None, *, by_hour: bool = False
) -> Table:
    """One row per month, resource and currency with provisioned capacity; or per hour of them.

    Gives:   costs in BillingCurrency, x_UnitCost per million tokens; NULL with a Reason where
             telemetry or a price is missing.
    Keeps:   EffectiveCost and UnusedReservationCost sum to that of capacity usage in the bill.
    Raises:  ConfigError where no provisioned capacity is billed.
    """
    require_charges(relations)
    view_dimensions(engine, relations)
    relations.view(engine, "charges")
    with localcontext(prec=_DIGITS):
        places = _capacities(engine, month)
        if not places:
            raise ConfigError(
                f"No provisioned capacity is billed{f' in {month}' if month else ''}.",
                "Expected charges of provisioned throughput units.",
                "See what is billed: `pertoken matrix --by BillingMonth,x_MeterUse`.",
            )
        hours, models = _hours(engine, relations)
        if by_hour:
            return _hourly(places, hours)
        prices: dict[tuple[str, str], OwnPrices] = {}
        rows = []
        for place, capacity in places.items():
            key = (place[0], place[2])
            if key not in prices:
                prices[key] = own_prices(engine, relations, *key)
            rows.append(_row(place, capacity, hours, models, prices[key]))
    columns = tuple(Column(name, kind) for name, kind in COLUMNS.items())
    return Table("ptu", columns, tuple(rows))


def _capacities(engine: Engine, month: str | None) -> dict[_Place, _Capacity]:
    """Capacity by month, resource and currency; unused reservations where they belong."""
    found = [
        row
        for row in engine.rows(sql_file("pertoken.pipeline", "capacity"))
        if month is None or row[0] == month
    ]
    users: dict[tuple[str, str, str], set[str | None]] = defaultdict(set)
    for of_month, _, currency, resource, status, commitment, *_ in found:
        if status == "Used":
            users[of_month, currency, commitment].add(resource)
    places: dict[_Place, _Capacity] = defaultdict(_Capacity)
    for of_month, day, currency, resource, status, commitment, scope, cost, hours in found:
        if status == "Unused":
            held = users[of_month, currency, commitment]
            own = next(iter(held)) if len(held) == 1 else resource
            capacity = places[of_month, own, currency]
            capacity.unused += cost
        else:
            capacity = places[of_month, resource, currency]
            capacity.costs[day] = capacity.costs.get(day, _ZERO) + cost
            capacity.hours[day] = capacity.hours.get(day, _ZERO) + (hours or _ZERO)
            capacity.scope = scope
        if commitment is not None:
            capacity.reserved += hours or _ZERO
        capacity.unknown_hours = capacity.unknown_hours or hours is None
    return dict(sorted(places.items(), key=lambda item: tuple(str(each) for each in item[0])))


def _hours(
    engine: Engine, relations: Relations
) -> tuple[_Hours, dict[tuple[str, str], str | None]]:
    """The hours of every measured deployment, and its model."""
    hours: _Hours = defaultdict(lambda: defaultdict(list))
    models: dict[tuple[str, str], str | None] = {}
    if relations.view(engine, "usage"):
        for row in engine.rows(sql_file("pertoken.pipeline", "capacity_hours")):
            hour, resource, deployment, model, used, *tokens = row
            share = None if used is None else Decimal(str(used))
            hours[month_of(hour.date()), resource][deployment].append(
                UsedHour(hour, share, *tokens)
            )
            models[resource, deployment] = model
    return hours, models


def _row(
    place: _Place,
    capacity: _Capacity,
    hours: _Hours,
    models: Mapping[tuple[str, str], str | None],
    prices: OwnPrices,
) -> tuple[object, ...]:
    month, resource, currency = place
    name = (resource or "").rsplit("/", 1)[-1]
    measured = hours.get((month, name), {}) if capacity.costs else {}
    deployment = ", ".join(sorted(measured)) or None
    used = [each for found in measured.values() for each in found]
    cost = sum(capacity.costs.values(), _ZERO)
    reasons = []
    one = used if len(measured) == 1 else []
    if not measured and capacity.costs:
        reasons.append("no telemetry of its utilisation")
    elif len(measured) > 1:
        reasons.append("several deployments: the units of each are not known")
    if capacity.unknown_hours:
        reasons.append("a row states no unit hours")
    share = utilisation(one)
    idle, unknown_days = idle_cost(capacity.costs, one)
    if one and unknown_days:
        reasons.append(f"{unknown_days} of {len(capacity.costs)} days without utilisation")
    size = advised_size({day: each / HOURS_OF_A_DAY for day, each in capacity.hours.items()}, one)
    if size is not None and size.hours_at_limit > len(one) // 100:
        reasons.append(
            f"{size.hours_at_limit} hours at 100 %: what they wanted beyond is not known, "
            "AdvisedUnitsHigh is the least that would do"
        )
    tokens = Decimal(sum(each.tokens for each in used)) if used else None
    payg = _payg(capacity, measured, models, name, prices)
    reasons += payg.reasons
    return (
        month, resource, deployment, sum(capacity.hours.values(), _ZERO), capacity.reserved, share,
        idle, capacity.unused, cost, tokens,
        (cost * _MILLION / tokens).quantize(Decimal("1e-12")) if tokens else None,
        payg.known, break_even(share, cost, payg.known), currency, f"{_MILLION} Tokens",
        payg.model, payg.source, payg.low, payg.high,
        *((size.low, size.high, size.spilled_at_low, size.spilled_at_high, size.hours_at_limit)
          if size else (None,) * 5),
        max(capacity.costs, default=None), "; ".join(reasons) or None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Payg:
    """What tokens would cost by the token, from `low` to `high`; both NULL with a reason."""

    low: Decimal | None = None
    high: Decimal | None = None
    source: str | None = None
    model: str | None = None
    reasons: tuple[str, ...] = ()

    @property
    def known(self) -> Decimal | None:
        """The cost where it is one."""
        return self.low if self.low == self.high else None


def _payg(
    capacity: _Capacity,
    measured: Mapping[str, list[UsedHour]],
    models: Mapping[tuple[str, str], str | None],
    resource: str,
    prices: OwnPrices,
) -> _Payg:
    """The same tokens by the token; input whose cached part is not told is a range."""
    if not measured:
        return _Payg()
    low, high, unsplit = _ZERO, _ZERO, 0
    sources: dict[str, None] = {}
    names = {deployment: models.get((resource, deployment)) for deployment in measured}
    for deployment, used in measured.items():
        model = names[deployment]
        if model is None:
            return _Payg(reasons=(f"the model of {deployment} is not known",))
        of_unsplit = sum(each.unsplit for each in used)
        unsplit += of_unsplit
        for direction, cache, tokens in (
            ("Input", "Uncached", sum(each.uncached for each in used) + of_unsplit),
            ("Input", "Read", sum(each.read for each in used)),
            ("Input", "Write", sum(each.write for each in used)),
            ("Output", None, sum(each.output for each in used)),
        ):
            if not tokens:
                continue
            price = _standard_price(prices, model, capacity.scope, direction, cache)
            if price is None:
                what = " ".join(each for each in (direction, cache) if each)
                return _Payg(model=model, reasons=(f"no price of {model} {what} in this month",))
            low, high = low + price[0] * tokens, high + price[0] * tokens
            sources[price[1]] = None
            cached = _standard_price(prices, model, capacity.scope, "Input", "Read")
            if cache == "Uncached" and cached is not None:
                low -= (price[0] - cached[0]) * of_unsplit
    reason = (
        f"telemetry does not tell cached tokens apart in {unsplit} input tokens: "
        "PaygEquivalentCost lies from PaygCostLow (all cached) to PaygCostHigh (none)"
    )
    return _Payg(
        low.quantize(_SCALE), high.quantize(_SCALE), "; ".join(sources),
        ", ".join(dict.fromkeys(each for each in names.values() if each)),
        (reason,) if low != high else (),
    )  # fmt: skip


def _standard_price(
    prices: OwnPrices, model: str, scope: str | None, direction: str, cache: str | None
) -> tuple[Decimal, str] | None:
    """Per token in the standard tier: of the capacity's own scope, else the cheapest that is."""
    found: dict[str | None, tuple[Decimal, str]] = {}
    for kind in prices.kinds:
        if (
            _is_plain(kind)
            and kind.model is not None
            and (kind.model.casefold(), kind.direction, kind.cache)
            == (model.casefold(), direction, cache)
        ):
            price = prices.find(kind)
            if price is None or price.amount is None:
                continue
            if kind.scope not in found or price.amount < found[kind.scope][0]:
                found[kind.scope] = (price.amount, f"{price.source}, {kind.scope}")
    if scope in found:
        return found[scope]
    return min(found.values(), default=None)


def _is_plain(kind: TokenKind) -> bool:
    return (
        kind.tier == "Standard" and not kind.fine_tuned and kind.use == "Inference"
        and kind.modality in ("text", None) and kind.context in (None, "Short", "short")
    )  # fmt: skip


def _hourly(places: Mapping[_Place, _Capacity], hours: _Hours) -> Table:
    """Hours of resources with one measured deployment; a day's cost lies evenly in its hours."""
    rows: list[tuple[object, ...]] = []
    for (month, resource, currency), capacity in places.items():
        measured = hours.get((month, (resource or "").rsplit("/", 1)[-1]), {})
        for deployment, used in measured.items() if len(measured) == 1 else ():
            rows += _hour_rows(resource, deployment, currency, capacity, used)
    columns = tuple(Column(name, kind) for name, kind in HOUR_COLUMNS.items())
    return Table("ptu", columns, tuple(rows))


def _hour_rows(
    resource: str | None,
    deployment: str,
    currency: str,
    capacity: _Capacity,
    used: Iterable[UsedHour],
) -> Iterable[tuple[object, ...]]:
    for each in used:
        day = each.hour.date()
        if day not in capacity.costs:
            continue
        cost = (capacity.costs[day] / HOURS_OF_A_DAY).quantize(_SCALE)
        idle = (
            None if each.utilisation is None else (cost * (1 - each.utilisation)).quantize(_SCALE)
        )
        yield (
            each.hour, resource, deployment, capacity.hours[day] / HOURS_OF_A_DAY,
            each.utilisation, Decimal(each.tokens), cost, idle, currency,
        )  # fmt: skip
