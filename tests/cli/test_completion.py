"""The shell completes commands and options."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CASES = (("pertoken mat", 1, "matrix"), ("pertoken export du", 2, "duckdb"),
         ("pertoken matrix --cur", 2, "--currency"))  # fmt: skip

_RUN = "import sys; sys.argv = ['pertoken']; from pertoken.cli import main; main()"


def asked(**variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _RUN],
        capture_output=True, text=True, check=False, env={**os.environ, **variables},
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize(("words", "place", "completed"), CASES)
def test_a_shell_is_told_what_may_follow(words: str, place: int, completed: str) -> None:
    found = asked(_PERTOKEN_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(place))
    assert completed in found.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed_for_each_shell(shell: str) -> None:
    assert "_PERTOKEN_COMPLETE" in asked(_PERTOKEN_COMPLETE=f"source_{shell}")
