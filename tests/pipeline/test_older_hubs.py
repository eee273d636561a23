"""A hub whose tables lack columns that came later is read and written on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import charge, write_export
from deltalake import DeltaTable, write_deltalake

import pertoken

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
