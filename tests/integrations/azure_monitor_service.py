"""Azure Monitor and Log Analytics on loopback: they answer as Azure does, in documented shapes.

`accounts` holds, by resource id, the metrics that an account defines and the hourly values of each:
one that it defines without values answers zeros, one that it does not define is refused. `calls` is
what the gateway logged, by hour; the query's text is kept in `queries`.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from loopback_service import LoopbackService, Refused

TOKEN = "a-token-for-the-metrics"  # noqa: S105 - made for this test
LOGS_TOKEN = "a-token-for-the-logs"  # noqa: S105 - made for this test
ACCOUNT = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/AOAI"
WORKSPACE = "11111111-2222-3333-4444-555555555555"
COLUMNS = {
    "TimeGenerated": "datetime", "DeploymentName": "string", "ModelName": "string",
    "ResponseCode": "int", "ProductId": "string", "ApimSubscriptionId": "string",
    "AccountName": "string", "Calls": "long", "PromptTokens": "long", "CompletionTokens": "long",
}  # fmt: skip
_INSIGHTS = "/providers/Microsoft.Insights/"
_DIMENSIONS = ("ModelDeploymentName", "ModelName", "ModelVersion", "Region")
_HOUR = timedelta(hours=1)


class AzureMonitor(LoopbackService):
    """A server that runs between `with` and its end."""

    def __init__(self) -> None:
        self.accounts: dict[str, dict[str, dict[datetime, float]]] = {}
        self.calls: dict[datetime, list[dict[str, Any]]] = {}
        self.queries: list[str] = []
        self.asked: list[dict[str, str]] = []
        self.throttled = 0
        self.forbidden = False
        self.hours_at_once = 24
        self.failed_metric = ""
        self.missing_table = False
        super().__init__()

    def respond(
        self, method: str, path: str, authorization: str | None, body: bytes
    ) -> tuple[int, Any]:
        """What a request is answered."""
        del method
        return 200, self.answer(path, authorization, body)

    def answer(self, path: str, authorization: str | None, body: bytes) -> dict[str, Any]:
        """What a request is answered."""
        parts = urlsplit(path)
        is_log = parts.path.startswith("/v1/workspaces/")
        if authorization != f"Bearer {LOGS_TOKEN if is_log else TOKEN}":
            raise Refused(401, "InvalidAuthenticationToken", "The token is not known.")
        if self.forbidden:
            raise Refused(403, "AuthorizationFailed", "The client has no permission to read.")
        if self.throttled:
            self.throttled -= 1
            raise Refused(429, "TooManyRequests", "Too many requests.", "0")
        if is_log:
            expect(unquote(parts.path) == f"/v1/workspaces/{WORKSPACE}/query", "a known workspace")
            return self._logged(json.loads(body)["query"])
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        expect(query.get("api-version") == "2024-02-01", "the api-version 2024-02-01")
        resource, _, what = unquote(parts.path).partition(_INSIGHTS)
        if resource not in self.accounts:
            raise Refused(404, "ResourceNotFound", f"The resource {resource} was not found.")
        if what == "metricDefinitions":
            return {"value": [_definition(name) for name in self.accounts[resource]]}
        expect(what == "metrics", "metrics or metricDefinitions")
        return self._metrics(resource, query)

    def _metrics(self, resource: str, query: dict[str, str]) -> dict[str, Any]:
        self.asked.append(query)
        expect(query["interval"] == "PT1H", "an interval of an hour")
        expect(query["AutoAdjustTimegrain"] == "false", "no other interval")
        expect(int(query["top"]) >= 1000, "more than ten series")
        expect("ModelDeploymentName eq '*'" in query["$filter"], "series by deployment")
        since, until = (moment(each) for each in query["timespan"].split("/"))
        expect(since < until <= since + timedelta(days=30), "at most 30 days")
        held = self.accounts[resource]
        names = query["metricnames"].split(",")
        expect(len(names) <= 20, "at most 20 metrics")
        for name in names:
            expect(name in held, f"one of {', '.join(held)}, not {name}")
        return {
            "cost": 0, "timespan": query["timespan"], "interval": "PT1H",
            "namespace": "Microsoft.CognitiveServices/accounts",
            "value": [self._metric(resource, name, since, until, query) for name in names],
        }  # fmt: skip

    def _metric(
        self, resource: str, name: str, since: datetime, until: datetime, query: dict[str, str]
    ) -> dict[str, Any]:
        failed = name == self.failed_metric
        values = self.accounts[resource][name]
        hours = [since + _HOUR * number for number in range((until - since) // _HOUR)]
        kind = query["aggregation"].lower()
        expect(kind == ("average" if "Utilization" in name else "total"), "its own aggregation")
        dimensions = {"modeldeploymentname": "chat", "modelname": "gpt-4o", "modelversion": "1"}
        return {
            "id": f"{resource}{_INSIGHTS}metrics/{name}",
            "name": {"value": name, "localizedValue": name},
            "errorCode": "InternalServerError" if failed else "Success",
            "unit": "Count",
            "timeseries": [] if failed else [{
                "metadatavalues": [
                    {"name": {"value": key}, "value": value} for key, value in dimensions.items()
                ],
                "data": [
                    {"timeStamp": hour.strftime("%Y-%m-%dT%H:%M:%SZ"), kind: values.get(hour, 0.0)}
                    for hour in hours
                ],
            }],
        }  # fmt: skip

    def _logged(self, query: str) -> dict[str, Any]:
        self.queries.append(query)
        if self.missing_table:
            raise Refused(
                400, "BadArgumentError", "Failed to resolve table 'ApiManagementGatewayLlmLog'"
            )
        found = re.findall(r"let (?:since|until) = datetime\(([^)]*)\)", query)
        since, until = (moment(each) for each in found)
        rows = [
            [row.get(name) for name in COLUMNS]
            for hour, calls in sorted(self.calls.items())
            if since <= hour < until
            for row in ({"TimeGenerated": hour.strftime("%Y-%m-%dT%H:%M:%SZ"), **c} for c in calls)
        ]
        answer: dict[str, Any] = {"tables": [{
            "name": "PrimaryResult",
            "columns": [{"name": name, "type": kind} for name, kind in COLUMNS.items()],
            "rows": rows,
        }]}  # fmt: skip
        if (until - since) // _HOUR > self.hours_at_once:
            answer["tables"][0]["rows"] = rows[: len(rows) // 2]
            answer["error"] = {
                "code": "PartialError", "message": "There were some errors.",
                "innererror": {"code": "-2133196797", "message": "The result set is too large."},
            }  # fmt: skip
        return answer


def _definition(name: str) -> dict[str, Any]:
    return {
        "name": {"value": name, "localizedValue": name},
        "primaryAggregationType": "Total",
        "dimensions": [{"value": each, "localizedValue": each} for each in _DIMENSIONS],
        "metricAvailabilities": [{"timeGrain": "PT1H", "retention": "P93D"}],
    }


def expect(holds: object, words: str) -> None:
    """Refuse a request that does not keep a rule."""
    if not holds:
        raise Refused(400, "BadRequest", f"Expected {words}.")


def moment(text: str) -> datetime:
    """A time of a request; Azure wants UTC."""
    expect(text.endswith("Z"), "UTC")
    return datetime.fromisoformat(text).astimezone(UTC)
