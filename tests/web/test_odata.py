"""The OData feed: a real client reads it, its sums are the matrix's, no text reaches the SQL."""

from __future__ import annotations

import base64
import hashlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import Served, serving

import pertoken
from pertoken.errors import ConfigError
from pertoken.pipeline.feed_query import PAGE_ROWS, Compare, Joined, Negated, Operand, TextTest
from pertoken.web.odata_query import condition_of, grouping_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
BY_MODEL = (
    "groupby((x_ModelId,BillingCurrency),"
    "aggregate(EffectiveCost with sum as Cost,x_TokenQuantity with sum as Tokens))"
)


def asked(client: httpx.Client, path: str, **options: str) -> dict[str, Any]:
    response = client.get(f"/odata{path}", params={f"${k}": v for k, v in options.items()})
    assert response.status_code == 200, response.text
    assert response.headers["odata-version"] == "4.0"
    return json.loads(response.text, parse_float=Decimal)


def refused(client: httpx.Client, path: str, **options: str) -> tuple[int, str]:
    response = client.get(f"/odata{path}", params={f"${k}": v for k, v in options.items()})
    error = response.json()["error"]
    return response.status_code, error["message"]


def test_a_client_library_finds_the_sets_and_reads_typed_rows(served: Served) -> None:
    service_module = pytest.importorskip("odata.service", reason="the group web-test is missing")
    service = service_module.ODataService(
        f"{served.address}/odata/", reflect_entities=True, quiet_progress=True
    )
    assert set(service.entities) >= {"TokenCosts", "Meters", "Tags", "Periods"}
    costs = service.entities["TokenCosts"]
    query = service.query(costs).filter(costs.x_ModelId == "gpt-4.1").limit(3)
    rows = list(query.order_by(costs.EffectiveCost.desc()))
    assert len(rows) == 3
    assert {row.x_ModelId for row in rows} == {"gpt-4.1"}
    found = [Decimal(str(row.EffectiveCost)) for row in rows]
    assert found == sorted(found, reverse=True)


def test_the_schema_names_every_column_once_and_each_key_is_there(client: httpx.Client) -> None:
    root = ET.fromstring(client.get("/odata/$metadata").content)  # noqa: S314 - our own answer
    for kind in root.iter(f"{EDM}EntityType"):
        names = [each.get("Name") for each in kind.iter(f"{EDM}Property")]
        keys = [each.get("Name") for each in kind.iter(f"{EDM}PropertyRef")]
        assert len(set(names)) == len(names)
        assert keys
        assert set(keys) <= set(names)
        first = asked(client, f"/{kind.get('Name').removesuffix('Row')}", top="1")["value"]
        assert first
        assert list(first[0]) == names


def test_all_pages_hold_every_row_once_and_add_up_to_the_matrix(
    client: httpx.Client, hub: Path
) -> None:
    rows, address = [], "/odata/TokenCosts?$count=true"
    while address:
        page = json.loads(client.get(address).text, parse_float=Decimal)
        rows += page["value"]
        total = page["@odata.count"]
        address = page.get("@odata.nextLink")
    assert len(rows) == total > PAGE_ROWS
    assert len({row["RowKey"] for row in rows}) == total
    matrix = pertoken.open(hub).matrix(by=["BillingCurrency"]).to_dicts()
    for line in matrix:
        own = [row for row in rows if row["BillingCurrency"] == line["BillingCurrency"]]
        assert sum(Decimal(row["EffectiveCost"]) for row in own) == line["EffectiveCost"]
        tokens = [row["x_TokenQuantity"] for row in own if row["x_TokenQuantity"] is not None]
        assert sum(map(Decimal, tokens)) == line["x_TokenQuantity"]


def test_groups_are_those_of_the_matrix_to_the_last_digit(client: httpx.Client, hub: Path) -> None:
    answered = asked(client, "/TokenCosts", apply=BY_MODEL)["value"]
    matrix = pertoken.open(hub).matrix(by=["x_ModelId"]).to_dicts()
    assert {
        (row["x_ModelId"], row["BillingCurrency"]): Decimal(row["Cost"]) for row in answered
    } == {(row["x_ModelId"], row["BillingCurrency"]): row["EffectiveCost"] for row in matrix}


def test_filters_before_groups_and_order_and_page_after_them(client: httpx.Client) -> None:
    query = "filter(ChargeDate ge 2026-09-01)/" + BY_MODEL
    whole = asked(client, "/TokenCosts", apply=query, orderby="Cost desc", count="true")
    page = asked(client, "/TokenCosts", apply=query, orderby="Cost desc", top="2", skip="1")
    costs = [Decimal(row["Cost"]) for row in whole["value"]]
    assert costs == sorted(costs, reverse=True)
    assert whole["@odata.count"] == len(costs)
    assert page["value"] == whole["value"][1:3]
    large = asked(client, "/TokenCosts", apply=query, filter="Cost gt 1000")["value"]
    assert len(large) == sum(cost > 1000 for cost in costs)


def test_a_decimal_is_a_string_where_the_client_asks_for_it(client: httpx.Client) -> None:
    plain = asked(client, "/Periods", top="1")["value"][0]
    text = client.get(
        "/odata/Periods?$top=1", headers={"Accept": "application/json;IEEE754Compatible=true"}
    )
    assert "IEEE754Compatible=true" in text.headers["content-type"]
    assert text.json()["value"][0]["BilledCost"] == str(plain["BilledCost"])


