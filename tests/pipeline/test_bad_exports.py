"""An export that cannot be made: three lines that say why, and nothing written or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import charge, write_export

import pertoken

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Answer

TARGETS = {"powerbi": "out", "parquet": "out", "csv": "out", "xlsx": "out.xlsx", "duckdb": "out.db"}
CASES = {
    "an unknown table": ("csv", ("--table", "chargse"), "'chargse' is no serving table"),
    "an audience without attribution": (
        "powerbi", ("--audience", "search"), "No cost is attributed to a team 'search'",
    ),
    "an audience that could read the hub": (
        "powerbi", ("--audience", "search", "--hub-at", "x"), "does not read the hub",
    ),
    "unknown evidence": ("powerbi", ("--evidence", "guess"), "guess"),
    "a refresh of nothing": ("powerbi", ("--refresh",), "holds no export of pertoken"),
    "a refresh with another audience": (
        "powerbi", ("--refresh", "--audience", "search"), "A refresh takes no other option",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bad-exports")
    pertoken.open(root / "hub").ingest(write_export(root / "exports", [charge()]))
    return root / "hub"


def assert_refused(answer: Answer, words: str, code: int = 2) -> None:
    """The exit code, nothing on stdout, and three lines of which the first says what is wrong."""
    assert answer.code == code, answer.err
    assert answer.out == ""
    lines = answer.err.strip().splitlines()
    assert words in lines[0]
    assert len(lines) == 3


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_exported_is_refused(
    hub: Path, tmp_path: Path, cli: Callable[..., Answer], case: str
) -> None:
    kind, options, words = CASES[case]
    answer = cli("export", kind, tmp_path / TARGETS[kind], *options, hub=hub, format=None)
    assert_refused(answer, words)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("kind", TARGETS)
def test_what_is_there_is_kept(
    hub: Path, tmp_path: Path, cli: Callable[..., Answer], kind: str
) -> None:
    target = tmp_path / TARGETS[kind]
    held = target if target.suffix else target / "mine.txt"
    held.parent.mkdir(exist_ok=True)
    held.write_text("mine")
    words = "is there already" if target.suffix else "is not empty: it holds mine.txt"
    assert_refused(cli("export", kind, target, hub=hub, format=None), words)
    assert held.read_text() == "mine"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [held]


@pytest.mark.parametrize("kind", TARGETS)
def test_an_empty_hub_has_nothing_to_export(
    tmp_path: Path, cli: Callable[..., Answer], kind: str
) -> None:
    answer = cli("export", kind, tmp_path / TARGETS[kind], hub=tmp_path / "hub", format=None)
    assert_refused(answer, "There is no hub at", code=1)
    assert not (tmp_path / TARGETS[kind]).exists()
