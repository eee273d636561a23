"""The real server as a process, and clients of it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Served:
    """A running server: its address, and what it said on stderr."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address
        self.talk: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self.talk.extend(self.process.stderr)

    def client(self, **options: object) -> httpx.Client:
        """A client with a cookie jar of its own, which follows redirects."""
        return httpx.Client(
            base_url=self.address, follow_redirects=True, timeout=60, trust_env=False,
            **options,  # type: ignore[arg-type]
        )  # fmt: skip


@contextmanager
def serving(hub: Path, *arguments: str, **environment: str) -> Iterator[Served]:
    """`pertoken serve` on a free port of loopback until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pertoken", "serve", "--hub", str(hub), "--port", "0", "--no-open",
         *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**{name: value for name, value in os.environ.items()
                if not name.startswith("PERTOKEN_")}, **environment},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not address:
            assert process.stderr is not None
            raise AssertionError(process.stderr.read())
        yield Served(process, address)
    finally:
        process.terminate()
        process.wait(10)


def copy_to_write(hub: Path, folder: Path) -> Path:
    """A copy of a hub that tests only read, to write to."""
    copied = folder / "hub"
    shutil.copytree(hub, copied)
    for path in (copied, *copied.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copied


def tokens_of(grants: dict[str, dict[str, Any]]) -> str:
    """PERTOKEN_WEB_TOKENS of people by name; the token of each is `token-NAME`."""
    return json.dumps(
        [
            {"name": name, "sha256": hashlib.sha256(f"token-{name}".encode()).hexdigest(), **grant}
            for name, grant in grants.items()
        ]
    )
