"""A backfill commits its months newest first; killed anywhere it keeps what it has committed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from builders import charge, write_export

from pertoken.api import Hub
from pertoken.engine import local_engine
from pertoken.hub import Hub as HubStore
from pertoken.pipeline.ingest import ingest

KILLING = Path(__file__).parent / "killing.py"
MONTHS = ("2025-11", "2025-12", "2026-01")


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three months, of which the middle one was restated, and a run that is refused."""
    folder = tmp_path_factory.mktemp("exports")
    for month in MONTHS:
        rows = [charge(month=month), charge(month=month, day=2, SkuMeter="gpt 4o 0513 Outp Tokens")]
        write_export(folder, rows, month=month, submitted="2026-02-02T06:00:00Z")
    write_export(
        folder, [charge(month="2025-12", tokens=7)], month="2025-12",
        submitted="2026-02-03T06:00:00Z",
    )  # fmt: skip
    broken = write_export(folder, [charge(month="2025-10")], month="2025-10")
    next(broken.glob("part*")).unlink()
    return folder


def figures(hub: Path, months: tuple[str, ...] = MONTHS) -> list[dict[str, object]]:
    """What people see of some months."""
    read = Hub(hub)
    if not HubStore(hub).exists():
        return []
    answers = (
        read.periods(),
        read.matrix(["BillingMonth", "SkuMeter"]),
        read.matrix(["BillingMonth", "Tags.team"], all_charges=True),
        read.runs(),
    )
    rows = [row for answer in answers for row in answer.to_dicts()]
    read.close()
    return [row for row in rows if row["BillingMonth"] in (*months, "2025-10")]


def backfill(hub: Path, source: Path) -> list[str]:
    """An ingest that commits every month; gives the months written, in their order."""
    engine = local_engine()
    report = ingest(engine, HubStore(hub), [source], batch_bytes=1)
    engine.close()
    assert [run.month for run in report.runs] == ["2025-10", *MONTHS[:2], *MONTHS[1:]]
    return [month.month for month in report.written]


def test_months_are_written_newest_first_and_the_hub_is_that_of_one_commit(
    tmp_path: Path, exports: Path
) -> None:
    Hub(tmp_path / "whole").ingest(exports)
    assert HubStore(tmp_path / "whole").snapshot(local_engine()).runs_version == 0
    assert backfill(tmp_path / "hub", exports) == ["2026-01", "2025-12", "2025-11"]
    assert HubStore(tmp_path / "hub").snapshot(local_engine()).runs_version == 3
    assert figures(tmp_path / "hub") == figures(tmp_path / "whole")
    mark = HubStore(tmp_path / "hub").mark()
    assert backfill(tmp_path / "hub", exports) == []
    assert HubStore(tmp_path / "hub").mark() == mark


@pytest.mark.parametrize("call", [3, 7, 9, 12, 14, 16])
def test_a_killed_backfill_keeps_its_newest_months_and_is_completed(
    tmp_path: Path, exports: Path, call: int
) -> None:
    hub = tmp_path / "hub"
    Hub(tmp_path / "whole").ingest(exports)
    command = [sys.executable, str(KILLING), str(call), "before", "backfill", str(exports)]
    ended = subprocess.run([*command, str(hub)], check=False, capture_output=True, timeout=120)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    held = figures(hub)
    months = {row["BillingMonth"] for row in held if "State" in row}
    assert months == set(sorted(MONTHS)[3 - len(months) :])
    whole = figures(tmp_path / "whole", tuple(months))
    assert held == [row for row in whole if row["BillingMonth"] in months]
    assert len(backfill(hub, exports)) == 3 - len(months)
    assert figures(hub) == figures(tmp_path / "whole")
