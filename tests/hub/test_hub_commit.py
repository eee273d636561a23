"""The commit: a reader sees the old state or the new one, whatever a writer left behind."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from builders import charge, run_pertoken, write_export
from deltalake import DeltaTable
from deltalake.transaction import create_table_with_add_actions

from pertoken.api import Hub
from pertoken.engine import local_engine
from pertoken.errors import HubError
from pertoken.hub import HUB_FORMAT, TABLES, LedgerRun, Writer
from pertoken.hub import Hub as HubStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLACE = {"x_ScopeKey": "0123456789ab", "BillingMonth": "2026-01"}
NEXT = PLACE | {"BillingMonth": "2026-02"}


def cost_by_month(hub: Path) -> dict[str, Decimal]:
    """EffectiveCost of every month of a hub, read anew."""
    rows = Hub(hub).periods().to_dicts()
    return {str(row["BillingMonth"]): Decimal(str(row["EffectiveCost"])) for row in rows}


def latest_versions(hub: Path) -> dict[str, int]:
    """The last version of every table, named by a commit or not."""
    made = [table for table in (*TABLES, "runs") if (hub / table).exists()]
    return {table: DeltaTable(str(hub / table)).version() for table in made}


@contextmanager
def writing(hub: Path) -> Iterator[Writer]:
    """A writer of a hub, as an ingest has it."""
    engine = local_engine()
    with HubStore(hub).writer(engine, wait_seconds=0) as writer:
        yield writer
    engine.close()


def put(writer: Writer, table: str, sql: str, place: dict[str, str]) -> None:
    """Replace a partition by the answer of a query."""
    path = writer.new_file(table, place)
    rows = writer._engine.write_parquet(sql, path)
    writer.replace(table, place, {path: rows})


def selected(hub: Path, table: str, columns: str) -> list[tuple[object, ...]]:
    """Rows of a table as of the last commit, in order."""
    engine = local_engine()
    HubStore(hub).snapshot(engine).view(engine, table)
    rows = engine.rows(f"SELECT {columns} FROM {table} ORDER BY ALL")
    engine.close()
    return rows


def test_a_hub_opened_before_an_ingest_keeps_seeing_what_it_saw(tmp_path: Path) -> None:
    write_export(tmp_path / "exports", [charge()])
    Hub(tmp_path / "hub").ingest(tmp_path / "exports")
    engine = local_engine()
    before = HubStore(tmp_path / "hub").snapshot(engine)
    late = [charge(), charge(day=2)]
    write_export(tmp_path / "exports", late, submitted="2026-02-05T06:00:00Z")
    Hub(tmp_path / "hub").ingest(tmp_path / "exports")
    before.view(engine, "charges")
    assert engine.rows("SELECT count(*) FROM charges") == [(1,)]
    assert cost_by_month(tmp_path / "hub") == {"2026-01": Decimal(5)}


def test_what_is_written_is_not_seen_until_the_commit(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    with writing(hub) as writer:
        put(writer, "charges", "SELECT 1 AS Cost", PLACE)
        assert not HubStore(hub).exists()
        writer.commit([], vocabulary_version="1")
        assert selected(hub, "charges", "Cost") == [(1,)]
        put(writer, "charges", "SELECT 2 AS Cost", PLACE)
        put(writer, "charges", "SELECT 3 AS Cost", NEXT)
        assert selected(hub, "charges", "Cost") == [(1,)]
        writer.commit([], vocabulary_version="1")
    assert selected(hub, "charges", "Cost, BillingMonth") == [(2, "2026-01"), (3, "2026-02")]


def test_a_commit_names_the_version_of_every_table(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    write_export(tmp_path / "exports", [charge()])
    Hub(hub).ingest(tmp_path / "exports")
    engine = local_engine()
    snapshot = HubStore(hub).snapshot(engine)
    latest = latest_versions(hub)
    assert snapshot.runs_version == latest.pop("runs")
    assert {"charges", "token_costs", "meters", "tags", "periods"} <= set(latest)
    assert dict(snapshot.versions) == latest


def test_tables_left_beyond_the_last_commit_are_restored_by_the_next_writer(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    with writing(hub) as writer:
        put(writer, "charges", "SELECT 1 AS Cost", PLACE)
        writer.commit([], vocabulary_version="1")
    with writing(hub) as writer:
        put(writer, "charges", "SELECT 2 AS Cost, 'x' AS Added", PLACE)
        put(writer, "charges", "SELECT 3 AS Cost", NEXT)
        put(writer, "token_costs", "SELECT 4 AS Cost", NEXT)
    assert selected(hub, "charges", "Cost") == [(1,)]
    with writing(hub):
        assert len(DeltaTable(str(hub / "charges")).file_uris()) == 1
        assert not (hub / "token_costs").exists()
    assert selected(hub, "charges", "Cost") == [(1,)]
    assert not list(hub.glob("_removed*"))


def test_after_a_restore_the_next_commit_holds_only_what_it_wrote(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    with writing(hub) as writer:
        put(writer, "charges", "SELECT 1 AS Cost", PLACE)
        writer.commit([], vocabulary_version="1")
    for _ in range(2):
        with writing(hub) as writer:
            put(writer, "charges", "SELECT 2 AS Cost", NEXT)
    with writing(hub) as writer:
        put(writer, "charges", "SELECT 3 AS Cost", NEXT)
        writer.commit([], vocabulary_version="1")
    assert selected(hub, "charges", "Cost, BillingMonth") == [(1, "2026-01"), (3, "2026-02")]


@pytest.mark.parametrize("left", ["nothing but a log folder", "a log folder in runs"])
def test_a_hub_whose_first_ingest_was_killed_is_completed_by_the_next(
    tmp_path: Path, left: str
) -> None:
    hub = tmp_path / "hub"
    folder = "charges" if left == "nothing but a log folder" else "runs"
    (hub / folder / "_delta_log").mkdir(parents=True)
    (hub / folder / "left.parquet").write_bytes(b"PAR1")
    write_export(tmp_path / "exports", [charge()])
    assert Hub(hub).ingest(tmp_path / "exports", plan=True).report.runs[0].status == "applied"
    Hub(hub).ingest(tmp_path / "exports")
    assert cost_by_month(hub) == {"2026-01": Decimal("2.5")}


def test_a_delta_table_that_pertoken_did_not_make_is_never_removed(tmp_path: Path) -> None:
    hub = tmp_path / "lake"
    with writing(tmp_path / "other") as writer:
        put(writer, "charges", "SELECT 1 AS Cost", PLACE)
        writer.commit([], vocabulary_version="1")
    theirs = DeltaTable(str(tmp_path / "other" / "runs"))
    create_table_with_add_actions(str(hub / "periods"), theirs.schema(), [])
    write_export(tmp_path / "exports", [charge()])
    with pytest.raises(HubError, match="holds a Delta table that no commit of a hub names"):
        Hub(hub).ingest(tmp_path / "exports")
    assert DeltaTable(str(hub / "periods")).version() == 0


def test_a_later_month_brings_new_columns_and_the_earlier_ones_stay(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    write_export(tmp_path / "exports", [charge(Harvest="early")], version="1.0")
    write_export(
        tmp_path / "exports", [charge(month="2026-02", Orchard="late")], version="1.2",
        month="2026-02", file_format="parquet", submitted="2026-03-02T06:00:00Z",
    )  # fmt: skip
    Hub(hub).ingest(tmp_path / "exports")
    write_export(
        tmp_path / "exports", [charge(month="2026-03")], version="1.0", month="2026-03",
        submitted="2026-04-02T06:00:00Z",
    )  # fmt: skip
    Hub(hub).ingest(tmp_path / "exports")
    columns = {field.name for field in DeltaTable(str(hub / "charges")).schema().fields}
    assert {"Harvest", "Orchard", "x_SkuMeterName", "SkuPriceDetails", "BillingMonth"} <= columns
    assert selected(hub, "charges", "BillingMonth, Harvest, Orchard") == [
        ("2026-01", "early", None),
        ("2026-02", None, "late"),
        ("2026-03", None, None),
    ]


def test_a_column_that_changes_its_type_is_refused_and_the_hub_stays(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    with writing(hub) as writer:
        put(writer, "charges", "SELECT 1 AS Cost", PLACE)
        writer.commit([], vocabulary_version="1")
    with pytest.raises(HubError, match="Column Cost of the table"), writing(hub) as writer:
        put(writer, "charges", "SELECT 'dear' AS Cost", NEXT)
    assert selected(hub, "charges", "Cost") == [(1,)]


def test_a_month_is_replaced_as_a_whole(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    write_export(tmp_path / "a", [charge(), charge(day=2)])
    write_export(
        tmp_path / "a", [charge(month="2026-02")], month="2026-02", submitted="2026-03-02T06:00:00Z"
    )
    Hub(hub).ingest(tmp_path / "a")
    write_export(tmp_path / "b", [charge(day=3, tokens=1000)], submitted="2026-02-09T06:00:00Z")
    Hub(hub).ingest(tmp_path / "b")
    assert cost_by_month(hub) == {"2026-01": Decimal("0.0025"), "2026-02": Decimal("2.5")}
    assert selected(hub, "token_costs", "CAST(ChargeDate AS VARCHAR)") == [
        ("2026-01-03",),
        ("2026-02-01",),
    ]


def test_a_month_restated_to_nothing_is_empty_in_every_table(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    write_export(tmp_path / "a", [charge()])
    write_export(
        tmp_path / "a", [charge(month="2026-02")], month="2026-02", submitted="2026-03-02T06:00:00Z"
    )
    Hub(hub).ingest(tmp_path / "a")
    write_export(tmp_path / "b", [], submitted="2026-02-09T06:00:00Z")
    report = Hub(hub).ingest(tmp_path / "b").report
    assert [(run.status, run.month) for run in report.runs] == [("empty", "2026-01")]
    assert cost_by_month(hub) == {"2026-02": Decimal("2.5")}
    for table in ("charges", "token_costs"):
        assert selected(hub, table, "BillingMonth") == [("2026-02",)]


def test_ingesting_again_commits_nothing(tmp_path: Path) -> None:
    hub, engine = tmp_path / "hub", local_engine()
    write_export(tmp_path / "exports", [charge()])
    assert Hub(hub).ingest(tmp_path / "exports").report.commit_id
    first, versions = HubStore(hub).snapshot(engine).commit_id, latest_versions(hub)
    assert Hub(hub).ingest(tmp_path / "exports").report.commit_id == ""
    assert HubStore(hub).snapshot(engine).commit_id == first
    assert latest_versions(hub) == versions


def test_a_plan_makes_no_hub(tmp_path: Path) -> None:
    write_export(tmp_path / "exports", [charge()])
    planned = Hub(tmp_path / "hub").ingest(tmp_path / "exports", plan=True)
    assert [run.status for run in planned.report.runs] == ["applied"]
    assert not (tmp_path / "hub").exists()


def test_a_hub_of_a_newer_format_is_refused_before_anything_else_of_it_is_read(
    tmp_path: Path,
) -> None:
    hub = tmp_path / "hub"
    write_export(tmp_path / "exports", [charge()])
    with writing(hub) as writer:
        commit = {"HubFormat": HUB_FORMAT + 1, "SoftwareVersion": "9.0"}
        path = writer.new_file("runs", {})
        sql = f"SELECT '{json.dumps(commit)}' AS \"Commit\", 1 AS Future"
        rows = writer._engine.write_parquet(sql, path)
        kinds = {"Commit": "VARCHAR", "Future": "INTEGER"}
        writer._transact("runs", {path: rows}, kinds, {})
    for command in (("ingest", tmp_path / "exports"), ("matrix",)):
        answer = run_pertoken(*command, hub=hub)
        assert (answer.returncode, answer.stdout) == (1, "")
        assert answer.stderr.splitlines() == [
            f"The hub {hub} has format {HUB_FORMAT + 1}, written by pertoken 9.0.",
            answer.stderr.splitlines()[1],
            "Upgrade pertoken.",
        ]


def test_a_writer_that_lost_its_lock_commits_nothing(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    with writing(hub) as writer:
        put(writer, "charges", "SELECT 1 AS Cost", PLACE)
        writer.commit([], vocabulary_version="1")
    with writing(hub) as writer:
        put(writer, "charges", "SELECT 2 AS Cost", PLACE)
        (hub / "_lock.json").write_text("{}", "utf-8")
        with pytest.raises(HubError, match="The lock of the hub was lost"):
            put(writer, "charges", "SELECT 3 AS Cost", PLACE)
        with pytest.raises(HubError, match="The lock of the hub was lost"):
            writer.commit([], vocabulary_version="1")
    assert selected(hub, "charges", "Cost") == [(1,)]


def test_two_writers_that_both_believe_in_their_lock_cannot_both_commit(tmp_path: Path) -> None:
    """A machine wakes up between the check of its lock and its commit."""
    hub = tmp_path / "hub"
    with writing(hub) as writer:
        put(writer, "charges", "SELECT 1 AS Cost", PLACE)
        writer.commit([], vocabulary_version="1")
    with writing(hub) as slept:
        slept._lock.check = lambda: None  # type: ignore[method-assign]
        (hub / "_lock.json").unlink()
        with writing(hub) as awake:
            put(awake, "charges", "SELECT 2 AS Cost", PLACE)
            awake.commit([], vocabulary_version="1")
        with pytest.raises(HubError, match="is at version 1"):
            put(slept, "charges", "SELECT 3 AS Cost", PLACE)
        with pytest.raises(HubError, match="is at version 1"):
            slept.commit([], vocabulary_version="1")
    assert selected(hub, "charges", "Cost") == [(2,)]


def test_a_log_of_more_than_a_hundred_versions_still_opens_at_each(tmp_path: Path) -> None:
    hub, engine = tmp_path / "hub", local_engine()
    with writing(hub) as writer:
        put(writer, "charges", "SELECT 0 AS Cost", PLACE)
        writer.commit([], vocabulary_version="1")
    with writing(hub) as writer:
        for cost in range(1, 106):
            put(writer, "charges", f"SELECT {cost} AS Cost", PLACE)
        assert selected(hub, "charges", "Cost") == [(0,)]
    properties = DeltaTable(str(hub / "charges")).metadata().configuration
    assert properties["delta.enableExpiredLogCleanup"] == "false"
    with writing(hub) as writer:
        put(writer, "charges", "SELECT 7 AS Cost", NEXT)
        writer.commit([], vocabulary_version="1")
    assert selected(hub, "charges", "Cost") == [(0,), (7,)]
    engine.close()


def damaged(hub: Path, how: str) -> None:
    """Damage a hub, as a bad copy or a full disk would."""
    charges, runs = hub / "charges", hub / "runs"
    if how == "no charges":
        shutil.rmtree(charges)
    elif how == "no log of charges":
        shutil.rmtree(charges / "_delta_log")
    elif how == "log of charges cut":
        (charges / "_delta_log" / "00000000000000000000.json").write_text('{"commitInfo"', "utf-8")
    elif how == "a data file gone":
        next(charges.rglob("*.parquet")).unlink()
    elif how == "a data file cut":
        file = next(charges.rglob("*.parquet"))
        file.write_bytes(file.read_bytes()[:100])
    elif how == "the ledger's file gone":
        next(runs.glob("*.parquet")).unlink()
    elif how == "the ledger's file cut":
        next(runs.glob("*.parquet")).write_bytes(b"PAR1")
    elif how == "the ledger's log cut":
        (runs / "_delta_log" / "00000000000000000000.json").write_text("", "utf-8")


@pytest.mark.parametrize(
    "how",
    [
        "no charges", "no log of charges", "log of charges cut", "a data file gone",
        "a data file cut", "the ledger's file gone", "the ledger's file cut",
        "the ledger's log cut",
    ],
)  # fmt: skip
def test_a_damaged_hub_is_told_in_three_lines_and_never_written(tmp_path: Path, how: str) -> None:
    hub = tmp_path / "hub"
    write_export(tmp_path / "exports", [charge()])
    Hub(hub).ingest(tmp_path / "exports")
    damaged(hub, how)
    with pytest.raises(HubError) as told:
        Hub(hub).matrix(all_charges=True)
    assert len(str(told.value).splitlines()) == 3
    write_export(tmp_path / "exports", [charge(day=2)], submitted="2026-02-09T06:00:00Z")
    files = sorted(str(path) for path in (hub / "runs").rglob("*"))
    if how not in ("a data file gone", "a data file cut"):
        with pytest.raises(HubError):
            Hub(hub).ingest(tmp_path / "exports")
        assert sorted(str(path) for path in (hub / "runs").rglob("*")) == files


def test_the_ledger_keeps_every_field_of_a_run(tmp_path: Path) -> None:
    hub, engine = tmp_path / "hub", local_engine()
    write_export(tmp_path / "exports", [charge()])
    report = Hub(hub).ingest(tmp_path / "exports").report
    kept: tuple[LedgerRun, ...] = HubStore(hub).snapshot(engine).runs
    assert kept == report.runs
    assert kept[0].totals == (("USD", 1, "2.500000000000000000", "2.500000000000000000"),)
