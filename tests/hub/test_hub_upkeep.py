"""Upkeep changes no figure of what stays: compact, vacuum, retain, and a kill in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from builders import charge, csv_rows, run_pertoken, write_export

from pertoken.api import Hub
from pertoken.engine import local_engine
from pertoken.errors import ConfigError, HubError
from pertoken.hub import Hub as HubStore
from pertoken.pipeline.upkeep import VACUUM_COLUMNS

KILLING = Path(__file__).parent / "killing.py"
MONTHS = ("2025-12", "2026-01", "2026-02", "2026-03")


def write_months(
    folder: Path, months: tuple[str, ...] = MONTHS, *, tokens: int = 1_000_000
) -> Path:
    """One run per month, submitted in the month after."""
    for number, month in enumerate(months):
        rows = [charge(month=month, tokens=tokens + number), charge(month=month, day=2)]
        write_export(
            folder, rows, month=month, submitted=f"2026-0{number + 4}-02T06:00:00Z", name="months"
        )
    return folder


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four months of one scope."""
    return write_months(tmp_path_factory.mktemp("exports"))


@pytest.fixture
def hub(tmp_path: Path, exports: Path) -> Hub:
    """A hub of four months."""
    made = Hub(tmp_path / "hub")
    made.ingest(exports)
    return made


def figures(hub: Hub) -> list[dict[str, object]]:
    """What people see: periods, the mart by month and tag, all charges, the ledger."""
    fresh = Hub(hub.path)
    answers = (
        fresh.periods(),
        fresh.matrix(["BillingMonth", "SkuMeter", "Tags.team"]),
        fresh.matrix(["BillingMonth", "x_QuantityBasis"], all_charges=True),
        fresh.runs(),
    )
    rows = [row for answer in answers for row in answer.to_dicts()]
    fresh.close()
    return rows


def scatter(hub: Hub) -> int:
    """Split every file of charges in two, as an engine of many machines would leave them."""
    engine = local_engine()
    split = 0
    with HubStore(hub.path).writer(engine) as writer:
        for path in writer.snapshot.files("charges"):
            scope, month = Path(path).parts[-3:-1]
            place = {"x_ScopeKey": scope.partition("=")[2], "BillingMonth": month.partition("=")[2]}
            engine.view_parquet("whole", [path])
            files = {}
            for half in (0, 1):
                new = writer.new_file("charges", place)
                select = f"SELECT * FROM whole WHERE day(ChargePeriodStart) = {half + 1}"
                files[new] = engine.write_parquet(select, new)
            writer.replace("charges", place, files)
            split += 2
        writer.commit(writer.snapshot.runs, vocabulary_version=writer.snapshot.vocabulary_version)
    engine.close()
    return split


def data_files(hub: Hub) -> set[Path]:
    """Every data file below the hub."""
    return set(hub.path.rglob("*.parquet")) - set(hub.path.rglob("_delta_log/*.parquet"))


def named_files(hub: Hub) -> set[Path]:
    """The data files that the last commit names, and the ledger's."""
    engine = local_engine()
    snapshot = HubStore(hub.path).snapshot(engine)
    named = {Path(path) for table in snapshot.versions for path in snapshot.files(table)}
    engine.close()
    return named


def test_compact_merges_the_files_of_a_month_and_changes_no_figure(hub: Hub) -> None:
    before = figures(hub)
    assert scatter(hub) == 8
    assert figures(hub) == before
    planned = hub.compact(plan=True).to_dicts()
    assert [(row["Files"], row["FilesAfter"], row["Rows"]) for row in planned] == [(2, 1, 2)] * 4
    assert hub.compact().to_dicts() == planned
    assert figures(hub) == before
    assert len([path for path in named_files(hub) if "/charges/" in str(path)]) == 4
    assert len(hub.compact()) == 0


def test_a_plan_of_upkeep_touches_nothing(hub: Hub) -> None:
    scatter(hub)
    held, mark = data_files(hub), HubStore(hub.path).mark()
    for command in (("compact",), ("vacuum", "--keep-hours", "0"), ("retain", "1")):
        answer = run_pertoken("hub", *command, "--plan", "-f", "csv", hub=hub.path)
        assert answer.returncode == 0, answer.stderr
        assert "Plan: " in answer.stderr
        assert "Nothing was written." in answer.stderr
        assert csv_rows(answer.stdout)
    assert (data_files(hub), HubStore(hub.path).mark()) == (held, mark)


