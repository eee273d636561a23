"""Where a hub lies: a local folder, or one in an object store. The one seam between the two.

A data file is read and written as a local file. For a hub in a store that is its copy in the cache,
below the same names as in the store: it is downloaded when it is first read, and uploaded before
the commit that names it. Data files never change, so a copy is never stale.

Source: docs/decisions/0042-hub-in-a-store.md.
"""

from __future__ import annotations

import re
import shutil
import uuid
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.errors import ConfigError, HubError, StoreError
from pertoken.stores import (
    StoreFile,
    StorePath,
    ambient_hidden,
    delete,
    delta_options,
    files_below,
    folder_of,
    hub_cache,
    upload,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from pertoken.stores import Folder

_REMOVED = "_removed-"
_PLAIN = re.compile(r"[A-Za-z0-9._/=-]*")
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


def hub_root(root: Path | str | StorePath) -> Folder:
    """The folder of a hub; raises ConfigError for a URL that no hub can lie at."""
    folder = folder_of(root)
    if isinstance(folder, StorePath) and not (folder.key and _PLAIN.fullmatch(folder.key)):
        raise ConfigError(
            f"No hub can lie at {folder}.",
            "Expected a folder below the container, named with letters, digits and . _ = - only.",
            "Choose another --hub, such as az://CONTAINER/pertoken-hub.",
        )
    return folder


def delta_place(folder: Folder) -> tuple[str, dict[str, str] | None]:
    """What deltalake needs to reach a table: its URI and the storage options."""
    if isinstance(folder, Path):
        return str(folder), None
    scheme = "s3" if folder.bucket.kind == "s3" else "az"
    return f"{scheme}://{folder.bucket.name}/{folder.key}", delta_options(folder.bucket)


def reaching(folder: Folder) -> AbstractContextManager[None]:
    """What must hold while deltalake opens or makes a table: no credential but the stated one."""
    return ambient_hidden() if isinstance(folder, StorePath) else nullcontext()


def newest_log(folder: Folder) -> str:
    """The name and time of a table's newest log file; "" for no table."""
    if isinstance(folder, StorePath):
        logs = [file for file in files_below(folder / "_delta_log") if _is_log(file.path.name)]
        return f"{logs[-1].path.name}:{logs[-1].tag}" if logs else ""
    log = folder / "_delta_log"
    try:
        newest = max(entry.name for entry in log.iterdir() if _is_log(entry.name))
        return f"{newest}:{(log / newest).stat().st_mtime_ns}"
    except (OSError, ValueError):
        return ""


def has_log(folder: Folder) -> bool:
    """Whether a table may ever have been committed in a folder."""
    return isinstance(folder, StorePath) or (folder / "_delta_log").is_dir()


def local_folder(folder: Folder) -> Path:
    """The local folder of a table's data files: its own, or that of the copies."""
    if isinstance(folder, Path):
        return folder
    cached = hub_cache()
    return cached.path_of(str(folder.parent)) / folder.name


def local_files(folder: Folder, sizes: Mapping[str, int]) -> list[str]:
    """Local paths of data files of a table, in the order of their keys.

    Takes:   sizes, key below the folder -> bytes.
    Raises:  HubError, when one of them is gone; StoreError, when a store does not answer.
    """
    here = local_folder(folder)
    paths = [here / key for key in sorted(sizes)]
    if isinstance(folder, StorePath):
        wanted = [
            (StoreFile(folder / key, sizes[key], "", _NEVER), here / key) for key in sorted(sizes)
        ]
        try:
            hub_cache().fetch(wanted)
        except StoreError as error:
            if error.context.get("missing"):
                raise missing_file(error.found.partition(" cannot be ")[0]) from error
            raise
    for path in paths:
        if not path.is_file():
            raise missing_file(path)
    return [str(path) for path in paths]


def missing_file(path: object) -> HubError:
    """The three lines for a data file that is gone."""
    return HubError(
        f"The data file {path} is missing.",
        "Expected every file that the last commit of the hub names.",
        "Restore the folder from a backup, or ingest the exports into a new hub.",
    )


def publish(folder: Folder, paths: Iterable[Path]) -> None:
    """Make new data files of a table readable where the hub lies, before a commit names them."""
    if isinstance(folder, StorePath):
        here = local_folder(folder)
        for path in paths:
            upload(folder / path.relative_to(here).as_posix(), path)


def make_folder(folder: Folder) -> None:
    """Make a local folder; a store has none. Raises HubError where that cannot be."""
    if isinstance(folder, Path):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from error


def data_files(folder: Folder) -> dict[str, int]:
    """Key -> bytes of every data file that lies in a table's folder, whether a version names it."""
    if isinstance(folder, StorePath):
        start = len(folder.prefix)
        found = {file.path.key[start:]: file.size for file in files_below(folder)}
    else:
        found = {
            path.relative_to(folder).as_posix(): path.stat().st_size
            for path in folder.rglob("*.parquet")
        }
    return {
        key: size
        for key, size in found.items()
        if key.endswith(".parquet") and "_delta_log" not in key.split("/")
    }


def remove_data_files(folder: Folder, keys: Iterable[str]) -> None:
    """Remove data files of a table, and local folders that are empty then."""
    if isinstance(folder, StorePath):
        delete([folder / key for key in keys])
        return
    for key in keys:
        path = folder / key
        path.unlink(missing_ok=True)
        for parent in (path.parent, path.parent.parent):
            if parent == folder or any(parent.iterdir()):
                break
            parent.rmdir()


def remove_table(folder: Folder) -> None:
    """Remove a table that no commit names, so that a kill meanwhile leaves it or nothing.

    On disk it is renamed first. In a store its data goes first and its log last, the newest entry
    first: until the end it is a table that no commit names.
    """
    if isinstance(folder, StorePath):
        paths = [file.path for file in files_below(folder)]
        logs = [path for path in paths if path.parent.name == "_delta_log"]
        delete([path for path in paths if path not in logs])
        delete(sorted(logs, key=lambda path: (_is_log(path.name), path.name), reverse=True))
        return
    try:
        folder.rename(folder.with_name(f"{_REMOVED}{uuid.uuid4().hex}"))
    except OSError as error:
        raise unwritable(folder, error) from error
    remove_leftovers(folder.parent)


def remove_leftovers(root: Folder) -> None:
    """Remove what a killed writer had renamed away."""
    if isinstance(root, Path):
        for removed in root.glob(f"{_REMOVED}*"):
            shutil.rmtree(removed, ignore_errors=True)


def unwritable(folder: Path, error: OSError) -> HubError:
    """The three lines for a folder in which nothing can be written."""
    return HubError(
        f"The hub cannot be written: {error.strerror} ({folder}).",
        "Expected a folder in which this user may create files.",
        "Choose another --hub, or change the permissions of the folder.",
    )


def _is_log(name: str) -> bool:
    return name.endswith(".json") and name[:1].isdigit()
