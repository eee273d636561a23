"""Bad input: a refused run with its reason or three lines, never a traceback, the rest ingested.

Each case spoils one run of January, scope 1; beside it lies a good run of February, scope 2.
"""

from __future__ import annotations

import gzip
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from builders import (
    ACCOUNT,
    charge,
    columns_of,
    edit_manifest,
    parts_of,
    translated,
    write_export,
    write_file,
)
from spoilt_runs import OTHER, OTHER_ID, REFUSED, ROWS, break_footer, cut

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Answer


def good_run(folder: Path) -> None:
    """A run that nothing is wrong with."""
    write_export(
        folder, [charge(month="2026-02", BillingAccountId=OTHER_ID)], scope=OTHER, month="2026-02",
        submitted="2026-03-02T06:00:00Z",
    )  # fmt: skip


def assert_good_run_is_in(cli: Callable[..., Answer]) -> None:
    """The hub holds the good run and nothing else."""
    periods = cli("periods")
    assert [(row["Scope"], row["BilledCost"]) for row in periods.rows] == [(OTHER, "2.5")]


@pytest.mark.parametrize("spoil", REFUSED, ids=lambda spoil: spoil.__name__)
def test_a_spoilt_run_is_refused_with_its_reason_and_the_rest_is_ingested(
    tmp_path: Path, cli: Callable[..., Answer], spoil: Callable[[Path], None]
) -> None:
    """Also: it does not replace the earlier, good run of its own month."""
    good_run(tmp_path / "exports")
    write_export(
        tmp_path / "exports", [charge(tokens=7000)], submitted="2026-01-20T06:00:00Z", name="early"
    )
    spoil(tmp_path / "exports")
    answer = cli("ingest", tmp_path / "exports")
    assert answer.code == 2, answer.err
    assert sorted(row["Status"] for row in answer.rows) == ["applied", "applied", "refused"]
    reason = next(row["Reason"] for row in answer.rows if row["Status"] == "refused")
    assert REFUSED[spoil] in reason
    assert "\n" not in reason
    assert "Traceback" not in answer.err
    assert [row["Reason"] for row in cli("runs").rows] == [row["Reason"] for row in answer.rows]
    costs = [(row["BillingMonth"], row["EffectiveCost"]) for row in cli("periods").rows]
    assert costs == [("2026-01", "0.0175"), ("2026-02", "2.5")]


