"""A place in an object store, used where a local path can stand: a name, a parent, what is below.

Source: docs/decisions/0040-object-stores.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from pertoken.stores.url import Bucket, is_store_url, parse_url

__all__ = ["Folder", "StorePath", "folder_of", "is_store_url"]


@dataclass(frozen=True, slots=True)
class StorePath:
    """A key of a bucket, or what its key is the folder of; its text is a URL, never a secret."""

    bucket: Bucket
    key: str

    @classmethod
    def of(cls, url: str) -> StorePath:
        """The place that a URL names; raises ConfigError when it names none."""
        return cls(*parse_url(url))

    def __str__(self) -> str:
        return self.bucket.url(self.key)

    def __truediv__(self, name: str) -> StorePath:
        return self.joinpath(name)

    def __lt__(self, other: StorePath) -> bool:
        return str(self) < str(other)

    @property
    def name(self) -> str:
        """The last segment of the key; that of the bucket at its root."""
        return self.key.rpartition("/")[2] or self.bucket.name

    @property
    def parent(self) -> StorePath:
        """The folder above; the root of the bucket is its own parent."""
        return replace(self, key=self.key.rpartition("/")[0])

    @property
    def prefix(self) -> str:
        """What the keys below begin with."""
        return f"{self.key}/" if self.key else ""

    def joinpath(self, *names: str) -> StorePath:
        """A key below this one."""
        return replace(self, key=self.prefix + "/".join(names))

    def absolute(self) -> StorePath:
        """The same: there is nothing that a URL is relative to."""
        return self


Folder: TypeAlias = Path | StorePath
"""Where exports lie, or a hub: a local folder, or one in a store."""


def folder_of(place: str | Path | StorePath) -> Folder:
    """The folder that a path or URL names; a local one is made absolute.

    Raises: ConfigError for a URL that names no container, or that holds a credential.
    """
    if isinstance(place, StorePath):
        return place
    return StorePath.of(str(place)) if is_store_url(str(place)) else Path(place).absolute()
