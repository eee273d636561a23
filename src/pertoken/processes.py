"""Processes of this host: who this one is, and whether another one still runs."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path


def this_host() -> str:
    """The machine, and the process namespace in it: containers may share a name and count anew."""
    try:
        return f"{socket.gethostname()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def process_runs(process: int) -> bool:
    """Whether a process of this host runs; True where that cannot be known."""
    if sys.platform == "win32" or process <= 0:
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return not _is_zombie(process)


def _is_zombie(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state == "Z"
