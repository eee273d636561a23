"""Real object stores on loopback, for tests: Azurite (Azure Storage) and moto (S3).

Each writes a line per request to a log, so that requests can be counted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from obstore.store import AzureStore, S3Store

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account and key that Azurite documents, the same everywhere."""
AZURITE = Path(__file__).parent / "azurite/node_modules/azurite/dist/src/blob/main.js"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_REQUEST = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+)[^"]*" (?P<status>\d{3})')


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the server logged it; the path is decoded, without the account."""

    method: str
    path: str
    status: int


@dataclass(frozen=True)
class Server:
    """A running store; `environment` is how pertoken reaches it."""

    scheme: str
    port: int
    log: Path
    environment: dict[str, str]

    def requests(self) -> list[Request]:
        """Every request until now."""
        text = _COLOUR.sub("", self.log.read_text("utf-8", errors="replace"))
        return [
            Request(
                each["method"],
                urllib.parse.unquote(each["path"]).removeprefix(f"/{ACCOUNT}"),
                int(each["status"]),
            )
            for each in _REQUEST.finditer(text)
        ]

    def make_bucket(self, name: str) -> None:
        """Make a container or bucket."""
        if self.scheme == "s3":
            _send("PUT", f"http://127.0.0.1:{self.port}/{name}", {})
            return
        now = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        signed = (
            f"PUT{chr(10) * 12}x-ms-date:{now}\nx-ms-version:2021-08-06\n"
            f"/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        )
        headers = {
            "x-ms-date": now,
            "x-ms-version": "2021-08-06",
            "Authorization": f"SharedKey {ACCOUNT}:{_signature(signed)}",
            "Content-Length": "0",
        }
        url = f"http://127.0.0.1:{self.port}/{ACCOUNT}/{name}?restype=container"
        _send("PUT", url, headers)

    def client(self, bucket: str) -> Any:  # noqa: ANN401 - obstore has no types here
        """A client of a bucket, to lay files there."""
        options = {"allow_http": True}
        if self.scheme == "s3":
            config = {
                "aws_access_key_id": "test",
                "aws_secret_access_key": "test",
                "aws_region": "eu-west-1",
                "aws_endpoint": f"http://127.0.0.1:{self.port}",
            }
            return S3Store(bucket, config=config, client_options=options)
        config = {
            "azure_storage_account_name": ACCOUNT,
            "azure_storage_account_key": KEY,
            "azure_storage_endpoint": f"http://127.0.0.1:{self.port}/{ACCOUNT}",
        }
        return AzureStore(bucket, config=config, client_options=options)

    def upload(self, folder: Path, bucket: str, prefix: str = "") -> None:
        """Copy a local folder below a prefix of a bucket."""
        client = self.client(bucket)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                key = "/".join(filter(None, (prefix, path.relative_to(folder).as_posix())))
                obstore.put(client, key, path)


def sas(permissions: str = "rl", *, minutes: int = 60) -> str:
    """A SAS of the account for its blobs. Source: Microsoft Learn, "Create an account SAS"."""
    version = "2021-08-06"
    expiry = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = [ACCOUNT, permissions, "b", "sco", "", expiry, "", "", version, "", ""]
    return urllib.parse.urlencode(
        {"sv": version, "ss": "b", "srt": "sco", "sp": permissions, "se": expiry,
         "sig": _signature("\n".join(fields))}
    )  # fmt: skip


def azurite_is_installed() -> bool:
    """Whether scripts/install-azurite.sh could install the server."""
    return AZURITE.is_file() and shutil.which("node") is not None


@contextmanager
def azurite(folder: Path) -> Iterator[Server]:
    """Azurite on a free port, its data and log in a folder."""
    port = free_port()
    command = [
        "node", str(AZURITE), "--blobHost", "127.0.0.1", "--blobPort", str(port),
        "--skipApiVersionCheck", "--disableTelemetry", "--location", str(folder / "data"),
    ]  # fmt: skip
    environment = {
        "PERTOKEN_AZURE_ACCOUNT": ACCOUNT,
        "PERTOKEN_AZURE_ACCOUNT_KEY": KEY,
        "PERTOKEN_AZURE_ENDPOINT": f"http://127.0.0.1:{port}/{ACCOUNT}",
        "PERTOKEN_STORE_ALLOW_HTTP": "1",
    }
    with _serving(command, folder / "azurite.log", port) as log:
        yield Server("az", port, log, environment)


@contextmanager
def moto(folder: Path) -> Iterator[Server]:
    """The S3 server of moto on a free port, its log in a folder."""
    port = free_port()
    command = [
        sys.executable, "-c", "from moto.server import main; main()",
        "-H", "127.0.0.1", "-p", str(port),
    ]  # fmt: skip
    environment = {
        "PERTOKEN_S3_ACCESS_KEY_ID": "test",
        "PERTOKEN_S3_SECRET_ACCESS_KEY": "test-secret",
        "PERTOKEN_S3_REGION": "eu-west-1",
        "PERTOKEN_S3_ENDPOINT": f"http://127.0.0.1:{port}",
        "PERTOKEN_STORE_ALLOW_HTTP": "1",
    }
    with _serving(command, folder / "moto.log", port) as log:
        yield Server("s3", port, log, environment)


def free_port() -> int:
    """A port of loopback that nobody listens to."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def _serving(command: list[str], log: Path, port: int) -> Iterator[Path]:
    log.parent.mkdir(parents=True, exist_ok=True)
    ambient = ("AWS_", "AZURE_", "PERTOKEN_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ambient)}
    with log.open("wb") as written:
        server = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT, env=clean)
    try:
        _await(port, server)
        yield log
    finally:
        server.terminate()
        server.wait(timeout=20)


def _await(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        with socket.socket() as attempt:
            attempt.settimeout(1)
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the server on port {port} did not start")


def _signature(text: str) -> str:
    digest = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _send(method: str, url: str, headers: dict[str, str]) -> None:
    request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=20):  # noqa: S310 - as above
        return
