"""The API: the numbers of the command line, exact, in one envelope."""

from __future__ import annotations

import csv
import gzip
import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from builders import run_pertoken
from openpyxl import load_workbook

import pertoken

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    from serving import Served

SEPTEMBER = {"from": "2026-09", "to": "2026-10"}
USD = {**SEPTEMBER, "currency": "USD"}


def rows_of(answer: httpx.Response) -> list[dict[str, Any]]:
    body = answer.json()
    names = [each["name"] for each in body["columns"]]
    return [dict(zip(names, row, strict=True)) for row in body["rows"]]


@pytest.mark.parametrize("command", ["matrix", "periods", "meters"])
def test_csv_of_the_api_is_csv_of_the_command(
    client: httpx.Client, hub: Path, command: str
) -> None:
    printed = run_pertoken(command, "--format", "csv", hub=hub).stdout
    assert client.get(f"/api/{command}.csv").text == printed


def test_json_holds_every_digit_as_text(client: httpx.Client, hub: Path) -> None:
    table = pertoken.open(hub).matrix().table.without_hints()
    answer = client.get("/api/matrix", params={"limit": 10_000})
    assert [each["name"] for each in answer.json()["columns"]] == list(table.column_names)
    expected = [
        [Decimal(cell) if isinstance(cell, Decimal) else cell for cell in row] for row in table.rows
    ]
    got = [
        [
            Decimal(cell) if isinstance(was, Decimal) else cell
            for cell, was in zip(row, expected[at], strict=True)
        ]
        for at, row in enumerate(answer.json()["rows"])
    ]
    assert expected == got


def test_files_have_the_same_rows_in_every_format(client: httpx.Client) -> None:
    text = list(csv.DictReader(io.StringIO(client.get("/api/matrix.csv", params=USD).text)))
    listed = json.loads(client.get("/api/matrix.json", params=USD).text, parse_float=Decimal)
    parquet = pq.read_table(io.BytesIO(client.get("/api/matrix.parquet", params=USD).content))
    sheet = load_workbook(io.BytesIO(client.get("/api/matrix.xlsx", params=USD).content)).active
    assert sheet is not None
    costs = [Decimal(row["EffectiveCost"]) for row in text]
    assert costs == [Decimal(row["EffectiveCost"]) for row in listed]
    assert costs == parquet["EffectiveCost"].to_pylist()
    assert len(costs) <= sheet.max_row - 1


def test_files_are_kept_under_the_name_of_the_table_and_its_period(client: httpx.Client) -> None:
    answer = client.get("/api/matrix.csv", params=USD)
    assert (
        answer.headers["content-disposition"]
        == 'attachment; filename="pertoken-matrix-2026-09-01-2026-10-01.csv"'
    )


def test_pages_join_to_the_whole(client: httpx.Client) -> None:
    whole = client.get("/api/matrix", params={**USD, "limit": 10_000}).json()
    joined: list[list[Any]] = []
    offset: int | None = 0
    while offset is not None:
        page = client.get("/api/matrix", params={**USD, "limit": 7, "offset": offset}).json()
        joined += page["rows"]
        offset = page["next"]
    assert whole["rows"] == joined
    assert whole["total"] == len(joined)


def test_charges_of_a_group_sum_to_the_group(client: httpx.Client) -> None:
    for row in rows_of(client.get("/api/matrix", params={**USD, "by": "x_ModelId,ResourceName"})):
        where = [f"{name}={row[name] or ''}" for name in ("x_ModelId", "ResourceName")]
        page = client.get("/api/charges", params={**USD, "where": where, "limit": 1}).json()
        assert [each["EffectiveCost"] for each in page["sums"]] == [row["EffectiveCost"]]


def test_pages_of_charges_join_to_the_sum(client: httpx.Client) -> None:
    sums = client.get("/api/charges", params={**USD, "limit": 1}).json()["sums"]
    costs: list[Decimal] = []
    offset: int | None = 0
    while offset is not None:
        answer = client.get("/api/charges", params={**USD, "limit": 500, "offset": offset})
        costs += [Decimal(row["EffectiveCost"]) for row in rows_of(answer)]
        offset = answer.json()["next"]
    assert Decimal(sums[0]["EffectiveCost"]) == sum(costs)
    assert sums[0]["Rows"] == len(costs)
    assert costs == sorted(costs, reverse=True)


