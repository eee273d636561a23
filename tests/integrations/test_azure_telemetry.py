"""Telemetry fetched from Azure on loopback: whole files that an ordinary ingest reads, or none."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from azure_monitor_service import ACCOUNT, LOGS_TOKEN, TOKEN, WORKSPACE, AzureMonitor
from builders import csv_rows, run_pertoken

import pertoken
from pertoken.engine import local_engine
from pertoken.errors import ConfigError, SourceError
from pertoken.hub import Hub
from pertoken.pipeline.azure_telemetry import Fetch, fetched, requests_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENVIRONMENT = {
    "PERTOKEN_AZURE_MANAGEMENT_TOKEN": TOKEN, "PERTOKEN_AZURE_LOGS_TOKEN": LOGS_TOKEN,
}  # fmt: skip
DAYS = {"first": date(2026, 9, 28), "end": date(2026, 10, 3)}
FIRST = datetime(2026, 9, 28, 3, tzinfo=UTC)
LAST = datetime(2026, 10, 2, 23, tzinfo=UTC)
NEVER = ("RequestMessages", "ResponseMessages", "RequestBody", "ResponseBody", "Headers",
         "CallerIpAddress", "TraceRecords")  # fmt: skip


@pytest.fixture
def azure() -> Iterator[AzureMonitor]:
    pytest.importorskip("azure.monitor.query", reason="the extra azure is not installed")
    with AzureMonitor() as server:
        yield server


def of_account(azure: AzureMonitor, **metrics: dict[datetime, float]) -> Fetch:
    azure.accounts[ACCOUNT] = metrics
    return Fetch((ACCOUNT,), (), **DAYS)


def of_workspace(azure: AzureMonitor, calls: dict[datetime, list[dict[str, Any]]]) -> Fetch:
    azure.calls = calls
    return Fetch((), (WORKSPACE,), **DAYS)


def fetch(azure: AzureMonitor, wanted: Fetch, folder: Path) -> list[dict[str, Any]]:
    rows = fetched(
        wanted, folder, endpoint=azure.endpoint, logs_endpoint=azure.endpoint,
        environment=ENVIRONMENT,
    )  # fmt: skip
    names = ("Source", "Name", "From", "To", "Readings", "Tokens", "State", "Path")
    return [dict(zip(names, row, strict=True)) for row in rows]


def usage(folder: Path, hub: Path) -> tuple[list[dict[str, Any]], list[tuple[str, int]]]:
    """The usage that an ingest of a folder brings, and what does not count."""
    report = pertoken.open(hub).ingest(folder).report
    assert report.problems == ()
    engine = local_engine()
    rows = []
    if Hub(hub).snapshot(engine).view(engine, "usage"):
        rows = engine.arrow('SELECT * FROM usage ORDER BY "Hour", Product').to_pylist()
    engine.close()
    return rows, [(each.reason, each.rows) for each in report.usage_findings]


def call(prompt: int, completion: int, **more: object) -> dict[str, Any]:
    return {"DeploymentName": "chat", "ModelName": "gpt-4o", "ResponseCode": 200, "Calls": 2,
            "AccountName": "aoai", "PromptTokens": prompt, "CompletionTokens": completion,
            **more}  # fmt: skip


def test_the_family_with_tokens_is_what_was_used(azure: AzureMonitor, tmp_path: Path) -> None:
    """An account that defines both families answers zeros for one of them: 100 + 40 and 7."""
    wanted = of_account(
        azure, ProcessedPromptTokens={FIRST: 100.0, LAST: 40.0}, GeneratedTokens={FIRST: 7.0},
        InputTokens={}, OutputTokens={}, AzureOpenAIRequests={FIRST: 3.0},
    )  # fmt: skip
    rows = fetch(azure, wanted, tmp_path / "files")
    assert [(str(row["From"]), str(row["To"]), row["Tokens"], row["State"]) for row in rows] == [
        ("2026-09-28", "2026-10-01", 107, "written"),
        ("2026-10-01", "2026-10-03", 40, "written"),
    ]
    hours, findings = usage(tmp_path / "files", tmp_path / "hub")
    used = {hour["Hour"]: hour for hour in hours if hour["InputTokens"]}
    assert findings == []
    assert [(at, used[at]["InputTokens"], used[at]["OutputTokens"]) for at in used] == [
        (FIRST, 100, 7), (LAST, 40, 0),
    ]  # fmt: skip
    assert (used[FIRST]["Deployment"], used[FIRST]["ModelName"]) == ("chat", "gpt-4o")
    assert sum(hour["Calls"] for hour in hours) == 3


def test_an_account_that_changes_its_family_loses_no_hour(
    azure: AzureMonitor, tmp_path: Path
) -> None:
    wanted = of_account(
        azure, ProcessedPromptTokens={FIRST: 100.0}, InputTokens={FIRST.replace(hour=4): 60.0},
        GeneratedTokens={}, OutputTokens={},
    )  # fmt: skip
    assert fetch(azure, wanted, tmp_path / "files")[0]["Tokens"] == 160
    hours, _ = usage(tmp_path / "files", tmp_path / "hub")
    assert sum(hour["InputTokens"] for hour in hours) == 160


def test_only_metrics_that_an_account_defines_are_asked_for(
    azure: AzureMonitor, tmp_path: Path
) -> None:
    wanted = of_account(
        azure, InputTokens={FIRST: 5.0}, OutputTokens={FIRST: 1.0}, Latency={FIRST: 9.0},
        ProvisionedUtilization={FIRST: 40.0},
    )  # fmt: skip
    fetch(azure, wanted, tmp_path)
    assert {query["metricnames"] for query in azure.asked} == {
        "InputTokens,OutputTokens", "ProvisionedUtilization",
    }  # fmt: skip


def test_zeros_of_the_wrong_family_are_unknown_and_named(
    azure: AzureMonitor, tmp_path: Path
) -> None:
    wanted = of_account(azure, ProcessedPromptTokens={}, GeneratedTokens={})
    assert {row["State"] for row in fetch(azure, wanted, tmp_path / "files")} == {"zeros"}
    hours, findings = usage(tmp_path / "files", tmp_path / "hub")
    assert hours == []
    assert {reason for reason, _ in findings} == {"metric family answers zeros"}


def test_an_account_without_such_metrics_is_refused(azure: AzureMonitor, tmp_path: Path) -> None:
    wanted = of_account(azure, Latency={FIRST: 1.0})
    with pytest.raises(SourceError, match="has no metric that counts tokens"):
        fetch(azure, wanted, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_gateway_usage_is_hourly_and_of_no_message(azure: AzureMonitor, tmp_path: Path) -> None:
    wanted = of_workspace(azure, {
        FIRST: [call(100, 7, ProductId="a"), call(50, 3, ProductId="b"),
                call(9, 0, ProductId="c", ResponseCode=429)],
        LAST: [call(40, 1, ProductId="a")],
    })  # fmt: skip
    rows = fetch(azure, wanted, tmp_path / "files")
    assert [(row["Readings"], row["Tokens"], row["State"]) for row in rows] == [
        (3, 169, "written"), (1, 41, "written"),
    ]  # fmt: skip
    hours, findings = usage(tmp_path / "files", tmp_path / "hub")
    assert findings == []
    assert [
        (hour["Product"], hour["InputTokens"], hour["OutputTokens"], hour["Calls"],
         hour["FailedTokens"], hour["ResourceName"])
        for hour in hours
    ] == [("a", 100, 7, 2, 0, "aoai"), ("b", 50, 3, 2, 0, "aoai"), ("c", 0, 0, 0, 9, "aoai"),
          ("a", 40, 1, 2, 0, "aoai")]  # fmt: skip
    for query in azure.queries:
        assert "isnull(SequenceNumber) or SequenceNumber == 0" in query
        assert not [word for word in NEVER if word in query]


def test_a_part_of_a_result_is_asked_for_again_in_halves(
    azure: AzureMonitor, tmp_path: Path
) -> None:
    azure.hours_at_once = 6
    hours = {FIRST.replace(hour=hour): [call(1, 1)] * 2 for hour in range(24)}
    rows = fetch(azure, of_workspace(azure, hours), tmp_path)
    assert [row["Tokens"] for row in rows] == [24 * 2 * 2, None]
    assert len(azure.queries) == 5 * (1 + 2 + 4)


def test_an_hour_that_stays_a_part_is_an_error_and_no_file(
    azure: AzureMonitor, tmp_path: Path
) -> None:
    azure.hours_at_once = 0
    with pytest.raises(SourceError, match="only a part of the hour 2026-09-28T00:00:00"):
        fetch(azure, of_workspace(azure, {FIRST: [call(1, 1)]}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_metric_that_failed_is_an_error_and_no_file(azure: AzureMonitor, tmp_path: Path) -> None:
    azure.failed_metric = "GeneratedTokens"
    wanted = of_account(azure, ProcessedPromptTokens={FIRST: 5.0}, GeneratedTokens={FIRST: 1.0})
    with pytest.raises(SourceError, match="GeneratedTokens with InternalServerError"):
        fetch(azure, wanted, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_workspace_writes_no_file(azure: AzureMonitor, tmp_path: Path) -> None:
    rows = fetch(azure, of_workspace(azure, {}), tmp_path)
    assert [(row["State"], row["Path"]) for row in rows] == [("empty", None)] * 2
    assert list(tmp_path.iterdir()) == []


def test_a_throttled_request_is_tried_again_as_azure_says(
    azure: AzureMonitor, tmp_path: Path
) -> None:
    azure.throttled = 1
    wanted = of_account(azure, InputTokens={FIRST: 5.0}, OutputTokens={FIRST: 1.0})
    assert fetch(azure, wanted, tmp_path)[0]["Tokens"] == 6
    azure.throttled = 1
    assert fetch(azure, of_workspace(azure, {FIRST: [call(1, 1)]}), tmp_path)[0]["Tokens"] == 2


@pytest.mark.parametrize(
    ("of", "role"),
    [("account", "the role Monitoring Reader"), ("workspace", "the role Log Analytics Reader")],
)
def test_a_missing_permission_names_the_role(
    azure: AzureMonitor, tmp_path: Path, of: str, role: str
) -> None:
    azure.forbidden = True
    wanted = of_account(azure, InputTokens={}) if of == "account" else of_workspace(azure, {})
    with pytest.raises(SourceError, match=r"403, .*no permission to read") as refused:
        fetch(azure, wanted, tmp_path)
    assert role in refused.value.expected
    assert len(str(refused.value).splitlines()) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_without_the_table_says_who_fills_it(
    azure: AzureMonitor, tmp_path: Path
) -> None:
    azure.missing_table = True
    with pytest.raises(SourceError, match="Failed to resolve table") as refused:
        fetch(azure, of_workspace(azure, {}), tmp_path)
    assert "diagnostic setting of API Management" in refused.value.expected


def test_the_same_days_again_are_the_same_usage(azure: AzureMonitor, tmp_path: Path) -> None:
    """A month that was fetched while it ran is fetched whole later: its fuller state stands."""
    azure.calls = {FIRST: [call(100, 7)]}
    early = Fetch((), (WORKSPACE,), date(2026, 9, 28), date(2026, 9, 29))
    fetch(azure, early, tmp_path / "early")
    usage(tmp_path / "early", tmp_path / "hub")
    azure.calls = {FIRST: [call(120, 9)], FIRST.replace(day=29): [call(1, 1)]}
    fetch(azure, Fetch((), (WORKSPACE,), date(2026, 9, 28), date(2026, 9, 30)), tmp_path / "late")
    hours, _ = usage(tmp_path / "late", tmp_path / "hub")
    assert [(hour["InputTokens"], hour["OutputTokens"]) for hour in hours] == [(120, 9), (1, 1)]


def test_the_command_line_fetches_and_plans(azure: AzureMonitor, tmp_path: Path) -> None:
    of_account(azure, InputTokens={FIRST: 5.0}, OutputTokens={FIRST: 1.0})
    words = ("azure", "telemetry", "fetch", str(tmp_path / "files"), "--from", "2026-09-28", "--to",
             "2026-09-29", "--resource", ACCOUNT, "--workspace", WORKSPACE)  # fmt: skip
    plan = run_pertoken(*words, "--plan")
    assert plan.returncode == 0, plan.stderr
    assert [each["method"] for each in json.loads(plan.stdout)] == ["GET", "GET", "POST"]
    assert not (tmp_path / "files").exists()
    endpoints = ("--endpoint", azure.endpoint, "--logs-endpoint", azure.endpoint)
    done = run_pertoken(*words, *endpoints, "-f", "csv", **ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert [(row["Source"], row["Tokens"], row["State"]) for row in csv_rows(done.stdout)] == [
        ("AzureMonitor", "6", "written"), ("ApimUsage", "", "empty"),
    ]  # fmt: skip
    assert f"Now: pertoken ingest {tmp_path / 'files'}" in done.stderr
    refused = run_pertoken(
        *words, *endpoints, PERTOKEN_AZURE_MANAGEMENT_TOKEN=TOKEN, PERTOKEN_AZURE_LOGS_TOKEN=""
    )
    assert refused.returncode == 2
    assert "PERTOKEN_AZURE_LOGS_TOKEN" in refused.stderr
    assert TOKEN not in refused.stderr


@pytest.mark.parametrize(
    ("resources", "workspaces", "days", "words"),
    [
        ((), (), DAYS, "nothing to fetch"),
        ((ACCOUNT,), (), {"first": DAYS["end"], "end": DAYS["first"]}, "There is no day"),
        (("aoai",), (), DAYS, "is not the resource id"),
        ((f"{ACCOUNT}?x=1",), (), DAYS, "is not the resource id"),
        ((), ("my-workspace",), DAYS, "is not the id of a workspace"),
    ],
)
def test_what_cannot_be_fetched_is_refused_before_anything_is_sent(
    resources: tuple[str, ...], workspaces: tuple[str, ...], days: dict[str, date], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        Fetch(resources, workspaces, **days)


def test_a_plan_covers_every_day_once() -> None:
    plan = requests_of(Fetch((ACCOUNT,), (), date(2026, 9, 1), date(2026, 9, 16)))
    assert [each.get("timespan") for each in plan] == [
        None, "2026-09-01T00:00:00Z/2026-09-08T00:00:00Z",
        "2026-09-08T00:00:00Z/2026-09-15T00:00:00Z", "2026-09-15T00:00:00Z/2026-09-16T00:00:00Z",
    ]  # fmt: skip


def test_a_missing_extra_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "azure.monitor.query", None)
    wanted = Fetch((), (WORKSPACE,), **DAYS)
    with pytest.raises(ConfigError) as missing:
        list(fetched(wanted, tmp_path / "f", endpoint="https://x", logs_endpoint="https://x"))
    assert missing.value.action == "Run `pip install 'pertoken[azure]'`."
    assert not (tmp_path / "f").exists()
