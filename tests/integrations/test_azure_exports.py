"""Exports of Cost Management against its API on loopback, bodies held to the documented shapes."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import TYPE_CHECKING

import pytest
from builders import csv_rows, run_pertoken
from cost_management import TOKEN, CostManagement, check_export

from pertoken.errors import ConfigError, SourceError
from pertoken.integrations.azure import DATASETS, Exports, Placement, export_plans, month_requests
from pertoken.integrations.azure.credentials import AUTHORITY, PUBLIC, credential_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SCOPE = "/providers/Microsoft.Billing/billingAccounts/8842190"
STORAGE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/contoso"
PLACE = Placement(STORAGE, "cost", "exports")
ENVIRONMENT = {"PERTOKEN_AZURE_MANAGEMENT_TOKEN": TOKEN}
OPTIONS = ("--storage-account", STORAGE, "--container", "cost", "--start", "2026-12-01")


@pytest.fixture
def azure() -> Iterator[CostManagement]:
    pytest.importorskip("azure.mgmt.costmanagement", reason="the extra azure is not installed")
    with CostManagement() as server:
        yield server


def exports(azure: CostManagement) -> Exports:
    return Exports(SCOPE, endpoint=azure.endpoint, environment=ENVIRONMENT)


def test_every_dataset_makes_exports_that_the_api_takes(azure: CostManagement) -> None:
    plans = export_plans(SCOPE, PLACE, list(DATASETS), prefix="pertoken", start=date(2026, 12, 1))
    made = exports(azure).create(plans)
    assert made == [(plan.name, plan.dataset, "created") for plan in plans]
    assert set(azure.exports) == {
        "pertoken-focus-daily", "pertoken-focus-monthly", "pertoken-prices",
        "pertoken-reservation-details", "pertoken-reservation-transactions",
    }  # fmt: skip
    before = json.dumps(azure.exports, sort_keys=True)
    assert {change for _, _, change in exports(azure).create(plans)} == {"exists"}
    assert json.dumps(azure.exports, sort_keys=True) == before


def test_an_identity_comes_with_a_location_only() -> None:
    placement = Placement(STORAGE, "cost", "exports", "westeurope")
    [daily, _] = export_plans(SCOPE, placement, ["focus"], prefix="aa", start=date(2024, 2, 29))
    assert daily.body["identity"] == {"type": "SystemAssigned"}
    check_export(daily.body)


def test_a_backfill_is_one_run_per_month_newest_first(azure: CostManagement) -> None:
    plans = export_plans(SCOPE, PLACE, ["focus"], prefix="pertoken", start=date(2026, 12, 1))
    exports(azure).create(plans)
    azure.throttled = 2
    months = [
        month for month, _ in exports(azure).run("pertoken-focus-daily", "2025-11", "2026-02")
    ]
    assert months == ["2026-02", "2026-01", "2025-12", "2025-11"]
    assert [month for _, month in azure.runs] == months
    [row] = [row for row in exports(azure).listed() if row[0] == "pertoken-focus-daily"]
    assert row[1:8] == (
        "FocusCost", "1.2-preview", "MonthToDate", "Daily", "Active", "cost", "exports",
    )  # fmt: skip
    assert row[10:] == ("Completed", None)


def test_a_month_that_is_refused_says_what_is_left(azure: CostManagement) -> None:
    exports(azure).create(
        export_plans(SCOPE, PLACE, ["prices"], prefix="pertoken", start=date(2026, 12, 1))
    )
    azure.refused_month = "2026-01"
    with pytest.raises(SourceError) as refused:
        list(exports(azure).run("pertoken-prices", "2025-11", "2026-02"))
    assert "400, " in refused.value.found
    assert "The month cannot be exported." in refused.value.found
    assert refused.value.action == "Run again with --from-month 2025-11 --to-month 2026-01."
    assert [month for _, month in azure.runs] == ["2026-02"]


def test_a_run_covers_the_days_of_its_month() -> None:
    requests = month_requests("2023-12", "2024-02")
    assert [month for month, _ in requests] == ["2024-02", "2024-01", "2023-12"]
    assert requests[0][1] == {
        "timePeriod": {"from": "2024-02-01T00:00:00Z", "to": "2024-02-29T00:00:00Z"}
    }


def test_the_command_line_creates_runs_and_lists(azure: CostManagement) -> None:
    def pertoken(*words: str) -> list[dict[str, str]]:
        command = ("azure", "exports", *words, "--scope", SCOPE, "--endpoint", azure.endpoint)
        answer = run_pertoken(*command, "-f", "csv", **ENVIRONMENT)
        assert answer.returncode == 0, answer.stderr
        return csv_rows(answer.stdout)

    assert [row["Change"] for row in pertoken("create", *OPTIONS)] == ["created"] * 3
    backfill = (
        "--name",
        "pertoken-focus-daily",
        "--from-month",
        "2026-01",
        "--to-month",
        "2026-02",
    )
    assert [row["BillingMonth"] for row in pertoken("run", *backfill)] == ["2026-02", "2026-01"]
    listed = {row["ExportName"]: row for row in pertoken("list")}
    assert set(listed) == set(azure.exports)
    assert listed["pertoken-focus-daily"]["LastStatus"] == "Completed"


def test_a_plan_prints_the_bodies_and_needs_no_credential() -> None:
    answer = run_pertoken("azure", "exports", "create", "--scope", SCOPE, *OPTIONS, "--plan")
    assert answer.returncode == 0, answer.stderr
    bodies = json.loads(answer.stdout)
    assert [body["method"] for body in bodies] == ["PUT"] * 3
    for each in bodies:
        check_export(each["body"])
    months = ("--from-month", "2026-01", "--to-month", "2026-03", "--name", "daily")
    answer = run_pertoken("azure", "exports", "run", "--scope", SCOPE, *months, "--plan")
    assert [each["method"] for each in json.loads(answer.stdout)] == ["POST"] * 3


def test_a_token_that_is_not_known_is_three_lines(azure: CostManagement) -> None:
    wrong = {"PERTOKEN_AZURE_MANAGEMENT_TOKEN": "another"}
    with pytest.raises(SourceError, match=r"401, .*The token is not known") as refused:
        Exports(SCOPE, endpoint=azure.endpoint, environment=wrong).listed()
    assert len(str(refused.value).splitlines()) == 3
    assert "another" not in str(refused.value)


def test_credentials_are_the_stated_ones_and_no_others() -> None:
    ambient = {
        "AZURE_CLIENT_ID": "a", "AZURE_TENANT_ID": "b", "AZURE_CLIENT_SECRET": "c",
        "PERTOKEN_AZURE_CLIENT_ID": "d",
    }  # fmt: skip
    with pytest.raises(ConfigError, match="PERTOKEN_AZURE_CLIENT_SECRET are not set"):
        credential_of(ambient, PUBLIC)
    pytest.importorskip("azure.identity")
    application = {
        "PERTOKEN_AZURE_TENANT_ID": "00000000-0000-0000-0000-000000000000",
        "PERTOKEN_AZURE_CLIENT_ID": "id",
        "PERTOKEN_AZURE_CLIENT_SECRET": "secret",
    }
    assert type(credential_of(application, PUBLIC)).__name__ == "ClientSecretCredential"
    with pytest.raises(ConfigError, match="is not the public cloud"):
        credential_of(application, "https://management.chinacloudapi.cn")
    credential_of(
        application | {AUTHORITY: "https://login.chinacloudapi.cn"},
        "https://management.chinacloudapi.cn",
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scope": "8842190"}, "is not a scope"),
        ({"scope": "/subscriptions/s?x=1"}, "is not a scope"),
        ({"scope": "/subscriptions/s", "names": ["prices"]}, "has no exports of PriceSheet"),
        ({"scope": "/providers/Microsoft.Management/managementGroups/m"}, "management group"),
        ({"names": ["focos"]}, "is not a dataset"),
        ({"placement": Placement("contoso", "c", "f")}, "is not the resource id"),
        ({"prefix": "a/b"}, "cannot begin the name"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(changes: dict, words: str) -> None:
    values = {
        "scope": SCOPE,
        "placement": PLACE,
        "names": ["focus"],
        "prefix": "pertoken",
    } | changes
    with pytest.raises(ConfigError, match=words):
        export_plans(
            values["scope"], values["placement"], values["names"],
            prefix=values["prefix"], start=date(2026, 12, 1),
        )  # fmt: skip


@pytest.mark.parametrize(
    "endpoint", ["http://management.azure.com", "management.azure.com", "https://"]
)
def test_a_credential_is_sent_over_https_only(endpoint: str) -> None:
    with pytest.raises(ConfigError, match="is not an endpoint"):
        Exports(SCOPE, endpoint=endpoint, environment=ENVIRONMENT)


def test_months_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ConfigError, match="There is no month"):
        month_requests("2026-02", "2026-01")


def test_a_missing_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.mgmt.costmanagement", None)
    with pytest.raises(ConfigError) as missing:
        Exports(SCOPE, environment=ENVIRONMENT)
    assert missing.value.action == "Run `pip install 'pertoken[azure]'`."
