"""Files of a folder that are sources by their content, beside exports and telemetry.

Exports of tags have no manifest. Only the head of a file is read here.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from typing import TYPE_CHECKING

from pertoken.exports import is_tag_header, is_tag_json

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 1 << 16


def is_reference_file(path: Path) -> bool:
    """Whether a file holds tags by date.

    Raises: OSError, when it cannot be opened.
    """
    head = text_head(path)
    if head[:1] in ("{", "["):
        return is_tag_json(head)
    return is_tag_header(first_row(head))


def text_head(path: Path) -> str:
    """The beginning of a text file, gzip or not; empty for anything else."""
    with path.open("rb") as file:
        start = file.read(4)
    opener = gzip.open if start[:2] == b"\x1f\x8b" else open
    try:
        with opener(path, "rb") as file:
            return file.read(_HEAD).decode("utf-8-sig", "replace").lstrip()
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return ""


def first_row(head: str, number: int = 0) -> list[str]:
    """A row of a CSV whose beginning is known, the header without a number; empty for none."""
    try:
        rows = list(csv.reader(head.splitlines()[: number + 1]))
    except csv.Error:
        return []
    return rows[number] if len(rows) > number else []
