"""What the pages show is what comes out, over the hub of the bundled tenant."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import typer
from console import Block, Command, blocks, matches

from pertoken.cli.main import app

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = blocks()
OWN = [(block, each) for block in BLOCKS for each in block.commands if each.words[0] == "pertoken"]
SHOWN = [block for block in BLOCKS if any(command.shown for command in block.commands)]


def _name(block: Block) -> str:
    return f"{block.page}: {block.commands[0].text[:60]}"


@pytest.mark.parametrize("command", [each for _, each in OWN], ids=[
    f"{block.page}: {each.text[:60]}" for block, each in OWN
])  # fmt: skip
def test_a_command_on_a_page_exists_with_its_options(command: Command) -> None:
    words = command.words[1:]
    group = typer.main.get_command(app)
    while words and hasattr(group, "commands") and words[0] in group.commands:
        group, words = group.commands[words[0]], words[1:]
    assert group.name != "pertoken", command.text
    known = {option for parameter in group.params for option in parameter.opts}
    given = {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"}
    assert given <= known


@pytest.mark.parametrize("block", SHOWN, ids=_name)
def test_a_page_shows_what_is_printed(block: Block, demo_hub: Path, tmp_path: Path) -> None:
    """Commands that write get a hub of their own."""
    hub = demo_hub
    if not block.only_reads:
        hub = tmp_path / "hub"
        shutil.copytree(demo_hub, hub)
    (tmp_path / ".cache" / "pertoken").mkdir(parents=True)
    (tmp_path / ".cache" / "pertoken" / "demo-hub").symlink_to(hub)
    for command in block.commands:
        words = [word.replace("~", str(tmp_path)) for word in command.words]
        done = subprocess.run(
            [sys.executable, "-m", *words], capture_output=True, text=True, check=False,
            cwd=tmp_path, env={**os.environ, "PERTOKEN_HUB": str(hub), "COLUMNS": "100"},
        )  # fmt: skip
        assert done.returncode in (0, 2), done.stderr
        if command.shown:
            assert matches(command.shown, done.stdout) is None
