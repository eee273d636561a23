"""Whether the prices of a sheet agree with the way its meters were read.

Two meters that differ in one field alone stand in a known price relation: a batch token costs
half, a cached token no more than a plain one. A pair outside its band is a suspicion on the
reading, or on the price. Ratios only ever check a reading; no reading is derived from a price.

Source: price_relations.csv; docs/meters.md, "Price relations".
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pertoken.meters.values import RECOGNISED, Meter
from pertoken.meters.vocabulary import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pertoken.meters.values import MeterName

READING = "reading"
PRICE = "price"

_FIELDS = (
    "deployment_scope",
    "service_tier",
    "token_cache_action",
    "token_direction",
    "context_tier",
)


class PricedMeter(NamedTuple):
    """A meter and the price of one of its priced units in one region and currency."""

    name: MeterName
    meter: Meter
    unit_price: Decimal
    region: str
    currency: str


class Relation(NamedTuple):
    """The band in which the prices of two meters lie that differ in one field alone."""

    name: str
    field: str
    from_value: str
    to_value: str
    low: Decimal
    high: Decimal


class Pair(NamedTuple):
    """Two meters that differ in one field alone, and the quotient of their prices."""

    relation: Relation
    base: PricedMeter
    other: PricedMeter
    ratio: Decimal

    @property
    def in_band(self) -> bool:
        """Whether the quotient lies where the relation expects it."""
        return self.relation.low <= self.ratio <= self.relation.high


class Suspicion(NamedTuple):
    """A pair outside its band, and what it points at: the reading or the price."""

    pair: Pair
    points_at: str


@cache
def relations() -> tuple[Relation, ...]:
    """The relations of price_relations.csv."""
    return tuple(
        Relation(
            row["relation"],
            row["differs_in"],
            row["from_value"],
            row["to_value"],
            Decimal(row["low"]),
            Decimal(row["high"]),
        )
        for row in rows_of("price_relations.csv")
    )


def price_pairs(priced: Iterable[PricedMeter]) -> Iterator[Pair]:
    """Every pair of meters of one price sheet that stands in a relation.

    Takes:   recognised and other meters with their unit prices; meters that are not recognised,
             count no tokens or cost nothing take no part.
    Gives:   one pair per relation, region, currency and meter of the relation's other side.
    """
    cells: dict[tuple[object, ...], list[PricedMeter]] = defaultdict(list)
    for row in priced:
        if row.meter.status == RECOGNISED and row.meter.tokens_per_unit and row.unit_price > 0:
            cells[_cell(row, row.meter)].append(row)
    for rows in list(cells.values()):
        for row in rows:
            for relation in relations():
                if getattr(row.meter, relation.field) == relation.to_value:
                    base = _base(row.meter, relation)
                    for other in cells.get(_cell(row, base), ()):
                        yield Pair(relation, other, row, _token_price(row) / _token_price(other))


def price_suspicions(priced: Iterable[PricedMeter]) -> list[Suspicion]:
    """The pairs outside their band.

    A relation that fails for a meter in most of the regions where it is priced points at the
    reading, which is the same everywhere; one that fails here and there points at the price.
    """
    outside: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
    total: dict[tuple[str, str, str], int] = defaultdict(int)
    for pair in price_pairs(priced):
        key = (pair.relation.name, pair.base.name.meter_name, pair.other.name.meter_name)
        total[key] += 1
        if not pair.in_band:
            outside[key].append(pair)
    return [
        Suspicion(pair, READING if 2 * len(pairs) > total[key] else PRICE)
        for key, pairs in outside.items()
        for pair in pairs
    ]


def _token_price(row: PricedMeter) -> Decimal:
    return row.unit_price / Decimal(row.meter.tokens_per_unit or 1)


def _base(meter: Meter, relation: Relation) -> Meter:
    """The meter that differs from `meter` in the relation's field alone."""
    values = meter._asdict()
    values[relation.field] = relation.from_value
    if relation.field == "token_direction":
        values["token_cache_action"] = "Uncached"  # noqa: S105 - tokens of a model
    return Meter(**values)


def _cell(row: PricedMeter, meter: Meter) -> tuple[object, ...]:
    """What two meters of one cell have in common: all that a price may depend on."""
    return (
        row.region,
        row.currency,
        _host(row.name),
        meter.model_id,
        meter.model_version,
        meter.modality,
        meter.meter_use,
        meter.fine_tuned,
        *(getattr(meter, field) for field in _FIELDS),
    )


def _host(name: MeterName) -> bool:
    """Whether Fireworks hosts the model: the same model has another price there."""
    return "fireworks" in (name.product_name or "").lower()
