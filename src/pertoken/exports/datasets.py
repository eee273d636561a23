"""Which datasets of an export are read, in which versions, and in what order versions stand.

`datasets.csv` holds one row per dataset and version, the oldest version first: that order
decides between two runs that are equal otherwise. A dataset whose rows say `no` is known and
not read, whatever its version; one whose rows say `any` is read by its header names, so a version
that is not listed is read too.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from pertoken.errors import alternatives

FOCUS_COST = "FocusCost"
FOCUS_FILE = "FocusFile"
"""A plain FOCUS file, named on the command line: FOCUS charges without a manifest."""

ACTUAL_COST = "ActualCost"
AMORTIZED_COST = "AmortizedCost"
NATIVE_COST = (ACTUAL_COST, AMORTIZED_COST)
"""Native cost exports: the same charges as FOCUS, billed in the one and amortised in the other."""

PRICE_SHEET = "PriceSheet"
RETAIL_PRICES = "RetailPrices"
"""A file of the Retail Prices API, named on the command line."""

EXCHANGE_RATES = "ExchangeRates"
"""A CSV of dated exchange rates, named on the command line."""

INVOICES = "Invoices"
"""A CSV of invoice totals, named on the command line."""

TAG_SNAPSHOT = "TagSnapshot"
"""Tags of resources, resource groups and subscriptions on a day, from Azure Resource Graph."""

BUSINESS_METRICS = "BusinessMetrics"
"""A table of what a business counts: conversations, tickets, active users, by day."""

PRICES = (PRICE_SHEET, RETAIL_PRICES)
"""Datasets whose rows are prices."""

REFERENCE_FILES = (RETAIL_PRICES, EXCHANGE_RATES, INVOICES, TAG_SNAPSHOT, BUSINESS_METRICS)
REFERENCE = (PRICE_SHEET, *REFERENCE_FILES)
"""Datasets without charges: what charges are priced, converted or held against."""

NOT_YET_READ = "dataset not yet read"


@cache
def _rows() -> tuple[dict[str, str], ...]:
    table = files(__package__).joinpath("datasets.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(table.splitlines()))


@cache
def _versions() -> dict[str, tuple[str, ...]]:
    """Read versions of each known dataset, oldest first; none for a dataset not yet read."""
    versions: dict[str, tuple[str, ...]] = {}
    for row in _rows():
        read = () if row["Read"] == "no" else (row["DatasetVersion"],)
        versions[row["Dataset"]] = versions.get(row["Dataset"], ()) + read
    return versions


def dataset_name(text: str) -> str:
    """The dataset's name as its table spells it, or the text when it is not known.

    >>> dataset_name(" focuscost")
    'FocusCost'
    """
    folded = {name.casefold(): name for name in _versions()}
    return folded.get(text.strip().casefold(), text.strip())


def dataset_family(dataset: str) -> str:
    """The dataset whose runs hold the same charges: a plain FOCUS file stands with FocusCost."""
    return FOCUS_COST if dataset == FOCUS_FILE else dataset


def holds_charges(dataset: str) -> bool:
    """Whether the rows of a dataset are charges: FOCUS or native, not a price sheet."""
    return dataset_family(dataset) in (FOCUS_COST, *NATIVE_COST)


def version_rank(dataset: str, version: str) -> int:
    """The place of a version among those of its dataset, newer is higher; -1 when unknown."""
    versions = _versions().get(dataset_family(dataset), ())
    return versions.index(version) if version in versions else -1


def check_dataset(dataset: str, version: str) -> str | None:
    """The reason why a dataset and version cannot be read, or None."""
    if dataset == FOCUS_FILE:
        return None
    known = _versions()
    if dataset not in known:
        return f"unknown dataset '{dataset}'; known are {alternatives(dataset, known)}"
    if not known[dataset]:
        return NOT_YET_READ
    any_version = any(row["Read"] == "any" for row in _rows() if row["Dataset"] == dataset)
    if version not in known[dataset] and not any_version:
        names = alternatives(version, known[dataset])
        return f"unknown version '{version}' of {dataset}; known are {names}"
    return None
