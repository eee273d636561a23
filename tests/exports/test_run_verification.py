"""Parts against their manifest, and the fingerprint of their bytes."""

from __future__ import annotations

import csv
import gzip
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pertoken.errors import SourceError
from pertoken.exports import (
    ExportRun,
    Part,
    check_dataset,
    check_month,
    check_parts,
    check_run,
    fingerprint,
)
from pertoken.exports.datasets import version_rank

CSV = b"BilledCost,BillingCurrency\n1,USD\n"
DATASETS = (Path(__file__).parent / "cases" / "datasets.csv").read_text("utf-8")


def run_of(folder: Path, **contents: bytes) -> ExportRun:
    """A whole run whose parts hold the given bytes, one row each."""
    parts = []
    for name, content in contents.items():
        file = folder / f"{name}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        parts.append(Part(f"c/run/{name}.csv", str(file), len(content), 1))
    return ExportRun(
        run_id="r",
        export_name="daily",
        dataset="FocusCost",
        dataset_version="1.0",
        scope="/subscriptions/s1",
        month="2026-06",
        start=date(2026, 6, 1),
        end=date(2026, 7, 1),
        submitted_time=datetime(2026, 7, 1, tzinfo=UTC),
        parts=tuple(parts),
        row_count=len(parts),
        byte_count=sum(map(len, contents.values())),
        file_format="csv",
        path=str(folder),
        manifest_digest="",
        blob_count=len(parts),
    )


@pytest.mark.parametrize("row", list(csv.DictReader(DATASETS.splitlines())))
def test_a_dataset_is_read_or_not_as_the_table_says(row: dict[str, str]) -> None:
    reason = check_dataset(row["dataset"], row["version"])
    assert (reason is None) == (row["reason"] == "")
    assert (reason or "").startswith(row["reason"])


def test_versions_stand_in_the_order_of_their_release() -> None:
    versions = ["unknown", "1.0-preview(v1)", "1.0", "1.0r2", "1.2-preview", "1.2"]
    assert [version_rank("FocusCost", each) for each in versions] == [-1, 0, 1, 2, 3, 4]


def test_a_whole_run_has_no_reason_to_be_refused(tmp_path: Path) -> None:
    assert check_run(run_of(tmp_path, a=CSV, b=CSV)) is None


def test_an_empty_run_without_parts_is_whole(tmp_path: Path) -> None:
    for blob_count in (0, None):
        assert check_run(replace(run_of(tmp_path), blob_count=blob_count)) is None


def test_a_run_of_two_months_is_refused_with_what_to_do(tmp_path: Path) -> None:
    run = replace(run_of(tmp_path, a=CSV), end=date(2026, 7, 2))
    assert check_month(run) is not None
    assert "covers more than one month" in str(check_run(run))
    assert "export each month as a run of its own" in str(check_run(run))


def test_a_dataset_not_read_is_named_before_its_parts(tmp_path: Path) -> None:
    run = replace(run_of(tmp_path, a=CSV), dataset="ReservationDetails", blob_count=9)
    assert check_run(run) == "dataset not yet read"


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    run = run_of(tmp_path, a=CSV, b=CSV)
    (tmp_path / "b.csv").unlink()
    assert check_parts(run) == "1 of 2 parts missing: 'b.csv'"


def test_a_folder_in_the_place_of_a_part_is_no_part(tmp_path: Path) -> None:
    run = run_of(tmp_path, a=CSV)
    (tmp_path / "a.csv").unlink()
    (tmp_path / "a.csv").mkdir()
    assert check_parts(run) == "1 of 1 part missing: 'a.csv'"


@pytest.mark.parametrize("content", [CSV[:-1], CSV + b"\n", b""])
def test_a_cut_or_padded_part_differs_in_size(tmp_path: Path, content: bytes) -> None:
    run = run_of(tmp_path, a=CSV)
    (tmp_path / "a.csv").write_bytes(content)
    expected = f"part a.csv has {len(content)} bytes, the manifest says {len(CSV)}"
    assert check_parts(run) == expected


def test_swapped_parts_differ_in_size(tmp_path: Path) -> None:
    run = run_of(tmp_path, a=CSV, b=CSV + b"2,USD\n")
    (tmp_path / "a.csv").write_bytes(CSV + b"2,USD\n")
    (tmp_path / "b.csv").write_bytes(CSV)
    assert "part a.csv has" in str(check_parts(run))


def test_the_size_of_the_run_counts_where_parts_state_none(tmp_path: Path) -> None:
    run = run_of(tmp_path, a=CSV)
    run = replace(run, parts=(replace(run.parts[0], byte_count=None),))
    assert check_parts(run) is None
    assert "the manifest says byteCount 7" in str(check_parts(replace(run, byte_count=7)))
    assert check_parts(replace(run, byte_count=None)) is None


