"""What this installation and its hub are fit for: one row for each check, with what mends it.

Nothing is written and nothing is asked of any network.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.engine import local_engine
from pertoken.errors import PertokenError
from pertoken.hub import Hub as HubStore
from pertoken.meters import VOCABULARY_VERSION
from pertoken.reports import Column, Table
from pertoken.stores import StorePath
from pertoken.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pertoken.hub import Snapshot

HEALTH_COLUMNS = ("Check", "Status", "Found", "Fix")
EXTRAS = {
    "azure": "Cost Management exports, telemetry and alerts in Azure",
    "mcp": "assistants (`pertoken mcp`)",
    "notebook": "charts in a notebook (`.plot()`)",
    "reports": "statements as PDF",
    "spark": "another engine (`--engine spark`)",
    "web": "the page and the API (`pertoken serve`)",
}
"""The extras and what each is for."""
_ENOUGH_DISK = 2 * 1024**3
_ENOUGH_MEMORY = 2 * 1024**3
Row = tuple[str, str, str, str | None]


def health(hub: str | Path) -> Table:
    """The state of the installation, of the machine, and of the hub at a path.

    Gives:   Status is ok; note; missing, for an extra or a hub that is not there; or problem. Fix
             is NULL where there is nothing to mend.
    """
    rows = [*_software(), *_machine(), *_hub(HubStore(hub))]
    return Table("doctor", tuple(Column(name, "text") for name in HEALTH_COLUMNS), tuple(rows))


def _software() -> Iterator[Row]:
    """pertoken, Python, the packages that every command needs, and the extras."""
    yield "pertoken", "ok", f"{__version__}, meter vocabulary {VOCABULARY_VERSION}", None
    yield "Python", "ok", f"{platform.python_version()} at {sys.executable}", None
    for name in _packages_of(""):
        found = _version_of(name)
        if found is None:
            yield name, "problem", "not installed", "pip install --force-reinstall pertoken"
        else:
            yield name, "ok", found, None
    for extra, words in EXTRAS.items():
        lacking = [name for name in _packages_of(extra) if _version_of(name) is None]
        if lacking:
            fix = f"pip install 'pertoken[{extra}]'"
            yield f"extra {extra}", "missing", f"{', '.join(lacking)}: for {words}", fix
        else:
            yield f"extra {extra}", "ok", words, None


def _machine() -> Iterator[Row]:
    """Room for temporary files, and memory."""
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    fix = None if free >= _ENOUGH_DISK else "Free some space, or set TMPDIR to a larger disk"
    yield "temporary files", "problem" if fix else "ok", f"{_size(free)} free in {folder}", fix
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        little = memory < _ENOUGH_MEMORY
        fix = "Ingest on a machine with 2 GiB or more" if little else None
        found = f"{_size(memory)}, {os.cpu_count()} processors"
        yield "memory", "problem" if little else "ok", found, fix


def _hub(store: HubStore) -> Iterator[Row]:
    """Whether the hub is there, whole, readable, writable, and of this version's vocabulary."""
    engine = local_engine()
    try:
        if not store.exists():
            make = "Run `pertoken ingest FOLDER`, or name the hub with --hub or PERTOKEN_HUB"
            yield "hub", "missing", f"there is no hub at {store.root}", make
            return
        snapshot = store.snapshot(engine)
        tables = [table for table in snapshot.versions if snapshot.files(table)]
    except PertokenError as error:
        yield "hub", "problem", error.found, error.action
        return
    finally:
        engine.close()
    written = f"{store.root}, last commit {snapshot.committed_at:%Y-%m-%d %H:%M} UTC"
    yield "hub", "ok", written, None
    yield "hub tables", "ok", f"{len(tables)} with data, every file is there", None
    yield from _contents(snapshot)
    held = store.is_being_written()
    yield "writer", "ok", "an ingest is writing now" if held else "nobody is writing", None
    if isinstance(store.root, StorePath):
        return  # what a credential may do there, only trying it would show
    is_open = os.access(store.root, os.W_OK)
    fix = None if is_open else f"Give this user the right to write {store.root}, or read only"
    found = "may be written" if is_open else "may be read, not written"
    yield "permissions", "ok" if is_open else "problem", found, fix


def _contents(snapshot: Snapshot) -> Iterator[Row]:
    """Runs that were refused, and readings by an older vocabulary."""
    refused = [run for run in snapshot.runs if run.status == "refused"]
    found = f"{len(snapshot.runs)} known, {len(refused)} refused"
    yield "runs", "note" if refused else "ok", found, "pertoken runs" if refused else None
    if snapshot.vocabulary_version != VOCABULARY_VERSION:
        found = f"read with vocabulary {snapshot.vocabulary_version}, this is {VOCABULARY_VERSION}"
        yield "meters", "problem", found, "pertoken ingest FOLDER (any; meters are read anew)"
    else:
        yield "meters", "ok", f"read with vocabulary {VOCABULARY_VERSION}", None


def _packages_of(extra: str) -> list[str]:
    """The packages that an extra asks for; "" for those of every command."""
    names = []
    for requirement in requires("pertoken") or ():
        name, _, marker = requirement.partition(";")
        asked = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", marker)
        if (asked.group(1) if asked else "") == extra:
            names.append(re.split(r"[<>=!~\[( ]", name.strip(), maxsplit=1)[0])
    return sorted(names)


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _size(count: int) -> str:
    return f"{count / 1024**3:,.1f} GiB"