def test_an_unknown_value_differs_from_every_value(client: httpx.Client) -> None:
    counts = {
        words: int(client.get("/odata/TokenCosts/$count", params={"$filter": words}).text)
        for words in (
            "x_TokenDirection eq null", "x_TokenDirection ne null",
            "x_TokenDirection eq 'Input'",
            "x_TokenDirection ne 'Input'", "not (x_TokenDirection eq 'Input')",
        )
    }  # fmt: skip
    whole = int(client.get("/odata/TokenCosts/$count").text)
    null, known, one, other, negated = counts.values()
    assert null + known == whole == one + other
    assert other == negated
    assert null > 0


@pytest.mark.parametrize(
    ("path", "options", "words"),
    [
        ("/Nothing", {}, "no entity set"),
        ("/TokenCosts", {"filter": "Foo eq 1"}, "no column 'Foo'"),
        ("/TokenCosts", {"filter": "x_ModelId eq"}, "cannot be read"),
        ("/TokenCosts", {"filter": "x_ModelId eq 1"}, "holds a text"),
        ("/TokenCosts", {"filter": "EffectiveCost eq 'x'"}, "holds a number"),
        ("/TokenCosts", {"filter": "year(x_ModelId) eq 2026"}, "does not fit"),
        ("/TokenCosts", {"filter": "EffectiveCost add 1 gt 2"}, "holds"),
        ("/TokenCosts", {"select": "x_ModelId,Foo"}, "no column 'Foo'"),
        ("/TokenCosts", {"orderby": "x_ModelId sideways"}, "$orderby"),
        ("/TokenCosts", {"top": "-1"}, "$top"),
        ("/TokenCosts", {"expand": "Meters"}, "$expand"),
        ("/TokenCosts", {"format": "atom"}, "$format"),
        ("/TokenCosts", {"apply": "compute(1)"}, "$apply"),
        ("/TokenCosts", {"apply": "aggregate(x_TokenCost with average as A)"}, "average"),
        ("/TokenCosts", {"apply": "aggregate(x_ModelId with sum as A)"}, "cannot be summed"),
        ("/TokenCosts", {"apply": "aggregate(EffectiveCost with sum as A)"}, "EUR, USD"),
        ("/TokenCosts", {"apply": "groupby((x_ModelId),aggregate($count as x_ModelId))"}, "twice"),
        ("/TokenCosts", {"filter": "not (" * 90 + "Rows eq 1" + ")" * 90}, "nested too deeply"),
    ],
)
def test_what_a_feed_does_not_answer_is_refused_with_words(
    client: httpx.Client, path: str, options: dict[str, str], words: str
) -> None:
    status, message = refused(client, path, **options)
    assert status == 400
    assert words in message


def test_a_condition_is_read_as_it_is_meant() -> None:
    condition = condition_of(
        "contains(tolower(SkuMeter),'gpt') and not (5 lt Rows or Rows eq null)"
    )
    assert condition == Joined("AND", (
        TextTest("contains", Operand("SkuMeter", ("tolower",)), "gpt"),
        Negated(Joined("OR", (
            Compare(Operand("Rows"), ">", 5), Compare(Operand("Rows"), "=", None),
        ))),
    ))  # fmt: skip
    numbers = condition_of("EffectiveCost ge 0.000000000000000001")
    assert numbers == Compare(Operand("EffectiveCost"), ">=", Decimal("1E-18"))


def test_a_bracket_or_a_slash_in_a_text_does_not_end_a_step() -> None:
    grouping = grouping_of("filter(SkuMeter eq 'a/b)(,')/groupby((x_ModelId))")
    assert grouping.where == Compare(Operand("SkuMeter"), "=", "a/b)(,")
    assert grouping.by == ("x_ModelId",)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_any_text_as_a_value_is_a_value(client: httpx.Client, text: str) -> None:
    literal = "'" + text.replace("'", "''") + "'"
    response = client.get("/odata/Meters", params={"$filter": f"SkuMeter eq {literal}"})
    assert response.status_code in (200, 400), response.text
    if response.status_code == 200:
        assert all(row["SkuMeter"] == text for row in response.json()["value"])


@given(st.text(alphabet="()',/ abeqx_ModelId15.$-", max_size=60))
def test_any_text_as_a_filter_is_read_or_refused(text: str) -> None:
    for read in (condition_of, grouping_of):
        try:
            read(text)
        except ConfigError:
            continue


@pytest.fixture(scope="module")
def team(hub: Path) -> Iterator[Served]:
    token = {"name": "t", "role": "team", "tags": {"team": ["localization"]},
             "sha256": hashlib.sha256(b"secret").hexdigest()}  # fmt: skip
    with serving(hub, PERTOKEN_WEB_TOKENS=json.dumps([token])) as server:
        yield server


def test_a_team_reads_its_own_rows_without_list_prices(team: Served, hub: Path) -> None:
    basic = base64.b64encode(b"anyone:secret").decode()
    with team.client(headers={"Authorization": f"Basic {basic}"}) as client:
        answered = asked(client, "/TokenCosts", apply=BY_MODEL)["value"]
        schema = client.get("/odata/$metadata").text
        tags = asked(client, "/Tags", filter="TagKey eq 'team'")["value"]
    matrix = pertoken.open(hub).matrix(by=["x_ModelId"], where={"Tags.team": "localization"})
    assert sum(Decimal(row["Cost"]) for row in answered) == sum(
        row["EffectiveCost"] for row in matrix.to_dicts()
    )
    assert "ListCost" not in schema
    assert "ContractedCost" not in schema
    assert {row["TagValue"] for row in tags} == {"localization"}


def test_without_a_token_a_spreadsheet_is_asked_for_one(team: Served) -> None:
    with team.client() as client:
        response = client.get("/odata/TokenCosts")
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Basic")