def test_rows_of_the_parts_must_add_up(tmp_path: Path) -> None:
    run = replace(run_of(tmp_path, a=CSV, b=CSV), row_count=3)
    assert check_parts(run) == "parts hold 2 rows, the manifest says dataRowCount 3"
    uncounted = replace(run.parts[0], row_count=None)
    assert check_parts(replace(run, parts=(uncounted, run.parts[1]))) is None


def test_the_number_of_parts_must_agree(tmp_path: Path) -> None:
    run = replace(run_of(tmp_path, a=CSV), blob_count=2)
    assert check_parts(run) == "manifest says blobCount 2 and lists 1 part"
    none = replace(run_of(tmp_path), blob_count=None, row_count=7)
    assert check_parts(none) == "manifest says 7 rows and lists no part"


def test_a_part_listed_twice_is_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path, a=CSV)
    run = replace(run, parts=run.parts * 2, blob_count=2, row_count=2)
    assert check_parts(run) == "manifest lists a part twice: 'c/run/a.csv'"


@pytest.mark.parametrize(
    "name",
    [
        "../secret.csv",
        "c/../../a.csv",
        "/etc/passwd",
        "c/..",
        "c/",
        "c/./a.csv",
        "c\\..\\a.csv",
        "C:/a.csv",
        "c/a\0.csv",
        "c/a\ud800.csv",
    ],
)
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    run = run_of(tmp_path, a=CSV)
    run = replace(run, parts=(replace(run.parts[0], name=name),))
    assert "leaves the folder of the manifest" in str(check_parts(run))


def test_a_path_outside_the_folder_is_refused(tmp_path: Path) -> None:
    run = replace(run_of(tmp_path / "run", a=CSV), path=str(tmp_path / "other"))
    assert "leaves the folder of the manifest" in str(check_parts(run))


def test_a_format_not_known_is_refused(tmp_path: Path) -> None:
    run = replace(run_of(tmp_path, a=CSV), file_format="avro")
    assert check_parts(run) == "unknown file format 'avro'; known are Csv and Parquet"


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04\0\0", b"PAR1 cut before its end", b"\xff\xfeB\0i\0", b"\x89PNG\r\n"]
)
def test_what_is_neither_text_gzip_nor_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    """A workbook, a cut Parquet file, UTF-16, a picture."""
    reason = check_parts(run_of(tmp_path, a=content))
    assert reason == "part a.csv is neither CSV text, gzip nor Parquet by its bytes"


def test_parts_of_two_formats_are_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path, a=CSV, b=b"PAR1 and PAR1")
    assert check_parts(run) == "part b.csv is parquet by its bytes, the run csv"


def test_text_may_be_cut_inside_a_character_where_the_first_bytes_end(tmp_path: Path) -> None:
    assert check_parts(run_of(tmp_path, a=b"a" * 511 + "é".encode())) is None


def test_a_part_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path, a=CSV)
    (tmp_path / "a.csv").chmod(0)
    try:
        (tmp_path / "a.csv").read_bytes()
    except OSError:
        assert "part a.csv cannot be opened" in str(check_parts(run))
    else:
        pytest.skip("this user may read every file")


def test_equal_bytes_have_equal_fingerprints_whatever_they_are_called(tmp_path: Path) -> None:
    run = run_of(tmp_path / "one", a=CSV, b=b"x")
    same = replace(run_of(tmp_path / "two", c=CSV, d=b"x"), run_id="other")
    assert fingerprint(run) == fingerprint(same)
    assert fingerprint(run) == fingerprint(replace(run, parts=run.parts[::-1]))


def test_other_bytes_have_other_fingerprints(tmp_path: Path) -> None:
    """Another byte, another border between the parts, another packing."""
    runs = [
        run_of(tmp_path / "1", a=CSV, b=b"xy"),
        run_of(tmp_path / "2", a=CSV, b=b"xz"),
        run_of(tmp_path / "3", a=CSV + b"x", b=b"y"),
        run_of(tmp_path / "4", a=CSV + b"xy"),
        run_of(tmp_path / "5", a=gzip.compress(CSV, mtime=0), b=b"xy"),
        run_of(tmp_path / "6"),
    ]
    assert len({fingerprint(run) for run in runs}) == len(runs)


def test_a_fingerprint_of_a_missing_part_is_an_error(tmp_path: Path) -> None:
    run = run_of(tmp_path, a=CSV)
    (tmp_path / "a.csv").unlink()
    with pytest.raises(SourceError, match=r"a\.csv cannot be read"):
        fingerprint(run)