def test_hierarchy_is_the_matrix_with_its_subtotals(client: httpx.Client) -> None:
    leaves = rows_of(client.get("/api/matrix", params={**USD, "limit": 10_000}))
    lines = client.get("/api/hierarchy", params=USD).json()["lines"]
    assert {row["SkuMeter"]: row["x_UnitCost"] for row in leaves} == {
        line["labels"][-1]: line["x_UnitCost"] for line in lines if line["leaf"]
    }
    [total] = [line for line in lines if not line["labels"]]
    assert sum(Decimal(row["EffectiveCost"]) for row in leaves) == Decimal(total["EffectiveCost"])
    tokens, cost = Decimal(total["x_TokenQuantity"]), Decimal(total["x_TokenCost"])
    assert abs(cost * 1_000_000 / tokens - Decimal(total["x_UnitCost"])) < Decimal("1e-17")


def test_a_compared_period_adds_up_to_its_own_total(client: httpx.Client) -> None:
    lines = client.get("/api/hierarchy", params={**USD, "compare": "previous"}).json()["lines"]
    august = client.get(
        "/api/hierarchy", params={"from": "2026-08", "to": "2026-09", "currency": "USD"}
    ).json()["lines"]
    before = sum(
        Decimal(line["before"]["EffectiveCost"])
        for line in lines
        if line["leaf"] and line["before"] and line["before"]["EffectiveCost"] is not None
    )
    assert Decimal(august[-1]["EffectiveCost"]) == before
    assert lines[-1]["before"]["EffectiveCost"] == august[-1]["EffectiveCost"]


def test_overview_is_the_total_of_the_hierarchy(client: httpx.Client) -> None:
    total = client.get("/api/hierarchy", params={**USD, "compare": "previous"}).json()["lines"][-1]
    [seen] = client.get("/api/overview", params=USD).json()["currencies"]
    for name in ("EffectiveCost", "x_TokenQuantity", "x_UnitCost"):
        assert total[name] == seen[name]["now"]
        assert total["before"][name] == seen[name]["before"]


def test_sparklines_leave_a_gap_on_a_day_without_any_charge(client: httpx.Client) -> None:
    """11 February is missing in the bundled tenant's second scope."""
    answer = client.get(
        "/api/sparklines", params={"from": "2026-02", "to": "2026-03", "currency": "EUR"}
    ).json()
    at = answer["buckets"].index("2026-02-11")
    assert {line["values"][at] for line in answer["lines"]} == {None}


def test_two_currencies_are_never_one_sum(client: httpx.Client) -> None:
    lines = client.get("/api/hierarchy", params=SEPTEMBER).json()["lines"]
    assert [line["BillingCurrency"] for line in lines if not line["labels"]] == ["EUR", "USD"]


def test_restatements_say_what_a_later_run_changed(client: httpx.Client) -> None:
    rows = [
        row
        for row in rows_of(client.get("/api/restatements"))
        if row["BillingMonth"] == "2026-08" and row["RowsChange"] is not None
    ]
    assert [(row["RowsChange"], row["Status"]) for row in rows] == [(1, "applied")]


def test_groups_of_a_restatement_sum_to_what_its_run_changed(client: httpx.Client) -> None:
    [run] = [
        row
        for row in rows_of(client.get("/api/restatements"))
        if row["BillingMonth"] == "2026-08" and row["RowsChange"] is not None
    ]
    groups = rows_of(client.get("/api/periods", params={"diff": "2026-08"}))
    assert {row["Change"] for row in groups} == {"added", "changed"}
    for cost in ("EffectiveCost", "BilledCost"):
        changes = sum(Decimal(row[f"{cost}Change"]) for row in groups)
        assert Decimal(run[f"{cost}Change"]) == changes
        for row in groups:
            before, after = (Decimal(row[f"{cost}{side}"] or 0) for side in ("Before", "After"))
            assert after - before == Decimal(row[f"{cost}Change"])


def test_a_month_that_was_not_restated_has_no_groups(client: httpx.Client) -> None:
    assert client.get("/api/periods", params={"diff": "2026-07"}).json()["total"] == 0


def test_the_bridge_is_that_of_the_command_and_adds_up(client: httpx.Client, hub: Path) -> None:
    printed = run_pertoken("bridge", "--month", "2026-09", "--format", "csv", hub=hub).stdout
    assert client.get("/api/bridge.csv?month=2026-09").text == printed
    answer = client.get("/api/bridge?month=2026-09")
    amounts = {(row["BillingCurrency"], row["Step"]): row for row in rows_of(answer)}
    for currency in ("EUR", "USD"):
        own = [row for (of, _), row in amounts.items() if of == currency]
        parts = sum(Decimal(row["Amount"]) for row in own if row["Kind"] == "part")
        assert parts == Decimal(amounts[currency, "BilledCost"]["Amount"])
        assert amounts[currency, "invoice"]["Amount"] is None
    assert any("no invoice was given" in each for each in answer.json()["notes"])
    assert answer.json()["problems"] == []


