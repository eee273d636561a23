"""A hub of older software is read, brought up to this format and written on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from builders import charge, write_export
from deltalake import DeltaTable, write_deltalake

import pertoken
from pertoken.engine import local_engine
from pertoken.hub import HUB_FORMAT
from pertoken.hub import Hub as HubStore
from pertoken.hub.migrations import MIGRATIONS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("column", ["ConsumedUnit", "x_SkuPlanName"])
def test_meters_without_a_later_column_are_read_again(tmp_path: Path, column: str) -> None:
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(write_export(tmp_path / "january", [charge()]))
    hub.close()
    folder = tmp_path / "hub" / "meters"
    version = DeltaTable(folder).version()
    older = DeltaTable(folder).to_pyarrow_table().drop_columns([column])
    for path in (folder / "_delta_log").iterdir():
        path.unlink()
    for _ in range(version + 1):
        write_deltalake(folder, older, mode="overwrite", schema_mode="overwrite")
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(
        write_export(
            tmp_path / "february", [charge(month="2026-02", SkuMeter="gpt 4.1 Outp glbl Tokens")],
            month="2026-02", submitted="2026-03-01T06:00:00Z",
        )
    )  # fmt: skip
    assert len(hub.meters()) == 2
    assert column in DeltaTable(folder).to_pyarrow_table().column_names


def as_format(hub: Path, older: int) -> None:
    """Write a hub's last commit as software of an older format had it, and its tables with it."""
    folder = hub / "runs"
    runs = DeltaTable(folder).to_pyarrow_table()
    commit = json.loads(next(text for text in runs["Commit"].to_pylist() if text))
    commit["HubFormat"] = older
    if older < 2:
        del commit["DroppedBefore"]
        meters = DeltaTable(hub / "meters").to_pyarrow_table()
        fewer = meters.drop_columns(["ConsumedUnit", "x_SkuPlanName"])
        write_deltalake(hub / "meters", fewer, mode="overwrite", schema_mode="overwrite")
        commit["TableVersions"]["meters"] = DeltaTable(hub / "meters").version()
    texts = [None if text is None else json.dumps(commit) for text in runs["Commit"].to_pylist()]
    place = runs.column_names.index("Commit")
    write_deltalake(folder, runs.set_column(place, "Commit", pa.array(texts)), mode="overwrite")


def test_every_format_before_this_one_has_a_migration() -> None:
    assert sorted(MIGRATIONS) == list(range(1, HUB_FORMAT))


@pytest.mark.parametrize("older", range(1, HUB_FORMAT))
def test_a_hub_of_an_older_format_is_read_as_it_is_and_written_on_as_this_one(
    tmp_path: Path, older: int
) -> None:
    hub, path = pertoken.open(tmp_path / "hub"), tmp_path / "hub"
    source = write_export(tmp_path / "january", [charge()])
    hub.ingest(source)
    as_format(path, older)
    before = (hub.periods().to_dicts(), hub.matrix(["SkuMeter"]).to_dicts())
    engine = local_engine()
    assert HubStore(path).snapshot(engine).hub_format == older
    hub.ingest(source)
    snapshot = HubStore(path).snapshot(engine)
    assert snapshot.hub_format == HUB_FORMAT
    assert snapshot.view(engine, "meters")
    assert {"ConsumedUnit", "x_SkuPlanName"} <= set(engine.columns("meters"))
    assert (hub.periods().to_dicts(), hub.matrix(["SkuMeter"]).to_dicts()) == before
    mark = HubStore(path).mark()
    hub.ingest(source)
    assert HubStore(path).mark() == mark