def test_a_refused_run_is_mended_by_handing_it_over_whole(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    run = write_export(tmp_path / "exports", ROWS, parts=2)
    lost = parts_of(run)[1]
    shutil.move(lost, tmp_path / "aside")
    assert cli("ingest", tmp_path / "exports").code == 2
    shutil.move(tmp_path / "aside", lost)
    answer = cli("ingest", tmp_path / "exports")
    assert (answer.code, answer.rows[0]["Status"]) == (0, "applied")


def test_parts_swapped_between_two_months_are_refused_even_of_equal_size(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    first = write_export(tmp_path / "exports", [charge()])
    second = write_export(tmp_path / "exports", [charge(month="2026-02")], month="2026-02")
    swap(first, second)
    answer = cli("ingest", tmp_path / "exports")
    assert answer.code == 2
    assert [row["Reason"] for row in answer.rows] == [
        "holds charges of 2026-02, the manifest says 2026-01",
        "holds charges of 2026-01, the manifest says 2026-02",
    ]


def test_parts_swapped_between_two_scopes_are_refused_even_of_equal_size(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    first = write_export(tmp_path / "exports", [charge()])
    rows = [charge(BillingAccountId=OTHER_ID)]
    second = write_export(tmp_path / "exports", rows, scope=OTHER)
    swap(first, second)
    answer = cli("ingest", tmp_path / "exports")
    assert answer.code == 2
    assert [row["Reason"] for row in answer.rows] == [
        f"holds charges of {OTHER}, the manifest says {ACCOUNT}",
        f"holds charges of {ACCOUNT}, the manifest says {OTHER}",
    ]


def test_parts_swapped_between_runs_of_other_sizes_are_refused_by_size(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    first = write_export(tmp_path / "exports", ROWS)
    second = write_export(tmp_path / "exports", [charge(month="2026-02")], month="2026-02")
    swap(first, second)
    answer = cli("ingest", tmp_path / "exports")
    assert answer.code == 2
    assert all("bytes, the manifest says" in row["Reason"] for row in answer.rows)


def swap(first: Path, second: Path) -> None:
    """Exchange the only part of two runs."""
    one, other = parts_of(first)[0], parts_of(second)[0]
    held = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(held)


def test_a_manifest_without_scope_takes_the_account_of_its_rows(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    run = write_export(tmp_path / "exports", ROWS, scope=None)
    assert cli("ingest", tmp_path / "exports").rows[0]["Scope"] == ACCOUNT
    assert cli("periods").rows[0]["Scope"] == ACCOUNT
    again = cli("ingest", tmp_path / "exports")
    assert (again.code, len(again.rows), len(cli("runs").rows)) == (0, 1, 1)
    parts_of(run)[0].unlink()
    assert len(cli("runs").rows) == 1


def test_a_known_run_found_again_in_a_worse_state_is_told_and_the_hub_keeps_its_own(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    run = write_export(tmp_path / "exports", ROWS)
    assert cli("ingest", tmp_path / "exports").code == 0
    edit_manifest(run, lambda manifest: manifest.update(dataRowCount=9))
    answer = cli("ingest", tmp_path / "exports")
    assert (answer.code, answer.rows[0]["Status"]) == (2, "applied")
    assert "is not as the hub has it: parts hold 2 rows" in answer.err
    assert cli("periods").rows[0]["EffectiveCost"] == "2.50125"


def test_a_known_run_with_new_content_replaces_what_the_hub_has_of_it(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    write_export(tmp_path / "exports", ROWS, run_id="r1")
    assert cli("ingest", tmp_path / "exports").code == 0
    write_export(tmp_path / "exports", [charge(tokens=8000)], run_id="r1")
    assert cli("ingest", tmp_path / "exports").code == 0
    assert cli("periods").rows[0]["EffectiveCost"] == "0.02"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"exportConfig": {}, "runInfo": {}}', "\ud800", "null"]
)
def test_a_manifest_that_is_none_is_a_problem_and_the_rest_is_ingested(
    tmp_path: Path, cli: Callable[..., Answer], text: str
) -> None:
    good_run(tmp_path / "exports")
    (tmp_path / "exports" / "manifest.json").write_text(text, "utf-8", errors="surrogatepass")
    answer = cli("ingest", tmp_path / "exports")
    assert (answer.code, [row["Status"] for row in answer.rows]) == (2, ["applied"])
    assert str(tmp_path / "exports" / "manifest.json") in answer.err
    assert "Traceback" not in answer.err
    assert_good_run_is_in(cli)


def test_sources_that_hold_nothing_are_told_and_the_rest_is_ingested(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    good_run(tmp_path / "exports")
    (tmp_path / "nothing").mkdir()
    sources = (tmp_path / "exports", tmp_path / "nothing", tmp_path / "gone", "gs://bills/x")
    answer = cli("ingest", *sources)
    assert (answer.code, len(answer.rows)) == (2, 1)
    for words in (
        "nothing holds no manifest.json",
        "gone' does not exist",
        "is neither a path nor",
    ):
        assert words in answer.err
    assert_good_run_is_in(cli)


def test_ingesting_a_source_that_does_not_exist_ends_with_2(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    answer = cli("ingest", tmp_path / "gone")
    assert (answer.code, answer.rows) == (2, [])
    assert "does not exist" in answer.err
    assert "Traceback" not in answer.err


def test_a_hub_with_a_file_in_its_place_ends_with_1_and_three_lines(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    good_run(tmp_path / "exports")
    (tmp_path / "hub").write_text("no folder", "utf-8")
    answer = cli("ingest", tmp_path / "exports")
    assert (answer.code, answer.out, len(answer.err.splitlines())) == (1, "", 3)
    below = cli("ingest", tmp_path / "exports", hub=tmp_path / "hub" / "below")
    assert (below.code, below.out, len(below.err.splitlines())) == (1, "", 3)
    assert (tmp_path / "hub").read_text("utf-8") == "no folder"


def test_a_hub_with_a_file_in_the_place_of_a_table_ends_with_1_and_three_lines(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    good_run(tmp_path / "exports")
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "charges").write_text("no folder", "utf-8")
    answer = cli("ingest", tmp_path / "exports")
    assert (answer.code, answer.out, len(answer.err.splitlines())) == (1, "", 3)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_hub_that_may_not_be_written_ends_with_1_and_three_lines(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    good_run(tmp_path / "exports")
    (tmp_path / "hub").mkdir(mode=0o500)
    answer = cli("ingest", tmp_path / "exports")
    assert (answer.code, answer.out, len(answer.err.splitlines())) == (1, "", 3)


def write_plain(path: Path, rows: list[dict[str, str | None]]) -> Path:
    """A FOCUS file without a manifest."""
    write_file(path, [translated(row, "1.0") for row in rows], columns_of("1.0", rows))
    return path


def plain_header_only(folder: Path) -> Path:
    return write_plain(folder / "plain.csv", [])


def plain_unreadable_cost(folder: Path) -> Path:
    return write_plain(folder / "plain.csv", [charge(BilledCost="abc")])


def plain_no_focus(folder: Path) -> Path:
    (folder / "plain.csv").write_text("a,b\n1,2\n", "utf-8")
    return folder / "plain.csv"


def plain_broken_parquet(folder: Path) -> Path:
    path = write_plain(folder / "plain.parquet", [charge()])
    break_footer(path)
    return path


def plain_cut_gzip(folder: Path) -> Path:
    path = write_plain(folder / "plain.csv.gz", [charge()])
    cut(path, path.stat().st_size - 12)
    return path


def plain_picture(folder: Path) -> Path:
    (folder / "plain.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00")
    return folder / "plain.png"


def plain_empty(folder: Path) -> Path:
    (folder / "plain.csv").write_bytes(b"")
    return folder / "plain.csv"


def plain_gzip_of_nothing(folder: Path) -> Path:
    (folder / "plain.csv.gz").write_bytes(gzip.compress(b""))
    return folder / "plain.csv.gz"


@pytest.mark.parametrize(
    "spoil",
    [
        plain_header_only, plain_unreadable_cost, plain_no_focus, plain_broken_parquet,
        plain_cut_gzip, plain_picture, plain_empty, plain_gzip_of_nothing,
    ],
    ids=lambda spoil: spoil.__name__,
)  # fmt: skip
def test_a_file_that_is_no_focus_file_is_told_and_the_rest_is_ingested(
    tmp_path: Path, cli: Callable[..., Answer], spoil: Callable[[Path], Path]
) -> None:
    good_run(tmp_path / "exports")
    path = spoil(tmp_path)
    answer = cli("ingest", tmp_path / "exports", path)
    assert (answer.code, [row["Status"] for row in answer.rows]) == (2, ["applied"])
    assert path.name in answer.err
    assert "Traceback" not in answer.err
    assert_good_run_is_in(cli)


HUGE = "99999999999999999999.999999999999999999"


@pytest.mark.parametrize("value", [HUGE, f"-{HUGE}", "0", "1e-18", "0.000000000000000001", "x"])
def test_no_number_in_any_column_stops_the_rest(
    tmp_path: Path, cli: Callable[..., Answer], value: str
) -> None:
    good_run(tmp_path / "exports")
    columns = (
        "ConsumedQuantity", "PricingQuantity", "ListUnitPrice", "ContractedUnitPrice",
        "x_BilledUnitPrice", "x_EffectiveUnitPrice", "x_PricingBlockSize", "x_BillingExchangeRate",
    )  # fmt: skip
    rows = [charge(**{column: value}) for column in columns]
    rows.append(charge(**dict.fromkeys(columns, value)))
    write_export(tmp_path / "exports", rows)
    answer = cli("ingest", tmp_path / "exports")
    assert "Traceback" not in answer.err
    applied = {row["Scope"] for row in answer.rows if row["Status"] == "applied"}
    assert OTHER in applied, answer.err
    assert applied == {OTHER, ACCOUNT}