def test_an_answer_that_is_held_is_not_sent_again(client: httpx.Client) -> None:
    first = client.get("/api/matrix", params=USD)
    again = client.get("/api/matrix", params=USD, headers={"If-None-Match": first.headers["etag"]})
    other = client.get(
        "/api/matrix", params=SEPTEMBER, headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


def test_answers_are_compressed_for_who_takes_gzip(client: httpx.Client) -> None:
    with client.stream("GET", "/api/matrix", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    plain = client.get("/api/matrix", headers={"Accept-Encoding": "identity"})
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert len(raw) * 3 < len(plain.content)


def test_head_gives_the_headers_of_get(client: httpx.Client) -> None:
    answer = client.head("/api/periods")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == client.get("/api/periods").headers["etag"]


BAD = [
    ("/api/periods?diff=2020-01", 400, "ConfigError"),
    ("/api/periods?diff=August", 400, "ConfigError"),
    ("/api/bridge", 400, "ConfigError"),
    ("/api/bridge?month=2020-01", 400, "ConfigError"),
    ("/api/bridge?month=2026-13", 400, "ConfigError"),
    ("/api/bridge?month=2026-09&scope=nowhere", 400, "ConfigError"),
    ("/api/nothing", 404, "NotFound"),
    ("/api", 404, "NotFound"),
    ("/api/matrix.docx", 400, "ConfigError"),
    ("/api/matrix?by=NoColumn", 400, "ConfigError"),
    ("/api/matrix?by=", 400, "ConfigError"),
    ("/api/matrix?by=SkuMeter,SkuMeter", 400, "ConfigError"),
    ("/api/matrix?colour=red", 400, "ConfigError"),
    ("/api/matrix?from=2026-09&to=2026-08", 400, "ConfigError"),
    ("/api/matrix?from=2026-02-31", 400, "ConfigError"),
    ("/api/matrix?from=yesterday", 400, "ConfigError"),
    ("/api/matrix?limit=0", 400, "ConfigError"),
    ("/api/matrix?offset=-1", 400, "ConfigError"),
    ("/api/matrix?where=x_ModelId", 400, "ConfigError"),
    ("/api/matrix?where=NoColumn=1", 400, "ConfigError"),
    ("/api/matrix?cost=Retail", 400, "ConfigError"),
    ("/api/charges?where=SkuMeter';DROP=1", 400, "ConfigError"),
    ("/api/charges?where=%22%3B--=1", 400, "ConfigError"),
    ("/api/values?column=NoColumn", 400, "ConfigError"),
    ("/api/values", 400, "ConfigError"),
    ("/api/hierarchy?compare_from=2026-08", 400, "ConfigError"),
    ("/auth/login", 404, "NotFound"),
    ("/assets/none.js", 404, "NotFound"),
]


@pytest.mark.parametrize(("path", "status", "code"), BAD)
def test_bad_input_gets_the_envelope(
    client: httpx.Client, path: str, status: int, code: str
) -> None:
    answer = client.get(path)
    body = answer.json()
    assert (status, False, status) == (answer.status_code, body["ok"], body["status"])
    [error] = body["errors"]
    assert code == error["code"]
    assert error["message"]
    assert error["help"]
    assert "Traceback" not in answer.text


def test_values_that_look_like_sql_are_values(client: httpx.Client) -> None:
    for value in ("' OR 1=1 --", '"; DROP TABLE charges; --', "\x00", "é" * 500):
        answer = client.get("/api/charges", params={"where": f"x_ModelId={value}"})
        assert (answer.status_code, answer.json()["total"]) == (200, 0)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_the_api_is_only_read(client: httpx.Client, served: Served, method: str) -> None:
    answer = client.request(method, "/api/matrix", headers={"Origin": served.address})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (405, "MethodNotAllowed")
    foreign = client.request(method, "/api/matrix", headers={"Origin": "http://evil.example"})
    assert (foreign.status_code, foreign.json()["errors"][0]["code"]) == (403, "WrongOrigin")


def test_another_name_for_loopback_reads_nothing(client: httpx.Client) -> None:
    """A name that was rebound to loopback by a foreign page must not read the bill."""
    answer = client.get("/api/hub", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "UnknownHost")


@pytest.mark.parametrize("path", ["/", "/api/hub", "/api/nothing", "/nothing", "/icon.svg"])
def test_every_response_carries_the_security_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_pages_are_documents_and_unknown_ones_say_so(client: httpx.Client) -> None:
    for path in ("/", "/unit-costs", "/trends", "/data", "/meters"):
        assert client.get(path).status_code == 200
    assert client.get("/no-such-page").status_code == 404
    assert client.get("/no-such-page").headers["content-type"].startswith("text/html")
