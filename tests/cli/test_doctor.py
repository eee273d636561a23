"""`doctor`: what is there, what is not, and the command that mends it."""

from __future__ import annotations

import csv
import io
import tomllib
from pathlib import Path

import pytest
from builders import charge, run_pertoken, write_export

import pertoken
from pertoken.api import health
from pertoken.version import __version__

ROOT = Path(__file__).parents[2]


def rows_of(text: str) -> dict[str, dict[str, str]]:
    return {row["Check"]: row for row in csv.DictReader(io.StringIO(text))}


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    write_export(tmp_path / "exports", [charge()])
    pertoken.open(tmp_path / "hub").ingest(tmp_path / "exports")
    return tmp_path / "hub"


def test_a_sound_hub_and_installation_have_nothing_to_mend(hub: Path) -> None:
    done = run_pertoken("doctor", "-f", "csv", hub=hub)
    rows = rows_of(done.stdout)
    assert done.returncode == 0
    assert rows["pertoken"]["Found"].startswith(__version__)
    assert {"duckdb", "deltalake", "extra web", "extra azure", "memory"} <= set(rows)
    assert {rows[name]["Status"] for name in ("hub", "hub tables", "meters", "writer")} == {"ok"}
    assert [row for row in rows.values() if row["Status"] == "ok" and row["Fix"]] == []


def test_a_hub_that_is_not_there_is_missing_and_says_how_to_make_one(tmp_path: Path) -> None:
    done = run_pertoken("doctor", "-f", "csv", hub=tmp_path / "none")
    row = rows_of(done.stdout)["hub"]
    assert done.returncode == 0
    assert row["Status"] == "missing"
    assert "pertoken ingest" in row["Fix"]
    assert not (tmp_path / "none").exists()


def test_a_lost_file_is_a_problem_and_the_exit_code_says_so(hub: Path) -> None:
    next((hub / "charges").rglob("*.parquet")).unlink()
    done = run_pertoken("doctor", "-f", "csv", hub=hub)
    row = rows_of(done.stdout)["hub"]
    assert done.returncode == 2
    assert row["Status"] == "problem"
    assert "is missing" in row["Found"]


def test_an_extra_that_is_not_installed_names_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = health._version_of
    monkeypatch.setattr(
        health, "_version_of", lambda name: None if name == "typst" else installed(name)
    )
    rows = {row["Check"]: row for row in health.health(tmp_path / "none").to_dicts()}
    assert rows["extra reports"]["Status"] == "missing"
    assert "typst" in str(rows["extra reports"]["Found"])
    assert rows["extra reports"]["Fix"] == "pip install 'pertoken[reports]'"
    assert rows["extra web"]["Status"] == "ok"


def test_every_extra_is_checked() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(health.EXTRAS) == set(declared["optional-dependencies"])


def test_a_notebook_without_altair_is_told_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = {"notebook": ["altair", "vl-convert-python"]}
    monkeypatch.setattr(health, "_packages_of", lambda extra: packages.get(extra, []))
    monkeypatch.setattr(health, "_version_of", lambda name: None if name == "altair" else "1")
    rows = {row["Check"]: row for row in health.health(tmp_path / "none").to_dicts()}
    assert rows["extra notebook"]["Status"] == "missing"
    assert rows["extra notebook"]["Fix"] == "pip install 'pertoken[notebook]'"
