"""Files that people give a hub (rules, budgets): numbered, every one kept, the last one counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.errors import HubError
from pertoken.hub.places import make_folder
from pertoken.stores import StorePath, files_below, kept_files, put_if

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.stores import Folder


def documents(folder: Folder, endings: tuple[str, ...]) -> list[Path]:
    """Local copies of the numbered files of a folder, the one that counts last."""
    if isinstance(folder, StorePath):
        files = [file for file in files_below(folder) if file.path.parent == folder]
        named = [file for file in files if _is_document(file.path.name, endings)]
        return kept_files(named)
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _is_document(path.name, endings))


def keep_document(folder: Folder, name: str, content: bytes) -> Folder:
    """Put a new numbered file in a folder, whole or not at all; gives where it is.

    Raises: HubError, when somebody else put one of this name there meanwhile.
    """
    target = folder / name
    if isinstance(target, StorePath):
        if not put_if(target, content, None):
            raise HubError(
                f"{target} was made by somebody else meanwhile.",
                "Expected to put the next file beside those that were read.",
                "Look at what counts now, then run the command again.",
            )
        return target
    make_folder(target.parent)
    draft = target.with_name(f"{name}.draft")
    draft.write_bytes(content)
    return draft.rename(target)


def _is_document(name: str, endings: tuple[str, ...]) -> bool:
    return name[:1].isdigit() and name.endswith(endings)
