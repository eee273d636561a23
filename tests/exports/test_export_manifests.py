"""Manifests: what is read from their text, and what is refused."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pertoken.errors import SourceError
from pertoken.exports import ExportRun, parse_manifest

CASES = json.loads((Path(__file__).parent / "cases" / "manifests.json").read_text("utf-8"))
FOLDER = Path("/exports/run")
PLAIN = {
    "byteCount": 5,
    "blobCount": 1,
    "dataRowCount": 1,
    "exportConfig": {
        "exportName": "daily",
        "resourceId": "/subscriptions/s1/providers/Microsoft.CostManagement/exports/daily",
        "dataVersion": "1.0",
        "type": "FocusCost",
    },
    "deliveryConfig": {"fileFormat": "Csv", "compressionMode": "None"},
    "runInfo": {
        "runId": "r",
        "submittedTime": "2026-07-01T06:27:00Z",
        "startDate": "2026-06-01T00:00:00",
        "endDate": "2026-06-30T00:00:00Z",
    },
    "blobs": [{"blobName": "c/r/part.csv", "byteCount": 5, "dataRowCount": 1}],
}


def case_text(case: dict[str, Any]) -> bytes:
    """The manifest of a case: as it stands, or a plain one with some members replaced."""
    if "text" in case:
        return str(case["text"]).encode()
    return json.dumps(case.get("manifest") or PLAIN | case["change"]).encode()


def shown(run: ExportRun, name: str) -> object:
    if name == "parts":
        below = [Path(part.path).relative_to(FOLDER).as_posix() for part in run.parts]
        return [f"{path} {part.compression}" for path, part in zip(below, run.parts, strict=True)]
    value = getattr(run, name)
    return value.isoformat() if hasattr(value, "isoformat") else value


READ = [case for case in CASES if "expected" in case]
REFUSED = [case for case in CASES if "error" in case]


@pytest.mark.parametrize("case", READ, ids=[case["case"] for case in READ])
def test_a_manifest_is_read_as_the_table_says(case: dict[str, Any]) -> None:
    run = parse_manifest(case_text(case), FOLDER)
    assert case["expected"] == {name: shown(run, name) for name in case["expected"]}


@pytest.mark.parametrize("case", REFUSED, ids=[case["case"] for case in REFUSED])
def test_what_is_no_manifest_is_refused_in_three_lines(case: dict[str, Any]) -> None:
    with pytest.raises(SourceError) as caught:
        parse_manifest(case_text(case), FOLDER)
    assert str(FOLDER / "manifest.json") in caught.value.found
    assert case["error"] in caught.value.found
    assert len(str(caught.value).splitlines()) == 3


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    text = b"\xef\xbb\xbf" + json.dumps(PLAIN).encode()
    run = parse_manifest(text, FOLDER)
    assert run.run_id == "r"
    assert run.manifest_digest == sha256(text).hexdigest()


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"[" * 100_000, b"1" * 5_000, b'{"a": "\xff"}'])
def test_bytes_that_break_a_reader_are_refused(text: bytes) -> None:
    """No text, too deep, a number too long, not UTF-8."""
    with pytest.raises(SourceError):
        parse_manifest(text, FOLDER)


def test_a_manifest_of_ten_megabytes_is_read() -> None:
    blobs = [{"blobName": f"c/r/part_{number}.csv{' ' * 400}"} for number in range(25_000)]
    text = json.dumps(PLAIN | {"blobCount": 25_000, "blobs": blobs}).encode()
    assert len(text) > 10_000_000
    assert len(parse_manifest(text, FOLDER).parts) == 25_000
