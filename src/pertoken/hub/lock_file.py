"""The file of a lock: made if absent, changed only as it was read; on disk or in a store.

On disk, what must happen at once runs under a file lock of the system (`_lock.guard`), which dies
with its process. In a store the condition is the ETag; there the file stays, empty, when the lock
is let go, because a store has no delete under a condition.

Source: docs/decisions/0002-hub-commit.md, 0042-hub-in-a-store.md.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pertoken.errors import HubError
from pertoken.stores import StorePath, put_if, read_small

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pertoken.stores import Folder


@dataclass(frozen=True, slots=True)
class Held:
    """What a lock file holds; `tag` changes with it; `modified` is in seconds since 1970."""

    content: bytes
    tag: str
    modified: float


class LockFile(Protocol):
    """A lock file; every change states what it builds on."""

    poll_seconds: float

    def create(self, content: bytes) -> bool:
        """Make it where there is none; False where there is one."""

    def read(self) -> Held | None:
        """What it holds; None where there is none."""

    def replace(self, content: bytes, tag: str) -> bool:
        """Write it anew if it is still as it was read; False when it is not."""

    def remove(self, tag: str) -> bool:
        """Let it go if it is still as it was read; False when it is not."""


def lock_file(path: Folder) -> LockFile:
    """The lock file at a path or URL."""
    return StoredLockFile(path) if isinstance(path, StorePath) else DiskLockFile(path)


class DiskLockFile:
    """A lock file in a local folder."""

    poll_seconds = 0.1

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def create(self, content: bytes) -> bool:
        """As LockFile; raises HubError where nothing can be written."""
        try:
            descriptor = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            return False
        except OSError as error:
            raise self._unwritable(error) from error
        with os.fdopen(descriptor, "wb") as lock:
            lock.write(content)
        return True

    def read(self) -> Held | None:
        """As LockFile."""
        try:
            status = self._path.stat()
            content = self._path.read_bytes() if os.access(self._path, os.R_OK) else b""
        except FileNotFoundError:
            return None
        return Held(content, f"{status.st_ino} {status.st_mtime_ns}", status.st_mtime)

    def replace(self, content: bytes, tag: str) -> bool:
        """As LockFile."""
        with self.guard():
            held = self.read()
            if held is None or held.tag != tag:
                return False
            draft = self._path.with_name(f"{self._path.name}.draft")
            draft.write_bytes(content)
            draft.replace(self._path)
            return True

    def remove(self, tag: str) -> bool:
        """As LockFile; raises HubError where nothing can be removed."""
        try:
            with self.guard():
                held = self.read()
                if held is not None and held.tag == tag:
                    self._path.unlink()
                    return True
        except OSError as error:
            raise self._unwritable(error) from error
        return False

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Keep every other process from replacing or removing the file meanwhile."""
        if sys.platform == "win32":
            # An open file cannot be removed there, and `check` stops a holder that lost its lock.
            yield
            return
        with self._path.with_name("_lock.guard").open("a") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield

    def _unwritable(self, error: OSError) -> HubError:
        return HubError(
            f"The hub cannot be written: {error.strerror} ({self._path}).",
            "Expected a folder in which this user may create files.",
            "Choose another --hub, or change the permissions of the folder.",
        )


class StoredLockFile:
    """A lock file in a store; an empty one counts as none."""

    poll_seconds = 0.5

    def __init__(self, path: StorePath) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def create(self, content: bytes) -> bool:
        """As LockFile; raises StoreError, as every change here."""
        if put_if(self._path, content, None):
            return True
        found = read_small(self._path)
        return found is not None and not found.content and put_if(self._path, content, found.tag)

    def read(self) -> Held | None:
        """As LockFile."""
        found = read_small(self._path)
        if found is None or not found.content:
            return None
        return Held(found.content, found.tag, found.modified.timestamp())

    def replace(self, content: bytes, tag: str) -> bool:
        """As LockFile."""
        return put_if(self._path, content, tag)

    def remove(self, tag: str) -> bool:
        """As LockFile."""
        return put_if(self._path, b"", tag)
