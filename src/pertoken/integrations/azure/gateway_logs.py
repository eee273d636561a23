"""What an API Management gateway logged of its calls, hour by hour, from a Log Analytics workspace.

The workspace sums the calls itself, so that an answer has one row per hour and caller and no query
nears the limits of 500,000 rows and 100 MB. Of a call only SequenceNumber 0 counts, the other rows
are chunks of its messages; a call that was logged twice counts once. Messages, bodies, headers and
addresses are never selected.

Source: https://learn.microsoft.com/azure/azure-monitor/reference/tables/apimanagementgatewayllmlog,
https://learn.microsoft.com/azure/azure-monitor/logs/api/errors (partial results).
"""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError, SourceError
from pertoken.integrations.azure.credentials import (
    LOGS_TOKEN,
    PUBLIC_LOGS,
    checked_endpoint,
    credential_of,
    is_loopback,
    missing_packages,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HOUR = timedelta(hours=1)
MOST_ROWS = 500_000
"""The rows that Log Analytics gives at most; an answer of so many is not whole."""
_SECONDS = 240
_TOO_MUCH = frozenset({413, 504})
_WORKSPACE = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


class GatewayLogs:
    """The log of one workspace, read with a stated credential."""

    def __init__(
        self,
        workspace: str,
        *,
        endpoint: str = PUBLIC_LOGS,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Raises: ConfigError for an id, endpoint or credential that cannot be, or no extra."""
        self.workspace = checked_workspace(workspace)
        self._endpoint = checked_endpoint(endpoint, PUBLIC_LOGS, "--logs-endpoint")
        self._options = {"enforce_https": False} if is_loopback(self._endpoint) else {}
        try:
            from azure.monitor.query import LogsQueryClient  # noqa: PLC0415 - the extra `azure`
        except ImportError as error:
            raise missing_packages("azure-monitor-query and azure-identity") from error
        stated = os.environ if environment is None else environment
        self._client: Any = LogsQueryClient(
            credential_of(stated, self._endpoint, LOGS_TOKEN), endpoint=self._endpoint
        )

    def rows(self, since: datetime, until: datetime) -> Iterator[dict[str, object]]:
        """One row per hour, deployment, model, answer code, product, subscription and account.

        A window that Azure gives only a part of is asked for again in halves, down to an hour.

        Raises: SourceError, when it is refused, or when an hour is still not whole.
        """
        answer = self._answer(since, until)
        if answer is not None:
            yield from answer
            return
        hours = (until - since) // HOUR
        if hours <= 1:
            raise SourceError(
                f"Workspace {self.workspace} gives only a part of the hour {since.isoformat()}.",
                f"Expected all of it: fewer than {MOST_ROWS:,} rows within {_SECONDS} seconds.",
                "Export ApiManagementGatewayLlmLog to a storage account, and ingest it from there.",
            )
        middle = since + hours // 2 * HOUR
        yield from self.rows(since, middle)
        yield from self.rows(middle, until)

    def _answer(self, since: datetime, until: datetime) -> list[dict[str, object]] | None:
        """The rows of a window; None where the answer is not whole."""
        from azure.core.exceptions import AzureError, HttpResponseError  # noqa: PLC0415

        try:
            answer = self._client.query_workspace(
                self.workspace,
                gateway_query(since, until),
                timespan=None,
                server_timeout=_SECONDS,
                **self._options,
            )
        except HttpResponseError as error:
            if error.status_code in _TOO_MUCH:
                return None
            raise self._refused(error, error.status_code) from error
        except AzureError as error:
            raise self._refused(error, None) from error
        tables = getattr(answer, "tables", None)
        if tables is None or any(len(table.rows) >= MOST_ROWS for table in tables):
            return None  # a LogsQueryPartialResult has partial_data and no tables
        return [
            {name: _plain(value) for name, value in zip(table.columns, row, strict=True)}
            for table in tables
            for row in table.rows
        ]

    def _refused(self, error: Any, status: int | None) -> SourceError:  # noqa: ANN401 - the SDK's
        words = getattr(getattr(error, "model", None), "message", None) or error.message
        expected = f"Expected {self._endpoint} to answer: the role Log Analytics Reader on it."
        if "ApiManagementGatewayLlmLog" in words:
            expected = "Expected the table ApiManagementGatewayLlmLog, which a diagnostic setting "
            expected += "of API Management fills (category GatewayLlmLogs, resource-specific)."
        return SourceError(
            f"Workspace {self.workspace} does not give its log: {status or 'no answer'}, "
            f"{words.splitlines()[0]}",
            expected,
            "Mend it and run the command again; files that were named are whole.",
        )


def gateway_query(since: datetime, until: datetime) -> str:
    """The query of a window, in KQL."""
    text = files("pertoken.integrations.azure").joinpath("gateway_usage.kql").read_text("utf-8")
    return Template(text).substitute(since=_moment(since), until=_moment(until))


def checked_workspace(workspace: str) -> str:
    """The id of a workspace; raises ConfigError for anything else."""
    if _WORKSPACE.fullmatch(workspace):
        return workspace
    raise ConfigError(
        f"'{workspace}' is not the id of a workspace.",
        "Expected its Workspace ID, a GUID such as 11111111-2222-3333-4444-555555555555.",
        "Copy it from the overview of the Log Analytics workspace.",
    )


def _plain(value: object) -> object:
    """A value as JSON has it."""
    return value.isoformat() if isinstance(value, datetime) else value


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
