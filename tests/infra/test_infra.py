"""What can be checked of the container and the Azure template without Docker, Bicep or Azure."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).parents[2]
BICEP = (ROOT / "infra" / "azure" / "pertoken.bicep").read_text("utf-8")
SCHEDULE = (ROOT / "docs" / "schedule.md").read_text("utf-8")
WORDS = re.compile(r"//[^\n]*|'(?:\\.|\$\{[^}]*\}|[^'\\\n])*'")
PAIRS = {")": "(", "]": "[", "}": "{"}


def test_brackets_and_quotes_of_the_template_are_balanced() -> None:
    rest = WORDS.sub("", BICEP)
    assert "'" not in rest
    opened: list[str] = []
    for sign in re.findall(r"[()\[\]{}]", rest):
        if sign in PAIRS:
            assert opened.pop() == PAIRS[sign]
        else:
            opened.append(sign)
    assert not opened


def test_every_parameter_is_described_used_and_documented() -> None:
    parameters = re.findall(r"^param (\w+) ", BICEP, re.MULTILINE)
    assert len(parameters) == len(set(parameters)) > 5
    for parameter in parameters:
        assert re.search(rf"@description\('[^\n]+'\)\n(@\w+[^\n]*\n)*param {parameter} ", BICEP)
        assert len(re.findall(rf"\b{parameter}\b", BICEP)) > 1, f"{parameter} does nothing"
        assert f"`{parameter}`" in SCHEDULE


def test_every_variable_that_the_template_sets_is_one_of_the_documentation() -> None:
    names = re.findall(r"name: '(\w+)', *(?:value|secretRef)", BICEP)
    assert "PERTOKEN_IDENTITY_CLIENT_ID" in names
    stated = [name for name in names if name.startswith("PERTOKEN_")]
    assert [name for name in stated if f"`{name}`" not in SCHEDULE] == []


def test_every_symbol_of_the_template_is_declared() -> None:
    declared = set(re.findall(r"^\s*(?:resource|param|var) (\w+) ", BICEP, re.MULTILINE))
    used = set(re.findall(r"\b(\w+)\.(?:id|name|properties)\b", WORDS.sub("", BICEP)))
    assert used <= declared


def test_the_container_runs_as_no_root_and_holds_the_files_it_copies() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    users = [line for line in lines if line.startswith("USER ")]
    assert users == ["USER 10001"]
    kept = (ROOT / ".dockerignore").read_text("utf-8").split()
    copied = [line.split()[1] for line in lines if re.match(r"COPY \w", line)]
    assert copied == ["infra/azure/with_identity.py"]
    for name in copied:
        assert (ROOT / name).is_file()
        assert f"!{name}" in kept
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for file in re.findall(r'"?(?:readme|license)"? *= *"([\w.]+\.md)"', project):
        assert f"!{file}" in kept


def test_the_identity_of_the_container_is_stated_to_pertoken(tmp_path: Path) -> None:
    """The token of a loopback endpoint reaches the environment of the command."""
    asked = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            asked.append((self.headers["X-IDENTITY-HEADER"], query["resource"], query["client_id"]))
            content = json.dumps({"access_token": "t-1", "expires_on": "1"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    command = tmp_path / "pertoken"
    command.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        "print(os.environ['PERTOKEN_AZURE_TOKEN'], sys.argv[1:])\n"
    )
    command.chmod(0o755)
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    environment = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "IDENTITY_HEADER": "secret",
        "IDENTITY_ENDPOINT": f"http://127.0.0.1:{server.server_port}/msi/token",
        "PERTOKEN_IDENTITY_CLIENT_ID": "client",
    }  # fmt: skip
    answer = subprocess.run(
        [sys.executable, ROOT / "infra" / "azure" / "with_identity.py", "ingest", "az://cost/x"],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    server.shutdown()
    server.server_close()
    assert answer.stdout == "t-1 ['ingest', 'az://cost/x']\n", answer.stderr
    assert asked == [("secret", ["https://storage.azure.com/"], ["client"])]
