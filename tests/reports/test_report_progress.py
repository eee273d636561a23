"""Progress is drawn where a person watches, and nowhere else."""

import io

import pytest

from pertoken.reports.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_file_gets_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(100, "Reading") as work:
        work.advance(bytes=50, rows=2)
        work.note("part 1")
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_the_title_the_rows_and_the_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "160")
    stream = Terminal()
    with progress(2_000_000, "Reading [2026-01]", stream=stream) as work:
        work.advance(bytes=1_000_000, rows=1200)
        work.advance(rows=34)
        work.note("part\x1b1")
    drawn = stream.getvalue()
    assert "Reading [2026-01]" in drawn
    assert "1,234 rows" in drawn
    assert "1.0/2.0 MB" in drawn
    assert "part 1" in drawn
