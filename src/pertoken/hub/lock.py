"""One writer at a time: a lock file made by put-if-absent, with an owner and an expiry.

The file holds host, process and expiry. A lock is stale when it has expired, or when its process on
this host is gone (a killed ingest must not stop the next one). A stale lock is removed, and a lock
is renewed or released, only under a file lock of the system (`_lock.guard`), which dies with its
process: so nobody removes a lock that was taken since it was judged. The holder renews the expiry
from a thread. A holder that lost its lock (a machine that slept) is stopped by `check`, and at last
by the commit itself, which names the version of `runs` that it replaces.

Source: docs/decisions/0002-hub-commit.md.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from pertoken.errors import HubError
from pertoken.processes import process_runs, this_host

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

LEASE_SECONDS = 120.0
RENEW_SECONDS = 20.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who holds a lock, as its file says; `expires` is in seconds since 1970."""

    owner: str
    host: str
    process: int
    expires: float

    @classmethod
    def of(cls, text: str) -> _Holder | None:
        """The holder that a lock file names; None where the file is cut or says something else."""
        try:
            content = json.loads(text)
            return cls(
                str(content["owner"]),
                str(content["host"]),
                int(content["process"]),
                float(content["expires"]),
            )
        except (ValueError, TypeError, KeyError, OverflowError):
            return None

    def is_gone(self) -> bool:
        """Whether the lease has ended, or the process is known to have ended."""
        here = self.host == this_host()
        return self.expires < time.time() or (here and not process_runs(self.process))


class HubLock:
    """The right to write to a hub, held between `with` and its end."""

    def __init__(
        self, path: Path, *, wait_seconds: float = 60.0, renew_seconds: float = RENEW_SECONDS
    ) -> None:
        self._path = path
        self._wait_seconds = wait_seconds
        self._renew_seconds = renew_seconds
        self._owner = uuid.uuid4().hex
        self._released = threading.Event()
        self._renewal = threading.Thread(target=self._renew, name="hub-lock", daemon=True)

    def __enter__(self) -> Self:
        """Take the lock, waiting for another holder; raises HubError when it does not let go."""
        deadline = time.monotonic() + self._wait_seconds
        while not self._taken():
            self._remove_when_stale()
            if time.monotonic() > deadline:
                raise HubError(
                    f"The hub is being written by {self._holder_words()} ({self._path}).",
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
        with suppress(OSError), self._guard():
            if self._is_mine():
                self._path.unlink(missing_ok=True)

    def is_held(self) -> bool:
        """Whether some writer holds the lock now; one left by a writer that is gone is not held."""
        try:
            return self._path.exists() and not self._is_stale()
        except FileNotFoundError:
            return False

    def check(self) -> None:
        """Raise HubError when the lock was lost, as after a long sleep of the machine."""
        if not self._is_mine():
            raise HubError(
                f"The lock of the hub was lost to {self._holder_words()} ({self._path}).",
                "Expected the lock to be held until the end of the ingest.",
                "Nothing was committed; run the ingest again.",
            )

    def _taken(self) -> bool:
        try:
            descriptor = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            return False
        except OSError as error:
            raise self._unwritable(error) from error
        with os.fdopen(descriptor, "w", encoding="utf-8") as lock:
            lock.write(self._content())
        return True

    def _content(self) -> str:
        expires = time.time() + LEASE_SECONDS
        return json.dumps(asdict(_Holder(self._owner, this_host(), os.getpid(), expires)))

    def _read(self) -> _Holder | None:
        try:
            return _Holder.of(self._path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            return None

    def _is_mine(self) -> bool:
        holder = self._read()
        return holder is not None and holder.owner == self._owner

    def _holder_words(self) -> str:
        holder = self._read()
        if holder is None:
            return "somebody whose lock file cannot be read"
        return f"process {holder.process} on {holder.host.partition(' ')[0]}"

    def _is_stale(self) -> bool:
        holder = self._read()
        if holder is not None:
            return holder.is_gone()
        # Not yet written, or cut off: the age of the file decides.
        return time.time() - self._path.stat().st_mtime > LEASE_SECONDS

    def _remove_when_stale(self) -> None:
        try:
            if self._is_stale():
                with self._guard():
                    if self._is_stale():
                        self._path.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unwritable(error) from error

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """Keep every other process from judging, renewing or removing the lock meanwhile."""
        if sys.platform == "win32":
            # An open file cannot be removed there, and `check` stops a holder that lost its lock.
            yield
            return
        with self._path.with_name("_lock.guard").open("a") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield

    def _renew(self) -> None:
        while not self._released.wait(self._renew_seconds):
            # A renewal that fails is tried again: the lease outlasts several.
            with suppress(OSError), self._guard():
                if not self._is_mine():
                    return
                draft = self._path.with_name(f"{self._path.name}.{self._owner}")
                draft.write_text(self._content(), "utf-8")
                draft.replace(self._path)

    def _unwritable(self, error: OSError) -> HubError:
        return HubError(
            f"The hub cannot be written: {error.strerror} ({self._path}).",
            "Expected a folder in which this user may create files.",
            "Choose another --hub, or change the permissions of the folder.",
        )
