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
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pertoken.hub.places import data_files, missing_file, remove_data_files
from pertoken.hub.tables import file_paths, file_sizes, is_table, opened_table
from pertoken.hub.writer import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pertoken.engine import Engine
    from pertoken.hub.store import Snapshot
    from pertoken.stores import Folder


@dataclass(frozen=True, slots=True)
class TableFiles:
    """The data files of a table, key -> bytes: those to keep, and those that nobody needs."""

    table: str
    folder: Folder
    kept: Mapping[str, int]
    unneeded: Mapping[str, int]


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
            needed[table] |= set(file_sizes(opened_table(folder, version), folder))
    for table, versions_kept in pinned.items():
        folder = snapshot.root / table
        for version in versions_kept:
            needed[table] |= set(file_sizes(opened_table(folder, version), folder))
    answer = []
    for table, keys in needed.items():
        folder = snapshot.root / table
        if is_table(folder):
            # A version after the last commit is of a killed write: the next writer restores it.
            sizes = data_files(folder)
            for key in sorted(keys - set(sizes)):
                raise missing_file(folder / key)
            answer.append(
                TableFiles(
                    table,
                    folder,
                    {key: size for key, size in sizes.items() if key in keys},
                    {key: size for key, size in sizes.items() if key not in keys},
                )
            )
    return tuple(answer)


def remove_files(files: TableFiles) -> None:
    """Remove the files of a table that nobody needs, and folders that are empty then."""
    remove_data_files(files.folder, files.unneeded)


def _kept_commits(engine: Engine, snapshot: Snapshot, since: datetime) -> Iterator[dict[str, int]]:
    """Table -> version, for the last commit and those that a reader may have opened since."""
    folder, last = snapshot.root / "runs", snapshot.runs_version
    if last is None:
        return
    present = data_files(folder)
    for version in range(last, -1, -1):
        table = opened_table(folder, version)
        gone = sorted(file_sizes(table, folder).keys() - present)
        if gone and version == last:
            raise missing_file(folder / gone[0])
        if gone:
            return  # an earlier vacuum kept less, and nothing before it
        engine.view_parquet("commits", file_paths(table, folder))
        commit = json.loads(
            engine.rows('SELECT "Commit" FROM commits WHERE "Commit" IS NOT NULL')[0][0]
        )
        yield commit["TableVersions"] | {"runs": version}
        if datetime.fromisoformat(commit["CommittedAt"]) <= since:
            return
