"""The stores of a test session, and pertoken's variables for them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from servers import Server, azurite, azurite_is_installed, moto

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Azurite, once per session."""
    if not azurite_is_installed():
        pytest.skip("Azurite is not installed: scripts/install-azurite.sh could not reach npm")
    with azurite(tmp_path_factory.mktemp("azurite")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The S3 server of moto, once per session."""
    with moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Sets pertoken's variables, and no other one of a store; the cache is the test's own."""
    for name in list(os.environ):
        if name.startswith(("PERTOKEN_", "AZURE_", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PERTOKEN_CACHE", str(tmp_path / "cache"))

    def set_variables(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_variables


@pytest.fixture
def azure(azure_server: Server, environment: Callable[..., None]) -> Server:
    """Azure Storage, with its key as the credential."""
    environment(**azure_server.environment)
    return azure_server


@pytest.fixture(params=["azure", "s3"])
def store(request: pytest.FixtureRequest, environment: Callable[..., None]) -> Server:
    """Each of the stores."""
    server: Server = request.getfixturevalue(f"{request.param}_server")
    environment(**server.environment)
    return server


@pytest.fixture
def bucket(store: Server, request: pytest.FixtureRequest) -> str:
    """A new container or bucket; its name."""
    name = f"b{abs(hash(request.node.nodeid)):x}"[:20]
    store.make_bucket(name)
    return name
