"""One Delta table: opened at a version, its files, its schema, and one transaction on it.

What deltalake or the disk answers instead is a HubError with the folder in it. A transaction
states the version it builds on and fails when another writer came between, so that the version it
makes is known; columns are added to a table and never lost; no log file is ever cleaned away,
because a commit may name a version for years.

Source: docs/decisions/0002-hub-commit.md; Delta protocol, "Table Properties".
"""

from __future__ import annotations

import json
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

from deltalake import CommitProperties, DeltaTable, Field, PostCommitHookProperties, Schema
from deltalake.exceptions import DeltaError
from deltalake.schema import PrimitiveType
from deltalake.transaction import AddAction, create_table_with_add_actions

from pertoken.errors import HubError
from pertoken.hub.places import delta_place, has_log, local_files, local_folder, reaching
from pertoken.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pertoken.stores import Folder

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
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_SHOWN_LINES = 3
_ONE_TRY = CommitProperties(max_commit_retries=0)
_KEEP_LOG = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)


def is_table(folder: Folder) -> bool:
    """Whether a Delta table was ever committed in a folder."""
    if not has_log(folder):
        return False
    uri, options = delta_place(folder)
    with _as_hub_error(folder, "opened"), reaching(folder):
        return bool(DeltaTable.is_deltatable(uri, options))


def is_own_table(folder: Folder) -> bool:
    """Whether the table in a folder was made by pertoken, as its name says."""
    return bool(opened_table(folder).metadata().name == _own_name(folder))


def opened_table(folder: Folder, version: int | None = None) -> DeltaTable:
    """The table in a folder, at a version or the last one."""
    uri, options = delta_place(folder)
    with _as_hub_error(folder, "opened"), reaching(folder):
        return DeltaTable(uri, version=version, storage_options=options)


def file_sizes(table: DeltaTable, folder: Folder) -> dict[str, int]:
    """Key below the folder -> bytes of the data files of an opened table."""
    with _as_hub_error(folder, "opened"):
        actions = table.get_add_actions()
        keys = [unquote(path) for path in actions["path"].to_pylist()]
        return dict(zip(keys, actions["size_bytes"].to_pylist(), strict=True))


def file_paths(table: DeltaTable, folder: Folder) -> list[str]:
    """Local paths of the data files of an opened table, in the order of their keys.

    Raises: HubError, when one of them is gone.
    """
    return local_files(folder, file_sizes(table, folder))


def restore_table(folder: Folder, version: int) -> None:
    """Give a table that stands beyond a version the content of that version again."""
    table = opened_table(folder)
    if table.version() > version:
        with _as_hub_error(folder, "restored"):
            table.restore(version, post_commithook_properties=_KEEP_LOG)


def add_action(folder: Folder, path: Path, rows: int, partition: Mapping[str, str]) -> AddAction:
    """A new data file of a table, by its local path, for a transaction."""
    return AddAction(
        path.relative_to(local_folder(folder)).as_posix(),
        path.stat().st_size,
        dict(partition),
        int(time.time() * 1000),
        True,  # noqa: FBT003 - the signature of deltalake
        json.dumps({"numRecords": rows}),
    )


def replace_files(
    folder: Folder,
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
        uri, options = delta_place(folder)
        with _as_hub_error(folder, "made"), reaching(folder):
            create_table_with_add_actions(
                uri,
                _schema(kinds),
                list(actions),
                mode="error",
                partition_by=list(partition),
                name=_own_name(folder),
                configuration=_PROPERTIES,
                storage_options=options,
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


def _own_name(folder: Folder) -> str:
    return f"pertoken {folder.name}"


def _schema(kinds: Mapping[str, str]) -> Schema:
    """The Delta schema of engine columns; every column may be NULL."""
    return Schema([Field(name, PrimitiveType(_delta_type(kind))) for name, kind in kinds.items()])


def _delta_type(kind: str) -> str:
    return kind.lower().replace(" ", "") if kind.startswith("DECIMAL") else _DELTA_TYPES[kind]


def _with_columns_of(table: DeltaTable, kinds: Mapping[str, str], folder: Folder) -> Schema:
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


def _words_of(error: Exception) -> str:
    """What deltalake says, in one line: of a store it is a tree of several, in colours."""
    lines = (_COLOURS.sub("", each).strip(" \u21b3") for each in redacted(str(error)).splitlines())
    return " ".join(list(filter(None, lines))[:_SHOWN_LINES]) or type(error).__name__


@contextmanager
def _as_hub_error(folder: Folder, done: str) -> Iterator[None]:
    try:
        yield
    except (DeltaError, OSError) as error:
        detail = _words_of(error)
        raise HubError(
            f"The table {folder} cannot be {done}: {detail}",
            "Expected the Delta table of a hub, whole, on a disk with room.",
            "Free the disk, or restore the folder from a backup; "
            "else ingest the exports into a new hub.",
        ) from error
