"""The runs of the northwind tenant, decided as its truth says."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

import pytest

from pertoken.engine import Engine, local_engine
from pertoken.exports import ExportRun, KnownRun, check_run, decide, discover, fingerprint

TENANT = Path(__file__).parents[2].parent / "shared" / "tenants" / "northwind"
FOCUS_STATUS = {
    "use": "applied",
    "superseded": "superseded",
    "duplicate": "duplicate",
    "refuse": "refused",
    "overlap": "overlapping",
    "reference": "reference",
}

pytestmark = pytest.mark.skipif(
    not TENANT.is_dir(), reason="the northwind tenant (../shared) is not beside the repository"
)


def known_run(run: ExportRun, engine: Engine) -> KnownRun:
    """The run with the subscriptions of its rows, as an ingest learns them."""
    fault = check_run(run)
    return KnownRun(
        run_id=run.run_id,
        export_name=run.export_name,
        dataset=run.dataset,
        dataset_version=run.dataset_version,
        scope=run.scope,
        month=run.month,
        start=run.start,
        end=run.end,
        submitted_time=run.submitted_time,
        rows=run.row_count,
        fingerprint="" if fault else fingerprint(run),
        fault=fault,
        sub_account_ids=None
        if fault or run.dataset != "FocusCost"
        else sub_account_ids(run, engine),
        path=run.path,
    )


def sub_account_ids(run: ExportRun, engine: Engine) -> frozenset[str]:
    view = engine.view_parquet if run.file_format == "parquet" else engine.view_csv
    view("charges", [part.path for part in run.parts])
    rows = engine.rows("SELECT DISTINCT lower(SubAccountId) FROM charges")
    return frozenset(str(row[0]) for row in rows if row[0] is not None)


def test_every_run_of_northwind_is_decided_as_its_truth_says() -> None:
    """Native exports are decided where their charges are read: tests/pipeline."""
    with (TENANT / "truth" / "runs.csv").open(encoding="utf-8", newline="") as table:
        truth = {row["run_id"]: row for row in csv.DictReader(table)}
    discovery = discover([TENANT / "exports"])
    assert discovery.problems == ()
    engine = local_engine(threads=1)
    runs = [known_run(run, engine) for run in discovery.runs]
    engine.close()
    for seed in range(3):
        Random(seed).shuffle(runs)  # noqa: S311 - an order, not a secret
        decisions = {key[0]: decision for key, decision in decide(runs).items()}
        for run_id, row in truth.items():
            if row["type"] in ("FocusCost", "PriceSheet"):
                assert decisions[run_id].status == FOCUS_STATUS[row["status"]], row["why"]
        assert set(decisions) == set(truth)


def test_the_manifests_of_northwind_are_read_as_its_truth_says() -> None:
    with (TENANT / "truth" / "runs.csv").open(encoding="utf-8", newline="") as table:
        truth = {row["run_id"]: row for row in csv.DictReader(table)}
    for run in discover([TENANT / "exports"]).runs:
        row = truth[run.run_id]
        assert run.export_name == row["export"]
        assert (run.dataset, run.dataset_version) == (row["type"], row["version"])
        assert run.month == row["month"]
        assert (run.start.isoformat(), (run.end - run.start).days) == (
            row["start"],
            int(row["end"][8:]) - int(row["start"][8:]) + 1,
        )
        assert (run.row_count, len(run.parts)) == (int(row["rows"]), int(row["parts"]))
