"""Azure Monitor: rows to Logs Ingestion, counts to custom metrics.

The extra `azure` brings the SDKs; the identity is an application's, its secret from the environment
alone, never a chain of guesses. Loopback endpoints take plain http, for tests and emulators.

Source: https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview (2026-05);
https://learn.microsoft.com/azure/azure-monitor/essentials/metrics-store-custom-rest-api (2026-05).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError
from pertoken.integrations.http_post import check_address, post_json
from pertoken.integrations.tries import PassingError, refused

if TYPE_CHECKING:
    from collections.abc import Sequence

VARIABLES = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
_METRICS_SCOPE = "https://monitoring.azure.com/.default"
_BUSY = frozenset({408, 429})
_SERVER_FAULT = 500


def send_logs(
    name: str, endpoint: str, rule_id: str, stream: str, rows: Sequence[dict[str, Any]]
) -> None:
    """Upload rows to a stream of a data collection rule.

    Raises: SendError when it is refused; PassingError when it may be tried again.
    """
    local = check_address(name, endpoint)
    try:
        from azure.core.exceptions import (  # noqa: PLC0415 - an extra, lazily
            AzureError,
            HttpResponseError,
        )
        from azure.monitor.ingestion import LogsIngestionClient  # noqa: PLC0415
    except ImportError as error:
        raise _not_installed() from error
    client = LogsIngestionClient(endpoint, credential=_credential(), retry_total=0)
    try:
        with client:
            client.upload(rule_id, stream, list(rows), enforce_https=not local)
    except HttpResponseError as error:
        status = error.status_code or _SERVER_FAULT
        if status in _BUSY or status >= _SERVER_FAULT:
            raise PassingError(f"HTTP {status}") from error
        raise refused(name, f"HTTP {status}") from error
    except AzureError as error:
        raise PassingError(type(error).__name__) from error


def send_metrics(name: str, endpoint: str, resource_id: str, content: dict[str, Any]) -> None:
    """Post one custom metric of a resource to the region's endpoint.

    Raises: SendError when it is refused; PassingError when it may be tried again.
    """
    try:
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - an extra, lazily
    except ImportError as error:
        raise _not_installed() from error
    try:
        token = str(_credential().get_token(_METRICS_SCOPE).token)
    except AzureError as error:
        raise PassingError(type(error).__name__) from error
    url = f"{endpoint.rstrip('/')}/{resource_id.strip('/')}/metrics"
    post_json(name, url, content, {"Authorization": f"Bearer {token}"}, (token,))


def _credential() -> Any:  # noqa: ANN401 - the SDK's own
    try:
        from azure.identity import ClientSecretCredential  # noqa: PLC0415 - an extra, lazily
    except ImportError as error:
        raise _not_installed() from error
    values = [os.environ.get(each) for each in VARIABLES]
    missing = [each for each, value in zip(VARIABLES, values, strict=True) if not value]
    if missing:
        raise ConfigError(
            f"The environment lacks {', '.join(missing)}.",
            "Expected the tenant, the application and its secret.",
            "Set them for this command; no other identity is tried.",
        )
    tenant, client, secret = (str(value) for value in values)
    return ClientSecretCredential(tenant, client, secret)


def _not_installed() -> ConfigError:
    return ConfigError(
        "The packages of Azure are not installed.",
        "Expected the extra `azure`.",
        "Run `pip install 'pertoken[azure]'`.",
    )
