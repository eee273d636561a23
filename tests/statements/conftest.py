"""Hubs that statements are made from."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from statement_hubs import made

from pertoken.api import Hub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def made_hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hub as first ingested; copied by `fresh_hub`, never written."""
    return made(tmp_path_factory.mktemp("statements"))


@pytest.fixture
def fresh_hub(made_hub: Path, tmp_path: Path) -> Iterator[Callable[[], Hub]]:
    """A maker of hubs that a test may write, each a copy."""
    hubs: list[Hub] = []

    def fresh() -> Hub:
        path = tmp_path / f"hub-{len(hubs)}"
        shutil.copytree(made_hub, path)
        hubs.append(Hub(path))
        return hubs[-1]

    yield fresh
    for hub in hubs:
        hub.close()


@pytest.fixture
def hub(fresh_hub: Callable[[], Hub]) -> Hub:
    """One such hub."""
    return fresh_hub()
