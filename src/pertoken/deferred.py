"""Functions whose modules are loaded at their first call.

A command that prints a matrix must not load what an ingest needs. The type checker sees the real
import beside it: `if TYPE_CHECKING: from m import f` and, else, `f = deferred("m", "f")`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def deferred(module: str, name: str) -> Callable[..., Any]:
    """The function `name` of `module`, imported when it is first called."""

    @cache
    def loaded() -> Callable[..., Any]:
        return getattr(import_module(module), name)  # type: ignore[no-any-return]

    def call(*values: Any, **named: Any) -> Any:  # noqa: ANN401 - as the function has them
        return loaded()(*values, **named)

    return call
