"""The hub's tables, read at the versions that the last commit names.

Delta has no commit across tables. The commit point of an ingest is therefore one version of `runs`,
whose commit row names the version of every other table. A reader opens those versions; a writer
first restores tables that a killed ingest left beyond them.

Source: docs/decisions/0002-hub-commit.md.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from pertoken.engine import quoted
from pertoken.errors import EngineError, HubError, SourceError
from pertoken.hub.ledger import LEDGER_COLUMNS, LedgerRun
from pertoken.hub.lock import HubLock
from pertoken.hub.migrations import migrate
from pertoken.hub.places import (
    hub_root,
    local_files,
    make_folder,
    newest_log,
    remove_leftovers,
    remove_table,
)
from pertoken.hub.tables import (
    file_paths,
    file_sizes,
    is_own_table,
    is_table,
    opened_table,
    restore_table,
)
from pertoken.hub.writer import HUB_FORMAT, PARTITIONS, TABLES, Writer
from pertoken.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pertoken.engine import Engine
    from pertoken.stores import Folder, StorePath

_LOCK = "_lock.json"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The hub as of one commit: the ledger and the data files of every table.

    `runs_version` is the version of `runs` that is this commit; None before the first.
    `dropped_before` is the first billing month that is kept; empty where all are.
    """

    root: Folder
    commit_id: str
    committed_at: datetime | None
    versions: Mapping[str, int]
    runs: tuple[LedgerRun, ...]
    vocabulary_version: str = ""
    runs_version: int | None = None
    dropped_before: str = ""
    hub_format: int = HUB_FORMAT
    _files: dict[str, dict[str, int]] = field(default_factory=dict, repr=False)

    def files(self, table: str, partition: Mapping[str, str] | None = None) -> list[str]:
        """Local data files of a table, or of one partition, at the version the commit names."""
        folder = self.root / table
        if table not in self._files:
            version = self.versions.get(table)
            self._files[table] = (
                {} if version is None else file_sizes(opened_table(folder, version), folder)
            )
        sizes = self._files[table]
        if partition is not None:
            start = "".join(f"{column}={partition[column]}/" for column in TABLES[table])
            sizes = {key: size for key, size in sizes.items() if key.startswith(start)}
        return local_files(folder, sizes) if sizes else []

    def view(self, engine: Engine, table: str) -> bool:
        """Name a table in an engine; False (and nothing named) when it holds no files."""
        files = self.files(table)
        if files:
            partitions = {name: PARTITIONS[name] for name in TABLES[table]} or None
            try:
                engine.view_parquet(table, files, partitions=partitions)
            except SourceError as error:
                raise _damaged(self.root / table, error) from error
        return bool(files)


class Hub:
    """A folder of Delta tables."""

    def __init__(self, root: Path | str | StorePath) -> None:
        self.root = hub_root(root)

    def exists(self) -> bool:
        """Whether a commit was ever made here."""
        return is_table(self.root / "runs")

    def mark(self) -> str:
        """A text that changes with every commit, read without opening a table; "" for no hub."""
        return newest_log(self.root / "runs")

    def is_being_written(self) -> bool:
        """Whether a writer holds the hub; a lock that a killed writer left does not count."""
        return HubLock(self.root / _LOCK).is_held()

    def snapshot(self, engine: Engine, version: int | None = None) -> Snapshot:
        """The last commit, or that of a `version` of `runs`; empty where none was made.

        Raises: HubError when the hub was written by a newer version of pertoken, or is damaged.
        """
        if not self.exists():
            return Snapshot(self.root, "", None, {}, ())
        folder = self.root / "runs"
        table = opened_table(folder, version)
        try:
            engine.view_parquet("runs", file_paths(table, folder))
            # The commit alone first: a newer format may have other columns.
            commits = engine.rows('SELECT "Commit" FROM runs WHERE "Commit" IS NOT NULL')
            commit = json.loads(commits[0][0])
            self._check_format(commit)
            columns = ", ".join(quoted(name) for name in LEDGER_COLUMNS)
            rows = engine.rows(f'SELECT {columns} FROM runs WHERE "Commit" IS NULL')
            return Snapshot(
                root=self.root,
                commit_id=commit["CommitId"],
                committed_at=datetime.fromisoformat(commit["CommittedAt"]),
                versions=commit["TableVersions"],
                runs=tuple(LedgerRun.from_row(row) for row in rows),
                vocabulary_version=commit["VocabularyVersion"],
                runs_version=table.version(),
                dropped_before=commit.get("DroppedBefore", ""),
                hub_format=int(commit["HubFormat"]),
            )
        except (EngineError, SourceError, LookupError, ValueError) as error:
            raise _damaged(folder, error) from error

    @contextmanager
    def writer(self, engine: Engine, *, wait_seconds: float = 60.0) -> Iterator[Writer]:
        """The right to write, with tables restored to the last commit and of this format.

        Raises: HubError when the folder cannot be written or another writer holds it.
        """
        make_folder(self.root)
        with HubLock(self.root / _LOCK, wait_seconds=wait_seconds) as lock:
            snapshot = self.snapshot(engine)
            versions = _restored_versions(snapshot)
            writer = Writer(
                self.root, engine, lock, snapshot, versions | {"runs": snapshot.runs_version}
            )
            migrate(engine, writer)
            yield writer

    def _check_format(self, commit: Mapping[str, object]) -> None:
        if int(str(commit["HubFormat"])) > HUB_FORMAT:
            raise HubError(
                f"The hub {self.root} has format {commit['HubFormat']}, "
                f"written by pertoken {commit['SoftwareVersion']}.",
                f"Expected format {HUB_FORMAT} or older, which pertoken {__version__} reads.",
                "Upgrade pertoken.",
            )


def _restored_versions(snapshot: Snapshot) -> dict[str, int | None]:
    """Bring tables that a killed ingest left beyond the last commit back to it.

    Gives: the version each table now stands at, None where there is none.
    """
    remove_leftovers(snapshot.root)
    versions: dict[str, int | None] = {}
    for table in TABLES:
        folder = snapshot.root / table
        named = snapshot.versions.get(table)
        if named is not None:
            restore_table(folder, named)
            versions[table] = opened_table(folder).version()
            continue
        versions[table] = None
        if is_table(folder):
            _remove_uncommitted(folder)
    return versions


def _remove_uncommitted(folder: Folder) -> None:
    """Remove a table that no commit ever named."""
    if not is_own_table(folder):
        raise HubError(
            f"The folder {folder} holds a Delta table that no commit of a hub names.",
            "Expected an empty folder, or a hub that pertoken made.",
            "Choose another --hub, or move that table away.",
        )
    remove_table(folder)


def _damaged(folder: Folder, error: Exception) -> HubError:
    detail = getattr(error, "found", None) or f"{type(error).__name__}: {error}"
    return HubError(
        f"The table {folder} cannot be read: {detail}",
        "Expected a table of a hub as pertoken wrote it.",
        "Restore the folder from a backup, or ingest the exports into a new hub.",
    )
