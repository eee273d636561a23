"""The command line in this process, with its exit code: quicker than a process for each case."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from builders import csv_rows

from pertoken.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, str]]:
        """The CSV on stdout."""
        return csv_rows(self.out)


@pytest.fixture
def cli(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Answer]:
    """Run `pertoken` with arguments on the hub `tmp_path / "hub"`; format None asks for none."""
    monkeypatch.setenv("COLUMNS", "240")

    def run(
        *arguments: object,
        hub: Path = tmp_path / "hub",
        format: str | None = "csv",  # noqa: A002
    ) -> Answer:
        words = [str(each) for each in arguments]
        shown = [] if format is None else ["--format", format]
        monkeypatch.setattr(sys, "argv", ["pertoken", *words, "--hub", str(hub), *shown])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Answer(int(ended.value.code or 0), printed.out, printed.err)

    return run
