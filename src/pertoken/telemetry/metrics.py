"""The REST answer of Azure Monitor: series of hourly totals per deployment, model and version.

A resource knows one of two metric families. Asked for a name of the other, Azure answers with a
well-formed series of zeros, which means unknown and not idle: of each resource the family with
tokens is taken, and one with none at all is a finding of `usage`.

Source: https://learn.microsoft.com/rest/api/monitor/metrics/list (shape); docs/telemetry.md.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pertoken.telemetry.json_rows import parsed_json
from pertoken.telemetry.sources import REST_METRICS, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIMENSIONS = {
    "modeldeploymentname": "Deployment", "modelname": "ModelName", "modelversion": "ModelVersion",
}  # fmt: skip
_COUNTED = ("InputTokens", "CacheReadTokens", "OutputTokens", "Calls", "Utilisation")


def metric_readings(path: str) -> Iterator[dict[str, object]]:
    """One reading per resource, series and hour, with the one value that the series states."""
    content = parsed_json(path)
    by_metric: dict[tuple[str, str], dict[str, list[dict[str, object]]]] = defaultdict(dict)
    for answer in content if isinstance(content, list) else [content]:
        for metric in answer.get("value", ()):
            name = metric["name"]["value"]
            column = _column_of(name)
            if column is not None:
                resource = metric["id"].partition("/providers/Microsoft.Insights/")[0]
                rows = list(_series(metric, resource, column))
                by_metric[resource, column].setdefault(name, []).extend(rows)
    for (_, column), families in by_metric.items():
        yield from max(families.values(), key=lambda rows: sum(_number(r[column]) for r in rows))


def _column_of(metric: str) -> str | None:
    spellings = sources()[REST_METRICS].spellings
    for column in _COUNTED:
        if metric.casefold() in (spelt.casefold() for spelt in spellings[column]):
            return column
    return None


def _series(metric: dict[str, Any], resource: str, column: str) -> Iterator[dict[str, object]]:
    for series in metric.get("timeseries", ()):
        row: dict[str, object] = {"ResourceId": resource}
        for value in series.get("metadatavalues", ()):
            dimension = _DIMENSIONS.get(str(value["name"]["value"]).casefold())
            if dimension:
                row[dimension] = value["value"]
        for point in series.get("data", ()):
            number = point.get("total", point.get("average", point.get("maximum")))
            if number is not None:
                yield {**row, "Time": point["timeStamp"], column: number}


def _number(value: object) -> float:
    return float(str(value))
