"""Object stores (Azure Blob Storage and Data Lake, S3) as folders of files; explicit credentials.

`obstore` is imported nowhere else, and what speaks to a store only when one is named.
Source: docs/object-stores.md; docs/decisions/0040-object-stores.md.
"""

from typing import TYPE_CHECKING

from pertoken.deferred import deferred
from pertoken.stores.path import Folder, StorePath, folder_of, is_store_url

if TYPE_CHECKING:
    from pertoken.stores.cache import FileCache, hub_cache, kept_files, run_scratch
    from pertoken.stores.client import (
        StoreFile,
        delete,
        delta_options,
        files_below,
        find_file,
        put_if,
        read_many,
        read_small,
        upload,
    )
    from pertoken.stores.credentials import ambient_hidden
else:
    _CACHE, _CLIENT = "pertoken.stores.cache", "pertoken.stores.client"
    FileCache = deferred(_CACHE, "FileCache")
    StoreFile = deferred(_CLIENT, "StoreFile")
    ambient_hidden = deferred("pertoken.stores.credentials", "ambient_hidden")
    delete = deferred(_CLIENT, "delete")
    delta_options = deferred(_CLIENT, "delta_options")
    files_below = deferred(_CLIENT, "files_below")
    find_file = deferred(_CLIENT, "find_file")
    hub_cache = deferred(_CACHE, "hub_cache")
    kept_files = deferred(_CACHE, "kept_files")
    put_if = deferred(_CLIENT, "put_if")
    read_many = deferred(_CLIENT, "read_many")
    read_small = deferred(_CLIENT, "read_small")
    run_scratch = deferred(_CACHE, "run_scratch")
    upload = deferred(_CLIENT, "upload")

__all__ = [
    "FileCache",
    "Folder",
    "StoreFile",
    "StorePath",
    "ambient_hidden",
    "delete",
    "delta_options",
    "files_below",
    "find_file",
    "folder_of",
    "hub_cache",
    "is_store_url",
    "kept_files",
    "put_if",
    "read_many",
    "read_small",
    "run_scratch",
    "upload",
]
