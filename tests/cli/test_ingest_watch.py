"""`ingest --watch`: a round after the other, an error ends a round only, SIGTERM ends it well."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from builders import charge, run_pertoken, write_export

from pertoken.api import Hub
from pertoken.engine import local_engine
from pertoken.hub import Hub as HubStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that watches the folder of exports, a round every 0.3 seconds."""
    (tmp_path / "exports").mkdir()
    command = [sys.executable, "-m", "pertoken", "ingest", str(tmp_path / "exports")]
    process = subprocess.Popen(
        [*command, "--watch", "0.005", "--wait", "0", "--hub", str(tmp_path / "hub")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield process
    process.kill()
    process.communicate()


def line_with(process: subprocess.Popen[str], words: str) -> str:
    """The next line on stderr that holds some words; fails where the process ends before."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(words)


def test_every_round_ingests_what_came_and_sigterm_ends_it_with_0(
    tmp_path: Path, watching: subprocess.Popen[str]
) -> None:
    line_with(watching, "0 runs found, 0 months written")
    write_export(tmp_path / "draft", [charge()])
    (tmp_path / "draft").rename(tmp_path / "exports" / "one")
    line_with(watching, "1 runs found, 1 months written")
    line_with(watching, "1 runs found, 0 months written")
    watching.send_signal(signal.SIGTERM)
    out, err = watching.communicate(timeout=60)
    assert (watching.returncode, out) == (0, "")
    assert "Stopped; the hub is as the last commit left it." in err
    assert "Traceback" not in err
    assert not (tmp_path / "hub" / "_lock.json").exists()
    assert len(Hub(tmp_path / "hub").runs()) == 1


def test_a_round_that_fails_is_said_and_followed_by_another(
    tmp_path: Path, watching: subprocess.Popen[str]
) -> None:
    write_export(tmp_path / "draft", [charge()])
    (tmp_path / "draft").rename(tmp_path / "exports" / "one")
    line_with(watching, "1 runs found, 0 months written")
    engine = local_engine(threads=1)
    with HubStore(tmp_path / "hub").writer(engine):
        line_with(watching, "nothing was ingested; the next round tries again")
    line_with(watching, "1 runs found, 0 months written")
    engine.close()
    assert watching.poll() is None


@pytest.mark.parametrize(
    ("options", "words"),
    [(("--watch", "0"), "cannot be waited"), (("--watch", "5", "--plan"), "--watch and --plan")],
)
def test_a_watch_that_cannot_be_is_refused(tmp_path: Path, options: tuple, words: str) -> None:
    answer = run_pertoken("ingest", tmp_path, *options, hub=tmp_path / "hub")
    assert answer.returncode == 2
    assert words in answer.stderr
    assert len(answer.stderr.splitlines()) == 3
