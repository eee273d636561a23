"""Object stores (Azure Blob Storage and Data Lake, S3) as folders of files; explicit credentials.

`obstore` is imported nowhere else, and only when a store is used.
Source: docs/object-stores.md; docs/decisions/0040-object-stores.md.
"""

from pertoken.stores.cache import FileCache, hub_cache, kept_files, run_scratch
from pertoken.stores.client import StoreFile, files_below, find_file, read_many
from pertoken.stores.credentials import ambient_hidden
from pertoken.stores.path import Folder, StorePath, folder_of, is_store_url

__all__ = [
    "FileCache",
    "Folder",
    "StoreFile",
    "StorePath",
    "ambient_hidden",
    "files_below",
    "find_file",
    "folder_of",
    "hub_cache",
    "is_store_url",
    "kept_files",
    "read_many",
    "run_scratch",
]
