"""Files of telemetry in `runs`: source, hours that stand, provenance, and each delivery once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from builders import charge, csv_rows, run_pertoken, write_export

import pertoken
from pertoken.pipeline.views import RUN_COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "Time,ResourceName,Deployment,InputTokens,OutputTokens,Estimated"


def file_of(path: Path, *rows: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join((HEADER, *rows, "")), "utf-8")
    return path


def listed(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    names = ("ExportName", "BillingMonth", "Status", "Rows", "Reason")
    return [tuple(row[name] for name in names) for row in rows if row["Dataset"] == "Telemetry"]


def test_a_file_is_listed_with_its_source_hours_and_provenance(tmp_path: Path) -> None:
    file_of(
        tmp_path / "in" / "a.csv",
        "2026-01-31T22:00:00Z,aoai,chat,5,7,false",
        "2026-01-31T23:00:00Z,aoai,chat,5,7,true",
        "2026-02-01T00:00:00Z,aoai,chat,5,7,",
        "2026-02-01T00:00:00Z,aoai,chat,-5,7,",
    )
    hub = pertoken.open(tmp_path / "hub")
    found = hub.ingest(tmp_path / "in").to_dicts()
    kept = hub.runs().to_dicts()
    assert found == kept
    words = "1 negative count"
    assert listed(kept) == [
        ("a.csv", "2026-01", "reference", 2, f"1 of 2 hours estimated; {words}"),
        ("a.csv", "2026-02", "reference", 1, f"measured; {words}"),
    ]
    [first, _] = kept
    assert (first["DatasetVersion"], first["Scope"]) == ("TokenTable", "aoai")
    assert len(first["RunId"]) == 64
    assert first["SubmittedTime"] <= datetime.now(UTC)
    assert (first["BillingCurrency"], first["BilledCost"], first["EffectiveCost"]) == (None,) * 3
    assert tuple(first) == RUN_COLUMNS
    hub.close()


def test_the_same_file_again_is_the_same_delivery(tmp_path: Path) -> None:
    row = "2026-01-31T22:00:00Z,aoai,chat,5,7,"
    for name in ("a.csv", "b.csv"):
        file_of(tmp_path / "in" / name, row)
    hub = pertoken.open(tmp_path / "hub")
    path = tmp_path / "in" / "a.csv"
    assert listed(hub.ingest(tmp_path / "in").to_dicts()) == [
        ("a.csv", "2026-01", "reference", 1, "measured"),
        ("b.csv", None, "duplicate", None, f"the same bytes as {path}"),
    ]
    before = hub.runs().to_dicts()
    assert listed(before) == [("a.csv", "2026-01", "reference", 1, "measured")]
    again = hub.ingest(tmp_path / "in" / "b.csv")
    assert (again.to_dicts(), again.report.usage_known) == (before, 1)
    assert hub.runs().to_dicts() == before
    hub.close()


def test_a_fuller_delivery_supersedes_hour_by_hour(tmp_path: Path) -> None:
    early, late = "2026-01-31T22:00:00Z,aoai,chat", "2026-01-31T23:00:00Z,aoai,chat"
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(file_of(tmp_path / "in" / "1.csv", f"{early},5,7,"))
    hub.ingest(file_of(tmp_path / "in" / "2.csv", f"{early},9,7,", f"{late},1,1,"))
    assert listed(hub.runs().to_dicts()) == [
        ("1.csv", "2026-01", "superseded", 1, "every hour stands from a fuller delivery"),
        ("2.csv", "2026-01", "reference", 2, "measured"),
    ]
    hub.ingest(file_of(tmp_path / "in" / "3.csv", f"{late},8,1,"))
    assert listed(hub.runs().to_dicts())[1:] == [
        ("2.csv", "2026-01", "reference", 1, "measured; 1 of 2 hours stand"),
        ("3.csv", "2026-01", "reference", 1, "measured"),
    ]
    hub.close()


def test_a_file_without_usage_and_a_refused_one_say_why(tmp_path: Path) -> None:
    file_of(tmp_path / "in" / "empty.csv")
    short = file_of(tmp_path / "in" / "short.csv", "2026-01-31T22:00:00Z,aoai")
    hub = pertoken.open(tmp_path / "hub")
    empty, refused = listed(hub.ingest(tmp_path / "in").to_dicts())
    assert empty == ("empty.csv", None, "empty", 0, "no readings")
    assert refused[:4] == ("short.csv", None, "refused", None)
    assert refused[4].startswith(f"{short} cannot be read to its end: ")
    assert listed(hub.runs().to_dicts()) == [empty]
    hub.close()


def test_a_month_that_is_kept_no_more_is_dropped(tmp_path: Path) -> None:
    write_export(tmp_path / "exports", [charge(month="2026-02")], month="2026-02")
    write_export(tmp_path / "exports", [charge(month="2026-01")], month="2026-01")
    file_of(tmp_path / "in" / "a.csv", "2026-01-31T22:00:00Z,aoai,chat,5,7,")
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "exports", tmp_path / "in")
    hub.retain(1)
    words = "months before 2026-02 are kept no more (pertoken hub retain)"
    assert listed(hub.runs().to_dicts()) == [("a.csv", "2026-01", "dropped", 1, words)]
    hub.close()


@pytest.mark.parametrize("known", [False, True])
def test_a_plan_counts_files_of_telemetry_and_reads_none(tmp_path: Path, *, known: bool) -> None:
    path = file_of(tmp_path / "in" / "a.csv", "2026-01-31T22:00:00Z,aoai,chat,5,7,")
    hub = str(tmp_path / "hub")
    if known:
        run_pertoken("ingest", str(path), "--hub", hub)
    plan = run_pertoken("ingest", str(path), "--hub", hub, "--plan", "-f", "csv")
    assert plan.returncode == 0
    assert "; 1 file of telemetry; nothing was written." in plan.stderr
    assert csv_rows(plan.stdout) == []
    assert (tmp_path / "hub").exists() == known