def test_vacuum_removes_replaced_files_and_orphans_and_keeps_what_the_commit_names(
    hub: Hub, tmp_path: Path
) -> None:
    write_export(
        tmp_path / "again", [charge(tokens=5)], submitted="2026-09-01T06:00:00Z", name="months"
    )
    hub.ingest(tmp_path / "again")
    orphan = next(path for path in data_files(hub) if "/charges/" in str(path))
    orphan = orphan.with_name("0123.parquet")
    orphan.write_bytes(b"of a killed write")
    before, held, named = figures(hub), data_files(hub), named_files(hub)
    rows = hub.vacuum(keep_hours=0).to_dicts()
    assert list(rows[0]) == list(VACUUM_COLUMNS)
    assert not orphan.exists()
    left = data_files(hub)
    assert named <= left
    assert sum(int(str(row["RemovedFiles"])) for row in rows) == len(held - left) >= 5
    assert sum(int(str(row["KeptFiles"])) for row in rows) == len(left)
    assert figures(hub) == before
    assert sum(int(str(row["RemovedFiles"])) for row in hub.vacuum(keep_hours=0).to_dicts()) == 0
    hub.ingest(tmp_path / "again")
    assert figures(hub) == before


def test_vacuum_keeps_what_a_reader_opened_within_the_hours(hub: Hub, tmp_path: Path) -> None:
    engine = local_engine()
    reader = HubStore(hub.path).snapshot(engine)
    write_export(
        tmp_path / "again", [charge(tokens=5)], submitted="2026-09-01T06:00:00Z", name="months"
    )
    hub.ingest(tmp_path / "again")
    assert sum(int(str(row["RemovedFiles"])) for row in hub.vacuum().to_dicts()) == 0
    reader.view(engine, "charges")
    assert engine.rows("SELECT count(*) FROM charges") == [(8,)]
    engine.close()


def test_a_hub_is_written_on_after_a_vacuum_of_a_killed_ingest(hub: Hub, tmp_path: Path) -> None:
    before = figures(hub)
    again = tmp_path / "again"
    write_export(again, [charge(tokens=5)], submitted="2026-09-01T06:00:00Z", name="months")
    assert killed(hub, 4, "before", "ingest", again) == -signal.SIGKILL
    hub.vacuum(keep_hours=0)
    assert figures(hub) == before
    hub.ingest(again)
    costs = {row["BillingMonth"]: row["EffectiveCost"] for row in hub.periods().to_dicts()}
    assert costs["2026-01"] == Decimal("0.0000125")


def killed(hub: Hub, call: int, moment: str, *arguments: object) -> int:
    """Run pertoken, which kills itself at a commit of a table."""
    command = [sys.executable, str(KILLING), str(call), moment, *map(str, arguments)]
    return subprocess.run(
        [*command, "--hub", str(hub.path)], capture_output=True, check=False, timeout=120
    ).returncode


@pytest.mark.parametrize(("command", "calls"), [(("compact",), 5), (("retain", "2"), 6)])
def test_upkeep_killed_between_commits_of_tables_leaves_the_state_before_or_after(
    hub: Hub, command: tuple[str, ...], calls: int
) -> None:
    scatter(hub)
    before = figures(hub)
    for call in (1, 2, calls):
        assert killed(hub, call, "before", "hub", *command) == -signal.SIGKILL
        assert figures(hub) == before
    assert run_pertoken("hub", *command, hub=hub.path).returncode == 0
    after = figures(hub)
    assert (after == before) == (command == ("compact",))
    hub.vacuum(keep_hours=0)
    assert figures(hub) == after


