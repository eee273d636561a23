"""Cost Management's exports API on loopback: takes and keeps what Azure's own would.

It holds bodies to the documented shapes (REST API 2025-03-01): required fields, the values of each
enumeration, one month per run, no second export of a name without its eTag. What it refuses is
answered as Azure Resource Manager answers: {"error": {"code", "message"}}.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from loopback_service import LoopbackService, Refused

VERSIONS = {
    "FocusCost": {"1.0-preview(v1)", "1.0", "1.0r2", "1.2-preview"},
    "PriceSheet": {"2023-05-01"},
    "ReservationDetails": {"2023-03-01"},
    "ReservationTransactions": {"2023-05-01"},
}
TIMEFRAMES = {"MonthToDate", "BillingMonthToDate", "TheLastMonth", "TheLastBillingMonth",
              "WeekToDate", "Custom", "TheCurrentMonth"}  # fmt: skip
FORMATS = {("Csv", "none"), ("Csv", "gzip"), ("Parquet", "none"), ("Parquet", "snappy")}
MARK = "/providers/Microsoft.CostManagement/exports"
TOKEN = "a-token-for-the-loopback"  # noqa: S105 - made for this test


class CostManagement(LoopbackService):
    """A server that runs between `with` and its end; `exports` and `runs` are what it took."""

    def __init__(self) -> None:
        self.exports: dict[str, dict[str, Any]] = {}
        self.runs: list[tuple[str, str]] = []
        self.throttled = 0
        self.refused_month = ""
        super().__init__()

    def respond(
        self, method: str, path: str, authorization: str | None, body: bytes
    ) -> tuple[int, Any]:
        """What a request is answered: all exports of a scope, one, or what became of a body."""
        parts = urlsplit(path)
        scope, _, name = unquote(parts.path).partition(MARK)
        check_caller(authorization, parts.query)
        act = {"PUT": self.put, "POST": self.post}.get(method)
        if act is None:
            return self.get(scope, name.strip("/"))
        return act(scope, name.strip("/"), json.loads(body or b"null"))

    def get(self, scope: str, name: str) -> tuple[int, Any]:
        """All exports of a scope, or one."""
        if not name:
            held = [each for each in self.exports.values() if each["id"].startswith(scope + MARK)]
            return 200, {"value": held}
        return 200, self._held(name)

    def put(self, scope: str, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        """A new export."""
        if name in self.exports and body.get("eTag") != self.exports[name]["eTag"]:
            raise Refused(409, "Conflict", "The eTag is not that of the export.")
        check_export(body)
        kept = {"id": f"{scope}{MARK}/{name}", "name": name, "eTag": '"1"', **body}
        kept["type"] = "Microsoft.CostManagement/exports"
        self.exports[name] = kept
        return 201, kept

    def post(self, scope: str, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        """A run of an export."""
        del scope
        name, _, action = name.partition("/")
        expect(action == "run", "the action is run")
        export = self._held(name)
        if self.throttled:
            self.throttled -= 1
            raise Refused(429, "TooManyRequests", "Too many requests.", retry="0")
        since, until = (moment(body["timePeriod"][end]) for end in ("from", "to"))
        expect(set(body) == {"timePeriod"}, "a run has a timePeriod")
        expect(since <= until, "from is before to")
        expect((since.year, since.month) == (until.year, until.month), "a run is of one month")
        month = f"{since:%Y-%m}"
        if month == self.refused_month:
            raise Refused(400, "BadRequest", "The month cannot be exported.")
        self.runs.append((name, month))
        history = export["properties"].setdefault("runHistory", {"value": []})["value"]
        history.append({"properties": {
            "executionType": "OnDemand", "status": "Completed",
            "submittedTime": f"2026-11-01T00:00:{len(history):02}Z",
        }})  # fmt: skip
        return 200, None

    def _held(self, name: str) -> dict[str, Any]:
        if name not in self.exports:
            raise Refused(404, "NotFound", f"There is no export {name}.")
        return self.exports[name]


def check_caller(authorization: str | None, query: str) -> None:
    """Refuse another token or version of the API."""
    if authorization != f"Bearer {TOKEN}":
        raise Refused(401, "InvalidAuthenticationToken", "The token is not known.")
    expect(parse_qs(query).get("api-version") == ["2025-03-01"], "the api-version 2025-03-01")


def check_export(body: dict[str, Any]) -> None:
    """Hold the body of an export to its documented shape."""
    properties = body["properties"]
    expect(set(body) <= {"properties", "identity", "location", "eTag"}, "known fields")
    expect(("identity" in body) == ("location" in body), "an identity has a location")
    expect(body.get("identity", {}).get("type", "SystemAssigned") == "SystemAssigned", "identity")
    definition = properties["definition"]
    data_set = definition["dataSet"]
    expect(definition["type"] in VERSIONS, "a type of export")
    expect(definition["timeframe"] in TIMEFRAMES, "a timeframe")
    expect(data_set["granularity"] == "Daily", "daily")
    version = data_set["configuration"]["dataVersion"]
    expect(version in VERSIONS[definition["type"]], "a version of the dataset")
    expect((properties["format"], properties["compressionMode"]) in FORMATS, "format")
    expect(properties["partitionData"] is True, "partitioned, so that there is a manifest")
    expect(
        properties["dataOverwriteBehavior"] in ("OverwritePreviousReport", "CreateNewReport"),
        "dataOverwriteBehavior",
    )
    schedule = properties["schedule"]
    expect(schedule["status"] in ("Active", "Inactive"), "status")
    expect(schedule["recurrence"] in ("Daily", "Weekly", "Monthly", "Annually"), "recurrence")
    period = schedule["recurrencePeriod"]
    expect(moment(period["from"]) < moment(period["to"]), "recurrencePeriod")
    destination = properties["deliveryInfo"]["destination"]
    expect(destination["type"] == "AzureBlob", "AzureBlob")
    for name in ("resourceId", "container", "rootFolderPath"):
        expect(isinstance(destination[name], str) and destination[name], name)


def expect(holds: object, words: str) -> None:
    """Refuse a request that does not keep a rule."""
    if not holds:
        raise Refused(400, "BadRequest", f"Expected {words}.")


def moment(text: str) -> datetime:
    """A time of a request; Azure wants UTC."""
    expect(text.endswith("Z"), "UTC")
    return datetime.fromisoformat(text)
