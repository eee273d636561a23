"""The telemetry room: reads what was used, hour by hour, and knows no cost.

recognised (what a file is, by its content) -> view_readings (its rows, needed columns only) ->
view_usage (hourly usage, and what could not be counted). It splits a bill and audits it; it never
replaces it. Prompt and response bodies and IP addresses are never selected.

Source: docs/telemetry.md.
"""

from pertoken.telemetry.identity import USER_KEY_VARIABLE, hashed_clients
from pertoken.telemetry.metrics import metric_aggregations, metric_readings
from pertoken.telemetry.readings import view_readings
from pertoken.telemetry.recognise import METRICS, TelemetryFile, recognised, unknown_counts
from pertoken.telemetry.sources import SOURCES, Source
from pertoken.telemetry.usage import (
    USAGE_COLUMNS,
    UsageFinding,
    combined_usage_select,
    knows_every_call,
    overlapping_files_select,
    view_usage,
)

__all__ = [
    "METRICS",
    "SOURCES",
    "USAGE_COLUMNS",
    "USER_KEY_VARIABLE",
    "Source",
    "TelemetryFile",
    "UsageFinding",
    "combined_usage_select",
    "hashed_clients",
    "knows_every_call",
    "metric_aggregations",
    "metric_readings",
    "overlapping_files_select",
    "recognised",
    "unknown_counts",
    "view_readings",
    "view_usage",
]
