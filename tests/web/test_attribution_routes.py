"""Attribution, tags, key figures, units and the audit over HTTP: the command line's own figures."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from serving import serving

import pertoken
from pertoken.cli.ingestion import demo_exports
from pertoken.pipeline.allocation_rules import rules_mark

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from pertoken.api.result import Result

PERIOD = {"start": "2026-08", "end": "2026-09"}
ASKED = "from=2026-08&to=2026-09"


def rows_of(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["next"] is None
    names = [each["name"] for each in body["columns"]]
    return [dict(zip(names, row, strict=True)) for row in body["rows"]]


def as_sent(result: Result) -> list[dict[str, object]]:
    """The rows of the Python API as JSON carries them."""
    return [{name: _sent(cell) for name, cell in row.items()} for row in result.to_dicts()]


def _sent(cell: object) -> object:
    if isinstance(cell, Decimal):
        return format(cell, "f").rstrip("0").rstrip(".") if "." in format(cell, "f") else str(cell)
    return cell if cell is None or isinstance(cell, int | str) else str(cell)


def _equal(sent: list[dict[str, Any]], expected: list[dict[str, object]]) -> None:
    assert len(sent) == len(expected) > 0
    for row, other in zip(sent, expected, strict=True):
        assert list(row) == list(other)
        for name, cell in row.items():
            held = other[name]
            if isinstance(cell, str) and isinstance(held, str) and cell != held:
                assert Decimal(cell) == Decimal(held), name
            else:
                assert cell == held, name


def test_the_routes_answer_as_the_commands_do(client: httpx.Client, hub: Path) -> None:
    tenant = pertoken.open(hub)
    for query, expected in (
        (f"attribute?by=Team,Application&{ASKED}",
         tenant.attribute(["Team", "Application"], **PERIOD)),
        (f"attribute?by=CostCenter&evidence=tags&{ASKED}&per=1K",
         tenant.attribute(["CostCenter"], evidence="tags", per="1K", **PERIOD)),
        (f"attribute?idle=show&currency=USD&{ASKED}",
         tenant.attribute(idle="show", currency="USD", **PERIOD)),
        ("kpis", tenant.kpis()),
        ("tags", tenant.tags()),
        ("tags?drift=true", tenant.tags(drift=True)),
        ("tags?sources=true", tenant.tags(sources=True)),
        ("units", tenant.units()),
        (f"units?metric=conversations&by=Application&{ASKED}&per=1K",
         tenant.units("conversations", ["Application"], per="1K", **PERIOD)),
        (f"units?metric=active_users&aggregation=mean&{ASKED}",
         tenant.units("active_users", aggregation="mean", **PERIOD)),
        (f"reconcile?exceptions=true&limit=10000&{ASKED}",
         tenant.reconcile(exceptions=True, **PERIOD)),
    ):  # fmt: skip
        _equal(rows_of(client.get(f"/api/{query}")), as_sent(expected))


def test_an_attribution_is_the_bill_and_leaves_as_a_file(client: httpx.Client, hub: Path) -> None:
    rows = rows_of(client.get("/api/attribute?by=Team,SkuMeter&limit=10000"))
    whole = pertoken.open(hub).matrix(["SkuMeter"]).to_dicts()
    assert sum(Decimal(row["EffectiveCost"]) for row in rows) == sum(
        row["EffectiveCost"] for row in whole
    )
    assert {row["ResidualReason"] for row in rows if row["Team"] == "Unattributed"} >= {
        "BypassedGateway", "NoTelemetry",
    }  # fmt: skip
    file = client.get("/api/attribute.parquet?by=Team,SkuMeter")
    assert pq.read_table(io.BytesIO(file.content)).num_rows == len(rows)
    assert client.get("/api/reconcile.xlsx?exceptions=true").content[:2] == b"PK"
    lines = client.get("/api/kpis.csv").text.splitlines()
    assert lines[0].startswith("BillingMonth,Team,BillingCurrency,EffectiveCost")


def test_pages_of_an_audit_hold_every_gap_once(client: httpx.Client) -> None:
    first = client.get("/api/reconcile?limit=3").json()
    second = client.get(f"/api/reconcile?limit=3&offset={first['next']}").json()
    assert [len(first["rows"]), first["next"], second["offset"]] == [3, 3, 3]
    assert first["rows"] != second["rows"]
    held = client.get("/api/reconcile?limit=3")
    again = client.get("/api/reconcile?limit=3", headers={"If-None-Match": held.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("attribute?by=Teem", "There is no dimension 'Teem'"),
        ("attribute?by=", "cannot be grouped by"),
        ("attribute?by=Team,Team", "cannot be grouped by"),
        ("attribute?evidence=guess", "evidence"),
        ("attribute?from=2026-09&to=2026-08", "holds no day"),
        ("attribute?as_of=2026-13", "is not a day"),
        ("attribute?platform=true", "name no platform cost"),
        ("tags?drift=true&repair=true", "2 lists of tags"),
        ("units?metric=smiles", "There is no metric 'smiles'"),
        ("units?metric=conversations&by=Team", "is not stated by Team"),
        ("reconcile?exception=true", "exception"),
    ],
)
def test_a_wrong_question_is_told_so(client: httpx.Client, query: str, words: str) -> None:
    answer = client.get(f"/api/{query}")
    assert answer.status_code == 400
    assert words in answer.json()["errors"][0]["message"]


RULES = """
[tags.Team]
keys = ["Team"]

[[rule]]
dimension = "Team"
value = "platform"
when = { BillingCurrency = "*" }
"""


def test_saved_rules_count_at_the_next_question_and_their_like_is_empty(tmp_path: Path) -> None:
    """A hub without telemetry and metrics; saving rules is no commit."""
    hub, file = tmp_path / "hub", tmp_path / "rules.toml"
    file.write_text(RULES, "utf-8")
    source = next(demo_exports().glob("costexports/focus-mca-v12"), None)
    assert source is not None
    tenant = pertoken.open(hub)
    tenant.ingest(source)
    assert rules_mark(hub) == ""
    with serving(hub) as server, server.client() as client:
        before = rows_of(client.get("/api/attribute?by=Team"))
        assert {row["Team"] for row in before} == {"Unattributed"}
        for path, words in (("reconcile", "no telemetry"), ("units", "no business metrics")):
            answer = client.get(f"/api/{path}")
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "NothingKept")
            assert words in answer.json()["errors"][0]["message"]
        tenant.save_rules(file)
        after = rows_of(client.get("/api/attribute?by=Team"))
    assert {row["Team"] for row in after} == {"platform"}
    assert [sum(Decimal(row["EffectiveCost"]) for row in rows) for rows in (before, after)] == [
        sum(row["EffectiveCost"] for row in tenant.matrix(["SkuMeter"]).to_dicts())
    ] * 2
