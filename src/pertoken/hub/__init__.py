"""The hub: Delta tables under one commit, so that a reader never sees half an ingest.

`deltalake` is imported nowhere else. Source: docs/decisions/0002-hub-commit.md.
"""

from pertoken.hub.documents import documents, keep_document
from pertoken.hub.ledger import LEDGER_COLUMNS, LedgerRun
from pertoken.hub.lock import HubLock
from pertoken.hub.saved import save_table
from pertoken.hub.store import Hub, Snapshot
from pertoken.hub.vacuum import TableFiles, remove_files, table_files
from pertoken.hub.writer import HUB_FORMAT, PARTITIONS, TABLES, Writer

__all__ = [
    "HUB_FORMAT",
    "LEDGER_COLUMNS",
    "PARTITIONS",
    "TABLES",
    "Hub",
    "HubLock",
    "LedgerRun",
    "Snapshot",
    "TableFiles",
    "Writer",
    "documents",
    "keep_document",
    "remove_files",
    "save_table",
    "table_files",
]
