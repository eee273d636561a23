"""Other Pythons of this machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

PYENV = Path.home() / ".pyenv" / "versions"


def found_python(version: str) -> str | None:
    """An interpreter that starts: on the path (a shim may not), or one that pyenv keeps."""
    on_path = shutil.which(f"python{version}")
    kept = [str(path) for path in sorted(PYENV.glob(f"{version}.*/bin/python"))]
    for python in ([on_path] if on_path else []) + kept:
        if subprocess.run([python, "--version"], capture_output=True, check=False).returncode == 0:
            return python
    return None
