"""Metrics of one resource from Azure Resource Manager: which it has, and their hourly series.

A resource is asked for the metrics of its own definitions only: asked for a name that it does not
know, Azure answers with zeros or refuses. The regional batch endpoint has no definitions and wants
a role on the whole subscription, so it is not used.

Source: https://learn.microsoft.com/rest/api/monitor/metrics/list and metric-definitions/list
(2024-02-01).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError, SourceError
from pertoken.integrations.azure.credentials import (
    PUBLIC,
    checked_endpoint,
    credential_of,
    is_loopback,
    missing_packages,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

DIMENSIONS = ("ModelDeploymentName", "ModelName", "ModelVersion")
MOST_NAMES = 20
"""The metrics that one request may name."""
MOST_SERIES = 1000
"""The series that one answer may hold; without `top` Azure gives ten and says nothing."""
_VERSION = "2024-02-01"
_RESOURCE = re.compile(
    r"/subscriptions/[^/?#]+/resourceGroups/[^/?#]+/providers/[^/?#]+/[^/?#]+/[^?#]*[^/?#]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Metrics that one request can name: they have the same dimensions and aggregation."""

    names: tuple[str, ...]
    dimensions: tuple[str, ...]
    aggregation: str


class Metrics:
    """Azure Monitor's metrics, read with a stated credential."""

    def __init__(
        self, *, endpoint: str = PUBLIC, environment: Mapping[str, str] | None = None
    ) -> None:
        """Raises: ConfigError for an endpoint or credential that cannot be, or no extra."""
        self._endpoint = checked_endpoint(endpoint)
        self._options = {"enforce_https": False} if is_loopback(self._endpoint) else {}
        try:
            from azure.core import PipelineClient  # noqa: PLC0415 - the extra `azure`
            from azure.core.pipeline import policies  # noqa: PLC0415
        except ImportError as error:
            raise missing_packages("azure-core and azure-identity") from error
        stated = os.environ if environment is None else environment
        credential = credential_of(stated, self._endpoint)
        self._client: Any = PipelineClient(
            base_url=self._endpoint,
            policies=[
                policies.RetryPolicy(),
                policies.BearerTokenCredentialPolicy(credential, f"{self._endpoint}/.default"),
            ],
        )

    def asked(self, resource: str, wanted: Mapping[str, str]) -> tuple[Asked, ...]:
        """The wanted metrics that a resource has, as requests can name them.

        Takes:   wanted, the aggregation (Total, Average) of each name, names without case.
        Raises:  SourceError, when it has none of them or cannot be read.
        """
        answer = self._get(definitions_path(resource), {"api-version": _VERSION})
        folded = {name.casefold(): aggregation for name, aggregation in wanted.items()}
        groups: dict[tuple[tuple[str, ...], str], list[str]] = {}
        for definition in answer.get("value", ()):
            name = definition["name"]["value"]
            aggregation = folded.get(name.casefold())
            if aggregation is not None:
                held = {each["value"].casefold() for each in definition.get("dimensions") or ()}
                dimensions = tuple(each for each in DIMENSIONS if each.casefold() in held)
                groups.setdefault((dimensions, aggregation), []).append(name)
        if not groups:
            raise SourceError(
                f"{resource} has no metric that counts tokens.",
                f"Expected one of {', '.join(list(wanted)[:4])}: an account of "
                "Microsoft.CognitiveServices of the kind OpenAI or AIServices.",
                "Check --resource, or leave this one out.",
            )
        return tuple(
            Asked(tuple(names[first : first + MOST_NAMES]), *group)
            for group, names in groups.items()
            for first in range(0, len(names), MOST_NAMES)
        )

    def answer(
        self, resource: str, asked: Asked, since: datetime, until: datetime
    ) -> dict[str, Any]:
        """Azure's own answer: hourly series of these metrics from `since` to `until`.

        Raises: SourceError, when it is refused, or not whole.
        """
        parameters = {
            "api-version": _VERSION,
            "metricnames": ",".join(asked.names),
            "timespan": f"{_moment(since)}/{_moment(until)}",
            "interval": "PT1H",
            "aggregation": asked.aggregation,
            "AutoAdjustTimegrain": "false",
        }
        if asked.dimensions:
            parameters["$filter"] = " and ".join(f"{each} eq '*'" for each in asked.dimensions)
            parameters["top"] = str(MOST_SERIES)
        answer = self._get(metrics_path(resource), parameters)
        _check_whole(resource, answer)
        return answer

    def _get(self, path: str, parameters: dict[str, str]) -> dict[str, Any]:
        from azure.core.exceptions import AzureError, HttpResponseError  # noqa: PLC0415
        from azure.core.rest import HttpRequest  # noqa: PLC0415

        request = HttpRequest("GET", f"{self._endpoint}{path}", params=parameters)
        try:
            response = self._client.send_request(request, **self._options)
            response.raise_for_status()
            found: dict[str, Any] = response.json()
        except AzureError as error:
            status = getattr(error, "status_code", None) or "no answer"
            answer = getattr(error, "error", None) if isinstance(error, HttpResponseError) else None
            words = getattr(answer, "message", None) or error.message.splitlines()[0]
            raise SourceError(
                f"{path.partition('/providers/Microsoft.Insights/')[0]} does not give its metrics: "
                f"{status}, {words}",
                f"Expected {self._endpoint} to answer: the role Monitoring Reader on the resource.",
                "Mend it and run the command again; files that were named are whole.",
            ) from error
        except ValueError as error:
            raise SourceError(
                f"{self._endpoint} answered for {path} what is no JSON.",
                "Expected Azure Resource Manager.",
                "Check --endpoint, and any proxy before it.",
            ) from error
        return found


def definitions_path(resource: str) -> str:
    """Where Azure lists the metrics that a resource has."""
    return f"{resource}/providers/Microsoft.Insights/metricDefinitions"


def metrics_path(resource: str) -> str:
    """Where Azure gives the series of a resource."""
    return f"{resource}/providers/Microsoft.Insights/metrics"


def checked_resource(resource: str) -> str:
    """A resource id; raises ConfigError for anything else."""
    if _RESOURCE.fullmatch(resource):
        return resource
    raise ConfigError(
        f"'{resource}' is not the resource id of an account.",
        "Expected /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.CognitiveServices/"
        "accounts/NAME.",
        "Copy it from the account's properties.",
    )


def _check_whole(resource: str, answer: dict[str, Any]) -> None:
    """Refuse an answer of another grain, of a metric that failed, or with too many series."""
    if answer.get("interval") != "PT1H":
        raise _not_whole(resource, f"values per {answer.get('interval')}", "values per hour")
    for metric in answer.get("value", ()):
        name = metric["name"]["value"]
        code = metric.get("errorCode") or "Success"
        if code != "Success":
            found = f"{name} with {code}, {metric.get('errorMessage') or 'no reason'}"
            raise _not_whole(resource, found, "every metric that was asked for")
        series = len(metric.get("timeseries", ()))
        if series >= MOST_SERIES:
            raise _not_whole(resource, f"{series} series of {name}", f"fewer than {MOST_SERIES}")


def _not_whole(resource: str, found: str, expected: str) -> SourceError:
    return SourceError(
        f"{resource} answered {found}.",
        f"Expected {expected}: what lacks a part is not taken.",
        "Run the command again; if it stays so, export the metrics to a storage account.",
    )


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
