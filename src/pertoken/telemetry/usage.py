"""Hourly usage from readings: each call counted once, what cannot be counted named.

A finding never stops an ingest: telemetry divides a bill and audits it, and no total rests on it.

Source: docs/telemetry.md, "What is counted".
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING

from pertoken.engine import quoted, quoted_text, sql_file
from pertoken.telemetry.identity import hashed_clients
from pertoken.telemetry.models import model_ids
from pertoken.telemetry.recognise import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pertoken.engine import Engine
    from pertoken.telemetry.recognise import TelemetryFile
    from pertoken.telemetry.sources import Source

USAGE_COLUMNS = {
    "Hour": "TIMESTAMP WITH TIME ZONE", "ResourceId": "VARCHAR", "ResourceName": "VARCHAR",
    "Deployment": "VARCHAR", "ModelName": "VARCHAR", "ModelVersion": "VARCHAR",
    "x_ModelId": "VARCHAR", "Team": "VARCHAR", "Application": "VARCHAR", "Feature": "VARCHAR",
    "Customer": "VARCHAR", "Environment": "VARCHAR", "Product": "VARCHAR", "Client": "VARCHAR",
    "Source": "VARCHAR", "InputIncludesCached": "BOOLEAN", "Provenance": "VARCHAR",
    "Calls": "BIGINT", "InputTokens": "BIGINT", "CacheReadTokens": "BIGINT",
    "CacheWriteTokens": "BIGINT", "OutputTokens": "BIGINT", "FailedCalls": "BIGINT",
    "FailedTokens": "BIGINT", "Utilisation": "DECIMAL(18,6)",
    "FirstTime": "TIMESTAMP WITH TIME ZONE", "LastTime": "TIMESTAMP WITH TIME ZONE",
    "FileDigest": "VARCHAR", "BillingMonth": "VARCHAR",
}  # fmt: skip
"""The columns of `usage` and their types; tokens of calls that were billed."""

CELL = (
    "Hour", "ResourceId", "ResourceName", "Deployment", "ModelName", "ModelVersion", "Team",
    "Application", "Feature", "Customer", "Environment", "Product", "Client", "Source",
)  # fmt: skip
MOST_TOKENS = 10**13
"""A single reading above this is no count: the busiest hour that is published has far less."""

MOST_UTILISATION = 1000
"""Percent: provisioned capacity goes above 100 in a burst, never so far."""

_FAULTS_OF_SOURCE = "message chunk"
_COUNTED = (
    "CallTime", "ResourceId", "ResourceName", "Deployment", "ModelName", "ModelVersion", "Team",
    "Application", "Feature", "Customer", "Environment", "Product", "ClientId", "CallId", "Status",
    "Estimated", "Calls", "InputTokens", "CacheReadTokens", "CacheWriteTokens", "OutputTokens",
    "Utilisation",
)  # fmt: skip
_NO_ZONE = (
    'length(CAST("Time" AS VARCHAR)) > 10 AND NOT '
    "regexp_matches(CAST(\"Time\" AS VARCHAR), '([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)\\s*$')"
)


@dataclass(frozen=True, slots=True)
class UsageFinding:
    """Readings of a file that do not count, and why; `example` is the first of them.

    With `counts` they do, and the reason says what is doubtful. Without `rows` it is of the file.
    """

    path: str
    reason: str
    rows: int
    example: str = ""
    counts: bool = False


def view_usage(
    engine: Engine,
    file: TelemetryFile,
    *,
    since: datetime,
    until: datetime,
    user_key: str | None = None,
) -> tuple[UsageFinding, ...]:
    """Name the usage of the readings `telemetry_readings` of a file `new_usage`.

    Takes:   since and until, outside which a clock is wrong; user_key, by which client ids are
             hashed, without one they are left out.
    Gives:   what does not count and why. Chunks of messages are no finding: a gateway writes them.
    """
    is_text = engine.columns("telemetry_readings")["Time"] == "VARCHAR"
    bounds = {
        "first": _time(since), "last": _time(until), "most": str(MOST_TOKENS),
        "most_utilisation": str(MOST_UTILISATION), "has_no_zone": _NO_ZONE if is_text else "false",
        "includes_cached": str(file.source.includes_cached).lower(),
    }  # fmt: skip
    engine.view("telemetry_typed", _filled("typed_readings", bounds))
    findings = _faults(engine, file.path)
    findings += _view_counted(engine, file)
    zeros = _zero_resources(engine, file)
    findings += zeros
    _view_names(engine, user_key)
    engine.view("new_usage", _hourly_select(file, [each.example for each in zeros]))
    return (*findings, *_cached_above_input(engine, file))


def combined_usage_select() -> str:
    """The SELECT that counts each cell of the relation `usage_deliveries` once."""
    columns = ", ".join(quoted(name) for name in USAGE_COLUMNS)
    cell = ", ".join(quoted(name) for name in CELL)
    return _filled("combined_usage", {"cell": cell, "columns": columns})


def overlapping_files_select() -> str:
    """The SELECT of the files of `usage_deliveries` that share minutes of a cell with another."""
    return _filled("overlapping_files", {"cell": ", ".join(quoted(name) for name in CELL)})


def knows_every_call(engine: Engine) -> bool:
    """Whether each reading that counts has the id of its call, by which it is counted once."""
    return not engine.rows("SELECT count(*) FROM telemetry_counted WHERE CallId IS NULL")[0][0]


def _hourly_select(file: TelemetryFile, zero_resources: list[str]) -> str:
    source: Source = file.source
    select = _filled(
        "hourly_usage",
        {
            "source": quoted_text(source.name),
            "includes_cached": str(source.includes_cached).lower(),
            "digest": quoted_text(file.digest),
            # a total that states no calls, such as a metric series of tokens, has none
            "calls_of_a_row": "0" if source.totals or file.layout == METRICS else "1",
        },
    )
    if zero_resources:
        names = ", ".join(quoted_text(name) for name in zero_resources)
        select = f"SELECT * FROM ({select}) AS hourly WHERE ResourceName NOT IN ({names})"
    return select


def _faults(engine: Engine, path: str) -> tuple[UsageFinding, ...]:
    """What of a file does not count, and what counts with a doubt."""
    rows = engine.rows(
        "SELECT Fault, count(*), min(concat_ws(' ', StatedTime, ResourceName, Deployment, "
        "left(StatedInput, 24), left(StatedOutput, 24))), "
        "count(*) FILTER (WHERE HasNoZone), min(StatedTime) FILTER (WHERE HasNoZone), "
        "count(*) FILTER (WHERE HasNoUtilisation) "
        "FROM telemetry_typed GROUP BY Fault ORDER BY Fault"
    )
    findings = [
        UsageFinding(path, fault, count, example or "")
        for fault, count, example, *_ in rows
        if fault not in (None, _FAULTS_OF_SOURCE)
    ]
    for fault, _, _, no_zone, stated, no_utilisation in rows:
        if fault is None and no_zone:
            reason = "time without a zone, read as UTC"
            findings.append(UsageFinding(path, reason, no_zone, stated, counts=True))
        if fault is None and no_utilisation:
            reason = "utilisation that cannot be true, left out"
            findings.append(UsageFinding(path, reason, no_utilisation, counts=True))
    if not findings and all(fault is not None for fault, *_ in rows):
        findings.append(UsageFinding(path, "no readings", 0))
    return tuple(findings)


def _view_counted(engine: Engine, file: TelemetryFile) -> tuple[UsageFinding, ...]:
    """Name the readings that count; a call, or a total, that was delivered twice is one."""
    columns = ", ".join(_COUNTED)
    distinct = "DISTINCT " if file.source.totals else ""
    counted = f"SELECT {distinct}{columns} FROM telemetry_typed WHERE Fault IS NULL"
    readings, calls, ids = engine.rows(
        "SELECT count(*), count(CallId), count(DISTINCT hash(CallId)) FILTER (WHERE CallId IS NOT "
        "NULL) FROM telemetry_typed WHERE Fault IS NULL"
    )[0]
    if calls != ids:
        counted = (
            f"SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY CallId ORDER BY "
            "coalesce(InputTokens, 0) + coalesce(OutputTokens, 0) DESC, CallTime) AS Delivery "
            f"FROM ({counted}) AS readings) AS deliveries WHERE Delivery = 1 OR CallId IS NULL"
        )
    engine.view("telemetry_counted", counted)
    once = readings - calls + ids
    if file.source.totals:
        once = engine.rows("SELECT count(*) FROM telemetry_counted")[0][0]
    if once == readings:
        return ()
    return (UsageFinding(file.path, "delivered twice", readings - once),)


def _zero_resources(engine: Engine, file: TelemetryFile) -> tuple[UsageFinding, ...]:
    """Resources of a metrics file without one token: the metrics asked for are not theirs."""
    if file.source.name != "AzureMonitor":
        return ()
    rows = engine.rows(
        "SELECT ResourceName, count(*) FROM telemetry_counted GROUP BY ResourceName "
        "HAVING sum(coalesce(InputTokens, 0) + coalesce(OutputTokens, 0)) = 0 ORDER BY ResourceName"
    )
    return tuple(
        UsageFinding(file.path, "metric family answers zeros", count, name) for name, count in rows
    )


def _cached_above_input(engine: Engine, file: TelemetryFile) -> tuple[UsageFinding, ...]:
    """Hours whose series of cached tokens exceed those of input; single readings are faults."""
    if not file.source.includes_cached:
        return ()
    count, example = engine.rows(
        "SELECT count(*), min(Deployment) FROM (SELECT min(Deployment) AS Deployment FROM "
        "telemetry_counted GROUP BY date_trunc('hour', CallTime), ResourceName, Deployment, "
        "ModelName, ModelVersion HAVING coalesce(sum(CacheReadTokens), 0) + "
        "coalesce(sum(CacheWriteTokens), 0) > coalesce(sum(InputTokens), 0)) AS hours"
    )[0]
    if not count:
        return ()
    reason = "more cached than input tokens in an hour, cached left out"
    return (UsageFinding(file.path, reason, count, example or "", counts=True),)


def _view_names(engine: Engine, user_key: str | None) -> None:
    names = [
        row[0]
        for row in engine.rows(
            "SELECT DISTINCT ModelName FROM telemetry_counted WHERE ModelName IS NOT NULL"
        )
    ]
    _view_pairs(engine, "telemetry_models", ("ModelName", "ModelId"), model_ids(names))
    clients: dict[str, str] = {}
    if user_key:
        ids = engine.rows(
            "SELECT DISTINCT ClientId FROM telemetry_counted WHERE ClientId IS NOT NULL"
        )
        clients = hashed_clients([row[0] for row in ids], user_key)
    _view_pairs(engine, "telemetry_clients", ("ClientId", "Client"), clients)


def _view_pairs(
    engine: Engine, name: str, columns: tuple[str, str], pairs: Mapping[str, str]
) -> None:
    import pyarrow as pa  # noqa: PLC0415 - lazy on purpose

    arrays = [pa.array(list(pairs), pa.string()), pa.array(list(pairs.values()), pa.string())]
    engine.view_arrow(f"{name}_pairs", pa.table(arrays, names=list(columns)))
    engine.view(name, f"SELECT * FROM {quoted(name + '_pairs')}")


def _filled(name: str, values: Mapping[str, str]) -> str:
    return Template(sql_file("pertoken.telemetry", name)).substitute(values)


def _time(moment: datetime) -> str:
    return f"TIMESTAMPTZ {quoted_text(moment.isoformat())}"
