"""The house keeps its own rules: sizes, doors, light imports."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "pertoken").rglob("*.py"))
DOORS = {"cli/main.py", "web/app.py", "web/errors.py"}
HEAVY = (
    "duckdb",
    "deltalake",
    "obstore",
    "pyarrow",
    "pyspark",
    "sqlglot",
    "fastapi",
    "rich",
    "xlsxwriter",
)


def test_no_file_grows_past_600_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in [*SOURCES, *(ROOT / "tests").rglob("*.py")]
        if (lines := len(path.read_text("utf-8").splitlines())) > 600
    }
    assert long == {}


def test_every_test_file_has_a_name_of_its_own() -> None:
    """Test folders are no packages: pytest refuses two files of one name."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, times in names.items() if times > 1] == []


def test_only_the_doors_catch_what_nobody_foresaw() -> None:
    catching = {
        path.relative_to(ROOT / "src" / "pertoken").as_posix()
        for path in SOURCES
        if re.search(r"except (Exception|BaseException)\b|except:", path.read_text("utf-8"))
    }
    assert catching <= DOORS


def _loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_importing_pertoken_loads_no_engine_and_no_web_stack() -> None:
    assert not _loaded("import pertoken") & {*HEAVY, "typer"}


def test_the_command_line_starts_without_what_help_does_not_need() -> None:
    assert not _loaded("import pertoken.cli") & set(HEAVY)


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_is_left_to_do(word: str) -> None:
    assert not [path for path in SOURCES if re.search(rf"\b{word}\b", path.read_text("utf-8"))]


def test_locked_requirements_name_no_registry() -> None:
    for lock in [
        *(ROOT / "requirements").glob("*.txt"),
        *ROOT.glob("frontend/package-lock.json"),
        ROOT / "tests/stores/azurite/package-lock.json",
    ]:
        assert not re.search(
            r"--(extra-)?index-url|--find-links|\"resolved\"", lock.read_text("utf-8")
        )
