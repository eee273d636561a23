"""The rules of a hub: dated TOML files in its folder `rules`, the last one counts.

Every version stays, so that a month can be shown as it was booked. A hub without rules has the
defaults.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from pertoken.allocation import (
    DEFAULT_RULES,
    Rules,
    default_rules,
    default_rules_text,
    parse_rules,
)
from pertoken.errors import ConfigError
from pertoken.hub import documents

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.pipeline.audience import Relations
    from pertoken.stores import Folder

RULES_FOLDER = "rules"


def hub_rules(relations: Relations) -> Rules:
    """The rules that count in a hub; the defaults where it has none.

    Raises: ConfigError, when they cannot be read.
    """
    saved = saved_rules(relations.root)
    return read_rules(saved[-1]) if saved else default_rules()


def rules_text(relations: Relations) -> tuple[str, str]:
    """The rules that count as they are written, after the name of their file."""
    saved = saved_rules(relations.root)
    if saved:
        return saved[-1].name, saved[-1].read_text("utf-8")
    return DEFAULT_RULES, default_rules_text()


def rules_name(root: Folder) -> str:
    """The name of the rules that count, as `rules_text` gives it."""
    return rules_mark(root) or DEFAULT_RULES


def read_rules(path: Path) -> Rules:
    """The rules of a file; raises ConfigError with everything that is wrong in it."""
    return checked_rules(rules_content(path), path.name)


def rules_content(path: Path) -> bytes:
    """The bytes of a file of rules, unread; raises ConfigError where there is none."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(str(path), error) from error


def checked_rules(content: bytes, name: str) -> Rules:
    """The rules of a text; raises ConfigError with everything that is wrong in it."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(name, error) from error
    return replace(parse_rules(text, name), digest=hashlib.sha256(content).hexdigest())


def _unreadable(name: str, error: Exception) -> ConfigError:
    return ConfigError(
        f"{name} cannot be read: {error}.",
        "Expected a file of rules, TOML in UTF-8.",
        "Name another file.",
    )


def saved_rules(root: Folder) -> list[Path]:
    """The files of rules in a hub, the one that counts last."""
    return documents(root / RULES_FOLDER, (".toml",))


def rules_mark(root: Folder) -> str:
    """A text that is another one once rules are saved; "" for a hub without rules."""
    saved = saved_rules(root)
    return saved[-1].name if saved else ""
