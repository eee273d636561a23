"""Runs of January, scope 1, each spoilt in one way, and the reason with which it is refused.

A function writes its run below a folder; REFUSED says what its reason must hold.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from builders import ACCOUNT, charge, edit_manifest, parts_of, restate_sizes, write_export

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OTHER = "/providers/microsoft.billing/billingaccounts/2"
OTHER_ID = "/providers/Microsoft.Billing/billingAccounts/2"
ROWS = [charge(), charge(day=2, tokens=500)]


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
