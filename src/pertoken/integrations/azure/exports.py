"""Exports of a scope, listed, made and run by the Azure SDK.

The SDK tries a throttled request again as the answer says; what still fails is told with the months
that are left.

Source: docs/azure-exports.md.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pertoken.errors import SourceError
from pertoken.integrations.azure.credentials import (
    PUBLIC,
    checked_endpoint,
    credential_of,
    is_loopback,
    missing_packages,
)
from pertoken.integrations.azure.definitions import ExportPlan, check_scope, month_requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LISTED = (
    "ExportName", "Dataset", "DatasetVersion", "Timeframe", "Recurrence", "State", "Container",
    "Folder", "NextRun", "LastRun", "LastStatus", "LastError",
)  # fmt: skip


class Exports:
    """The exports of one scope of Cost Management."""

    def __init__(
        self,
        scope: str,
        *,
        endpoint: str = PUBLIC,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Raises: ConfigError for a scope, endpoint or credential that cannot be, or no extra."""
        check_scope(scope)
        self._scope = scope
        self._endpoint = checked_endpoint(endpoint)
        self._options = {"enforce_https": False} if is_loopback(self._endpoint) else {}
        try:
            from azure.mgmt.costmanagement import CostManagementClient  # noqa: PLC0415
        except ImportError as error:
            raise missing_packages("azure-mgmt-costmanagement and azure-identity") from error
        stated = os.environ if environment is None else environment
        self._client = CostManagementClient(
            credential_of(stated, self._endpoint),
            base_url=self._endpoint,
            credential_scopes=[f"{self._endpoint}/.default"],
        ).exports

    def listed(self) -> list[tuple[object, ...]]:
        """Every export of the scope, in the columns LISTED; times are text as Azure gives it."""
        with self._as_error("listed"):
            found = self._client.list(self._path, expand="runHistory", **self._options)
            exports = [each.as_dict() for each in found.value or ()]
        return sorted((_line(export) for export in exports), key=str)

    def create(self, plans: Sequence[ExportPlan]) -> list[tuple[str, str, str]]:
        """Make the exports that the scope does not have yet.

        Gives: (name, dataset, `created` or `exists`); what exists stays as it is.
        """
        known = {str(row[0]).casefold() for row in self.listed()}
        made = []
        for plan in plans:
            if plan.name.casefold() in known:
                made.append((plan.name, plan.dataset, "exists"))
                continue
            with self._as_error(f"created as {plan.name}"):
                self._client.create_or_update(self._path, plan.name, plan.body, **self._options)
            made.append((plan.name, plan.dataset, "created"))
        return made

    def run(self, name: str, first: str, last: str) -> Iterator[tuple[str, str]]:
        """Ask for a run of every month, the newest first: (month, `requested`) as each is taken.

        Raises: SourceError for a request that was refused, with the months that are left.
        """
        for month, body in month_requests(first, last):
            with self._as_error(f"run for {month} as {name}", left=(first, month)):
                self._client.execute(self._path, name, body, **self._options)
            yield month, "requested"

    @property
    def _path(self) -> str:
        return self._scope.lstrip("/")

    @contextmanager
    def _as_error(self, done: str, left: tuple[str, str] | None = None) -> Iterator[None]:
        from azure.core.exceptions import AzureError, HttpResponseError  # noqa: PLC0415

        try:
            yield
        except AzureError as error:
            status = getattr(error, "status_code", None) or "no answer"
            answer = getattr(error, "error", None) if isinstance(error, HttpResponseError) else None
            words = getattr(answer, "message", None) or error.message.splitlines()[0]
            again = "Mend it and run the command again."
            if left:
                again = f"Run again with --from-month {left[0]} --to-month {left[1]}."
            raise SourceError(
                f"An export of {self._scope} cannot be {done}: {status}, {words}",
                f"Expected {self._endpoint} to take the request: the role Cost Management "
                "Contributor on the scope, or its like for a billing account.",
                again,
            ) from error


def _line(export: dict[str, Any]) -> tuple[object, ...]:
    properties = export.get("properties") or {}
    definition = properties.get("definition") or {}
    schedule = properties.get("schedule") or {}
    destination = (properties.get("deliveryInfo") or {}).get("destination") or {}
    configuration = (definition.get("dataSet") or {}).get("configuration") or {}
    runs = [
        run.get("properties") or {}
        for run in (properties.get("runHistory") or {}).get("value") or ()
    ]
    last = max(runs, key=lambda run: str(run.get("submittedTime") or ""), default={})
    return (
        export.get("name"), definition.get("type"), configuration.get("dataVersion"),
        definition.get("timeframe"), schedule.get("recurrence"), schedule.get("status"),
        destination.get("container"), destination.get("rootFolderPath"),
        properties.get("nextRunTimeEstimate"), last.get("submittedTime"), last.get("status"),
        (last.get("error") or {}).get("message"),
    )  # fmt: skip
