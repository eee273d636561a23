"""The exports that pertoken asks Cost Management to write, as bodies of its REST API.

A run covers one month at most, so a backfill is one run per month. Parts are partitioned and named
by a manifest; a later run of a period replaces the earlier one in the container, which loses
nothing, as the hub keeps the difference of a closed month.

Source: https://learn.microsoft.com/rest/api/cost-management/exports/create-or-update (2025-03-01),
https://learn.microsoft.com/azure/cost-management-billing/costs/tutorial-improved-exports.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError, alternatives
from pertoken.periods import month_end, month_start, months_before

if TYPE_CHECKING:
    from collections.abc import Sequence

_YEARS = timedelta(days=3650)
_STORAGE = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.storage/storageaccounts/[^/]+",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Dataset:
    """A kind of export: its type and version, how it is written, and which runs it makes.

    `runs` are (suffix of the name, timeframe, recurrence); `billing_only` says that only a billing
    account or profile has it.
    """

    type: str
    version: str
    file_format: str
    compression: str
    runs: tuple[tuple[str, str, str], ...]
    billing_only: bool = True


DATASETS = {
    "focus": Dataset(
        "FocusCost", "1.2-preview", "Parquet", "snappy",
        (("focus-daily", "MonthToDate", "Daily"), ("focus-monthly", "TheLastMonth", "Monthly")),
        billing_only=False,
    ),
    "prices": Dataset(
        "PriceSheet", "2023-05-01", "Csv", "gzip", (("prices", "TheCurrentMonth", "Daily"),)
    ),
    "reservation-details": Dataset(
        "ReservationDetails", "2023-03-01", "Csv", "gzip",
        (("reservation-details", "MonthToDate", "Daily"),),
    ),
    "reservation-transactions": Dataset(
        "ReservationTransactions", "2023-05-01", "Csv", "gzip",
        (("reservation-transactions", "MonthToDate", "Daily"),),
    ),
}  # fmt: skip
"""Name -> what is exported. The first two are what an ingest reads."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where exports are written: the resource id of a storage account, a container, a folder.

    With `location` the export gets a managed identity there, which a storage account behind a
    firewall needs.
    """

    storage_account: str
    container: str
    folder: str
    location: str | None = None


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """One export: its name, and the body of the request that makes it."""

    name: str
    dataset: str
    body: dict[str, Any]


def export_plans(
    scope: str, placement: Placement, names: Sequence[str], *, prefix: str, start: date
) -> tuple[ExportPlan, ...]:
    """The exports of some datasets for a scope.

    Takes:   scope, as in Azure's resource ids; names, of DATASETS; start, the first day of the
             schedule.
    Raises:  ConfigError for a dataset, scope, name or storage account that cannot be.
    """
    check_scope(scope)
    _check_placement(placement, prefix)
    plans = []
    for name in names:
        if name not in DATASETS:
            raise ConfigError(
                f"'{name}' is not a dataset of exports.",
                f"Expected one of {', '.join(DATASETS)}.",
                f"Nearest: {alternatives(name, DATASETS)}.",
            )
        dataset = DATASETS[name]
        _check_offered(scope, name, dataset)
        plans += [
            ExportPlan(
                f"{prefix}-{suffix}",
                dataset.type,
                _body(dataset, timeframe, recurrence, placement, start),
            )
            for suffix, timeframe, recurrence in dataset.runs
        ]
    return tuple(plans)


def month_requests(first: str, last: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """(month, body) of the run of every billing month from `first` to `last`, the newest first.

    Raises: ConfigError when the first month is after the last.
    """
    if first > last:
        raise ConfigError(
            f"There is no month from {first} to {last}.",
            "Expected the first month before the last, or the same.",
            "Swap --from-month and --to-month.",
        )
    months = [last]
    while months[-1] > first:
        months.append(months_before(months[-1], 1))
    return tuple(
        (
            month,
            {
                "timePeriod": {
                    "from": _moment(month_start(month)),
                    "to": _moment(month_end(month) - timedelta(days=1)),
                }
            },
        )
        for month in months
    )


def check_scope(scope: str) -> None:
    """Refuse what is no resource id; raises ConfigError."""
    if not re.fullmatch(r"/(subscriptions|providers)/[^?#]*[^/?#]", scope, re.IGNORECASE):
        raise ConfigError(
            f"'{scope}' is not a scope of Cost Management.",
            "Expected a resource id such as /subscriptions/ID or "
            "/providers/Microsoft.Billing/billingAccounts/ID.",
            "Give --scope as Azure shows it, with its first slash.",
        )


def _check_placement(placement: Placement, prefix: str) -> None:
    if not _STORAGE.fullmatch(placement.storage_account):
        raise ConfigError(
            f"'{placement.storage_account}' is not the resource id of a storage account.",
            "Expected /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Storage/"
            "storageAccounts/NAME.",
            "Copy it from the account's properties.",
        )
    if not _NAME.fullmatch(prefix):
        raise ConfigError(
            f"'{prefix}' cannot begin the name of an export.",
            "Expected 2 to 41 letters, digits, - and _, the first a letter or digit.",
            "Give another --name.",
        )


def _check_offered(scope: str, name: str, dataset: Dataset) -> None:
    folded = scope.lower()
    if "/managementgroups/" in folded:
        raise ConfigError(
            f"A management group has no exports of {dataset.type} ({scope}).",
            "Expected a billing account, a billing profile or a subscription.",
            "Give the billing account, or one export per subscription.",
        )
    if dataset.billing_only and folded.startswith("/subscriptions/"):
        raise ConfigError(
            f"A subscription has no exports of {dataset.type} ({scope}).",
            "Expected a billing account or a billing profile for it.",
            f"Leave '{name}' out of --datasets, or give the billing account.",
        )


def _body(
    dataset: Dataset, timeframe: str, recurrence: str, placement: Placement, start: date
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "properties": {
            "schedule": {
                "status": "Active",
                "recurrence": recurrence,
                "recurrencePeriod": {"from": _moment(start), "to": _moment(start + _YEARS)},
            },
            "format": dataset.file_format,
            "compressionMode": dataset.compression,
            "partitionData": True,
            "dataOverwriteBehavior": "OverwritePreviousReport",
            "exportDescription": "Made by pertoken",
            "deliveryInfo": {
                "destination": {
                    "type": "AzureBlob",
                    "resourceId": placement.storage_account,
                    "container": placement.container,
                    "rootFolderPath": placement.folder,
                }
            },
            "definition": {
                "type": dataset.type,
                "timeframe": timeframe,
                "dataSet": {
                    "granularity": "Daily",
                    "configuration": {"dataVersion": dataset.version},
                },
            },
        }
    }
    if placement.location:
        body |= {"identity": {"type": "SystemAssigned"}, "location": placement.location}
    return body


def _moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
