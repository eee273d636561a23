"""One writer at a time: a lock file made by put-if-absent, with an owner and an expiry.

The file holds host, process and expiry. A lock is stale when it has expired, or when its process on
this host is gone (a killed ingest must not stop the next one); a stale lock is taken over by
renaming it away first, which only one process can do. The holder renews the expiry from a thread.

Source: docs/decisions/0002-hub-commit.md.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pertoken.errors import HubError

if TYPE_CHECKING:
    from types import TracebackType

LEASE_SECONDS = 120.0
_RENEW_SECONDS = 20.0
_POLL_SECONDS = 0.1


class HubLock:
    """The right to write to a hub, held between `with` and its end."""

    def __init__(self, path: Path, *, wait_seconds: float = 60.0) -> None:
        self._path = path
        self._wait_seconds = wait_seconds
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._released = threading.Event()
        self._renewal = threading.Thread(target=self._renew, name="hub-lock", daemon=True)

    def __enter__(self) -> Self:
        """Take the lock, waiting for another holder; raises HubError when it does not let go."""
        deadline = time.monotonic() + self._wait_seconds
        while not self._taken():
            self._remove_when_stale()
            if time.monotonic() > deadline:
                raise HubError(
                    f"The hub is being written by {self._holder()} ({self._path}).",
                    f"Expected it to be free within {self._wait_seconds:g} seconds: "
                    "a hub has one writer at a time.",
                    "Wait for the other ingest, or delete the lock file if its machine is gone.",
                )
            time.sleep(_POLL_SECONDS)
        self._renewal.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the lock go."""
        self._released.set()
        self._renewal.join()
        if self._read().get("owner") == self._owner:
            self._path.unlink(missing_ok=True)

    def check(self) -> None:
        """Raise HubError when the lock was lost, as after a long sleep of the machine."""
        if self._read().get("owner") != self._owner:
            raise HubError(
                f"The lock of the hub was lost to {self._holder()} ({self._path}).",
                "Expected the lock to be held until the end of the ingest.",
                "Nothing was committed; run the ingest again.",
            )

    def _taken(self) -> bool:
        try:
            descriptor = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            return False
        except OSError as error:
            raise HubError(
                f"The hub cannot be written: {error.strerror} ({self._path}).",
                "Expected a folder in which this user may create files.",
                "Choose another --hub, or change the permissions of the folder.",
            ) from error
        with os.fdopen(descriptor, "w", encoding="utf-8") as lock:
            lock.write(self._content())
        return True

    def _content(self) -> str:
        host, process, _ = self._owner.rsplit(":", 2)
        expires = time.time() + LEASE_SECONDS
        return json.dumps(
            {"owner": self._owner, "host": host, "process": int(process), "expires": expires}
        )

    def _read(self) -> dict[str, object]:
        try:
            content = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _holder(self) -> str:
        content = self._read()
        return f"process {content.get('process', '?')} on {content.get('host', '?')}"

    def _remove_when_stale(self) -> None:
        content = self._read()
        if not content:
            try:
                # Not yet written, or cut off: the age of the file decides.
                stale = time.time() - self._path.stat().st_mtime > LEASE_SECONDS
            except OSError:
                return
        else:
            stale = float(str(content.get("expires", 0))) < time.time() or (
                content.get("host") == socket.gethostname()
                and not _process_runs(int(str(content.get("process", 0))))
            )
        if stale:
            grave = self._path.with_name(f"{self._path.name}.{uuid.uuid4().hex}")
            try:
                self._path.rename(grave)
            except OSError:
                return
            grave.unlink(missing_ok=True)

    def _renew(self) -> None:
        while not self._released.wait(_RENEW_SECONDS):
            if self._read().get("owner") != self._owner:
                return
            draft = self._path.with_name(f"{self._path.name}.{uuid.uuid4().hex}")
            draft.write_text(self._content(), "utf-8")
            draft.replace(self._path)


def _process_runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return not _is_zombie(process)


def _is_zombie(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state == "Z"
