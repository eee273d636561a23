"""The documents that travel with the package: the glossary and the data dictionary.

They are the repository's own docs, put into the wheel when it is built (pyproject.toml); a checkout
reads them where they are.
"""

from __future__ import annotations

from pathlib import Path

from pertoken.errors import ConfigError, alternatives

DOCUMENTS = {
    "glossary": "The words of FOCUS and of pertoken, and what each means",
    "reference": "Every command, option, column, status and quantity basis",
    "tables": "Every serving table, column by column",
}
_PACKAGE = Path(__file__).parents[1]
_FOLDERS = (_PACKAGE / "docs", _PACKAGE.parents[1] / "docs")


def document_text(name: str) -> str:
    """A document in Markdown; raises ConfigError for a name that is not in DOCUMENTS."""
    if name not in DOCUMENTS:
        raise ConfigError(
            f"There is no document '{name}'.",
            f"Expected one of {', '.join(DOCUMENTS)}.",
            f"Nearest: {alternatives(name, DOCUMENTS)}.",
        )
    path = next(held for folder in _FOLDERS if (held := folder / f"{name}.md").is_file())
    return path.read_text("utf-8")
