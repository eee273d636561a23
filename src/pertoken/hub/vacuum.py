"""Which data files of a hub nobody needs any more, and their removal.

Needed are the files of every version that the last commit names, those of every commit that was the
last one at some moment since a given time (a reader may still hold it), those of each table as it
stands now, and those of versions that statements pin. All others belong to replaced
months or to writes that were killed. Only data files of the hub's own tables are looked at; no log
file is touched.

Source: docs/decisions/0041-upkeep.md.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pertoken.errors import HubError
from pertoken.hub.tables import file_paths, is_table, opened_table
from pertoken.hub.writer import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pertoken.engine import Engine
    from pertoken.hub.store import Snapshot


@dataclass(frozen=True, slots=True)
class TableFiles:
    """The data files of a table: those to keep, and those that nobody needs; sizes in bytes."""

    table: str
    kept: Mapping[Path, int]
    unneeded: Mapping[Path, int]


def table_files(
    engine: Engine,
    snapshot: Snapshot,
    since: datetime,
    pinned: Mapping[str, Iterable[int]],
) -> tuple[TableFiles, ...]:
    """The data files of every table of a hub, split by whether somebody needs them.

    Takes:   the last commit; since, the time from which on every commit is kept; pinned, versions
             of tables that are kept whatever their age.
    Raises:  HubError, when a file that the last commit or a pinned version names is missing.
    """
    needed: dict[str, set[str]] = {table: set() for table in (*TABLES, "runs")}
    for versions in _kept_commits(engine, snapshot, since):
        for table, version in versions.items():
            folder = snapshot.root / table
            needed[table] |= set(file_paths(opened_table(folder, version), folder))
    for table, versions_kept in pinned.items():
        folder = snapshot.root / table
        for version in versions_kept:
            needed[table] |= set(file_paths(opened_table(folder, version), folder))
    answer = []
    for table, paths in needed.items():
        folder = snapshot.root / table
        if is_table(folder):
            # A version after the last commit is of a killed write: the next writer restores it.
            sizes = {path: path.stat().st_size for path in _data_files(folder)}
            answer.append(
                TableFiles(
                    table,
                    {path: size for path, size in sizes.items() if str(path) in paths},
                    {path: size for path, size in sizes.items() if str(path) not in paths},
                )
            )
    return tuple(answer)


def remove_files(files: TableFiles) -> None:
    """Remove the files of a table that nobody needs, and folders that are empty then."""
    for path in files.unneeded:
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()
            path.parent.parent.rmdir()


def _kept_commits(engine: Engine, snapshot: Snapshot, since: datetime) -> Iterator[dict[str, int]]:
    """Table -> version, for the last commit and those that a reader may have opened since."""
    folder, last = snapshot.root / "runs", snapshot.runs_version
    if last is None:
        return
    for version in range(last, -1, -1):
        table = opened_table(folder, version)
        try:
            files = file_paths(table, folder)
        except HubError:
            if version == last:
                raise
            return  # an earlier vacuum kept less, and nothing before it
        engine.view_parquet("commits", files)
        commit = json.loads(
            engine.rows('SELECT "Commit" FROM commits WHERE "Commit" IS NOT NULL')[0][0]
        )
        yield commit["TableVersions"] | {"runs": version}
        if datetime.fromisoformat(commit["CommittedAt"]) <= since:
            return


def _data_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*.parquet"):
        if "_delta_log" not in path.relative_to(folder).parts:
            yield path
