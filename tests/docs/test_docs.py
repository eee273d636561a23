"""The documentation keeps up with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from builders import charge, write_export

from pertoken import errors
from pertoken.cli.main import app
from pertoken.exports import STATUSES
from pertoken.hub import TABLES
from pertoken.meters import COLUMNS
from pertoken.normalize import OWN_COLUMNS
from pertoken.pipeline.steps import STEPS
from pertoken.quantities import BASES
from pertoken.unit_economics import MatrixQuery, matrix_columns

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
HOW = (ROOT / "docs" / "how-it-works.md").read_text("utf-8")
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
COMMANDS = typer.main.get_command(app)


def _leaves(command: object, path: str = "pertoken") -> dict[str, object]:
    found = {path: command}
    for name, below in getattr(command, "commands", {}).items():
        found |= _leaves(below, f"{path} {name}")
    return found


LEAVES = {path: command for path, command in _leaves(COMMANDS).items() if path != "pertoken"}


@pytest.mark.parametrize("path", sorted(LEAVES))
def test_every_command_and_option_is_in_the_reference(path: str) -> None:
    assert f"`{path}" in REFERENCE
    for parameter in LEAVES[path].params:  # type: ignore[attr-defined]
        for option in parameter.opts:
            if option.startswith("--") and option != "--help":
                assert f"{option}" in REFERENCE, option


@pytest.mark.parametrize(
    "column", sorted({*OWN_COLUMNS, *COLUMNS, *matrix_columns(MatrixQuery())} - {"x_Mix"})
)
def test_every_column_is_in_the_reference(column: str) -> None:
    assert re.search(rf"\b{column}\b", REFERENCE)


@pytest.mark.parametrize("basis", BASES)
def test_every_quantity_basis_is_in_the_reference(basis: str) -> None:
    assert basis in REFERENCE


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_in_the_reference(status: str) -> None:
    assert f"| {status} |" in REFERENCE


@pytest.mark.parametrize("table", [*TABLES, "runs"])
def test_every_table_is_in_how_it_works(table: str) -> None:
    assert f"`{table}`" in HOW


@pytest.mark.parametrize("step", [step.__name__ for step in STEPS])
def test_every_step_is_in_how_it_works(step: str) -> None:
    assert step in HOW


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    ],
)
def test_every_error_is_in_how_it_works(name: str) -> None:
    assert f"`{name}`" in HOW


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_the_floors_in_how_it_works_are_those_of_ci() -> None:
    configured = re.search(
        r"layers = \[(.*?)\]", (ROOT / "pyproject.toml").read_text("utf-8"), re.DOTALL
    )
    assert configured is not None
    floors = [
        line.replace("pertoken.", "") for line in re.findall(r'"([^"]+)"', configured.group(1))
    ]
    assert "\n".join(floors) in HOW


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_export(tmp_path / "exports", [charge()])
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})  # noqa: S102 - our own README
