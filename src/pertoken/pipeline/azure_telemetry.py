"""Telemetry fetched from Azure into files that an ingest reads as if a person had saved them.

One file per account or workspace and month: the answers of Azure Monitor as they came, or hourly
rows of a gateway's log, one JSON object per line. A file has its name once it is whole. Both
metric families are asked for where an account has them: the reader takes the one with tokens.

Source: docs/telemetry.md, "Fetching from Azure".
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError
from pertoken.integrations.azure.gateway_logs import GatewayLogs, checked_workspace, gateway_query
from pertoken.integrations.azure.metrics import (
    Metrics,
    checked_resource,
    definitions_path,
    metrics_path,
)
from pertoken.periods import month_end, month_of
from pertoken.telemetry import metric_aggregations, metric_readings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

METRIC_WINDOW = timedelta(days=7)
LOG_WINDOW = timedelta(days=1)
FETCHED = ("Source", "Name", "From", "To", "Readings", "Tokens", "State", "Path")
"""The columns of what was fetched; Tokens is NULL where there are none, for that is unknown.
State: written, zeros (the file is written, and its account is unknown, not idle), empty (Azure has
nothing, and no file is written; Path is NULL)."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """What to fetch: accounts and workspaces, whole UTC days from `first` to before `end`."""

    resources: tuple[str, ...]
    workspaces: tuple[str, ...]
    first: date
    end: date

    def __post_init__(self) -> None:
        """Raises: ConfigError for nothing to fetch, no days, or an id that cannot be."""
        if not (self.resources or self.workspaces):
            raise ConfigError(
                "There is nothing to fetch.",
                "Expected an account of Azure OpenAI or Foundry, or a Log Analytics workspace.",
                "Give --resource ID, --workspace ID, or both, as often as you have them.",
            )
        if self.first >= self.end:
            raise ConfigError(
                f"There is no day from {self.first} to before {self.end}.",
                "Expected --from before --to: the last day is exclusive.",
                "Give --to the day after the last that you want.",
            )
        for resource in self.resources:
            checked_resource(resource)
        for workspace in self.workspaces:
            checked_workspace(workspace)

    @property
    def months(self) -> tuple[tuple[date, date], ...]:
        """The days of each month, the end exclusive."""
        found, first = [], self.first
        while first < self.end:
            end = min(month_end(month_of(first)), self.end)
            found.append((first, end))
            first = end
        return tuple(found)


def fetched(
    fetch: Fetch,
    folder: Path,
    *,
    endpoint: str,
    logs_endpoint: str,
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[object, ...]]:
    """One row of FETCHED for each account or workspace and month, as each file is whole.

    Raises: SourceError for what Azure refuses or gives in part; ConfigError for a credential or
            endpoint that cannot be, before anything is asked.
    """
    accounts = [
        (resource, Metrics(endpoint=endpoint, environment=environment))
        for resource in fetch.resources
    ]
    logs = [
        GatewayLogs(each, endpoint=logs_endpoint, environment=environment)
        for each in fetch.workspaces
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for resource, metrics in accounts:
        yield from _fetched_metrics(metrics, resource, fetch, folder)
    for log in logs:
        yield from _fetched_log(log, fetch, folder)


def requests_of(fetch: Fetch) -> list[dict[str, Any]]:
    """The requests of a fetch, for a person to read; which metrics an account has is not known."""
    names = ",".join(metric_aggregations())
    requests: list[dict[str, Any]] = []
    for resource in fetch.resources:
        requests.append({"method": "GET", "path": definitions_path(resource)})
        requests += [
            {"method": "GET", "path": metrics_path(resource), "timespan": _span(*window),
             "metricnames": f"those of {names} that the account has"}
            for window in _windows(fetch.first, fetch.end, METRIC_WINDOW)
        ]  # fmt: skip
    requests += [
        {"method": "POST", "path": f"/v1/workspaces/{workspace}/query", "timespan": _span(*window),
         "query": gateway_query(*window)}
        for workspace in fetch.workspaces
        for window in _windows(fetch.first, fetch.end, LOG_WINDOW)
    ]  # fmt: skip
    return requests


def _fetched_metrics(
    metrics: Metrics, resource: str, fetch: Fetch, folder: Path
) -> Iterator[tuple[object, ...]]:
    name = resource.rpartition("/")[2]
    asked = metrics.asked(resource, metric_aggregations())
    for first, end in fetch.months:
        answers = [
            metrics.answer(resource, each, *window)
            for window in _windows(first, end, METRIC_WINDOW)
            for each in asked
        ]
        path = folder / f"metrics_{name.lower()}-{_short(resource)}_{first}_{end}.json"
        draft = _draft(path)
        try:
            draft.write_text(json.dumps(answers), "utf-8")
            readings = list(metric_readings(str(draft)))
            if readings:
                draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        tokens = sum(
            int(float(str(reading.get(column) or 0)))
            for reading in readings
            for column in ("InputTokens", "OutputTokens")
        )
        state = "empty" if not readings else "written" if tokens else "zeros"
        yield ("AzureMonitor", name, first, end, len(readings), tokens or None, state,
               str(path) if readings else None)  # fmt: skip


def _fetched_log(log: GatewayLogs, fetch: Fetch, folder: Path) -> Iterator[tuple[object, ...]]:
    for first, end in fetch.months:
        path = folder / f"gateway_{log.workspace.lower()}_{first}_{end}.jsonl"
        draft, readings, tokens = _draft(path), 0, 0
        try:
            with draft.open("w", encoding="utf-8") as lines:
                for window in _windows(first, end, LOG_WINDOW):
                    for row in log.rows(*window):
                        lines.write(json.dumps(row) + "\n")
                        readings += 1
                        tokens += _count(row, "PromptTokens") + _count(row, "CompletionTokens")
            if readings:
                draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        yield ("ApimUsage", log.workspace, first, end, readings, tokens or None,
               "written" if readings else "empty", str(path) if readings else None)  # fmt: skip


def _windows(first: date, end: date, length: timedelta) -> Sequence[tuple[datetime, datetime]]:
    since, until = (datetime.combine(day, time(), UTC) for day in (first, end))
    starts = [since + length * number for number in range(-(-(until - since) // length))]
    return [(start, min(start + length, until)) for start in starts]


def _span(since: datetime, until: datetime) -> str:
    return f"{since:%Y-%m-%dT%H:%M:%SZ}/{until:%Y-%m-%dT%H:%M:%SZ}"


def _draft(path: Path) -> Path:
    """Where a file is written until it is whole; no ingest takes this ending."""
    return path.with_name(f"{path.name}.part")


def _short(resource: str) -> str:
    """What tells accounts of one name apart."""
    return hashlib.sha256(resource.lower().encode()).hexdigest()[:8]


def _count(row: Mapping[str, object], column: str) -> int:
    return int(str(row.get(column) or 0))
