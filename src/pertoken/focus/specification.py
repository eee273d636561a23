"""Which columns a version of FOCUS has, and what each may hold.

A column is asked for with its version, because level, nullability and presence change between
versions: InvoiceId is Recommended in 1.2 and Conditional in 1.4. Levels of 1.3 are those of 1.2
for columns that 1.2 has and those of 1.4 for the eight that 1.3 added.
Source: FOCUS_Spec tags v1.0 to v1.2, the FOCUS 1.4 data model; per row in columns.csv.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, cast

from pertoken.errors import ConfigError, alternatives
from pertoken.focus.services import subcategories
from pertoken.focus.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4")
DRAFT = "1.5-draft"
COST_AND_USAGE = "Cost and Usage"

ColumnType = Literal["decimal", "timestamp", "text", "json"]


@dataclass(frozen=True, slots=True)
class FocusColumn:
    """One column of one dataset in one version.

    `format` is empty or the rule its values keep: numeric, numeric-non-negative, numeric-0-to-1,
    date-time, currency, unit, allowed-values, key-value, json-object, expected-format.
    `feature_level` is Mandatory, Conditional, Recommended or Draft; `condition` says when a
    Conditional column applies.
    """

    name: str
    type: ColumnType
    nullable: bool
    feature_level: str
    format: str
    condition: str
    source: str

    @property
    def mandatory(self) -> bool:
        """Whether every file of the version has the column."""
        return self.feature_level == "Mandatory"


@cache
def columns(version: str, dataset: str = COST_AND_USAGE) -> Mapping[str, FocusColumn]:
    """The columns of a version, in the order of the specification (by name).

    The draft is 1.4 plus the columns proposed since, whose level is Draft.
    Raises: ConfigError for a version or dataset that FOCUS does not have.

    >>> len(columns("1.0")), len(columns("1.4"))
    (43, 65)
    """
    _check_version(version)
    asked = ("1.4", DRAFT) if version == DRAFT else (version,)
    rows = [
        row
        for row in table("columns")
        if row["dataset"] == dataset and any(each in row["versions"].split() for each in asked)
    ]
    if not rows:
        known = {row["dataset"] for row in table("columns") if version in row["versions"].split()}
        raise ConfigError(
            f"FOCUS {version} has no dataset '{dataset}'.",
            f"Expected a dataset of FOCUS {version}.",
            f"Use one of {alternatives(dataset, known)}.",
        )
    return {row["column"]: _column(row) for row in sorted(rows, key=lambda row: row["column"])}


@cache
def column_type(name: str) -> ColumnType | None:
    """The type of a FOCUS column in whatever version or dataset has it, also before 1.0.

    >>> column_type("BilledCost"), column_type("x_ModelId")
    ('decimal', None)
    """
    for row in table("columns"):
        if row["column"] == name:
            return cast("ColumnType", row["type"])
    return None


@cache
def allowed_values(
    column: str, version: str, dataset: str = COST_AND_USAGE
) -> tuple[str, ...] | None:
    """The values a column may hold, in the order of the specification; None where any is fit.

    >>> allowed_values("ChargeClass", "1.2")
    ('Correction',)
    """
    _check_version(version)
    version = "1.4" if version == DRAFT else version
    if column == "ServiceSubcategory" and column in columns(version, dataset):
        return tuple(subcategories())
    return (
        tuple(
            row["value"]
            for row in table("allowed_values")
            if row["column"] == column
            and row["dataset"] == dataset
            and version in row["versions"].split()
        )
        or None
    )


@cache
def renamed_columns() -> Mapping[str, str]:
    """Columns from before 1.0, and what became of each.

    >>> renamed_columns()["UsageQuantity"]
    'renamed to ConsumedQuantity in 1.0'
    """
    rows = (row for row in table("columns") if row["feature_level"] == "Renamed")
    return {row["column"]: row["condition"] for row in rows}


def since(first: str, version: str) -> bool:
    """Whether a rule introduced in version `first` holds in `version`.

    >>> since("1.1", "1.5-draft"), since("1.1", "1.0")
    (True, False)
    """
    order = (*VERSIONS, DRAFT)
    return order.index(first) <= order.index(version)


def _check_version(version: str) -> None:
    known = (*VERSIONS, DRAFT)
    if version not in known:
        raise ConfigError(
            f"'{version}' is not a version of FOCUS.",
            "Expected a version of the FOCUS specification known to pertoken.",
            f"Use one of {alternatives(version, known)}.",
        )


def _column(row: Mapping[str, str]) -> FocusColumn:
    return FocusColumn(
        name=row["column"],
        type=cast("ColumnType", row["type"]),
        nullable=row["nullable"] == "yes",
        feature_level=row["feature_level"],
        format=row["format"],
        condition=row["condition"],
        source=row["source"],
    )
