"""Saving rules: each file beside who saved it and when, and never over what somebody else saved.

A file of rules stays as it was written, so that its SHA-256 is that of the file a person has. Who
saved it stands in a second file of the same name that ends in .json. Files that an earlier version
saved have none: their SavedBy and SavedTime are NULL.

Source: docs/allocation.md, "Rules".
"""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pertoken.errors import ChangedMeanwhile, ConfigError, HubError
from pertoken.hub import documents, keep_document
from pertoken.pipeline.allocation_rules import (
    RULES_FOLDER,
    checked_rules,
    read_rules,
    rules_name,
    saved_rules,
)
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.engine import Engine
    from pertoken.hub import Hub
    from pertoken.stores import Folder

LISTED = {"Rules": "text", "SavedBy": "text", "SavedTime": "time", "Counts": "flag"}


def save_rules(
    engine: Engine,
    hub: Hub,
    content: bytes,
    by: str,
    *,
    name: str = "this text",
    counting: str | None = None,
) -> Folder:
    """Make a text of rules the one that counts; gives where the hub keeps it.

    Takes:   content, TOML in UTF-8; by, who saves it; name, what errors call the text; counting,
             the rules that it is to follow by their name, None for whichever count.
    Keeps:   every earlier file; a text that counts already is not saved again.
    Raises:  ConfigError with everything that is wrong in the text; ChangedMeanwhile, where others
             count than `counting`; HubError where the hub is being written for too long.
    """
    rules = checked_rules(content, name)
    if not by.strip():
        raise ConfigError(
            "Rules are saved by nobody.", "Expected who saves them: it is recorded.", "Say who."
        )
    with hub.writer(engine):
        held = rules_name(hub.root)
        if counting is not None and counting != held:
            raise ChangedMeanwhile(
                f"Other rules count by now: {held}, not {counting}.",
                "Expected the rules that were looked at: nothing was saved.",
                "Look at those that count now, and what would move from them, then save again.",
            )
        saved = saved_rules(hub.root)
        folder = hub.root / RULES_FOLDER
        if saved and read_rules(saved[-1]).digest == rules.digest:
            return folder / saved[-1].name
        number = f"{len(saved) + 1:06d}-{rules.digest[:12]}"
        kept = keep_document(folder, f"{number}.toml", content)
        record = {"SavedBy": by.strip(), "SavedTime": datetime.now(UTC).isoformat()}
        keep_document(folder, f"{number}.json", json.dumps(record).encode())
    return kept


def saved_rules_table(root: Folder) -> Table:
    """Every file of rules that was saved, the one that counts first: one row per file.

    Gives:   SavedBy and SavedTime NULL for a file without a record.
    """
    records = {path.stem: path for path in documents(root / RULES_FOLDER, (".json",))}
    files = saved_rules(root)
    rows = [
        (file.name, *_record(records.get(file.stem)), file is files[-1]) for file in reversed(files)
    ]
    return Table("rules", tuple(Column(*each) for each in LISTED.items()), tuple(rows))


def own_name() -> str:
    """The name of the operating system's user, who acts where nobody signs in.

    Raises: ConfigError where the system names none.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise ConfigError(
            "The operating system has no name for the user who runs pertoken.",
            "Expected who acts: it is recorded.",
            "Set the variable LOGNAME, or say who it is.",
        ) from None


def _record(path: Path | None) -> tuple[str | None, datetime | None]:
    if path is None:
        return None, None
    try:
        held = json.loads(path.read_text("utf-8"))
        return str(held["SavedBy"]), datetime.fromisoformat(held["SavedTime"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HubError(
            f"{path} cannot be read: {error}.",
            "Expected the record of who saved rules, as pertoken wrote it.",
            "Restore it from a backup, or delete it: the rules count without it.",
        ) from error
