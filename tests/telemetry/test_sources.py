"""Every source of telemetry gives the same usage, by its own idea of what its counts include."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pertoken.engine import local_engine
from pertoken.telemetry import (
    TelemetryFile,
    UsageFinding,
    combined_usage_select,
    hashed_clients,
    recognised,
    view_readings,
    view_usage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pertoken.engine import Engine

RESOURCE = "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.CognitiveServices/accounts/AOAI"
COUNTS = ("InputTokens", "CacheReadTokens", "CacheWriteTokens", "OutputTokens")


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = local_engine(threads=1)
    yield engine
    engine.close()


def _usage(
    engine: Engine, path: Path, *, user_key: str | None = None
) -> tuple[list[dict[str, Any]], tuple[UsageFinding, ...]]:
    file = recognised(path)
    assert file is not None
    view_readings(engine, file)
    findings = view_usage(
        engine,
        file,
        since=datetime(2020, 1, 1, tzinfo=UTC),
        until=datetime(2027, 1, 1, tzinfo=UTC),
        user_key=user_key,
    )
    rows = engine.arrow('SELECT * FROM new_usage ORDER BY "Hour", Deployment, Team').to_pylist()
    return rows, findings


def _written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def _metrics(names: dict[str, int], *, resource: str = RESOURCE) -> str:
    return json.dumps({"value": [
        {
            "id": f"{resource}/providers/Microsoft.Insights/metrics/{name}",
            "name": {"value": name},
            "timeseries": [{
                "metadatavalues": [
                    {"name": {"value": "modeldeploymentname"}, "value": "chat"},
                    {"name": {"value": "modelname"}, "value": "gpt-4o"},
                ],
                "data": [{"timeStamp": "2026-09-01T03:00:00Z", "total": total}],
            }],
        }
        for name, total in names.items()
    ]})  # fmt: skip


CASES = {
    "Azure Monitor as CSV": (
        ("TimeStamp,ResourceId,ModelDeploymentName,ModelName,ProcessedPromptTokens,CachedTokens,"
        f"GeneratedTokens\n2026-09-01T03:00:00Z,{RESOURCE},chat,gpt-4o,100,30,7\n"),
        (70, 30, None, 7),
    ),
    "Azure Monitor without cached tokens": (
        ("TimeStamp,ResourceId,ModelDeploymentName,ModelName,InputTokens,OutputTokens\n"
        f"2026-09-01T03:00:00Z,{RESOURCE},chat,gpt-4o,100,7\n"),
        (100, None, None, 7),
    ),
    "Azure Monitor with both families": (
        ("TimeStamp,ResourceId,ModelDeploymentName,ModelName,ProcessedPromptTokens,InputTokens,"
        "GeneratedTokens,OutputTokens\n"
        f"2026-09-01T03:00:00Z,{RESOURCE},chat,gpt-4o,100,0,7,0\n"),
        (100, None, None, 7),
    ),
    "Azure Monitor as REST": (
        _metrics({"ProcessedPromptTokens": 100, "GeneratedTokens": 7}),
        (100, None, None, 7),
    ),
    "Azure Monitor as REST, both families asked": (
        _metrics({"InputTokens": 0, "ProcessedPromptTokens": 100, "GeneratedTokens": 7}),
        (100, None, None, 7),
    ),
    "gateway log with chunks": (
        ("TimeGenerated,CorrelationId,SequenceNumber,DeploymentName,ModelName,PromptTokens,"
        "CompletionTokens,RequestMessages\n"
        "2026-09-01T03:10:00Z,c1,0,chat,gpt-4o,100,7,secret\n"
        "2026-09-01T03:10:00Z,c1,1,chat,gpt-4o,100,7,secret\n"),
        (100, None, None, 7),
    ),
    "gateway log from Log Analytics": (
        json.dumps({"tables": [{
            "columns": [{"name": n} for n in ("TimeGenerated", "CorrelationId", "SequenceNumber",
                        "DeploymentName", "PromptTokens", "CompletionTokens")],
            "rows": [["2026-09-01T03:10:00Z", "c1", 0, "chat", 100, 7],
                     ["2026-09-01T03:10:00Z", "c1", 0, "chat", 100, 7]],
        }]}),
        (100, None, None, 7),
    ),
    "token metric policy": (
        ("timestamp,name,valueSum,customDimensions\n"
        '2026-09-01T03:10:00Z,Prompt Tokens,100,"{""Deployment"": ""chat""}"\n'
        '2026-09-01T03:10:00Z,Completion Tokens,7,"{""Deployment"": ""chat""}"\n'
        '2026-09-01T03:10:00Z,Total Tokens,107,"{""Deployment"": ""chat""}"\n'),
        (100, None, None, 7),
    ),
    "OpenTelemetry spans": (
        json.dumps({"resourceSpans": [{
            "resource": {"attributes": [
                {"key": "service.name", "value": {"stringValue": "app"}}]},
            "scopeSpans": [{"spans": [{
                "spanId": "s1", "startTimeUnixNano": "1788231600000000000",
                "attributes": [
                    {"key": "gen_ai.request.model", "value": {"stringValue": "chat"}},
                    {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "100"}},
                    {"key": "gen_ai.usage.cache_read.input_tokens", "value": {"intValue": "30"}},
                    {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "7"}},
                    {"key": "gen_ai.prompt", "value": {"stringValue": "secret"}},
                ]}]}],
        }]}),
        (70, 30, None, 7),
    ),
    "LiteLLM spend logs": (
        json.dumps([{
            "request_id": "r1", "startTime": "2026-09-01T03:10:00Z", "model": "azure/chat",
            "api_base": "https://aoai.openai.azure.com/", "prompt_tokens": 100,
            "completion_tokens": 7, "messages": [{"content": "secret"}],
            "metadata": {"usage_object": {"prompt_tokens_details": {"cached_tokens": 30}}},
        }]),
        (70, 30, None, 7),
    ),
    "plain table": (
        ("Time,ResourceId,Deployment,Team,InputTokens,CacheReadTokens,CacheWriteTokens,OutputTokens\n"
        f"2026-09-01T03:10:00Z,{RESOURCE},chat,search,100,30,20,7\n"),
        (50, 30, 20, 7),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_source_gives_the_tokens_of_its_kinds(
    engine: Engine, tmp_path: Path, case: str
) -> None:
    text, expected = CASES[case]
    rows, _ = _usage(engine, _written(tmp_path / "telemetry.csv", text))
    assert [tuple(row[name] for name in COUNTS) for row in rows] == [expected]
    assert rows[0]["Hour"] == datetime(2026, 9, 1, 3, tzinfo=UTC)
    assert rows[0]["Deployment"] == "chat"
    assert "secret" not in str(rows)


def test_a_gzip_file_and_a_parquet_file_are_read_as_the_text_is(
    engine: Engine, tmp_path: Path
) -> None:
    text, expected = CASES["plain table"]
    (tmp_path / "a.gz").write_bytes(gzip.compress(text.encode()))
    names, values = (line.split(",") for line in text.splitlines())
    arrays = {n: [int(v) if v.isdigit() else v] for n, v in zip(names, values, strict=True)}
    pq.write_table(pa.table(arrays), tmp_path / "b.parquet")
    for name in ("a.gz", "b.parquet"):
        rows, _ = _usage(engine, tmp_path / name)
        assert [tuple(row[each] for each in COUNTS) for row in rows] == [expected]


def test_a_series_of_zeros_is_unknown_and_named(engine: Engine, tmp_path: Path) -> None:
    rows, findings = _usage(engine, _written(tmp_path / "m.json", _metrics({"InputTokens": 0})))
    assert rows == []
    assert [(each.reason, each.example) for each in findings] == [
        ("metric family answers zeros", "aoai")
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-09-01T03:00:00Z,chat,-5,7", "negative count"),
        ("2026-09-01T03:00:00Z,chat,99999999999999,7", "huge count"),
        ("1999-09-01T03:00:00Z,chat,5,7", "wrong clock"),
        ("2199-09-01T03:00:00Z,chat,5,7", "wrong clock"),
        ("soon,chat,5,7", "unreadable time"),
        ("2026-09-01T03:00:00Z,chat,many,7", "unreadable count"),
        ("2026-09-01T03:00:00Z,,5,7", "no deployment"),
    ],
)
def test_a_reading_that_cannot_be_true_is_a_finding_and_does_not_count(
    engine: Engine, tmp_path: Path, row: str, reason: str
) -> None:
    good = "2026-09-01T03:00:00Z,chat,100,7"
    text = f"Time,Deployment,InputTokens,OutputTokens\n{row}\n{good}\n"
    rows, findings = _usage(engine, _written(tmp_path / "t.csv", text))
    assert [row["InputTokens"] for row in rows] == [100]
    assert [(each.reason, each.rows) for each in findings] == [(reason, 1)]


def test_calls_that_were_not_billed_are_counted_apart(engine: Engine, tmp_path: Path) -> None:
    """401 and 429 cost nothing; 400 and 408 are billed."""
    text = "TimeGenerated,DeploymentName,ResponseCode,Calls,PromptTokens,CompletionTokens\n"
    for code, tokens in ((200, 100), (400, 10), (408, 1), (429, 50), (401, 5)):
        text += f"2026-09-01T00:00:00Z,chat,{code},1,{tokens},0\n"
    rows, _ = _usage(engine, _written(tmp_path / "t.csv", text))
    assert [(r["InputTokens"], r["FailedTokens"], r["FailedCalls"]) for r in rows] == [(111, 55, 2)]


def test_a_client_is_hashed_by_the_users_key_and_left_out_without_one(
    engine: Engine, tmp_path: Path
) -> None:
    text = "Time,Deployment,Client,InputTokens,OutputTokens\n2026-09-01T00:00:00Z,chat,sub-a,1,1\n"
    path = _written(tmp_path / "t.csv", text)
    assert _usage(engine, path)[0][0]["Client"] is None
    hashed = _usage(engine, path, user_key="mine")[0][0]["Client"]
    assert hashed == hashed_clients(["sub-a"], "mine")["sub-a"]
    assert "sub-a" not in hashed


def _delivered(engine: Engine, deliveries: list[pa.Table]) -> list[int]:
    engine.view_arrow("usage_deliveries", pa.concat_tables(deliveries))
    rows = engine.rows(f"SELECT InputTokens FROM ({combined_usage_select()}) AS combined")
    return sorted(row[0] for row in rows)


def _delivery(engine: Engine, path: Path, text: str) -> pa.Table:
    _usage(engine, _written(path, text))
    return engine.arrow("SELECT * FROM new_usage")


def test_an_hour_that_is_delivered_again_counts_once_with_its_fuller_state(
    engine: Engine, tmp_path: Path
) -> None:
    head = "TimeStamp,ResourceId,ModelDeploymentName,ProcessedPromptTokens,GeneratedTokens\n"
    early = _delivery(
        engine, tmp_path / "a.csv", f"{head}2026-09-01T03:00:00Z,{RESOURCE},chat,100,7\n"
    )
    late = _delivery(
        engine, tmp_path / "b.csv", f"{head}2026-09-01T03:00:00Z,{RESOURCE},chat,120,9\n"
    )
    assert _delivered(engine, [early, late]) == [120]
    assert _delivered(engine, [late, early]) == [120]


def test_calls_of_one_hour_in_two_files_are_added(engine: Engine, tmp_path: Path) -> None:
    head = "TimeGenerated,CorrelationId,DeploymentName,PromptTokens,CompletionTokens\n"
    first = _delivery(engine, tmp_path / "a.csv", f"{head}2026-09-01T03:10:00Z,c1,chat,100,7\n")
    second = _delivery(engine, tmp_path / "b.csv", f"{head}2026-09-01T03:50:00Z,c2,chat,50,7\n")
    assert _delivered(engine, [first, second]) == [50, 100]
    assert _delivered(engine, [first, first]) == [100]


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "", "{}", '{"tables": 1', "date,app,conversations\n2026-01-01,x,1\n"]
)
def test_other_files_are_no_telemetry(tmp_path: Path, text: str) -> None:
    assert recognised(_written(tmp_path / "f.csv", text)) is None


def test_a_file_of_telemetry_is_known_by_its_bytes(tmp_path: Path) -> None:
    text = CASES["plain table"][0]
    first, second = (recognised(_written(tmp_path / name, text)) for name in ("a.csv", "b.csv"))
    assert isinstance(first, TelemetryFile)
    assert isinstance(second, TelemetryFile)
    assert first.digest == second.digest


@pytest.mark.parametrize(
    "times",
    [
        pa.array([datetime(2026, 9, 1, 3, 10, tzinfo=UTC)] * 2, pa.timestamp("ns", "UTC")),
        pa.array([datetime(2026, 9, 1, 3, 10)] * 2, pa.timestamp("us")),  # noqa: DTZ001 - a writer without zones
        pa.array(["2026-09-01T03:10:00.5Z"] * 2),
    ],
    ids=["with a zone", "without a zone", "as text"],
)
def test_opentelemetry_spans_as_parquet_are_the_same_usage(
    engine: Engine, tmp_path: Path, times: pa.Array
) -> None:
    table = pa.table({
        "Timestamp": times,
        "SpanId": ["a", "b"],
        "gen_ai.request.model": ["chat", "chat"],
        "gen_ai.response.model": ["gpt-4o", "gpt-4o"],
        "azure.resource_id": [RESOURCE, RESOURCE],
        "team": ["search", "search"],
        "gen_ai.usage.input_tokens": pa.array([60, 40], pa.int64()),
        "gen_ai.usage.cache_read.input_tokens": pa.array([30, 0], pa.int64()),
        "gen_ai.usage.output_tokens": pa.array([5, 2], pa.int64()),
        "gen_ai.input.messages": ["a secret", "a secret"],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "spans.parquet")

    [row], findings = _usage(engine, tmp_path / "spans.parquet")

    assert findings == ()
    assert tuple(row[name] for name in COUNTS) == (70, 30, None, 7)
    assert row["Hour"] == datetime(2026, 9, 1, 3, tzinfo=UTC)
    assert (row["Deployment"], row["Team"]) == ("chat", "search")
    assert "secret" not in str(row)
