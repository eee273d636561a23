"""A log in parts is the log: calls of the same minutes in several files each count once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pertoken
from pertoken.engine import local_engine
from pertoken.hub import Hub
from pertoken.pipeline.telemetry_parts import ReadFile, count_together, usage_of
from pertoken.telemetry import recognised

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pertoken.engine import Engine

HEADER = (
    "TimeGenerated,CorrelationId,DeploymentName,ApimSubscriptionId,PromptTokens,CompletionTokens"
)
Call = tuple[int, str, str, int]


def log_of(path: Path, calls: Iterable[Call]) -> Path:
    """Calls of (minute, id, client, tokens); an id may be empty."""
    lines = [
        f"2026-09-01T03:{minute:02}:00Z,{call},chat,{client},{tokens},1"
        for minute, call, client, tokens in calls
    ]
    path.write_text("\n".join((HEADER, *lines, "")), "utf-8")
    return path


def counted(engine: Engine, paths: Sequence[Path]) -> tuple[int, int, list[tuple[str, int]]]:
    """Tokens, calls, and what only the files together show."""
    read = []
    for path in paths:
        file = recognised(path)
        assert file is not None
        read.append(ReadFile(file, *usage_of(engine, (file,))))
    tables, together = count_together(engine, read)
    rows = [row for table in tables for row in table.to_pylist()]
    findings = [(each.reason, each.rows) for group in together for each in group.findings]
    return sum(r["InputTokens"] for r in rows), sum(r["Calls"] for r in rows), findings


CALLS = st.lists(
    st.tuples(
        st.tuples(st.integers(0, 59), st.integers(1, 10**6), st.sampled_from("ab")),
        st.integers(0, 2),
        st.booleans(),
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=15, deadline=None)
@given(CALLS)
def test_however_calls_are_parted_and_repeated_each_counts_once(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[tuple[tuple[int, int, str], int, bool]],
) -> None:
    """Each call lies in one of three files; some lie in the first file too."""
    parts: list[list[Call]] = [[], [], []]
    calls: list[Call] = []
    for number, ((minute, tokens, client), place, repeated) in enumerate(drawn):
        calls.append((minute, f"c{number}", client, tokens))
        parts[place].append(calls[-1])
        if repeated and place:
            parts[0].append(calls[-1])
    folder = tmp_path_factory.mktemp("parts")
    engine = local_engine(threads=1)
    try:
        paths = [log_of(folder / f"{n}.csv", part) for n, part in enumerate(parts) if part]
        counts = counted(engine, paths)[:2]
    finally:
        engine.close()
    assert counts == (sum(call[3] for call in calls), len(calls))


@pytest.fixture
def engine() -> Iterable[Engine]:
    engine = local_engine(threads=1)
    yield engine
    engine.close()


def test_a_call_in_two_parts_is_named_once(engine: Engine, tmp_path: Path) -> None:
    first = log_of(tmp_path / "a.csv", [(10, "c1", "s", 100), (30, "c2", "s", 7)])
    second = log_of(tmp_path / "b.csv", [(20, "c2", "s", 7), (25, "c3", "s", 3)])
    assert counted(engine, [first, second]) == (110, 3, [("delivered twice", 1)])


def test_parts_in_which_a_call_has_no_id_stay_deliveries(engine: Engine, tmp_path: Path) -> None:
    """Nobody can tell then whether they hold the same calls: the fullest of them stands."""
    first = log_of(tmp_path / "a.csv", [(10, "c1", "s", 100), (30, "", "s", 7)])
    second = log_of(tmp_path / "b.csv", [(20, "c3", "s", 3)])
    assert counted(engine, [first, second]) == (110, 3, [])
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(first, second)
    assert _of_hub(tmp_path / "hub") == [(107, 2)]
    hub.close()


def test_a_folder_of_parts_is_one_log_and_every_part_is_listed(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    log_of(tmp_path / "log" / "0.csv", [(10, "c1", "s", 100), (30, "c2", "t", 7)])
    log_of(tmp_path / "log" / "1.csv", [(10, "c3", "t", 50), (20, "c4", "s", 3)])
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "log")
    assert _of_hub(tmp_path / "hub") == [(160, 4)]
    words = "counted together with 1 other file of the same hours"
    assert [(row["Status"], row["Rows"], row["Reason"]) for row in hub.runs().to_dicts()] == [
        ("reference", 1, f"measured; {words}"), ("reference", 1, words),
    ]  # fmt: skip
    hub.close()


def test_clients_without_a_key_are_one_and_none_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_of(tmp_path / "a.csv", [(10, "c1", "s", 100), (10, "c2", "t", 50)])
    for key, expected in (("", [(150, 2)]), ("mine", [(50, 1), (100, 1)])):
        monkeypatch.setenv("PERTOKEN_USER_KEY", key)
        hub = pertoken.open(tmp_path / f"hub{key}")
        hub.ingest(log)
        assert _of_hub(tmp_path / f"hub{key}") == expected
        hub.close()


def _of_hub(path: Path) -> list[tuple[int, int]]:
    engine = local_engine(threads=1)
    Hub(path).snapshot(engine).view(engine, "usage")
    rows = engine.rows("SELECT InputTokens, Calls FROM usage ORDER BY InputTokens")
    engine.close()
    return [(row[0], row[1]) for row in rows]


def test_answers_of_one_metric_each_are_one_account(tmp_path: Path) -> None:
    """Input and output of an hour, each fetched alone; an earlier state of the input counts not."""
    folder = tmp_path / "metrics"
    folder.mkdir()
    stated = {"a": ("InputTokens", 80), "b": ("InputTokens", 100), "c": ("OutputTokens", 7)}
    for file, (name, value) in stated.items():
        metric = {
            "id": f"/subscriptions/s/accounts/AOAI/providers/Microsoft.Insights/metrics/{name}",
            "name": {"value": name},
            "timeseries": [{
                "metadatavalues": [{"name": {"value": "modeldeploymentname"}, "value": "chat"}],
                "data": [{"timeStamp": "2026-09-01T03:00:00Z", "total": value}],
            }],
        }  # fmt: skip
        (folder / f"{file}.json").write_text(json.dumps({"value": [metric]}), "utf-8")
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(folder)
    engine = local_engine(threads=1)
    Hub(tmp_path / "hub").snapshot(engine).view(engine, "usage")
    assert engine.rows("SELECT InputTokens, OutputTokens FROM usage") == [(100, 7)]
    engine.close()
    hub.close()
