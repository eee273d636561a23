"""Native exports as the source of a month, beside FOCUS, and across a move of a subscription."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from builders import charge, write_export
from native_rows import (
    EA_SCOPE,
    MCA_SCOPE,
    RESERVATION,
    ea_row,
    mca_row,
    write_native,
)

from pertoken.api.hub import Hub
from pertoken.engine import local_engine
from pertoken.errors import TotalsDiffer
from pertoken.hub import Hub as Store
from pertoken.hub import LedgerRun
from pertoken.pipeline.commitments import CHECKS, commitments_table, prepaid_balances
from pertoken.pipeline.moves import moves
from pertoken.pipeline.standing import checked_totals, standing_runs

TENANT = Path(__file__).parents[2].parent / "shared" / "tenants" / "northwind"
needs_tenant = pytest.mark.skipif(
    not TENANT.is_dir(), reason="the northwind tenant (../shared) is not beside the repository"
)
PTU = {
    "MeterName": "Provisioned Managed Global Unit", "MeterId": "m-ptu", "UnitOfMeasure": "1/Hour",
    "PricingModel": "Reservation", "benefitId": RESERVATION, "benefitName": "one",
}  # fmt: skip
ORDER = RESERVATION.rsplit("/", 1)[0] + "/"
ACTUAL = [
    ea_row(),
    ea_row(ChargeType="Purchase", Frequency="OneTime", Cost="120", Quantity="1", **PTU)
    | {"benefitId": ORDER},
    ea_row(Cost="0", Quantity="24", EffectivePrice="0", UnitPrice="1", **PTU),
    ea_row(Cost="3", Quantity="3", EffectivePrice="1", **(PTU | {"PricingModel": "OnDemand"}))
    | {"benefitId": None, "benefitName": None},
]
AMORTIZED = [
    ACTUAL[0],
    ea_row(Cost="9", Quantity="24", EffectivePrice="0.375", UnitPrice="1", **PTU),
    ea_row(ChargeType="UnusedReservation", Cost="1", Quantity="2", EffectivePrice="0.5", **PTU),
    ACTUAL[3],
]
"""A reservation of 120 is bought; 9 is used, 1 unused, 3 used beyond it, 1 is for tokens."""


def focus_charge(**changes: object) -> dict[str, str | None]:
    """A charge of the same account in a FOCUS export."""
    account = "/providers/Microsoft.Billing/billingAccounts/123"
    return charge(month="2026-05", day=17, BillingAccountId=account, **changes)


def runs_of(hub: Path) -> dict[str, LedgerRun]:
    engine = local_engine(threads=1)
    runs = {run.dataset: run for run in Store(hub).snapshot(engine).runs}
    engine.close()
    return runs


def rows_of(hub: Path, sql: str) -> list[tuple[Any, ...]]:
    engine = local_engine(threads=1)
    snapshot = Store(hub).snapshot(engine)
    snapshot.view(engine, "charges")
    found = engine.rows(sql)
    engine.close()
    return found


def ingest(hub: Path, *sources: Path) -> list[str]:
    """Ingest sources and give the findings of the trust card."""
    opened = Hub(hub)
    result = opened.ingest(*sources)
    opened.close()
    return [] if result.card is None else [finding.text for finding in result.card.findings]


def costs(hub: Path) -> list[tuple[Any, ...]]:
    return rows_of(
        hub,
        "SELECT BillingCurrency, count(*), sum(BilledCost), sum(EffectiveCost) FROM charges "
        "GROUP BY BillingCurrency ORDER BY BillingCurrency",
    )


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    write_native(tmp_path / "in", ACTUAL, "ActualCost")
    write_native(tmp_path / "in", AMORTIZED, "AmortizedCost")
    return tmp_path


def test_a_pair_has_the_billed_cost_of_one_and_the_effective_cost_of_the_other(pair: Path) -> None:
    """124 billed; 14 effective; all amortised rows and the purchase."""
    ingest(pair / "hub", pair / "in")
    assert costs(pair / "hub") == [("USD", 5, Decimal(124), Decimal(14))]
    runs = runs_of(pair / "hub")
    assert {run.status for run in runs.values()} == {"applied"}
    found = rows_of(
        pair / "hub", "SELECT x_RunId, count(*) FROM charges GROUP BY x_RunId ORDER BY count(*)"
    )
    assert found == [(runs["ActualCost"].run_id, 1), (runs["AmortizedCost"].run_id, 4)]


def test_each_of_a_pair_alone_is_a_source_that_says_what_it_lacks(tmp_path: Path) -> None:
    for dataset, rows, expected in (
        ("ActualCost", ACTUAL, ("USD", 4, Decimal(124), Decimal(4))),
        ("AmortizedCost", AMORTIZED, ("USD", 4, Decimal(4), Decimal(14))),
    ):
        write_native(tmp_path / dataset, rows, dataset)
        ingest(tmp_path / f"hub-{dataset}", tmp_path / dataset)
        assert costs(tmp_path / f"hub-{dataset}") == [expected]
        assert "lacks" in runs_of(tmp_path / f"hub-{dataset}")[dataset].reason


def test_the_order_of_arrival_leaves_no_trace(tmp_path: Path) -> None:
    """Amortised first, then actual: the month is written again as if both had come at once."""
    write_native(tmp_path / "second", ACTUAL, "ActualCost")
    write_native(tmp_path / "first", AMORTIZED, "AmortizedCost")
    ingest(tmp_path / "hub", tmp_path / "first")
    ingest(tmp_path / "hub", tmp_path / "second")
    assert costs(tmp_path / "hub") == [("USD", 5, Decimal(124), Decimal(14))]
    before = rows_of(tmp_path / "hub", "SELECT * FROM charges ORDER BY ALL")
    ingest(tmp_path / "hub", tmp_path / "first", tmp_path / "second")
    assert before == rows_of(tmp_path / "hub", "SELECT * FROM charges ORDER BY ALL")


def test_beside_a_focus_export_native_runs_are_compared_and_never_added(pair: Path) -> None:
    focus = [focus_charge(BilledCost="124", EffectiveCost="14.5")]
    write_export(
        pair / "in", focus, month="2026-05", scope=EA_SCOPE, submitted="2026-06-02T06:00:00Z"
    )
    findings = ingest(pair / "hub", pair / "in")
    assert costs(pair / "hub") == [("USD", 1, Decimal(124), Decimal("14.5"))]
    runs = runs_of(pair / "hub")
    assert runs["ActualCost"].status == runs["AmortizedCost"].status == "reconciliation"
    assert "BilledCost equals" in runs["ActualCost"].reason
    assert "EffectiveCost differs" in runs["AmortizedCost"].reason
    assert runs["AmortizedCost"].reason.endswith("by USD -0.5")
    assert any("differs" in finding for finding in findings)


def test_a_focus_export_that_comes_later_takes_the_place_of_a_pair(pair: Path) -> None:
    ingest(pair / "hub", pair / "in")
    write_export(pair / "focus", [focus_charge()], month="2026-05", scope=EA_SCOPE)
    ingest(pair / "hub", pair / "focus")
    assert costs(pair / "hub") == [("USD", 1, Decimal("2.5"), Decimal("2.5"))]


def test_a_refused_native_run_names_the_cell_and_the_row(tmp_path: Path) -> None:
    write_native(tmp_path / "in", [ea_row(), ea_row(Cost="much")], "ActualCost")
    ingest(tmp_path / "hub", tmp_path / "in")
    [run] = runs_of(tmp_path / "hub").values()
    assert run.status == "refused"
    assert run.reason == "Cost 'much' cannot be read (part_0_0001.csv, row 3)"


def test_a_plain_native_file_is_actual_or_amortised_by_the_commitments_it_holds(
    tmp_path: Path,
) -> None:
    for dataset, rows in (("ActualCost", ACTUAL), ("AmortizedCost", AMORTIZED)):
        run = write_native(tmp_path / dataset, rows, dataset)
        ingest(tmp_path / f"hub-{dataset}", run / "part_0_0001.csv")
        found = runs_of(tmp_path / f"hub-{dataset}")
        assert [(dataset, EA_SCOPE, "applied")] == [
            (each.dataset, each.scope, each.status) for each in found.values()
        ]


def test_a_subscription_that_moves_is_charged_by_each_scope_for_its_own_days(
    tmp_path: Path,
) -> None:
    """To the 16th in the enterprise agreement, from the 17th in the customer agreement."""
    days = [f"05/{day:02d}/2026" for day in range(1, 32)]
    write_native(tmp_path / "in", [ea_row(Date=day) for day in days[:16]], "ActualCost")
    moved = [mca_row(Date=day) for day in days[16:]]
    write_native(tmp_path / "in", moved, "ActualCost", scope=MCA_SCOPE)
    findings = ingest(tmp_path / "hub", tmp_path / "in")
    assert costs(tmp_path / "hub") == [
        ("EUR", 15, Decimal("7.5"), Decimal("7.5")),
        ("USD", 16, Decimal(16), Decimal(16)),
    ]
    assert any("moved on 2026-05-17, no day is missing" in finding for finding in findings)


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (19, "2 days have no charge between 2026-05-16 and 2026-05-19"),
        (15, "2 charges stand in both and count twice (EUR 1)"),
    ],
)
def test_days_that_are_missing_or_counted_twice_in_a_move_are_named(
    tmp_path: Path, first: int, expected: str
) -> None:
    days = [f"05/{day:02d}/2026" for day in range(1, 32)]
    write_native(tmp_path / "in", [ea_row(Date=day) for day in days[:16]], "ActualCost")
    moved = [mca_row(Date=day) for day in days[first - 1 :]]
    write_native(tmp_path / "in", moved, "ActualCost", scope=MCA_SCOPE)
    findings = ingest(tmp_path / "hub", tmp_path / "in")
    assert any(expected in finding for finding in findings), findings


def test_a_day_shared_by_different_charges_is_no_double_count(tmp_path: Path) -> None:
    """On the day of the move each scope bills its part of the day."""
    write_native(tmp_path / "in", [ea_row(Date="05/16/2026")], "ActualCost")
    part = mca_row(Date="05/16/2026", Quantity="50", Cost="0.125", costInPricingCurrency="0.25")
    write_native(tmp_path / "in", [part], "ActualCost", scope=MCA_SCOPE)
    ingest(tmp_path / "hub", tmp_path / "in")
    engine = local_engine(threads=1)
    [move] = moves(engine, Store(tmp_path / "hub").snapshot(engine))
    engine.close()
    assert (move.same_charges, move.missing_days) == (0, 0)


def test_a_commitment_shows_what_was_bought_used_unused_and_beyond_it(pair: Path) -> None:
    """The purchase names the order, its use the reservation: the order is the commitment."""
    ingest(pair / "hub", pair / "in")
    engine = local_engine(threads=1)
    table = commitments_table(engine, Store(pair / "hub").snapshot(engine))
    engine.close()
    [row] = (dict(zip(table.column_names, each, strict=True)) for each in table.rows)
    expected = {
        "BillingMonth": "2026-05",
        "CommitmentDiscountId": "/providers/microsoft.capacity/reservationorders/order-1",
        "CommitmentDiscountType": "Reservation",
        "PurchasedCost": 120,
        "RefundedCost": 0,
        "UsedCost": 9,
        "UnusedCost": 1,
        "OverageCost": 3,
        "UsedQuantity": 24,
        "UnusedQuantity": 2,
        "OverageQuantity": 3,
        "PricingUnit": "Units/Hour",
        "BalanceCost": 110,
        "Utilisation": Decimal("0.923076923077"),
        "Check": "prepaid",
    }
    assert expected == {name: row[name] for name in expected}
    assert row["Check"] in CHECKS
    assert prepaid_balances(table, "2026-05") == {"USD": Decimal(110)}
    assert prepaid_balances(table, "2026-04") == {}


def test_a_commitment_bought_before_the_hub_begins_has_no_balance(tmp_path: Path) -> None:
    write_native(tmp_path / "in", AMORTIZED, "AmortizedCost")
    ingest(tmp_path / "hub", tmp_path / "in")
    engine = local_engine(threads=1)
    table = commitments_table(engine, Store(tmp_path / "hub").snapshot(engine))
    engine.close()
    [row] = (dict(zip(table.column_names, each, strict=True)) for each in table.rows)
    assert (row["BalanceCost"], row["Check"]) == (None, "purchase not known")


def checks_of(folder: Path, rows: list[dict[str, str | None]]) -> list[tuple[object, ...]]:
    """(CommitmentDiscountId's last word, OverageCost, BalanceCost, Check) of FOCUS charges."""
    write_export(folder / "in", rows, month="2026-05", scope=EA_SCOPE)
    ingest(folder / "hub", folder / "in")
    engine = local_engine(threads=1)
    table = commitments_table(engine, Store(folder / "hub").snapshot(engine))
    engine.close()
    places = [table.column_names.index(name) for name in ("OverageCost", "BalanceCost", "Check")]
    return [
        (str(row[1]).rsplit("/", 1)[-1], *(row[place] for place in places)) for row in table.rows
    ]


def committed(name: str, **changes: object) -> dict[str, str | None]:
    """A charge of use that a reservation covers, in a FOCUS export."""
    path = f"/providers/microsoft.capacity/reservationorders/{name}/reservations/{name}"
    values = {
        "CommitmentDiscountId": path,
        "CommitmentDiscountStatus": "Used",
        "BilledCost": "0",
        "PricingCategory": "Committed",
    }
    return focus_charge(**(values | changes))


def bought(name: str, cost: str) -> dict[str, str | None]:
    return committed(
        name, ChargeCategory="Purchase", CommitmentDiscountStatus=None, EffectiveCost="0"
    ) | {"BilledCost": cost}


def test_a_commitment_is_amortised_when_its_use_equals_its_purchase(tmp_path: Path) -> None:
    """Use of 2.5 each: a purchase of 2.5 is amortised, one of 2 is behind its use."""
    rows = [committed("a"), bought("a", "2.5"), committed("b"), bought("b", "2")]
    assert checks_of(tmp_path, rows) == [
        ("a", 0, Decimal(0), "amortised"),
        ("b", 0, Decimal("-0.5"), "ahead"),
    ]


def test_use_beyond_several_commitments_of_a_meter_is_of_none_of_them(tmp_path: Path) -> None:
    rows = [committed("a"), bought("a", "5"), committed("b"), bought("b", "5"), focus_charge()]
    found = checks_of(tmp_path, rows)
    assert {("a", 0, Decimal("2.5"), "prepaid"), ("b", 0, Decimal("2.5"), "prepaid")} < set(found)
    assert ("None", Decimal("2.5"), None, "overage") in found
    assert len(found) == 3


def test_a_month_whose_totals_are_not_its_exports_is_not_committed(pair: Path) -> None:
    """Written charges are held against the totals of both exports."""
    ingest(pair / "hub", pair / "in")
    standing = standing_runs(runs_of(pair / "hub").values())[EA_SCOPE, "2026-05"]
    engine = local_engine(threads=1)
    Store(pair / "hub").snapshot(engine).view(engine, "charges")
    engine.view("new_charges", "SELECT * FROM charges")
    assert checked_totals(engine, standing, 5).after == {"USD": (5, Decimal(124), Decimal(14))}
    for query, rows in (("SELECT * FROM charges WHERE BilledCost < 100", 4), (None, 6)):
        if query is not None:
            engine.view("new_charges", query)
        with pytest.raises(TotalsDiffer, match="Nothing was committed"):
            checked_totals(engine, standing, rows)
    engine.close()


@needs_tenant
def test_the_customer_agreement_of_northwind_stands_on_its_native_pair(tmp_path: Path) -> None:
    """No FOCUS export of that scope and month: tokens and costs per meter are its truth's."""
    exports = TENANT / "exports" / "costexports"
    ingest(tmp_path / "hub", exports / "mca-actualcost", exports / "mca-amortizedcost")
    with (TENANT / "truth" / "totals.csv").open(encoding="utf-8", newline="") as table:
        [truth] = [
            row
            for row in csv.DictReader(table)
            if (row["month"], row["scope"]) == ("2026-01", "mca")
        ]
    expected = ("EUR", int(truth["rows"]), Decimal(truth["billed"]), Decimal(truth["effective"]))
    assert costs(tmp_path / "hub") == [expected]
    found = {
        meter: (tokens, cost)
        for meter, tokens, cost in rows_of(
            tmp_path / "hub",
            "SELECT SkuMeter, sum(x_UnitQuantity), sum(EffectiveCost) FROM charges "
            "WHERE ServiceCategory = 'AI and Machine Learning' GROUP BY SkuMeter",
        )
    }
    with (TENANT / "truth" / "tokens_by_cell.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            if (row["month"], row["scope"]) == ("2026-01", "mca") and row["kind"] == "token":
                assert (Decimal(row["tokens"]), Decimal(row["effective"])) == found[row["meter"]]


@needs_tenant
def test_the_reservation_of_northwind_is_bought_once_and_amortised_by_its_truth(
    tmp_path: Path,
) -> None:
    """Three months of FOCUS exports, and in May the native pair, which agrees with it."""
    exports = TENANT / "exports" / "costexports"
    sources = [
        exports / "focus-ea-v10" / "20260301-20260331",
        exports / "focus-ea-v10r2",
        exports / "ea-actualcost" / "20260501-20260531",
        exports / "ea-amortizedcost" / "20260501-20260531",
    ]
    ingest(tmp_path / "hub", *sources)
    runs = runs_of(tmp_path / "hub")
    assert {runs[each].status for each in ("ActualCost", "AmortizedCost")} == {"reconciliation"}
    assert runs["ActualCost"].reason.startswith("BilledCost equals that of FOCUS run")
    assert runs["AmortizedCost"].reason.startswith("EffectiveCost equals that of FOCUS run")
    engine = local_engine(threads=1)
    table = commitments_table(engine, Store(tmp_path / "hub").snapshot(engine))
    engine.close()
    rows = {row["BillingMonth"]: row for row in (
        dict(zip(table.column_names, each, strict=True)) for each in table.rows
    )}  # fmt: skip
    balance = Decimal(0)
    for month in ("2026-03", "2026-04", "2026-05"):
        kinds = truth_by_kind(month)
        row = rows[month]
        assert row["PurchasedCost"] == kinds.get("reservation_purchase", (0, 0))[0]
        assert row["UsedCost"] == kinds["ptu_covered"][1]
        assert row["UnusedCost"] == kinds["ptu_unused"][1]
        balance += row["PurchasedCost"] - row["UsedCost"] - row["UnusedCost"]
        assert row["BalanceCost"] == balance
    assert prepaid_balances(table, "2026-05") == {"USD": balance}


def truth_by_kind(month: str) -> dict[str, tuple[Decimal, Decimal]]:
    """(billed, effective) of the enterprise agreement's charges of a month, by kind."""
    with (TENANT / "truth" / "totals_by_kind.csv").open(encoding="utf-8", newline="") as table:
        return {
            row["kind"]: (Decimal(row["billed"]), Decimal(row["effective"]))
            for row in csv.DictReader(table)
            if (row["month"], row["scope"]) == (month, "ea")
        }
