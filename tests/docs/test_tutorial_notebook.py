"""The tutorial notebook runs on the bundled tenant, and is kept without outputs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbclient import NotebookClient

if TYPE_CHECKING:
    import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "tutorial.ipynb"
CELLS = nbformat.read(NOTEBOOK, as_version=4).cells


def test_the_notebook_is_kept_without_outputs() -> None:
    for cell in CELLS:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


def test_every_cell_runs_and_shows_tables_and_charts(
    demo_hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERTOKEN_HUB", str(demo_hub))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": os.fspath(tmp_path)}}) \
        .execute()  # fmt: skip
    shown = [
        output.data
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "data" in output
    ]
    tables = [data["text/html"] for data in shown if "<table" in data.get("text/html", "")]
    charts = [data for data in shown if "<svg" in data.get("image/svg+xml", "")]
    assert len(tables) == 3
    assert len(charts) == 3
    assert ">USD</span>" in tables[1]
