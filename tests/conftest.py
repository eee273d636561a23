"""The bundled tenant in a hub, made once for all workers of a run."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

import pertoken
from pertoken.cli.ingestion import demo_exports

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def demo_hub(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The hub that `pertoken demo` makes; tests read it and never write it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    folder, ready = shared / "demo-hub", shared / "demo-hub.ready"
    try:
        os.close(os.open(shared / "demo-hub.maker", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        deadline = time.monotonic() + 300
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert ready.exists()
        return folder
    result = pertoken.open(folder).ingest(demo_exports())
    assert not result.report.problems
    ready.touch()
    return folder
