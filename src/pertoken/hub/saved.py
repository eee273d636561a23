"""Delta tables outside the hub: what an export gives to another product to read.

A table whose rows changed gets a new version, so that a reader never sees half of one; a folder
that holds anything but a table of pertoken's own is left alone.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pertoken.errors import HubError
from pertoken.hub.places import unwritable
from pertoken.hub.tables import (
    add_action,
    file_paths,
    is_own_table,
    is_table,
    opened_table,
    replace_files,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.engine import Engine


def save_table(engine: Engine, folder: Path, sql: str) -> int:
    """Make the answer of a query the content of the Delta table in a folder.

    Gives:   the rows written.
    Raises:  HubError, when the folder cannot be written or holds something else.
    """
    version = _version(folder)
    draft = folder / "_draft.parquet"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        rows = engine.write_parquet(sql, draft)
        with draft.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:32]
        path = draft.rename(folder / f"{digest}.parquet")
    except OSError as error:
        raise unwritable(folder, error) from error
    if version is not None and str(path) in file_paths(opened_table(folder), folder):
        return rows
    engine.view_parquet("saved_file", [str(path)])
    kinds = engine.columns("saved_file")
    replace_files(folder, [add_action(folder, path, rows, {})], kinds, {}, expected_version=version)
    return rows


def _version(folder: Path) -> int | None:
    """The version that a table stands at; None for a new one."""
    if is_table(folder) and is_own_table(folder):
        return int(opened_table(folder).version())
    if folder.exists() and any(folder.iterdir()):
        raise HubError(
            f"The folder {folder} holds something that pertoken did not write.",
            "Expected no such folder, or a table of an earlier export.",
            "Choose another folder, or move it away.",
        )
    return None
