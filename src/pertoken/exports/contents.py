"""What a file is by its bytes, not by its name: Parquet, CSV text, gzip of it, or none of these.

A file's name, the manifest's fileFormat and its compressionMode can contradict each other; the
first bytes cannot. Nothing here reads charges.

Source: Parquet file format ("PAR1" at both ends); RFC 1952 (gzip, 1f 8b).
"""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
_HEAD = 512
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """`file_format` is csv or parquet; `compression` is none or gzip."""

    file_format: str
    compression: str = "none"


def read_content(path: Path) -> Content | None:
    """What a file is by its first and last bytes; None when neither Parquet, gzip nor text.

    Raises:  OSError, when the file cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if head.startswith(_PARQUET):
            file.seek(-len(_PARQUET), os.SEEK_END)
            return Content("parquet") if file.read() == _PARQUET else None
    if head.startswith(_GZIP):
        return Content("csv", "gzip")
    return Content("csv") if _is_text(head) else None


def read_digest(path: Path) -> tuple[str, int]:
    """The SHA-256 of a file and its length in bytes, read in blocks.

    Raises:  OSError, when the file cannot be read.
    """
    digest, length = sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            length += len(block)
    return digest.hexdigest(), length


def _is_text(head: bytes) -> bool:
    """UTF-8 without NUL; the last character may be cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return b"\0" not in head
