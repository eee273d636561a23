"""Local copies of files of a store, within a limit: those used longest ago go first.

Three uses, one rule. `hub_cache` keeps the data files of a hub, which never change, so that the
next command reads them from disk. `kept_files` keeps files that a user named, by their ETag.
`run_scratch` holds the parts of runs while one process reads them, and goes with it.

Source: docs/decisions/0040-object-stores.md.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.errors import ConfigError
from pertoken.processes import process_runs, this_host
from pertoken.stores.client import download

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.stores.client import StoreFile

FOLDER_VARIABLE, LIMIT_VARIABLE = "PERTOKEN_CACHE", "PERTOKEN_CACHE_GB"
DEFAULT_LIMIT_GB = 20.0
IN_USE_SECONDS = 6 * 3600.0
"""For how long a file that another process may be reading is not removed."""

_SCRATCH = "scratch-"


@dataclass(frozen=True, slots=True)
class FileCache:
    """A folder of copies, of `limit` bytes at most beside those in use."""

    folder: Path
    limit: int
    in_use_seconds: float

    def fetch(self, wanted: Sequence[tuple[StoreFile, Path]]) -> None:
        """Make sure that files lie at paths of this cache; they are not removed meanwhile.

        A copy has the time of the file in the store as its own. Raises: StoreError.
        """
        missing = [(file, path) for file, path in wanted if not path.is_file()]
        paths = {path for _, path in wanted}
        if missing:
            self._make_room(sum(file.size for file, _ in missing), keep=paths)
            download(missing)
        now = time.time()
        for file, path in wanted:
            os.utime(path, (now, file.modified.timestamp()))

    def path_of(self, *key: str) -> Path:
        """A folder of this cache for what has a key."""
        return self.folder / sha256("\n".join(key).encode()).hexdigest()[:32]

    def _make_room(self, needed: int, *, keep: set[Path]) -> None:
        """Remove files, the one used longest ago first, until `needed` bytes fit."""
        copies = []
        for path in self.folder.rglob("*"):
            with suppress(FileNotFoundError):
                if path.is_file():
                    copies.append((path.stat().st_atime, path.stat().st_size, path))
        total = needed + sum(size for _, size, _ in copies)
        latest = time.time() - self.in_use_seconds
        for used, size, path in sorted(copies):
            if total <= self.limit:
                return
            if path not in keep and used <= latest:
                path.unlink(missing_ok=True)
                total -= size


def hub_cache() -> FileCache:
    """The copies of data files of hubs."""
    return FileCache(_root() / "hubs", _limit(), IN_USE_SECONDS)


def kept_files(files: Sequence[StoreFile]) -> list[Path]:
    """Local copies of files that a user named, each known by its ETag."""
    cached = FileCache(_root() / "files", _limit(), IN_USE_SECONDS)
    paths = [
        cached.path_of(str(file.path), file.tag, str(file.size)) / file.path.name for file in files
    ]
    cached.fetch(list(zip(files, paths, strict=True)))
    return paths


@cache
def run_scratch() -> FileCache:
    """The parts of runs that this process reads; removed at its end, or by the next process."""
    root = _root()
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = f"{_SCRATCH}{sha256(this_host().encode()).hexdigest()[:8]}-"
    for left in root.glob(f"{own}*"):
        number = left.name.removeprefix(own).partition("-")[0]
        if number.isdigit() and not process_runs(int(number)):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{own}{os.getpid()}-", dir=root))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return FileCache(folder, _limit(), 0.0)


def _root() -> Path:
    stated = os.environ.get(FOLDER_VARIABLE)
    if stated:
        return Path(stated).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "pertoken" / "stores"


def _limit() -> int:
    stated = os.environ.get(LIMIT_VARIABLE, "").strip()
    try:
        gigabytes = float(stated) if stated else DEFAULT_LIMIT_GB
        return int(gigabytes * 1e9)
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            f"{LIMIT_VARIABLE} is '{stated}'.",
            f"Expected a number of gigabytes, such as {DEFAULT_LIMIT_GB:g}.",
            f"Correct it, or unset it for {DEFAULT_LIMIT_GB:g}.",
        ) from error
