"""Price sheets and files without charges: found by what they hold, decided like every run."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from pertoken.exports import JSON_FORMAT, KnownRun, decide, discover

if TYPE_CHECKING:
    from pathlib import Path

PAGE = json.dumps({"BillingCurrency": "USD", "Items": [{}]}).encode()


@pytest.mark.parametrize("name", ["retail.json", "RETAIL.JSON", "retail.json.gz"])
def test_a_retail_list_is_a_plain_file_when_it_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(PAGE, mtime=0) if name.endswith("gz") else PAGE)
    discovery = discover([path])
    assert [(file.path, file.file_format) for file in discovery.plain_files] == [
        (str(path), JSON_FORMAT)
    ]
    assert discovery.problems == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [("retail.txt.json", b'{"items": []}'), ("a.json.gz", gzip.compress(PAGE, mtime=0)[:20])],
)
def test_other_json_is_no_source(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert all(file.file_format != JSON_FORMAT for file in discover([tmp_path / name]).plain_files)


def test_a_retail_list_in_a_folder_is_not_looked_for(tmp_path: Path) -> None:
    (tmp_path / "retail.json").write_bytes(PAGE)
    assert "holds no manifest.json" in discover([tmp_path]).problems[0].found


def sheet(run_id: str, day: int, *, month: str = "2026-06", content: str = "") -> KnownRun:
    return KnownRun(
        run_id=run_id, export_name="prices", dataset="PriceSheet", dataset_version="2023-05-01",
        scope="/b/1", month=month, start=date.fromisoformat(f"{month}-01"),
        end=date(2026, int(month[5:]) + 1, 1), submitted_time=datetime(2026, 6, day, tzinfo=UTC),
        rows=3, fingerprint=content or run_id, fault=None, sub_account_ids=None, path=run_id,
    )  # fmt: skip


def test_the_latest_price_sheet_of_a_scope_and_month_counts() -> None:
    runs = [
        sheet("a", 2),
        sheet("b", 20),
        sheet("c", 25, content="b"),
        sheet("d", 2, month="2026-07"),
    ]
    for order in (runs, runs[::-1]):
        found = {key[0]: decision.status for key, decision in decide(order).items()}
        assert found == {
            "a": "superseded", "b": "reference", "c": "duplicate", "d": "reference",
        }  # fmt: skip


def test_a_price_sheet_neither_overlaps_nor_replaces_charges() -> None:
    charges = replace(
        sheet("f", 3), dataset="FocusCost", dataset_version="1.2", sub_account_ids=frozenset()
    )
    narrow = replace(sheet("n", 4), scope="/b/1/billingprofiles/p")
    found = {key[0]: each.status for key, each in decide([sheet("a", 2), charges, narrow]).items()}
    assert found == {"a": "reference", "f": "applied", "n": "reference"}
