"""The table of cases: what a bill says of a meter, and what it means."""

import csv
from pathlib import Path

import pytest

from pertoken.meters import COLUMNS, MeterName, classify, classify_all

CASES = Path(__file__).parent / "cases" / "meters.csv"


def rows() -> list[dict[str, str]]:
    with CASES.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def name_of(row: dict[str, str]) -> MeterName:
    texts = [row[field] or None for field in MeterName._fields]
    return MeterName(row["meter_name"], *texts[1:])


def printed(value: object) -> str:
    return "" if value is None else str(value)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["meter_name"][:60] or "(empty)")
def test_a_meter_means_what_its_case_says(row: dict[str, str]) -> None:
    meter = classify(name_of(row))
    expected = {column: row[column] for column in COLUMNS[:-1]}
    assert expected == dict(zip(COLUMNS[:-1], map(printed, meter[:-1]), strict=True))
    assert row["ReasonHolds"] in meter.reason


def test_many_names_are_read_as_each_alone_and_in_order() -> None:
    names = [name_of(row) for row in rows()]
    assert [classify(name) for name in names] == classify_all([*names, *names])[len(names) :]


def test_every_case_has_a_source() -> None:
    assert [row for row in rows() if not row["source"]] == []


def test_a_meter_has_one_field_per_contract_column() -> None:
    assert len(COLUMNS) == len(classify(MeterName("gpt 4.1 Inp glbl Tokens")))
