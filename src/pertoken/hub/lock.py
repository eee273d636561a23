"""One writer at a time: a lock file made by put-if-absent, with an owner and an expiry.

The file holds host, process and expiry. A lock is stale when it has expired, or when its process on
this host is gone (a killed ingest must not stop the next one). A lock is removed, renewed or let go
only as it was read (`lock_file.py`): so nobody removes a lock that was taken since it was judged.
The holder renews the expiry from a thread. A holder that lost its lock (a machine that slept) is
stopped by `check`, and at last by the commit itself, which names the version of `runs` that it
replaces.

Source: docs/decisions/0002-hub-commit.md.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from pertoken.errors import HubError, StoreError
from pertoken.hub.lock_file import lock_file
from pertoken.processes import process_runs, this_host

if TYPE_CHECKING:
    from types import TracebackType

    from pertoken.hub.lock_file import Held
    from pertoken.stores import Folder

LEASE_SECONDS = 120.0
RENEW_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who holds a lock, as its file says; `expires` is in seconds since 1970."""

    owner: str
    host: str
    process: int
    expires: float

    @classmethod
    def of(cls, text: bytes) -> _Holder | None:
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
        self, path: Folder, *, wait_seconds: float = 60.0, renew_seconds: float = RENEW_SECONDS
    ) -> None:
        self._file = lock_file(path)
        self._wait_seconds = wait_seconds
        self._renew_seconds = renew_seconds
        self._owner = uuid.uuid4().hex
        self._released = threading.Event()
        self._renewal = threading.Thread(target=self._renew, name="hub-lock", daemon=True)

    def __enter__(self) -> Self:
        """Take the lock, waiting for another holder; raises HubError when it does not let go."""
        deadline = time.monotonic() + self._wait_seconds
        while not self._file.create(self._content()):
            held = self._file.read()
            if held is not None and _is_stale(held):
                self._file.remove(held.tag)
            if time.monotonic() > deadline:
                raise HubError(
                    f"The hub is being written by {self._holder_words()} ({self._file}).",
                    f"Expected it to be free within {self._wait_seconds:g} seconds: "
                    "a hub has one writer at a time.",
                    "Wait for the other ingest, or delete the lock file if its machine is gone.",
                )
            time.sleep(self._file.poll_seconds)
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
        # A lock that cannot be let go ends with its lease.
        with suppress(OSError, HubError, StoreError):
            held = self._mine()
            if held is not None:
                self._file.remove(held.tag)

    def is_held(self) -> bool:
        """Whether some writer holds the lock now; one left by a writer that is gone is not held."""
        held = self._file.read()
        return held is not None and not _is_stale(held)

    def check(self) -> None:
        """Raise HubError when the lock was lost, as after a long sleep of the machine."""
        if self._mine() is None:
            raise HubError(
                f"The lock of the hub was lost to {self._holder_words()} ({self._file}).",
                "Expected the lock to be held until the end of the ingest.",
                "Nothing was committed; run the ingest again.",
            )

    def _content(self) -> bytes:
        expires = time.time() + LEASE_SECONDS
        holder = _Holder(self._owner, this_host(), os.getpid(), expires)
        return json.dumps(asdict(holder)).encode()

    def _mine(self) -> Held | None:
        """What the file holds when it names this owner."""
        held = self._file.read()
        holder = None if held is None else _Holder.of(held.content)
        return held if holder is not None and holder.owner == self._owner else None

    def _holder_words(self) -> str:
        held = self._file.read()
        holder = None if held is None else _Holder.of(held.content)
        if holder is None:
            return "somebody whose lock file cannot be read"
        return f"process {holder.process} on {holder.host.partition(' ')[0]}"

    def _renew(self) -> None:
        while not self._released.wait(self._renew_seconds):
            # A renewal that fails is tried again: the lease outlasts several.
            with suppress(OSError, StoreError):
                held = self._mine()
                if held is None:
                    return
                self._file.replace(self._content(), held.tag)


def _is_stale(held: Held) -> bool:
    """Whether a lock is nobody's any more; one that cannot be read is judged by its age."""
    holder = _Holder.of(held.content)
    if holder is not None:
        return holder.is_gone()
    return time.time() - held.modified > LEASE_SECONDS
