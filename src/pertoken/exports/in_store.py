"""What lies at a URL of an object store: manifests below it, or the one file that it names.

Source: docs/object-stores.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pertoken.stores import StorePath, files_below, find_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pertoken.exports.run import ExportRun
    from pertoken.stores import StoreFile


def files_at(place: StorePath) -> tuple[StoreFile, ...]:
    """The file that a URL names, else every file below it; empty when there is neither.

    Raises: StoreError, when the store does not answer, or refuses.
    """
    named = find_file(place)
    return (named,) if named is not None else tuple(files_below(place))


def with_stored_parts(run: ExportRun, files: Mapping[str, StoreFile]) -> ExportRun:
    """The run of a manifest in a store, each part with the object of its path, where there is one.

    Takes:   files, what the store holds, by URL.
    """
    parts = tuple(replace(part, stored=files.get(part.path)) for part in run.parts)
    return replace(run, parts=parts)
