"""The hub's tables, read at the versions that the last commit names, and written by one writer.

Delta has no commit across tables. The commit point of an ingest is therefore one version of `runs`,
whose commit row names the version of every other table. A reader opens those versions; a writer
first restores tables that a killed ingest left beyond them. Data files are written by the engine
and committed by deltalake; old files stay until a vacuum, which keeps the named versions.

Source: docs/decisions/0002-hub-commit.md.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from deltalake import DeltaTable, Field, Schema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.schema import PrimitiveType
from deltalake.transaction import AddAction, create_table_with_add_actions

from pertoken.engine import quoted
from pertoken.errors import HubError
from pertoken.hub.ledger import LEDGER_COLUMNS, LedgerRun, ledger_table
from pertoken.hub.lock import HubLock
from pertoken.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pertoken.engine import Engine

HUB_FORMAT = 1
PARTITIONS = {"x_ScopeKey": "VARCHAR", "BillingMonth": "VARCHAR"}
TABLES: dict[str, tuple[str, ...]] = {
    "charges": tuple(PARTITIONS),
    "token_costs": tuple(PARTITIONS),
    "meters": (),
    "tags": (),
    "periods": (),
}
"""The tables and their partition columns; `runs`, the ledger, stands beside them."""

_DELTA_TYPES = {
    "VARCHAR": "string",
    "DATE": "date",
    "BIGINT": "long",
    "INTEGER": "integer",
    "BOOLEAN": "boolean",
    "DOUBLE": "double",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The hub as of one commit: the ledger and the data files of every table."""

    root: Path
    commit_id: str
    committed_at: datetime | None
    versions: Mapping[str, int]
    runs: tuple[LedgerRun, ...]
    vocabulary_version: str = ""
    _files: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def files(self, table: str, partition: Mapping[str, str] | None = None) -> list[str]:
        """The data files of a table, or of one partition, at the version the commit names."""
        if table not in self._files:
            version = self.versions.get(table)
            self._files[table] = (
                [] if version is None else _file_paths(_opened(self.root / table, version))
            )
        if partition is None:
            return self._files[table]
        folder = "/".join(f"{column}={partition[column]}" for column in TABLES[table])
        return [path for path in self._files[table] if f"/{folder}/" in path]

    def view(self, engine: Engine, table: str) -> bool:
        """Name a table in an engine; False (and nothing named) when it holds no files."""
        files = self.files(table)
        if files:
            partitions = PARTITIONS if TABLES[table] else None
            engine.view_parquet(table, files, partitions=partitions)
        return bool(files)


class Hub:
    """A folder of Delta tables."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).absolute()

    def exists(self) -> bool:
        """Whether a commit was ever made here."""
        return (self.root / "runs" / "_delta_log").is_dir()

    def snapshot(self, engine: Engine) -> Snapshot:
        """The last commit; an empty snapshot where none was made.

        Raises: HubError when the hub was written by a newer version of pertoken.
        """
        if not self.exists():
            return Snapshot(self.root, "", None, {}, ())
        files = _file_paths(_opened(self.root / "runs", None))
        engine.view_parquet("runs", files)
        columns = ", ".join(quoted(name) for name in (*LEDGER_COLUMNS, "Commit"))
        rows = engine.rows(f"SELECT {columns} FROM runs")
        commit = json.loads(next(row[-1] for row in rows if row[-1] is not None))
        if commit["HubFormat"] > HUB_FORMAT:
            raise HubError(
                f"The hub {self.root} has format {commit['HubFormat']}, "
                f"written by pertoken {commit['SoftwareVersion']}.",
                f"Expected format {HUB_FORMAT} or older, which pertoken {__version__} reads.",
                "Upgrade pertoken.",
            )
        return Snapshot(
            root=self.root,
            commit_id=commit["CommitId"],
            committed_at=datetime.fromisoformat(commit["CommittedAt"]),
            versions=commit["TableVersions"],
            runs=tuple(LedgerRun.from_row(row[:-1]) for row in rows if row[-1] is None),
            vocabulary_version=commit["VocabularyVersion"],
        )

    @contextmanager
    def writer(self, engine: Engine, *, wait_seconds: float = 60.0) -> Iterator[Writer]:
        """The right to write, with tables restored to the last commit.

        Raises: HubError when the folder cannot be written or another writer holds it.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HubError(
                f"The hub cannot be made: {error.strerror} ({self.root}).",
                "Expected a folder in which this user may create files.",
                "Choose another --hub, or change the permissions of the folder.",
            ) from error
        with HubLock(self.root / "_lock.json", wait_seconds=wait_seconds) as lock:
            snapshot = self.snapshot(engine)
            _restore(snapshot)
            yield Writer(snapshot, engine, lock)


