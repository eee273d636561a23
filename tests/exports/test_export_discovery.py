"""Runs and files found in folders, and what is said of the rest."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

import pytest

from pertoken.exports import Discovery, check_run, discover
from pertoken.exports.discovery import MANIFEST_LIMIT

if TYPE_CHECKING:
    from pathlib import Path

CSV = b"BilledCost,BillingCurrency\n1,USD\n"
PARQUET = b"PAR1 stands for a file PAR1"


def write_run(
    folder: Path, run_id: str = "r1", content: bytes = CSV, name: str = "part.csv", **change: object
) -> Path:
    """A folder with a manifest and its one part."""
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    manifest = {
        "blobCount": 1,
        "dataRowCount": 1,
        "exportConfig": {
            "exportName": "daily",
            "resourceId": "/subscriptions/s1/providers/Microsoft.CostManagement/exports/daily",
            "dataVersion": "1.0",
            "type": "FocusCost",
        },
        "deliveryConfig": {"fileFormat": "Csv"},
        "runInfo": {
            "runId": run_id,
            "submittedTime": "2026-07-01T06:27:00Z",
            "startDate": "2026-06-01",
            "endDate": "2026-06-30",
        },
        "blobs": [{"blobName": f"c/{name}", "byteCount": len(content), "dataRowCount": 1}],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | change), "utf-8")
    return folder


def found_problems(discovery: Discovery) -> list[str]:
    return [problem.found for problem in discovery.problems]


def test_runs_are_found_at_any_depth_whatever_the_folders_are_called(tmp_path: Path) -> None:
    write_run(tmp_path / "r1", "r1")
    write_run(tmp_path / "20250101-20250131" / "a" / "b" / "c" / "d", "r2")
    discovery = discover([tmp_path])
    assert [(run.run_id, run.month) for run in discovery.runs] == [
        ("r1", "2026-06"),
        ("r2", "2026-06"),
    ]
    assert discovery.problems == ()
    assert [check_run(run) for run in discovery.runs] == [None, None]


def test_files_in_a_folder_are_never_plain_files(tmp_path: Path) -> None:
    write_run(tmp_path / "r1")
    (tmp_path / "focus.csv").write_bytes(CSV)
    assert discover([tmp_path]).plain_files == ()


def test_a_manifest_can_be_named_as_a_file(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r1")
    discovery = discover([folder / "manifest.json"])
    assert [run.path for run in discovery.runs] == [str(folder)]


def test_a_source_named_twice_or_inside_another_is_found_once(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r1")
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    plain = tmp_path / "focus.csv"
    plain.write_bytes(CSV)
    sources = [tmp_path, str(folder), folder / "manifest.json", tmp_path / "link", plain, plain]
    discovery = discover(sources)
    assert (len(discovery.runs), len(discovery.plain_files)) == (1, 1)
    assert discovery.problems == ()


@pytest.mark.parametrize(
    ("name", "content", "file_format", "compression"),
    [
        ("focus.csv", CSV, "csv", "none"),
        ("focus.CSV.gz", gzip.compress(CSV, mtime=0), "csv", "gzip"),
        ("focus.parquet", PARQUET, "parquet", "none"),
        ("focus.csv", gzip.compress(CSV, mtime=0), "csv", "gzip"),
        ("focus.csv", PARQUET, "parquet", "none"),
    ],
)
def test_a_named_file_is_what_its_bytes_say(
    tmp_path: Path, name: str, content: bytes, file_format: str, compression: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    (file,) = discover([path]).plain_files
    assert (file.path, file.file_format, file.compression) == (str(path), file_format, compression)
    assert file.digest == sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("name", "content"), [("a.xlsx", b"PK\x03\x04\0"), ("a.json", b"{}"), ("a.csv", b"\xff\xfe")]
)
def test_a_named_file_of_another_kind_is_a_problem(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    discovery = discover([tmp_path / name])
    assert discovery.plain_files == ()
    assert found_problems(discovery) == [f"{tmp_path / name} is neither a CSV nor a Parquet file."]


def test_equal_plain_files_are_one(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv"):
        (tmp_path / name).write_bytes(CSV)
    (file,) = discover([tmp_path / "b.csv", tmp_path / "a.csv"]).plain_files
    assert file.path == str(tmp_path / "a.csv")


def test_what_cannot_be_used_is_a_problem_and_the_rest_is_found(tmp_path: Path) -> None:
    write_run(tmp_path / "good")
    for name, text in {"app": '{"name": "app"}', "cut": '{"blobs": [', "list": "[]"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(text, "utf-8")
    discovery = discover([tmp_path, tmp_path / "absent", "gs://bucket/path"])
    assert [run.run_id for run in discovery.runs] == ["r1"]
    assert len(discovery.problems) == 5
    text = "\n".join(found_problems(discovery))
    assert "absent' does not exist" in text
    assert "'gs://bucket/path' is neither a path nor a URL of a store" in text
    assert str(tmp_path / "cut" / "manifest.json") in text


def test_a_folder_without_manifests_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "focus.csv").write_bytes(CSV)
    assert found_problems(discover([tmp_path])) == [f"{tmp_path} holds no manifest.json."]


def test_a_manifest_past_every_size_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    with path.open("wb") as file:
        file.truncate(MANIFEST_LIMIT + 1)
    assert "more than the" in found_problems(discover([tmp_path]))[0]


def test_a_manifest_that_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "manifest.json")
    assert "not a regular file" in found_problems(discover([tmp_path]))[0]


def test_what_may_not_be_read_is_a_problem(tmp_path: Path) -> None:
    manifest = write_run(tmp_path / "runs" / "r1") / "manifest.json"
    folder = write_run(tmp_path / "runs" / "r2")
    plain = tmp_path / "focus.csv"
    plain.write_bytes(CSV)
    for path in (manifest, folder, plain):
        path.chmod(0)
    problems = found_problems(discover([tmp_path / "runs", plain]))
    folder.chmod(0o700)
    if not problems:
        pytest.skip("this user may read every file")
    assert len(problems) == 3
    assert all("cannot be read" in problem for problem in problems)


def test_the_bytes_decide_where_name_and_manifest_disagree(tmp_path: Path) -> None:
    write_run(tmp_path / "r1", "r1", PARQUET, "part.csv")
    write_run(tmp_path / "r2", "r2", gzip.compress(CSV), "part.csv")
    write_run(tmp_path / "r3", "r3", CSV, "part.csv.gz")
    write_run(tmp_path / "r4", "r4", b"PK\x03\x04\0", "part.csv")
    runs = discover([tmp_path]).runs
    kinds = [(run.file_format, run.parts[0].compression) for run in runs]
    assert kinds[:3] == [("parquet", "none"), ("csv", "gzip"), ("csv", "none")]
    assert [check_run(run) for run in runs[:3]] == [None, None, None]
    assert "neither CSV text, gzip nor Parquet" in str(check_run(runs[3]))


@pytest.mark.parametrize("name", ["../../part.csv", "/part.csv", "c/\0", "c/\ud800"])
def test_a_name_that_leaves_the_folder_lists_the_run_to_be_refused(
    tmp_path: Path, name: str
) -> None:
    write_run(tmp_path / "r1", blobs=[{"blobName": name}])
    (run,) = discover([tmp_path]).runs
    assert "leaves the folder of the manifest" in str(check_run(run))


def test_two_copies_of_a_run_are_one_run(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "b")
    shutil.copytree(folder, tmp_path / "a")
    discovery = discover([tmp_path])
    assert [run.path for run in discovery.runs] == [str(tmp_path / "a")]
    assert discovery.problems == ()


def test_of_two_copies_the_whole_one_is_taken(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "b")
    shutil.copytree(folder, tmp_path / "a")
    (tmp_path / "a" / "part.csv").unlink()
    discovery = discover([tmp_path])
    assert [run.path for run in discovery.runs] == [str(folder)]
    assert discovery.problems == ()


def test_two_broken_copies_are_one_refused_run(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (write_run(tmp_path / name) / "part.csv").unlink()
    discovery = discover([tmp_path])
    assert [check_run(run) for run in discovery.runs] == ["1 of 1 part missing: 'part.csv'"]
    assert discovery.problems == ()


def test_copies_that_differ_are_a_problem_and_one_is_listed(tmp_path: Path) -> None:
    write_run(tmp_path / "a")
    write_run(tmp_path / "b", content=CSV.replace(b"1", b"2"))
    discovery = discover([tmp_path])
    assert [run.path for run in discovery.runs] == [str(tmp_path / "a")]
    assert "Run r1 is found with different content" in found_problems(discovery)[0]


def test_one_run_id_in_two_months_is_two_runs(tmp_path: Path) -> None:
    """Anonymised manifests carry a zero run id."""
    write_run(tmp_path / "a", "0")
    info = {"runId": "0", "startDate": "2026-07-01", "endDate": "2026-07-31"}
    write_run(tmp_path / "b", "0", runInfo=info)
    assert [run.month for run in discover([tmp_path]).runs] == ["2026-06", "2026-07"]


def test_the_order_of_sources_does_not_matter(tmp_path: Path) -> None:
    sources: list[str | Path] = [write_run(tmp_path / f"f{n}", f"r{n % 3}") for n in range(6)]
    sources += [tmp_path / "absent", "gs://bucket"]
    expected = discover(sources)
    for seed in range(3):
        Random(seed).shuffle(sources)  # noqa: S311 - an order, not a secret
        answer = discover(sources)
        assert answer.runs == expected.runs
        assert found_problems(answer) == found_problems(expected)
