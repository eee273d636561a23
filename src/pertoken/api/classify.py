"""Meter names and prices from a CSV file, read by the grammar; no hub is needed."""

from __future__ import annotations

import csv
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from pertoken.api.result import Result
from pertoken.errors import SourceError
from pertoken.meters import COLUMNS, MeterName, classify_all
from pertoken.meters.price_relations import PricedMeter, price_pairs, price_suspicions
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_KINDS = {"x_FineTuned": "flag", "TokensPerUnit": "count"}
_PRICE = ("retailprice", "unitprice", "marketprice")
_CURRENCY = ("currencycode", "currency")
_REGION = ("armregionname", "meterregion", "region", "location")
_RELATION_COLUMNS = (
    ("Relation", "text"), ("PointsAt", "text"), ("BaseMeter", "text"), ("OtherMeter", "text"),
    ("ProductName", "text"), ("Region", "text"), ("Currency", "text"), ("BasePrice", "price"),
    ("OtherPrice", "price"), ("Ratio", "price"), ("Low", "price"), ("High", "price"),
)  # fmt: skip


def classified_meters(file: Path) -> Result:
    """How each meter name of a file is read.

    Takes:   a CSV in UTF-8 with meterName and, where known, productName, serviceName,
             unitOfMeasure, meterId, publisherName, description, serviceCategory; names in any
             letter case; other columns are ignored.
    Gives:   one row per row of the file, in its order.
    Raises:  SourceError when the file cannot be read or has no meterName.
    """
    names = [_meter_name(row) for row in _rows(file)]
    columns = ("meterName", "productName", *COLUMNS)
    cells = tuple(
        (name.meter_name, name.product_name, *meter)
        for name, meter in zip(names, classify_all(names), strict=True)
    )
    kinds = tuple(Column(each, _KINDS.get(each, "text")) for each in columns)
    return Result(Table("meters", kinds, cells))


def suspicious_prices(file: Path) -> tuple[Result, int]:
    """Prices of a sheet that do not stand to each other as their readings say they should.

    Takes:   a CSV of prices: meterName and, where known, productName and unitOfMeasure, with
             retailPrice, unitPrice or marketPrice, a region and a currency. Reservation and savings
             plan prices (column type) take no part, as they are no price of a token.
    Gives:   one row per pair outside its band, what it points at (reading or price), and the number
             of pairs that were compared.
    Raises:  SourceError when the file cannot be read, or a price is no number.
    """
    rows = [row for row in _rows(file) if row.get("type", "Consumption") in ("Consumption", "")]
    names = [_meter_name(row) for row in rows]
    priced = [
        PricedMeter(
            name, meter, _price(file, number, row), _first(row, _REGION), _first(row, _CURRENCY)
        )
        for number, (row, name, meter) in enumerate(
            zip(rows, names, classify_all(names), strict=True), start=2
        )
    ]
    cells = tuple(
        (
            each.pair.relation.name, each.points_at, each.pair.base.name.meter_name,
            each.pair.other.name.meter_name, each.pair.other.name.product_name,
            each.pair.other.region, each.pair.other.currency, each.pair.base.unit_price,
            each.pair.other.unit_price, round(each.pair.ratio, 6), each.pair.relation.low,
            each.pair.relation.high,
        )
        for each in price_suspicions(priced)
    )  # fmt: skip
    columns = tuple(Column(*each) for each in _RELATION_COLUMNS)
    return Result(Table("relations", columns, cells)), sum(1 for _ in price_pairs(priced))


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = [
                {str(key).casefold(): value or "" for key, value in row.items() if key is not None}
                for row in csv.DictReader(lines)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(
            f"{file} cannot be read: {error}",
            "Expected a CSV in UTF-8 with a column meterName.",
            "Name another file.",
        ) from error
    if rows and "metername" not in rows[0]:
        raise SourceError(
            f"{file} has no column meterName; it has {', '.join(rows[0])}.",
            "Expected meterName and, where known, productName, serviceName, unitOfMeasure.",
            "Rename the column that holds the meter's name.",
        )
    return rows


def _meter_name(row: dict[str, str]) -> MeterName:
    return MeterName(
        meter_name=row["metername"],
        product_name=row.get("productname") or None,
        service_name=row.get("servicename") or None,
        unit_of_measure=row.get("unitofmeasure") or None,
        meter_id=row.get("meterid") or None,
        publisher_name=row.get("publishername") or None,
        description=row.get("description") or None,
        service_category=row.get("servicecategory") or None,
    )


def _first(row: dict[str, str], names: Sequence[str]) -> str:
    return next((row[name] for name in names if row.get(name)), "")


def _price(file: Path, number: int, row: dict[str, str]) -> Decimal:
    text = _first(row, _PRICE)
    try:
        return Decimal(text)
    except InvalidOperation:
        raise SourceError(
            f"'{text}' is no price ({file}, row {number}, meter '{row['metername']}').",
            "Expected a number in retailPrice, unitPrice or marketPrice.",
            "Mend the row, or leave it out.",
        ) from None
