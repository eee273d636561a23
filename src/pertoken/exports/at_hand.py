"""A run of a store, brought to local files for as long as it is read.

Its parts are downloaded when its charges are asked for, and not before: a run that the hub knows is
never brought here. Everything behind this door reads local files.

Source: docs/decisions/0040-object-stores.md.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.exports.contents import Content, read_content
from pertoken.stores import is_store_url, kept_files, run_scratch

if TYPE_CHECKING:
    from pertoken.exports.run import ExportRun, Part


def at_hand(run: ExportRun) -> ExportRun:
    """The run with parts that are local files; a local run is given as it is.

    Takes:   a run, as `discover` found it.
    Gives:   the run with local paths. Of a run that lacks a part, or has one of another size than
             its manifest says, nothing is downloaded: `verification` refuses it by the list.
    Raises:  StoreError, when the store does not answer, or a part changed since it was listed.
    """
    if not is_store_url(run.path):
        return run
    if run.is_plain:
        stored = [part.stored for part in run.parts if part.stored is not None]
        (path,) = kept_files(stored)
        return replace(run, path=str(path), parts=(replace(run.parts[0], path=str(path)),))
    scratch = run_scratch()
    tags = [f"{part.stored.tag} {part.stored.size}" for part in run.parts if part.stored]
    folder = scratch.path_of(run.path, *tags)
    start = len(run.path.rstrip("/")) + 1
    parts = [replace(part, path=str(folder / part.path[start:])) for part in run.parts]
    if all(part.stored and part.byte_count in (None, part.stored.size) for part in parts):
        scratch.fetch([(part.stored, Path(part.path)) for part in parts if part.stored])
    return as_contained(replace(run, path=str(folder), parts=tuple(parts)))


def as_contained(run: ExportRun) -> ExportRun:
    """The run with format and compression as its files hold them, where those can be known."""
    contents = [_content(part) for part in run.parts]
    parts = tuple(
        replace(part, compression=content.compression) if content else part
        for part, content in zip(run.parts, contents, strict=True)
    )
    formats = {content.file_format for content in contents if content}
    known = run.file_format in ("csv", "parquet")
    file_format = formats.pop() if known and len(formats) == 1 else run.file_format
    return replace(run, parts=parts, file_format=file_format)


def _content(part: Part) -> Content | None:
    try:
        return read_content(Path(part.path)) if Path(part.path).is_file() else None
    except (OSError, ValueError):
        return None
