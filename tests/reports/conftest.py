"""Golden files: what others read, compared byte for byte.

PERTOKEN_GOLDEN=1 writes them anew; the change is then reviewed as a diff.
"""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with a golden file."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("PERTOKEN_GOLDEN"):
            path.write_bytes(text.encode())
        assert path.read_bytes().decode() == text

    return check


@pytest.fixture
def printed() -> Callable[[Callable[[Console], None], int], str]:
    """What a function prints on a console that is no terminal."""

    def text(show: Callable[[Console], None], width: int) -> str:
        stream = io.StringIO()
        show(Console(file=stream, width=width))
        return stream.getvalue()

    return text
