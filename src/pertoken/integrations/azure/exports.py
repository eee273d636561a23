"""Exports of a scope, listed, made and run by the Azure SDK.

Credentials are explicit, always: an Entra token, or the id, secret and tenant of an application, by
environment variables. No chain of defaults is tried. The SDK tries a throttled request again as the
answer says; what still fails is told with the months that are left.

Source: docs/azure-exports.md.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from pertoken.errors import ConfigError, SourceError
from pertoken.integrations.azure.definitions import ExportPlan, check_scope, month_requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PUBLIC = "https://management.azure.com"
TOKEN = "PERTOKEN_AZURE_MANAGEMENT_TOKEN"  # noqa: S105 - the name of a variable
APPLICATION = (
    "PERTOKEN_AZURE_TENANT_ID",
    "PERTOKEN_AZURE_CLIENT_ID",
    "PERTOKEN_AZURE_CLIENT_SECRET",
)
AUTHORITY = "PERTOKEN_AZURE_AUTHORITY"
CREDENTIALS = (TOKEN, *APPLICATION, AUTHORITY)
"""The environment variables that are read, and no others."""

LISTED = (
    "ExportName", "Dataset", "DatasetVersion", "Timeframe", "Recurrence", "State", "Container",
    "Folder", "NextRun", "LastRun", "LastStatus", "LastError",
)  # fmt: skip
_SHORTEST_LIFE = 300


class AccessToken(NamedTuple):
    """A token and when it ends, in seconds since 1970, as the Azure SDK takes it."""

    token: str
    expires_on: int


class StatedToken:
    """The credential of a token that the user gives; it is used as it is."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        """The token, whatever it is asked for."""
        del scopes, options
        return AccessToken(self._token, int(time.time()) + _SHORTEST_LIFE)


def credential_of(environment: Mapping[str, str], endpoint: str) -> Any:  # noqa: ANN401 - the SDK's
    """The credential that the environment states for an endpoint.

    Raises: ConfigError when it states none, or a part of one.
    """
    stated = {name: environment.get(name, "").strip() for name in CREDENTIALS}
    if stated[TOKEN]:
        return StatedToken(stated[TOKEN])
    missing = [name for name in APPLICATION if not stated[name]]
    if missing:
        raise ConfigError(
            f"There is no credential for {endpoint}: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not set.",
            f"Expected {TOKEN}, or {', '.join(APPLICATION)}; nothing else is tried.",
            f"Set {TOKEN} to what `az account get-access-token` prints, or name an application.",
        )
    if endpoint != PUBLIC and not stated[AUTHORITY]:
        raise ConfigError(
            f"{AUTHORITY} is not set, and {endpoint} is not the public cloud.",
            "Expected the sign-in host of that cloud, such as https://login.chinacloudapi.cn.",
            f"Set {AUTHORITY}.",
        )
    from azure.identity import ClientSecretCredential  # noqa: PLC0415 - the extra `azure`

    options = {"authority": stated[AUTHORITY]} if stated[AUTHORITY] else {}
    return ClientSecretCredential(*(stated[name] for name in APPLICATION), **options)


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
        self._endpoint = _checked_endpoint(endpoint)
        self._options = {"enforce_https": False} if _is_loopback(self._endpoint) else {}
        try:
            from azure.mgmt.costmanagement import CostManagementClient  # noqa: PLC0415
        except ImportError as error:
            raise ConfigError(
                "The packages for Azure are not installed.",
                "Expected the extra `azure`: azure-mgmt-costmanagement and azure-identity.",
                "Run `pip install 'pertoken[azure]'`.",
            ) from error
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


def _checked_endpoint(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    if parts.hostname and (parts.scheme == "https" or _is_loopback(endpoint)) and not parts.query:
        return endpoint.rstrip("/")
    raise ConfigError(
        f"'{endpoint}' is not an endpoint of Azure.",
        "Expected an https address such as https://management.chinacloudapi.cn: a credential is "
        "sent to it.",
        f"Give --endpoint, or leave it out for {PUBLIC}.",
    )


def _is_loopback(endpoint: str) -> bool:
    return urlsplit(endpoint).hostname in ("127.0.0.1", "localhost", "::1")
