"""What is handed out: checked archives, a bill of materials, the same demo on every Python."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pythons import found_python

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dist() -> Path:
    binaries = Path(sys.executable).parent
    done = subprocess.run(
        [ROOT / "scripts" / "make-dist.sh", binaries], capture_output=True, text=True, check=False
    )
    if "error sending request" in done.stderr or "dns error" in done.stderr:
        pytest.skip("the package registry cannot be reached")
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "dist"


def test_the_bill_of_materials_names_what_is_installed_and_nothing_of_the_tests(dist: Path) -> None:
    [bom] = dist.glob("*.cdx.json")
    names = {each["name"] for each in json.loads(bom.read_text("utf-8"))["components"]}
    assert {"duckdb", "deltalake", "fastapi", "mcp", "typst", "obstore"} <= names
    assert not {"pytest", "ruff", "hypothesis", "moto"} & names


def test_the_notes_of_the_release_are_the_newest_section_of_the_changelog(dist: Path) -> None:
    [notes] = dist.glob("RELEASE-*.md")
    text = notes.read_text("utf-8")
    assert text.startswith("# pertoken ")
    assert "### Added" in text
    assert "\n## " not in text


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_the_wheel_gives_the_same_demo_on_another_python(
    dist: Path, tmp_path: Path, version: str
) -> None:
    uv, found = Path(sys.executable).with_name("uv"), found_python(version)
    if found is None:
        pytest.skip(f"Python {version} is not on this machine")
    python = tmp_path / "venv" / "bin" / "python"
    [wheel] = dist.glob("*.whl")
    subprocess.run([uv, "venv", "-q", "--python", found, tmp_path / "venv"], check=True)
    subprocess.run([uv, "pip", "install", "-q", "--python", python, wheel], check=True)
    outputs = [
        subprocess.run(
            [interpreter, "-m", "pertoken", "demo", "--no-serve", "-f", "csv", "--hub",
             tmp_path / name],
            capture_output=True, text=True, check=True, cwd=tmp_path,
        ).stdout
        for interpreter, name in ((python, "other"), (Path(sys.executable), "this"))
    ]  # fmt: skip
    assert outputs[0] == outputs[1]