class Writer:
    """Writes tables, then makes them visible with one commit."""

    def __init__(self, snapshot: Snapshot, engine: Engine, lock: HubLock) -> None:
        self.snapshot = snapshot
        self._engine = engine
        self._lock = lock
        self._root = snapshot.root
        self._written: dict[str, int] = dict(snapshot.versions)

    def new_file(self, table: str, partition: Mapping[str, str]) -> Path:
        """A path for a new data file of a partition; the file is no part of the table yet."""
        folder = self._root / table
        for column in TABLES[table]:
            folder = folder / f"{column}={partition[column]}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HubError(
                f"The hub cannot be written: {error.strerror} ({folder}).",
                "Expected a folder in which this user may create files.",
                "Choose another --hub, or change the permissions of the folder.",
            ) from error
        return folder / f"{uuid.uuid4().hex}.parquet"

    def replace(self, table: str, partition: Mapping[str, str], files: Mapping[Path, int]) -> None:
        """Replace the files of one partition by `files` (path -> rows); none empties it."""
        kinds: dict[str, str] = {}
        for path in files:
            self._engine.view_parquet("new_file", [str(path)])
            kinds |= self._engine.columns("new_file")
        kinds |= dict.fromkeys(TABLES[table], "VARCHAR")
        actions = [self._action(table, path, rows, partition) for path, rows in files.items()]
        self._transact(table, _schema(kinds), actions, partition)

    def overwrite(self, table: str, sql: str) -> None:
        """Replace a table without partitions by the answer of a query."""
        path = self.new_file(table, {})
        rows = self._engine.write_parquet(sql, path)
        self.replace(table, {}, {path: rows})

    def commit(self, runs: Sequence[LedgerRun], *, vocabulary_version: str) -> str:
        """Make everything written visible: one new version of `runs`. Gives the commit's id."""
        self._lock.check()
        commit_id = uuid.uuid4().hex
        commit = {
            "CommitId": commit_id,
            "CommittedAt": datetime.now(UTC).isoformat(),
            "TableVersions": self._written,
            "HubFormat": HUB_FORMAT,
            "SoftwareVersion": __version__,
            "VocabularyVersion": vocabulary_version,
        }
        self._engine.view_arrow("new_ledger", ledger_table(runs, commit))
        path = self._root / "runs" / f"{uuid.uuid4().hex}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = self._engine.write_parquet("SELECT * FROM new_ledger", path)
        kinds = self._engine.columns("new_ledger")
        action = self._action("runs", path, rows, {})
        self._transact("runs", _schema(kinds), [action], {})
        return commit_id

    def _action(self, table: str, path: Path, rows: int, partition: Mapping[str, str]) -> AddAction:
        return AddAction(
            path.relative_to(self._root / table).as_posix(),
            path.stat().st_size,
            dict(partition),
            int(time.time() * 1000),
            True,  # noqa: FBT003 - the signature of deltalake
            json.dumps({"numRecords": rows}),
        )

    def _transact(
        self, table: str, schema: Schema, actions: list[AddAction], partition: Mapping[str, str]
    ) -> None:
        folder = self._root / table
        partition_by = list(TABLES.get(table, ()))
        opened = _opened(folder, None) if (folder / "_delta_log").is_dir() else None
        if opened is None:
            create_table_with_add_actions(
                str(folder), schema, actions, mode="error", partition_by=partition_by
            )
            version = 0
        else:
            filters = [(column, "=", value) for column, value in partition.items()] or None
            if not actions:
                schema = opened.schema()
            opened.create_write_transaction(
                actions, "overwrite", schema, partition_by=partition_by, partition_filters=filters
            )
            version = _opened(folder, None).version()
        if table != "runs":
            self._written[table] = version


def _restore(snapshot: Snapshot) -> None:
    """Bring tables that a killed ingest left beyond the last commit back to it."""
    for table in TABLES:
        folder = snapshot.root / table
        if not (folder / "_delta_log").is_dir():
            continue
        named = snapshot.versions.get(table)
        if named is None:
            shutil.rmtree(folder)
        elif (opened := _opened(folder, None)).version() > named:
            opened.restore(named)


def _opened(folder: Path, version: int | None) -> DeltaTable:
    try:
        return DeltaTable(str(folder), version=version)
    except (DeltaError, TableNotFoundError, OSError) as error:
        raise HubError(
            f"The table {folder} cannot be opened: {str(error).splitlines()[0]}",
            "Expected the Delta table, at the version that the last commit names.",
            "Restore the folder from a backup, or ingest the exports into a new hub.",
        ) from error


def _file_paths(table: DeltaTable) -> list[str]:
    return sorted(table.file_uris())


def _schema(kinds: Mapping[str, str]) -> Schema:
    """The Delta schema of engine columns; every column may be NULL."""
    fields = []
    for name, kind in kinds.items():
        delta = kind.lower().replace(" ", "") if kind.startswith("DECIMAL") else _DELTA_TYPES[kind]
        fields.append(Field(name, PrimitiveType(delta)))
    return Schema(fields)
