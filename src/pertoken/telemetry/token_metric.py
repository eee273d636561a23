"""The token metric policy of API Management: customMetrics in Application Insights.

Each row is one metric (Prompt Tokens, Completion Tokens, Total Tokens) with its sum and its
dimensions as JSON. Total Tokens is left out: it is the sum of the other two.

Source: https://learn.microsoft.com/azure/api-management/llm-emit-token-metric-policy (2026).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pertoken.engine import quoted
from pertoken.telemetry.json_rows import json_rows, without_bodies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pertoken.engine import Engine
    from pertoken.telemetry.recognise import TelemetryFile

_METRICS = {"prompttokens": "InputTokens", "completiontokens": "OutputTokens"}
_DIMENSIONS = {
    "deployment": "Deployment", "deploymentname": "Deployment", "model": "ModelName",
    "modelname": "ModelName", "accountname": "ResourceName", "backend": "ResourceName",
    "team": "Team", "app": "Application", "application": "Application", "feature": "Feature",
    "customer": "Customer", "environment": "Environment", "productid": "Product",
    "product": "Product", "subscriptionid": "Client", "userid": "Client", "clientid": "Client",
}  # fmt: skip


def token_metric_readings(engine: Engine, file: TelemetryFile) -> Iterator[dict[str, object]]:
    """One reading per row of a metric that counts tokens."""
    for row in _rows(engine, file):
        column = _METRICS.get(_folded(str(row.get("Metric"))))
        if column is not None:
            dimensions = _dimensions(row.get("Dimensions"))
            yield {**dimensions, "Time": row.get("Time"), column: _whole(row.get("Value"))}


def _rows(engine: Engine, file: TelemetryFile) -> Iterable[Mapping[str, object]]:
    if file.layout == "rows":
        return json_rows(file.path, file.source)
    view = engine.view_csv if file.layout == "csv" else engine.view_parquet
    columns = view("telemetry_file", [file.path])
    names = file.source.names(columns)
    shown = ", ".join(f"CAST({quoted(spelt[0])} AS VARCHAR)" for spelt in names.values())
    rows = engine.rows(f"SELECT {shown} FROM telemetry_file")
    return (dict(zip(names, row, strict=True)) for row in rows)


def _dimensions(stated: object) -> dict[str, object]:
    content: Any = stated
    if isinstance(stated, str):
        try:
            content = json.loads(stated, object_pairs_hook=without_bodies)
        except ValueError:
            return {}
    if not isinstance(content, dict):
        return {}
    return {
        _DIMENSIONS[_folded(key)]: value
        for key, value in content.items()
        if _folded(key) in _DIMENSIONS and value not in (None, "")
    }


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _whole(value: object) -> object:
    text = str(value)
    return text.removesuffix(".0") if text.endswith(".0") else value