def test_retain_keeps_the_last_months_and_says_what_was_dropped(hub: Hub) -> None:
    before = {row["BillingMonth"]: row for row in hub.periods().to_dicts()}
    changes = {row["BillingMonth"]: row["Change"] for row in hub.retain(2).to_dicts()}
    assert changes == {
        "2025-12": "dropped", "2026-01": "dropped", "2026-02": "kept", "2026-03": "kept",
    }  # fmt: skip
    after = {row["BillingMonth"]: row for row in hub.periods().to_dicts()}
    assert after["2026-02"] == before["2026-02"]
    gone = after["2025-12"]
    assert (gone["State"], gone["ListCost"]) == ("dropped", None)
    for name in ("Rows", "BilledCost", "EffectiveCost", "BillingCurrency"):
        assert gone[name] == before["2025-12"][name]
    months = {row["BillingMonth"] for row in hub.matrix(["BillingMonth"]).to_dicts()}
    assert months == {"2026-02", "2026-03"}
    assert months == {
        row["BillingMonth"] for row in hub.matrix(["BillingMonth"], all_charges=True).to_dicts()
    }
    assert [row["Status"] for row in hub.runs().to_dicts()] == [*["dropped"] * 2, *["applied"] * 2]


def test_a_dropped_month_does_not_come_back_with_its_exports(hub: Hub, tmp_path: Path) -> None:
    hub.retain(2)
    before = hub.matrix(["BillingMonth"]).to_dicts()
    late = write_months(tmp_path / "late", ("2025-12", "2026-01"), tokens=7)
    result = hub.ingest(late)
    assert {run.status for run in result.report.runs} <= {"dropped", "superseded"}
    assert "pertoken hub retain" in result.report.runs[0].reason
    assert hub.matrix(["BillingMonth"]).to_dicts() == before
    assert result.card is not None
    assert all(total.effective_cost == total.source_effective_cost for total in result.card.totals)


def test_retaining_more_months_brings_them_back_with_the_next_ingest(
    hub: Hub, exports: Path
) -> None:
    before = figures(hub)
    hub.retain(2)
    again = {row["BillingMonth"]: row["Change"] for row in hub.retain(12).to_dicts()}
    assert again["2025-12"] == "wanted again"
    hub.ingest(exports)
    assert figures(hub) == before


def test_upkeep_refuses_what_makes_no_sense(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        hub.retain(0)
    with pytest.raises(ConfigError):
        hub.vacuum(keep_hours=-1)
    for call in (lambda h: h.compact(), lambda h: h.vacuum(), lambda h: h.retain(3)):
        with pytest.raises(HubError):
            call(Hub(tmp_path / "nothing"))
    assert not (tmp_path / "nothing").exists()


def test_usage_of_dropped_months_goes_and_does_not_come_back(hub: Hub, tmp_path: Path) -> None:
    def usage(name: str, months: tuple[str, ...]) -> Path:
        lines = ["Time,ResourceId,Deployment,Model,InputTokens,OutputTokens,Calls"]
        resource = charge()["ResourceId"]
        lines += [f"{month}-05T10:00:00Z,{resource},chat,gpt-4o,10,5,1" for month in months]
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return path

    def held() -> set[str]:
        engine = local_engine()
        snapshot = HubStore(hub.path).snapshot(engine)
        months = {Path(path).parts[-2].partition("=")[2] for path in snapshot.files("usage")}
        engine.close()
        return months

    hub.ingest(usage("one.csv", MONTHS))
    assert held() == set(MONTHS)
    hub.retain(1)
    assert held() == {"2026-03"}
    report = hub.ingest(usage("two.csv", ("2025-12", "2026-03"))).report
    assert held() == {"2026-03"}
    assert [(each.rows, each.example) for each in report.usage_findings] == [(1, "2025-12")]


def test_months_are_counted_back_from_the_newest_of_every_scope(tmp_path: Path) -> None:
    for number, (month, submitted) in enumerate(
        [("2026-01", "2026-02-02"), ("2026-03", "2026-04-02")]
    ):
        scope = f"/providers/microsoft.billing/billingaccounts/{number}"
        write_export(
            tmp_path / "exports", [charge(month=month, BillingAccountId=scope)], scope=scope,
            month=month, submitted=f"{submitted}T06:00:00Z",
        )  # fmt: skip
    hub = Hub(tmp_path / "hub")
    hub.ingest(tmp_path / "exports")
    hub.retain(2)
    assert [row["State"] for row in hub.periods().to_dicts()] == ["dropped", "closed"]
