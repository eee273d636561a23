"""What the hub lacks, as findings of `check`: each rule fires on its cause and on nothing else."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from builders import ACCOUNT, SUBSCRIPTION, charge, parts_of, write_export
from native_rows import RESERVATION

import pertoken
from pertoken.conformance import FINDING_COLUMNS
from pertoken.pipeline.coverage import coverage_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pertoken.api import Hub

ROOT = Path(__file__).parents[2]
NORTHWIND = ROOT.parent / "shared" / "tenants" / "northwind"
DAYS = range(1, 32)
OTHER = "/providers/microsoft.billing/billingaccounts/2"
WHOLE_MONTH = [charge(day=day) for day in DAYS]


def hub_of(tmp_path: Path, *exports: Path) -> Hub:
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(*exports)
    return hub


def coverage(hub: Hub) -> list[dict[str, Any]]:
    """The findings of coverage rules."""
    return [row for row in hub.check().to_dicts() if str(row["Rule"]).startswith("coverage-")]


def facts(hub: Hub, *names: str) -> list[tuple[Any, ...]]:
    """Those findings in a few columns."""
    return [tuple(row[name] for name in names) for row in coverage(hub)]


def with_days(days: Sequence[int], **more: object) -> list[dict[str, str | None]]:
    return [charge(day=day, **more) for day in days]  # type: ignore[arg-type]


def test_a_month_that_lacks_nothing_has_no_finding(tmp_path: Path) -> None:
    assert coverage(hub_of(tmp_path, write_export(tmp_path / "in", WHOLE_MONTH))) == []


def test_coverage_comes_after_the_rules_of_focus_in_the_same_columns(tmp_path: Path) -> None:
    hub = hub_of(tmp_path, write_export(tmp_path / "in", with_days([1], ChargeCategory="Odd")))
    checked = hub.check()
    rules = [str(row["Rule"]).startswith("coverage-") for row in checked.to_dicts()]
    assert checked.columns == FINDING_COLUMNS
    assert rules == sorted(rules)
    assert set(rules) == {False, True}


def test_days_without_charges_are_counted_in_a_closed_month(tmp_path: Path) -> None:
    lacking = with_days([day for day in DAYS if day not in (1, 14, 31)])
    hub = hub_of(tmp_path, write_export(tmp_path / "in", lacking))
    [row] = coverage(hub)
    assert row == {
        "Rule": "coverage-days", "Severity": "warning", "Column": "ChargePeriodStart", "Rows": 3,
        "CostAtStake": None, "BillingCurrency": None,
        "Example": f"2026-01-01 and 2 more in {ACCOUNT}",
        "Help": coverage_rules()["coverage-days"].help,
    }  # fmt: skip


def test_an_open_month_is_covered_to_its_last_day_with_charges(tmp_path: Path) -> None:
    """The run says the whole month and was made on its 11th: the rest is yet to come."""
    rows = with_days([1, 2, 4, 5, 6, 7, 8, 9])
    made = write_export(tmp_path / "in", rows, submitted="2026-01-11T06:00:00Z")
    assert facts(hub_of(tmp_path, made), "Rule", "Rows", "Example") == [
        ("coverage-days", 1, f"2026-01-03 in {ACCOUNT}")
    ]


def test_days_that_an_earlier_run_should_have_had_are_late(tmp_path: Path) -> None:
    """Made on the 15th the first run could have days to the 12th, and it ends with the 10th."""
    early = write_export(tmp_path / "early", with_days(range(1, 11)), end="2026-01-10",
                         submitted="2026-01-15T06:00:00Z")  # fmt: skip
    hub = hub_of(tmp_path, early, write_export(tmp_path / "full", WHOLE_MONTH))
    assert facts(hub, "Rule", "Severity", "Rows", "CostAtStake", "BillingCurrency", "Example") == [
        ("coverage-late-days", "note", 2, Decimal(5), "USD", f"2026-01-11 and 1 more in {ACCOUNT}")
    ]


def test_a_month_to_date_run_of_its_day_leaves_no_day_late(tmp_path: Path) -> None:
    early = write_export(tmp_path / "early", with_days(range(1, 11)), end="2026-01-10",
                         submitted="2026-01-12T06:00:00Z")  # fmt: skip
    assert coverage(hub_of(tmp_path, early, write_export(tmp_path / "full", WHOLE_MONTH))) == []


def test_charges_that_a_restatement_adds_are_late_and_its_corrections_are_not(
    tmp_path: Path,
) -> None:
    late = charge(day=9, tokens=100_000, SkuMeter="gpt 4.1 Outp glbl Tokens")
    refund = charge(day=8, tokens=-1_000, ChargeClass="Correction")
    hub = hub_of(
        tmp_path,
        write_export(tmp_path / "first", WHOLE_MONTH),
        write_export(
            tmp_path / "again", [*WHOLE_MONTH, late, refund], submitted="2026-02-05T06:00:00Z"
        ),
    )
    assert facts(hub, "Rule", "Rows", "CostAtStake", "Example") == [
        ("coverage-late-days", 1, Decimal("0.25"), f"2026-01-09 in {ACCOUNT}")
    ]


def test_refused_runs_are_counted_by_reason_and_an_error_where_nothing_stands(
    tmp_path: Path, cli: Callable[..., Any]
) -> None:
    exports = [write_export(tmp_path / "in", WHOLE_MONTH)]
    for name in ("b", "a"):
        exports.append(write_export(tmp_path / "in", WHOLE_MONTH, name=name))
        parts_of(exports[-1])[0].unlink()
    hub = hub_of(tmp_path, *exports)
    [row] = coverage(hub)
    assert (row["Rule"], row["Severity"], row["Rows"]) == ("coverage-run-refused", "warning", 2)
    assert row["Example"].startswith("a 2026-01: 1 of 1 part missing")
    assert row["CostAtStake"] is None
    alone = write_export(tmp_path / "in", WHOLE_MONTH, month="2026-02", name="c")
    parts_of(alone)[0].unlink()
    hub.ingest(alone)
    assert [row["Severity"] for row in coverage(hub)] == ["error", "warning"]
    assert cli("check", hub=hub.path).code == 2


def test_charges_without_proven_tokens_are_counted_with_their_cost(tmp_path: Path) -> None:
    costs = ("EffectiveCost", "BilledCost", "ListCost", "ContractedCost")
    odd = charge(day=2, **dict.fromkeys(costs, "7.77"))  # type: ignore[arg-type]
    hub = hub_of(tmp_path, write_export(tmp_path / "in", [*WHOLE_MONTH, odd]))
    assert facts(hub, "Rule", "Rows", "CostAtStake", "BillingCurrency", "Example") == [
        ("coverage-quantity", 1, Decimal("7.77"), "USD", "gpt 4o 0513 Inp glbl Tokens")
    ]


def test_meters_that_cannot_be_read_are_counted_with_their_cost(tmp_path: Path) -> None:
    unread = [charge(day=2, SkuMeter="zork 9 Blurb Tokens", x_SkuDescription=None,
                     BillingCurrency=currency) for currency in ("USD", "EUR")]  # fmt: skip
    hub = hub_of(tmp_path, write_export(tmp_path / "in", [*WHOLE_MONTH, *unread]))
    found = [row for row in coverage(hub) if row["Rule"] == "coverage-meter"]
    assert [(row["Rows"], row["CostAtStake"], row["BillingCurrency"], row["Example"])
            for row in found] == [
        (1, Decimal("2.5"), "EUR", "zork 9 Blurb Tokens"),
        (1, Decimal("2.5"), "USD", "zork 9 Blurb Tokens"),
    ]  # fmt: skip


def test_usage_without_a_list_or_contracted_cost_is_counted(tmp_path: Path) -> None:
    without_list = charge(day=2, ListCost=None, ListUnitPrice=None)
    without_both = charge(day=3, ListCost=None, ListUnitPrice=None, ContractedCost=None,
                          ContractedUnitPrice=None, SkuMeter="gpt 4.1 Outp glbl Tokens",
                          tokens=2_000_000)  # fmt: skip
    free = charge(day=4, tokens=0, ListCost=None, ListUnitPrice=None)
    rows = [*WHOLE_MONTH, without_list, without_both, free]
    assert facts(hub_of(tmp_path, write_export(tmp_path / "in", rows)), "Rule", "Rows",
                 "CostAtStake", "Example") == [
        ("coverage-list-cost", 2, Decimal("7.5"), "gpt 4.1 Outp glbl Tokens"),
        ("coverage-contracted-cost", 1, Decimal(5), "gpt 4.1 Outp glbl Tokens"),
    ]  # fmt: skip


@pytest.mark.parametrize("tags", [None, "{}", '{"team": ""}'])
def test_ai_cost_without_tags_is_counted(tmp_path: Path, tags: str | None) -> None:
    plain = charge(day=2, Tags=tags)
    other = charge(day=3, Tags=tags, ServiceCategory="Compute", SkuMeter="B2ms",
                   x_SkuMeterCategory="Virtual Machines", x_SkuMeterSubcategory="Bs Series",
                   x_SkuDescription="Virtual Machines", ServiceName="Virtual Machines")  # fmt: skip
    hub = hub_of(tmp_path, write_export(tmp_path / "in", [*WHOLE_MONTH, plain, other]))
    assert facts(hub, "Rule", "Rows", "CostAtStake", "BillingCurrency") == [
        ("coverage-tags", 1, Decimal("2.5"), "USD")
    ]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (range(1, 15), range(15, 32), ("note", 0, None)),
        (range(1, 15), range(17, 32), ("warning", 2, None)),
        (range(1, 16), range(15, 32), ("error", 1, Decimal("2.5"))),
    ],
    ids=["moved", "days lack", "counted twice"],
)
def test_a_subscription_in_two_scopes_is_a_finding(
    tmp_path: Path, first: range, second: range, expected: tuple[object, ...]
) -> None:
    other = {"BillingAccountId": OTHER}
    hub = hub_of(
        tmp_path,
        write_export(tmp_path / "one", with_days(first)),
        write_export(tmp_path / "two", with_days(second, **other), scope=OTHER, name="two"),
    )
    found = [row for row in coverage(hub) if row["Rule"] == "coverage-two-scopes"]
    assert [(row["Severity"], row["Rows"], row["CostAtStake"]) for row in found] == [expected]
    assert SUBSCRIPTION.rsplit("/", 1)[-1] in found[0]["Example"]


def test_commitments_whose_balance_does_not_agree_are_findings(tmp_path: Path) -> None:
    one, two = RESERVATION, RESERVATION.replace("order-1", "order-2")
    used = {"CommitmentDiscountStatus": "Used", "PricingCategory": "Committed", "BilledCost": "0"}
    rows = [
        *WHOLE_MONTH,
        charge(ChargeCategory="Purchase", CommitmentDiscountId=one, BilledCost="10",
               EffectiveCost="0", ConsumedQuantity=None),
        charge(CommitmentDiscountId=one, EffectiveCost="12.5", **used),
        charge(CommitmentDiscountId=two, EffectiveCost="3", **used),
    ]  # fmt: skip
    hub = hub_of(tmp_path, write_export(tmp_path / "in", rows))
    found = [row for row in coverage(hub) if "commitment" in row["Rule"]]
    assert [(row["Rule"], row["Severity"], row["Rows"], row["CostAtStake"], row["Example"])
            for row in found] == [
        ("coverage-commitment", "warning", 1, Decimal("2.5"), one.lower()),
        ("coverage-commitment-purchase", "note", 1, None, two.lower()),
    ]  # fmt: skip


def test_a_file_that_is_checked_has_no_coverage(tmp_path: Path) -> None:
    part = parts_of(write_export(tmp_path / "in", with_days([3])))[0]
    hub = hub_of(tmp_path, part.parent)
    assert not [row for row in hub.check(part).to_dicts() if "coverage" in str(row["Rule"])]


def test_every_rule_is_in_the_reference_with_its_severity() -> None:
    reference = (ROOT / "docs" / "reference.md").read_text("utf-8")
    documented = dict(re.findall(r"^\| (coverage-[a-z-]+) \| (.*?) \|", reference, re.MULTILINE))
    assert list(documented) == list(coverage_rules())
    for name, rule in coverage_rules().items():
        assert rule.severity in documented[name]
        assert rule.help.endswith(".")


@pytest.mark.skipif(
    not NORTHWIND.is_dir(), reason="the northwind tenant (../shared) is not beside the repository"
)
def test_northwind_s_missing_day_and_refused_run_are_found(tmp_path: Path) -> None:
    exports = NORTHWIND / "exports" / "costexports"
    hub = hub_of(tmp_path, *exports.glob("focus-mca-v10r2/202602*"),
                 *exports.glob("focus-ea-v12/202606*"))  # fmt: skip
    found = {row["Rule"]: row for row in coverage(hub)}
    assert (found["coverage-days"]["Rows"], found["coverage-days"]["Example"][:10]) == (
        1, "2026-02-11")  # fmt: skip
    assert found["coverage-run-refused"]["Severity"] == "warning"
    assert "coverage-quantity" not in found
    assert "coverage-meter" not in found
