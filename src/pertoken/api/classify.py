"""Meter names from a CSV file, read by the grammar; no hub is needed."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from pertoken.api.result import Result
from pertoken.errors import SourceError
from pertoken.meters import COLUMNS, MeterName, classify_all
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from pathlib import Path

_KINDS = {"x_FineTuned": "flag", "TokensPerUnit": "count"}


def classified_meters(file: Path) -> Result:
    """How each meter name of a file is read.

    Takes:   a CSV in UTF-8 with meterName and, where known, productName, serviceName,
             unitOfMeasure, meterId, publisherName, description, serviceCategory; names in any
             letter case; other columns are ignored.
    Gives:   one row per row of the file, in its order.
    Raises:  SourceError when the file cannot be read or has no meterName.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = [
                {str(key).casefold(): value for key, value in row.items() if key is not None}
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
    names = [
        MeterName(
            meter_name=row["metername"] or "",
            product_name=row.get("productname") or None,
            service_name=row.get("servicename") or None,
            unit_of_measure=row.get("unitofmeasure") or None,
            meter_id=row.get("meterid") or None,
            publisher_name=row.get("publishername") or None,
            description=row.get("description") or None,
            service_category=row.get("servicecategory") or None,
        )
        for row in rows
    ]
    columns = ("meterName", "productName", *COLUMNS)
    cells = tuple(
        (name.meter_name, name.product_name, *meter)
        for name, meter in zip(names, classify_all(names), strict=True)
    )
    return Result(
        Table("meters", tuple(Column(each, _KINDS.get(each, "text")) for each in columns), cells)
    )
