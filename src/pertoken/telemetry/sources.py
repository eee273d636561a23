"""The kinds of telemetry: how each spells its columns, and what its token counts include.

Source: columns.csv and sources.csv; docs/telemetry.md.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

READING_COLUMNS = (
    "Time", "ResourceId", "ResourceName", "Deployment", "ModelName", "ModelVersion", "Team",
    "Application", "Feature", "Customer", "Environment", "Product", "Client", "CallId", "Sequence",
    "Status", "Estimated", "Calls", "InputTokens", "CacheReadTokens", "CacheWriteTokens",
    "OutputTokens", "Utilisation",
)  # fmt: skip
"""The columns of a reading, one row per call or per total that a source states."""

REST_METRICS = "AzureMonitor"
OTLP = "OpenTelemetry"
TOKEN_METRIC = "ApimTokenMetric"  # noqa: S105 - the name of a source


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of telemetry.

    `spellings` are the names that each column has, the preferred one first. `includes_cached` says
    whether its input counts cached tokens too; `totals` whether a row is a total, so that the same
    row twice is one delivery made twice.
    """

    name: str
    needs: frozenset[str]
    includes_cached: bool
    totals: bool
    spellings: Mapping[str, tuple[str, ...]]

    def names(self, columns: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """For each column of ours, the columns of a file that state it, the preferred first."""
        held = {column.strip().casefold(): column for column in columns}
        return {
            column: found
            for column, spelt in self.spellings.items()
            if (found := tuple(held[s.casefold()] for s in spelt if s.casefold() in held))
        }

    def reads(self, columns: Iterable[str]) -> bool:
        """Whether a file with these columns is of this kind."""
        return self.needs <= self.names(columns).keys()


@cache
def sources() -> dict[str, Source]:
    """Every kind by its name, in the order in which a file is held against them."""
    spellings: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in _rows("columns.csv"):
        spellings.setdefault(row["Source"], {})[row["Column"]] = tuple(row["Spellings"].split("|"))
    return {
        row["Source"]: Source(
            row["Source"],
            frozenset(row["Needs"].split()),
            row["IncludesCached"] == "true",
            row["TotalsOfRows"] == "true",
            spellings[row["Source"]],
        )
        for row in _rows("sources.csv")
    }


def source_of_columns(columns: Iterable[str]) -> Source | None:
    """The kind of a file with these columns; None when it is no telemetry."""
    held = tuple(columns)
    return next((source for source in sources().values() if source.reads(held)), None)


def _rows(name: str) -> list[dict[str, str]]:
    text = files("pertoken.telemetry").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


SOURCES = tuple(sources())
"""The names of all kinds."""
