"""The REST answer of Azure Monitor: series of hourly totals per deployment, model and version.

A resource knows one of two metric families. Asked for a name of the other, Azure answers with a
well-formed series of zeros, which means unknown and not idle: of each resource and hour the family
with the most tokens is taken (an account that is turned into one of Foundry changes its family
between two hours), and a resource with none at all is a finding of `usage`.

Source: https://learn.microsoft.com/rest/api/monitor/metrics/list (shape); docs/telemetry.md.
"""

from __future__ import annotations

from collections import defaultdict
from math import isfinite
from typing import TYPE_CHECKING, Any

from pertoken.errors import SourceError
from pertoken.telemetry.json_rows import parsed_json
from pertoken.telemetry.sources import REST_METRICS, sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DIMENSIONS = {
    "modeldeploymentname": "Deployment", "modelname": "ModelName", "modelversion": "ModelVersion",
}  # fmt: skip
_COUNTED = ("InputTokens", "CacheReadTokens", "OutputTokens", "Calls", "Utilisation")


def metric_aggregations() -> dict[str, str]:
    """The metrics of both families that are read, and the aggregation that each is asked for in."""
    spellings = sources()[REST_METRICS].spellings
    return {
        name: "Average" if column == "Utilisation" else "Total"
        for column in _COUNTED
        for name in spellings[column]
    }


def metric_readings(*paths: str) -> Iterator[dict[str, object]]:
    """One reading per resource, series and hour, with the one value that the series states.

    An hour that several answers state counts once, with its greatest value; answers may be of one
    metric each.

    Raises: SourceError for a metric that Azure could not give.
    """
    hours: dict[tuple[str, str, str], dict[str, dict[tuple[object, ...], dict[str, object]]]]
    hours = defaultdict(lambda: defaultdict(dict))
    for metric in (metric for path in paths for metric in _metrics(path)):
        name = metric["name"]["value"]
        column = _column_of(name)
        if column is None:
            continue
        resource = metric["id"].partition("/providers/Microsoft.Insights/")[0]
        for row in _series(metric, resource, column):
            series = tuple(row.get(dimension) for dimension in _DIMENSIONS.values())
            place = hours[resource.casefold(), column, str(row["Time"])][name]
            if series not in place or _number(row[column]) > _number(place[series][column]):
                place[series] = row
    for (_, column, _), families in hours.items():
        yield from max(families.values(), key=lambda rows: _sum_of(rows, column)).values()


def _metrics(path: str) -> Iterator[dict[str, Any]]:
    content = parsed_json(path)
    for answer in content if isinstance(content, list) else [content]:
        for metric in answer.get("value") or ():
            _check_given(path, metric)
            yield metric


def _check_given(path: str, metric: dict[str, Any]) -> None:
    code = metric.get("errorCode") or "Success"
    if code != "Success":
        raise SourceError(
            f"{path} holds an answer in which the metric {metric['name']['value']} failed: {code}.",
            "Expected every metric of an answer; what lacks a part is not counted.",
            "Fetch the metrics again.",
        )


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
                yield {**row, "Time": point.get("timeStamp"), column: number}


def _sum_of(rows: Mapping[tuple[object, ...], dict[str, object]], column: str) -> float:
    return sum(_number(row[column]) for row in rows.values())


def _number(value: object) -> float:
    """A value to compare by; what is no number is less than none, and found when it is typed."""
    try:
        number = float(str(value))
    except ValueError:
        return 0.0
    return number if isfinite(number) else 0.0
