"""Serving a hub that is missing, foreign, written to or new; and who may be let in at all."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from builders import charge, write_export
from serving import serving

import pertoken
from pertoken.errors import ConfigError
from pertoken.periods import parse_day
from pertoken.pipeline.overview_view import previous_period
from pertoken.web.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_a_missing_hub_is_answered_and_waited_for(tmp_path: Path) -> None:
    with serving(tmp_path / "hub") as server, server.client() as client:
        assert client.get("/").status_code == 200
        answer = client.get("/api/hub")
        error = answer.json()["errors"][0]
        assert (answer.status_code, error["code"]) == (503, "HubError")
        assert "pertoken ingest" in error["help"]
        write_export(tmp_path / "exports", [charge(tokens=1000, price="0.005")])
        pertoken.open(tmp_path / "hub").ingest(tmp_path / "exports")
        assert client.get("/api/matrix").json()["total"] == 1


def test_a_new_commit_is_seen_and_old_answers_are_not(tmp_path: Path) -> None:
    write_export(tmp_path / "exports", [charge(tokens=1000, price="0.005")])
    pertoken.open(tmp_path / "hub").ingest(tmp_path / "exports")
    with serving(tmp_path / "hub") as server, server.client() as client:
        first = client.get("/api/matrix.csv")
        write_export(
            tmp_path / "more", [charge(tokens=3000, price="0.005", month="2026-03")],
            month="2026-03",
        )  # fmt: skip
        pertoken.open(tmp_path / "hub").ingest(tmp_path / "more")
        second = client.get("/api/matrix.csv", headers={"If-None-Match": first.headers["etag"]})
    assert second.status_code == 200
    assert first.text != second.text


def test_a_hub_that_is_being_written_is_read_and_said_so(tmp_path: Path) -> None:
    write_export(tmp_path / "exports", [charge(tokens=1000, price="0.005")])
    pertoken.open(tmp_path / "hub").ingest(tmp_path / "exports")
    with serving(tmp_path / "hub") as server, server.client() as client:
        assert client.get("/api/writing").json()["writing"] is False
        (tmp_path / "hub" / "_lock.json").write_text(json.dumps({"expires": time.time() + 60}))
        assert client.get("/api/writing").json()["writing"] is True
        assert client.get("/api/matrix").status_code == 200


def test_a_ledger_of_no_known_version_is_answered_in_words(tmp_path: Path) -> None:
    log = tmp_path / "hub" / "runs" / "_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json").write_text("{}\n")
    with serving(tmp_path / "hub") as server, server.client() as client:
        answer = client.get("/api/hub")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "HubError")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104
def test_no_other_address_is_bound_without_login(tmp_path: Path, host: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pertoken", "serve", "--hub", tmp_path, "--host", host, "--no-open"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "nobody has to sign in" in done.stderr


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"PERTOKEN_WEB_OIDC_ISSUER": "https://x"}, "oidc_client_id"),
        ({"PERTOKEN_WEB_TOKENS": "not json"}, "not JSON"),
        ({"PERTOKEN_WEB_TOKENS": '[{"name":"a","sha256":"xyz","role":"admin"}]'}, "sha256"),
        ({"PERTOKEN_WEB_COLOUR": "red"}, "colour"),
        ({"PERTOKEN_WEB_CONFIG": "/no/such/file.toml"}, "cannot be read"),
        ({"PERTOKEN_WEB_PUBLIC_URL": "cost.example.com"}, "public_url"),
        (
            {"PERTOKEN_WEB_TOKENS": json.dumps(
                [{"name": "a", "sha256": "0" * 64, "role": "team"}])},
            "no tags",
        ),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named(variables: dict[str, str], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        read_settings(variables)


def test_settings_come_from_a_file_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "web.toml"
    file.write_text('session_hours = 2\n[[tokens]]\nname = "a"\nrole = "admin"\nsha256 = "'
                    + "0" * 64 + '"\n')  # fmt: skip
    settings = read_settings({"PERTOKEN_WEB_CONFIG": str(file), "PERTOKEN_WEB_SESSION_HOURS": "3"})
    assert settings.has_login
    assert settings.session_hours == 3
    assert not read_settings({}).has_login


@pytest.mark.parametrize(
    ("start", "end", "through", "expected"),
    [
        ("2026-09", "2026-10", "2026-09-30", ("2026-08-01", "2026-09-01")),
        ("2026-09", "2026-10", "2026-09-10", ("2026-08-01", "2026-08-11")),
        ("2026-07", "2026-10", "2026-09-30", ("2026-04-01", "2026-07-01")),
        ("2026-01", "2026-02", "2026-09-30", ("2025-12-01", "2026-01-01")),
        ("2026-03", "2026-04", "2026-03-30", ("2026-02-01", "2026-03-01")),
        ("2026-09-10", "2026-09-17", "2026-09-30", ("2026-09-03", "2026-09-10")),
    ],
)
def test_the_period_before(start: str, end: str, through: str, expected: tuple[str, str]) -> None:
    before = previous_period(parse_day(start), parse_day(end), parse_day(through))
    assert tuple(day.isoformat() for day in before) == expected


def test_the_demo_on_a_terminal_prints_its_address_and_serves_until_it_is_stopped(
    hub: Path, tmp_path: Path
) -> None:
    own = shutil.copytree(hub, tmp_path / "hub")
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    terminal, other_end = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "pertoken", "demo", "--hub", str(own)],
        stdout=other_end, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "BROWSER": f"{browser} %s", "NO_COLOR": "1"},
    ) as demo:  # fmt: skip
        os.close(other_end)
        printed = ""
        while "http://" not in printed.rpartition("\n")[0]:
            printed += os.read(terminal, 65536).decode()
        address = next(line for line in printed.splitlines() if line.startswith("http://")).strip()
        assert "x_UnitCost" in printed
        answer = httpx.get(f"{address}/api/hub", trust_env=False).json()
        assert answer["currencies"] == ["USD", "EUR"]
        deadline = time.monotonic() + 20
        while not opened.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        demo.send_signal(signal.SIGINT)
        talk = demo.communicate(timeout=20)[1]
    os.close(terminal)
    assert (demo.returncode, opened.read_text().strip()) == (0, address)
    assert "Its page, until Ctrl-C:" in talk
    assert talk.rstrip().endswith("Stopped.")
