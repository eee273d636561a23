"""Writes the hub's tables, then makes everything visible with one commit.

Data files are written by the engine and committed to their table by deltalake; nobody reads those
versions until one new version of `runs` names them. Old files stay: an earlier commit names them.

Source: docs/decisions/0002-hub-commit.md.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pertoken.hub.ledger import LedgerRun, ledger_table
from pertoken.hub.places import local_folder, make_folder, publish
from pertoken.hub.tables import add_action, replace_files
from pertoken.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pertoken.engine import Engine
    from pertoken.hub.lock import HubLock
    from pertoken.hub.store import Snapshot
    from pertoken.stores import Folder

HUB_FORMAT = 2
"""What this software writes; hub/migrations.py says what each format changed."""

PARTITIONS = {"x_ScopeKey": "VARCHAR", "BillingMonth": "VARCHAR"}
TABLES: dict[str, tuple[str, ...]] = {
    "charges": tuple(PARTITIONS),
    "token_costs": tuple(PARTITIONS),
    "prices": tuple(PARTITIONS),
    "meters": (),
    "tags": (),
    "periods": (),
    "restatements": (),
    "rates": (),
    "invoices": (),
    "usage": ("BillingMonth",),
    "usage_files": (),
    "tag_snapshots": (),
    "metrics": (),
    "anomaly_marks": (),
    "accruals": (),
    "alerts_sent": (),
    "statements": (),
    "statement_events": (),
}
"""The tables and their partition columns; `runs`, the ledger, stands beside them."""


class Writer:
    """The right to write a hub, held while its lock is; `snapshot` is the commit it builds on."""

    def __init__(
        self,
        root: Folder,
        engine: Engine,
        lock: HubLock,
        snapshot: Snapshot,
        versions: Mapping[str, int | None],
    ) -> None:
        self.snapshot = snapshot
        self._root = root
        self._engine = engine
        self._lock = lock
        self._at = dict(versions)
        self._named: dict[str, int] = dict(snapshot.versions)

    def check(self) -> None:
        """Raise HubError when the lock was lost."""
        self._lock.check()

    def new_file(self, table: str, partition: Mapping[str, str]) -> Path:
        """A local path for a new data file of a partition, which is no part of the table yet."""
        folder = local_folder(self._root / table)
        for column in TABLES.get(table, ()):
            folder = folder / f"{column}={partition[column]}"
        make_folder(folder)
        return folder / f"{uuid.uuid4().hex}.parquet"

    def replace(self, table: str, partition: Mapping[str, str], files: Mapping[Path, int]) -> None:
        """Replace the files of one partition by `files` (path -> rows); none empties it."""
        kinds: dict[str, str] = {}
        for path in files:
            self._engine.view_parquet("new_file", [str(path)])
            kinds |= self._engine.columns("new_file")
        kinds |= dict.fromkeys(TABLES[table], "VARCHAR")
        self._named[table] = self._transact(table, files, kinds, partition)

    def overwrite(self, table: str, sql: str) -> None:
        """Replace a table without partitions by the answer of a query."""
        path = self.new_file(table, {})
        rows = self._engine.write_parquet(sql, path)
        self.replace(table, {}, {path: rows})

    def append(self, table: str, sql: str) -> None:
        """Add the rows of a query to a table without partitions; what it holds stays as it is."""
        path = self.new_file(table, {})
        rows = self._engine.write_parquet(sql, path)
        self._engine.view_parquet("new_file", [str(path)])
        kinds = self._engine.columns("new_file")
        self._named[table] = self._transact(table, {path: rows}, kinds, {}, keep=True)

    def commit(
        self,
        runs: Sequence[LedgerRun],
        *,
        vocabulary_version: str,
        dropped_before: str | None = None,
    ) -> str:
        """Make everything written visible: one new version of `runs`. Gives the commit's id.

        What is written next builds on this commit: `snapshot` is the hub as of it.
        Takes: dropped_before, the first billing month that is kept; None leaves it as it is.
        """
        commit_id, moment = uuid.uuid4().hex, datetime.now(UTC)
        if dropped_before is None:
            dropped_before = self.snapshot.dropped_before
        commit = {
            "CommitId": commit_id,
            "CommittedAt": moment.isoformat(),
            "DroppedBefore": dropped_before,
            "TableVersions": self._named,
            "HubFormat": HUB_FORMAT,
            "SoftwareVersion": __version__,
            "VocabularyVersion": vocabulary_version,
        }
        self._engine.view_arrow("new_ledger", ledger_table(runs, commit))
        path = self.new_file("runs", {})
        rows = self._engine.write_parquet("SELECT * FROM new_ledger", path)
        kinds = self._engine.columns("new_ledger")
        version = self._transact("runs", {path: rows}, kinds, {})
        self.snapshot = replace(
            self.snapshot,
            commit_id=commit_id,
            committed_at=moment,
            versions=dict(self._named),
            runs=tuple(runs),
            vocabulary_version=vocabulary_version,
            runs_version=version,
            dropped_before=dropped_before,
            hub_format=HUB_FORMAT,
            _files={},
        )
        return commit_id

    def _transact(
        self,
        table: str,
        files: Mapping[Path, int],
        kinds: Mapping[str, str],
        partition: Mapping[str, str],
        *,
        keep: bool = False,
    ) -> int:
        self.check()
        folder = self._root / table
        publish(folder, files)
        actions = [add_action(folder, path, rows, partition) for path, rows in files.items()]
        version = replace_files(
            folder, actions, kinds, partition, expected_version=self._at[table], keep=keep
        )
        self._at[table] = version
        return version
