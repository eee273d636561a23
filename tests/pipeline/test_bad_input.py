"""Bad input: a refused run with its reason or three lines, never a traceback, the rest ingested.

Each case spoils one run of January, scope 1; beside it lies a good run of February, scope 2.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from builders import (
    ACCOUNT,
    charge,
    columns_of,
    edit_manifest,
    parts_of,
    restate_sizes,
    translated,
    write_export,
    write_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Answer

OTHER = "/providers/microsoft.billing/billingaccounts/2"
OTHER_ID = "/providers/Microsoft.Billing/billingAccounts/2"
ROWS = [charge(), charge(day=2, tokens=500)]


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


def replace_text(part: Path, old: str, new: str) -> None:
    """Replace text in a CSV part, once."""
    text = part.read_text("utf-8-sig")
    assert old in text
    part.write_text(text.replace(old, new, 1), "utf-8")


def cut(part: Path, size: int) -> None:
    """Keep the first bytes of a file."""
    part.write_bytes(part.read_bytes()[:size])


def spoilt_run(folder: Path, **options: Any) -> Path:  # noqa: ANN401 - those of write_export
    """The run of January, two rows in one part, unless said otherwise."""
    return write_export(folder, ROWS, **options)


def break_footer(path: Path) -> None:
    """Break the start of the footer of a Parquet file; its length and both marks stay."""
    content = bytearray(path.read_bytes())
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    content[start : start + 60] = b"\xff" * 60
    path.write_bytes(bytes(content))


def missing_part(folder: Path) -> None:
    parts_of(spoilt_run(folder, parts=2))[1].unlink()


def cut_part(folder: Path) -> None:
    part = parts_of(spoilt_run(folder))[0]
    cut(part, part.stat().st_size - 10)


def padded_part(folder: Path) -> None:
    part = parts_of(spoilt_run(folder))[0]
    part.write_bytes(part.read_bytes() + b"\r\n")


def fewer_rows_than_stated(folder: Path) -> None:
    run = spoilt_run(folder)
    part = parts_of(run)[0]
    part.write_text("".join(part.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    restate_sizes(run)


def wrong_total(folder: Path) -> None:
    edit_manifest(spoilt_run(folder, parts=2), lambda manifest: manifest.update(dataRowCount=3))


def wrong_rows_of_two_parts(folder: Path) -> None:
    def edit(manifest: dict) -> None:
        manifest["blobs"][0]["dataRowCount"], manifest["blobs"][1]["dataRowCount"] = 0, 2

    edit_manifest(spoilt_run(folder, parts=2), edit)


def total_that_no_part_states(folder: Path) -> None:
    def edit(manifest: dict) -> None:
        manifest["dataRowCount"] = 7
        del manifest["blobs"][0]["dataRowCount"]

    edit_manifest(spoilt_run(folder), edit)


def unknown_dataset(folder: Path) -> None:
    edit_manifest(spoilt_run(folder), lambda it: it["exportConfig"].update(type="FocusCosts"))


def unknown_version(folder: Path) -> None:
    edit_manifest(spoilt_run(folder), lambda it: it["exportConfig"].update(dataVersion="1.9"))


def unreadable_cost(folder: Path) -> None:
    write_export(folder, [charge(), charge(BilledCost="abc")])


def unreadable_cost_in_gzip(folder: Path) -> None:
    write_export(folder, [charge(), charge(BilledCost="abc")], file_format="csv.gz")


def infinite_cost(folder: Path) -> None:
    write_export(folder, [charge(EffectiveCost="inf")])


def cost_of_too_many_digits(folder: Path) -> None:
    write_export(folder, [charge(EffectiveCost="123456789012345678901.5")])


def german_cost(folder: Path) -> None:
    write_export(folder, [charge(EffectiveCost="1.234,50")])


def unreadable_list_cost(folder: Path) -> None:
    write_export(folder, [charge(ListCost="n/a")])


def no_effective_cost(folder: Path) -> None:
    write_export(folder, [charge(), charge(EffectiveCost="")])


def unreadable_date(folder: Path) -> None:
    write_export(folder, [charge(ChargePeriodStart="01.13.2026 xx")])


def missing_date(folder: Path) -> None:
    write_export(folder, [charge(ChargePeriodStart=None)])


def missing_currency(folder: Path) -> None:
    write_export(folder, [charge(), charge(BillingCurrency=None)])


def missing_cost_column(folder: Path) -> None:
    spoilt_run(folder, without=("BilledCost",))


def missing_currency_column_in_parquet(folder: Path) -> None:
    spoilt_run(folder, without=("BillingCurrency",), file_format="parquet")


def image_named_csv(folder: Path) -> None:
    run = spoilt_run(folder)
    parts_of(run)[0].write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    restate_sizes(run)


def json_named_csv(folder: Path) -> None:
    run = spoilt_run(folder)
    parts_of(run)[0].write_text(json.dumps([{"BilledCost": 1}]), "utf-8")
    restate_sizes(run)


def parquet_with_broken_footer(folder: Path) -> None:
    run = spoilt_run(folder, file_format="parquet")
    part = parts_of(run)[0]
    break_footer(part)


def parquet_with_broken_pages(folder: Path) -> None:
    run = spoilt_run(folder, file_format="parquet")
    part = parts_of(run)[0]
    content = bytearray(part.read_bytes())
    content[4:2000] = b"\xff" * 1996
    part.write_bytes(bytes(content))


def parquet_without_end(folder: Path) -> None:
    run = spoilt_run(folder, file_format="parquet")
    cut(parts_of(run)[0], 500)
    restate_sizes(run)


def cut_gzip(folder: Path) -> None:
    rows = [charge(day=1 + number % 28, tokens=number) for number in range(400)]
    run = write_export(folder, rows, file_format="csv.gz")
    part = parts_of(run)[0]
    cut(part, part.stat().st_size // 2)
    restate_sizes(run)


def cut_gzip_with_unreadable_cost(folder: Path) -> None:
    rows = [charge(BilledCost="abc" if number == 1 else "1") for number in range(4000)]
    run = write_export(folder, rows, file_format="csv.gz")
    part = parts_of(run)[0]
    cut(part, part.stat().st_size - 20)
    restate_sizes(run)


def gzip_header_only(folder: Path) -> None:
    run = spoilt_run(folder, file_format="csv.gz")
    cut(parts_of(run)[0], 5)
    restate_sizes(run)


def longer_row(folder: Path) -> None:
    run = spoilt_run(folder)
    part = parts_of(run)[0]
    part.write_text(part.read_text("utf-8").rstrip("\n") + ",one,more\r\n", "utf-8")
    restate_sizes(run)


def shorter_row(folder: Path) -> None:
    run = spoilt_run(folder)
    part = parts_of(run)[0]
    lines = part.read_text("utf-8").splitlines()
    lines[-1] = ",".join(lines[-1].split(",")[:40])
    part.write_text("\r\n".join(lines) + "\r\n", "utf-8")
    restate_sizes(run)


def open_quote(folder: Path) -> None:
    run = spoilt_run(folder)
    replace_text(parts_of(run)[0], "Contoso", '"Contoso')
    restate_sizes(run)


def not_utf_8(folder: Path) -> None:
    run = spoilt_run(folder)
    part = parts_of(run)[0]
    part.write_bytes(part.read_bytes().replace(b"Contoso", b"Conto\xdfo"))
    restate_sizes(run)


def utf_16(folder: Path) -> None:
    run = spoilt_run(folder)
    part = parts_of(run)[0]
    part.write_bytes(part.read_text("utf-8-sig").encode("utf-16"))
    restate_sizes(run)


def header_twice(folder: Path) -> None:
    run = spoilt_run(folder)
    replace_text(parts_of(run)[0], "BillingAccountName", "billedcost")
    restate_sizes(run)


def header_twice_but_for_a_blank(folder: Path) -> None:
    run = spoilt_run(folder)
    replace_text(parts_of(run)[0], "BillingAccountName", " BilledCost")
    restate_sizes(run)


def header_only_but_rows_stated(folder: Path) -> None:
    run = spoilt_run(folder)
    part = parts_of(run)[0]
    part.write_text(part.read_text("utf-8").splitlines(keepends=True)[0], "utf-8")
    restate_sizes(run)


def empty_file(folder: Path) -> None:
    run = spoilt_run(folder)
    parts_of(run)[0].write_bytes(b"")
    restate_sizes(run)


def other_month(folder: Path) -> None:
    write_export(folder, [charge(), charge(month="2026-03")])


def other_month_in_every_row(folder: Path) -> None:
    write_export(folder, [charge(month="2026-03")])


def two_months(folder: Path) -> None:
    spoilt_run(folder, start="2026-01-01", end="2026-02-28")


def several_accounts_and_no_scope(folder: Path) -> None:
    write_export(folder, [charge(), charge(BillingAccountId=OTHER_ID)], scope=None)


def no_account_and_no_scope(folder: Path) -> None:
    write_export(folder, [charge(BillingAccountId=None)], scope=None)


def no_row_and_no_scope(folder: Path) -> None:
    write_export(folder, [], scope=None)


def rows_of_another_account(folder: Path) -> None:
    write_export(folder, [charge(), charge(BillingAccountId=OTHER_ID)])


def rows_of_another_subscription(folder: Path) -> None:
    write_export(folder, ROWS, scope="/subscriptions/22222222-0000-0000-0000-000000000002")


def a_folder_as_part(folder: Path) -> None:
    part = parts_of(spoilt_run(folder))[0]
    part.unlink()
    part.mkdir()


REFUSED: dict[Callable[[Path], None], str] = {
    missing_part: "1 of 2 parts missing: 'part_1_0001.csv'",
    cut_part: "bytes, the manifest says",
    padded_part: "bytes, the manifest says",
    fewer_rows_than_stated: "part part_0_0001.csv has 1 rows, the manifest says 2",
    wrong_total: "parts hold 2 rows, the manifest says dataRowCount 3",
    wrong_rows_of_two_parts: "part part_0_0001.csv has 1 rows, the manifest says 0",
    total_that_no_part_states: "the parts have 2 rows, the manifest says 7",
    unknown_dataset: "unknown dataset 'FocusCosts'; known are 'FocusCost'",
    unknown_version: "unknown version '1.9' of FocusCost; known are",
    unreadable_cost: "BilledCost 'abc' cannot be read (part_0_0001.csv, row 3)",
    unreadable_cost_in_gzip: "BilledCost 'abc' cannot be read (part_0_0001.csv.gz, row 3)",
    infinite_cost: "EffectiveCost 'inf' cannot be read (part_0_0001.csv, row 2)",
    cost_of_too_many_digits: "EffectiveCost '123456789012345678901.5' cannot be read",
    german_cost: "EffectiveCost '1.234,50' cannot be read (part_0_0001.csv, row 2)",
    unreadable_list_cost: "ListCost 'n/a' cannot be read (part_0_0001.csv, row 2)",
    no_effective_cost: "EffectiveCost is missing (part_0_0001.csv, row 3)",
    unreadable_date: "ChargePeriodStart '01.13.2026 xx' cannot be read",
    missing_date: "ChargePeriodStart is missing (part_0_0001.csv, row 2)",
    missing_currency: "BillingCurrency is missing (part_0_0001.csv, row 3)",
    missing_cost_column: "column BilledCost missing",
    missing_currency_column_in_parquet: "column BillingCurrency missing",
    image_named_csv: "is neither CSV text, gzip nor Parquet by its bytes",
    json_named_csv: "column BilledCost, EffectiveCost, BillingCurrency, ChargePeriodStart missing",
    parquet_with_broken_footer: "part_0_0001.parquet",
    parquet_with_broken_pages: "part_0_0001.parquet",
    parquet_without_end: "is neither CSV text, gzip nor Parquet by its bytes",
    cut_gzip: "part_0_0001.csv.gz",
    cut_gzip_with_unreadable_cost: "part_0_0001.csv.gz",
    gzip_header_only: "part_0_0001.csv.gz",
    longer_row: "part_0_0001.csv cannot be read: ",
    shorter_row: "part_0_0001.csv cannot be read: Invalid Input Error: CSV Error on Line: 3",
    open_quote: "part_0_0001.csv cannot be read: Invalid Input Error: CSV Error on Line: 2",
    not_utf_8: "part_0_0001.csv",
    utf_16: "is neither CSV text, gzip nor Parquet by its bytes",
    header_twice: "twice",
    header_twice_but_for_a_blank: "twice",
    header_only_but_rows_stated: "part part_0_0001.csv has 0 rows, the manifest says 2",
    empty_file: "has no header",
    other_month: "holds charges of 2026-03, the manifest says 2026-01",
    other_month_in_every_row: "holds charges of 2026-03, the manifest says 2026-01",
    two_months: "covers more than one month (2026-01-01 to before 2026-03-01)",
    several_accounts_and_no_scope: "no scope, and its charges are of 2 accounts",
    no_account_and_no_scope: "no scope, and no charge a BillingAccountId",
    no_row_and_no_scope: "no scope, and there is no charge to name a BillingAccountId",
    rows_of_another_account: f"holds charges of {OTHER}, the manifest says {ACCOUNT}",
    rows_of_another_subscription: "holds charges of /subscriptions/11111111-0000",
    a_folder_as_part: "1 of 1 part missing",
}


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
    sources = (tmp_path / "exports", tmp_path / "nothing", tmp_path / "gone", "az://bills/x")
    answer = cli("ingest", *sources)
    assert (answer.code, len(answer.rows)) == (2, 1)
    for words in ("nothing holds no manifest.json", "gone' does not exist", "is no local path"):
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
