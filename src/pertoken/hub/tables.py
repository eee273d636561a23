"""One Delta table: opened at a version, its files, its schema, and one transaction on it.

What deltalake or the disk answers instead is a HubError with the folder in it. A transaction
states the version it builds on and fails when another writer came between, so that the version it
makes is known; columns are added to a table and never lost; no log file is ever cleaned away,
because a commit may name a version for years.

Source: docs/decisions/0002-hub-commit.md; Delta protocol, "Table Properties".
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from deltalake import CommitProperties, DeltaTable, Field, PostCommitHookProperties, Schema
from deltalake.exceptions import DeltaError
from deltalake.schema import PrimitiveType
from deltalake.transaction import AddAction, create_table_with_add_actions

from pertoken.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_DELTA_TYPES = {
    "VARCHAR": "string",
    "DATE": "date",
    "BIGINT": "long",
    "INTEGER": "integer",
    "BOOLEAN": "boolean",
    "DOUBLE": "double",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
}
_PROPERTIES: dict[str, str | None] = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
}
_ONE_TRY = CommitProperties(max_commit_retries=0)
_KEEP_LOG = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)


def is_table(folder: Path) -> bool:
    """Whether a Delta table was ever committed in a folder."""
    return (folder / "_delta_log").is_dir() and bool(DeltaTable.is_deltatable(str(folder)))


def is_own_table(folder: Path) -> bool:
    """Whether the table in a folder was made by pertoken, as its name says."""
    return bool(opened_table(folder).metadata().name == _own_name(folder))


def opened_table(folder: Path, version: int | None = None) -> DeltaTable:
    """The table in a folder, at a version or the last one."""
    with _as_hub_error(folder, "opened"):
        return DeltaTable(str(folder), version=version)


def file_paths(table: DeltaTable, folder: Path) -> list[str]:
    """The data files of an opened table, in the order of their paths.

    Raises: HubError, when one of them is gone.
    """
    with _as_hub_error(folder, "opened"):
        # The paths are URIs without their scheme: a blank in the hub's path is %20 there.
        paths = sorted(unquote(uri) for uri in table.file_uris())
    for path in paths:
        if not Path(path).is_file():
            raise HubError(
                f"The data file {path} is missing.",
                "Expected every file that the last commit of the hub names.",
                "Restore the folder from a backup, or ingest the exports into a new hub.",
            )
    return paths


def restore_table(folder: Path, version: int) -> None:
    """Give a table that stands beyond a version the content of that version again."""
    table = opened_table(folder)
    if table.version() > version:
        with _as_hub_error(folder, "restored"):
            table.restore(version, post_commithook_properties=_KEEP_LOG)


def add_action(folder: Path, path: Path, rows: int, partition: Mapping[str, str]) -> AddAction:
    """A new data file of a table, for a transaction."""
    return AddAction(
        path.relative_to(folder).as_posix(),
        path.stat().st_size,
        dict(partition),
        int(time.time() * 1000),
        True,  # noqa: FBT003 - the signature of deltalake
        json.dumps({"numRecords": rows}),
    )


def replace_files(
    folder: Path,
    actions: Sequence[AddAction],
    kinds: Mapping[str, str],
    partition: Mapping[str, str],
    *,
    expected_version: int | None,
    keep: bool = False,
) -> int:
    """Put files in the place of those of one partition (all of a table without) in one commit.

    Takes:   kinds, the engine's columns and types of the files; partition, column -> value;
             expected_version, the version that the writer knows, None for a table to be made;
             keep, whether the files stand beside those of the table, which then all stay.
    Gives:   the new version.
    Raises:  HubError, when the table is at another version, or a column would change its type.
    """
    if expected_version is None:
        with _as_hub_error(folder, "made"):
            create_table_with_add_actions(
                str(folder),
                _schema(kinds),
                list(actions),
                mode="error",
                partition_by=list(partition),
                name=_own_name(folder),
                configuration=_PROPERTIES,
            )
        return 0
    table = opened_table(folder)
    if table.version() != expected_version:
        raise HubError(
            f"The table {folder} is at version {table.version()}.",
            f"Expected version {expected_version}: a hub has one writer at a time.",
            "Nothing was committed; run the ingest again.",
        )
    with _as_hub_error(folder, "written"):
        table.create_write_transaction(
            list(actions),
            "append" if keep else "overwrite",
            _with_columns_of(table, kinds, folder)
            if partition or keep or not actions
            else _schema(kinds),
            partition_by=list(partition),
            partition_filters=[(name, "=", value) for name, value in partition.items()] or None,
            commit_properties=_ONE_TRY,
            post_commithook_properties=_KEEP_LOG,
        )
    return expected_version + 1


def _own_name(folder: Path) -> str:
    return f"pertoken {folder.name}"


def _schema(kinds: Mapping[str, str]) -> Schema:
    """The Delta schema of engine columns; every column may be NULL."""
    return Schema([Field(name, PrimitiveType(_delta_type(kind))) for name, kind in kinds.items()])


def _delta_type(kind: str) -> str:
    return kind.lower().replace(" ", "") if kind.startswith("DECIMAL") else _DELTA_TYPES[kind]


def _with_columns_of(table: DeltaTable, kinds: Mapping[str, str], folder: Path) -> Schema:
    """The table's columns, then new ones: other partitions keep what these files have not."""
    fields = list(table.schema().fields)
    known = {each.name.casefold(): each.type for each in fields}
    for added in _schema(kinds).fields:
        kind = known.setdefault(added.name.casefold(), None)
        if kind is None:
            fields.append(added)
        elif kind != added.type:
            raise HubError(
                f"Column {added.name} of the table {folder} is {kind}, "
                f"a new file holds it as {added.type}.",
                "Expected a column to keep its type in every month.",
                "Ingest the exports into a new hub.",
            )
    return Schema(fields)


@contextmanager
def _as_hub_error(folder: Path, done: str) -> Iterator[None]:
    try:
        yield
    except (DeltaError, OSError) as error:
        detail = next(iter(str(error).splitlines()), type(error).__name__)
        raise HubError(
            f"The table {folder} cannot be {done}: {detail}",
            "Expected the Delta table of a hub, whole, on a disk with room.",
            "Free the disk, or restore the folder from a backup; "
            "else ingest the exports into a new hub.",
        ) from error
