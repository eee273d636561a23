"""OpenTelemetry gen_ai usage as OTLP JSON: spans, and the metric gen_ai.client.token.usage.

Spellings of the semantic conventions and of older instrumentations stand in columns.csv. A span
that states no tokens is no reading; bodies in its attributes or events are never looked at.

Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ (2026).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pertoken.telemetry.json_rows import parsed_json
from pertoken.telemetry.sources import OTLP, sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TOKEN_METRIC = "gen_ai.client.token.usage"  # noqa: S105 - the name of a metric
_KINDS = {
    "input": "InputTokens", "output": "OutputTokens", "completion": "OutputTokens",
    "cache_read": "CacheReadTokens", "cache_creation": "CacheWriteTokens",
}  # fmt: skip
_COUNTS = frozenset({"InputTokens", "OutputTokens"})


def otlp_readings(path: str) -> Iterator[dict[str, object]]:
    """One reading per span or data point that states tokens."""
    content = parsed_json(path)
    for batch in content if isinstance(content, list) else [content]:
        for group in batch.get("resourceSpans", batch.get("resource_spans", ())):
            yield from _of_spans(group)
        for group in batch.get("resourceMetrics", ()):
            yield from _of_metrics(group)


def _of_spans(group: dict[str, Any]) -> Iterator[dict[str, object]]:
    shared = _attributes((group.get("resource") or {}).get("attributes") or ())
    for scope in group.get("scopeSpans", group.get("scope_spans", ())):
        for span in scope.get("spans", ()):
            stated = {**shared, **_attributes(span.get("attributes") or ())}
            row = _reading(stated)
            if _COUNTS & row.keys():
                row["Time"] = _time(span.get("startTimeUnixNano"))
                row.setdefault("CallId", span.get("spanId"))
                yield row


def _of_metrics(group: dict[str, Any]) -> Iterator[dict[str, object]]:
    shared = _attributes((group.get("resource") or {}).get("attributes") or ())
    for scope in group.get("scopeMetrics", ()):
        for metric in scope.get("metrics", ()):
            if metric.get("name") != _TOKEN_METRIC:
                continue
            points = metric.get("histogram", metric.get("sum", {})).get("dataPoints", ())
            for point in points:
                stated = {**shared, **_attributes(point.get("attributes") or ())}
                column = _KINDS.get(str(stated.get("gen_ai.token.type")))
                if column:
                    total = point.get("sum", point.get("asInt", point.get("asDouble")))
                    row = _reading(stated)
                    yield {**row, "Time": _time(point.get("timeUnixNano")), column: _whole(total)}


def _reading(stated: dict[str, object]) -> dict[str, object]:
    names = sources()[OTLP].names(stated)
    row: dict[str, object] = {
        column: next((stated[n] for n in spelt if stated[n] not in (None, "")), None)
        for column, spelt in names.items()
    }
    host = str(row.get("ResourceName") or "")
    if "." in host:
        row["ResourceName"] = host.partition(".")[0]
    return row


def _attributes(pairs: Iterable[dict[str, Any]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in pairs:
        value = pair.get("value") or {}
        for kind in ("stringValue", "intValue", "doubleValue", "boolValue"):
            if kind in value:
                found[pair["key"]] = value[kind]
    return found


def _time(nanoseconds: object) -> str | None:
    try:
        seconds = int(str(nanoseconds)) // 1_000_000_000
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def _whole(value: object) -> object:
    """A count that a histogram states as 1234.0, without its point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
