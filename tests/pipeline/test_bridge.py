"""The walk from the invoice to the effective cost: each charge in one step, every sum exact."""

from __future__ import annotations

import csv
import os
from decimal import Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders import ACCOUNT, charge, write_export
from hypothesis import given, settings
from hypothesis import strategies as st
from native_rows import RESERVATION

import pertoken
from pertoken.engine import local_engine, sql_file
from pertoken.errors import ConfigError, SourceError
from pertoken.pipeline.bridge import (
    INVOICE_STEPS,
    MOVEMENTS,
    PARTS,
    ChargeGroup,
    bridge_steps,
    view_bridge_charges,
)
from pertoken.pipeline.charged import Charged
from pertoken.pipeline.invoice_file import Invoice, is_invoice_header, parse_invoices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pertoken.api import Hub

HEADER = "BillingMonth,BillingCurrency,Amount"
NORTHWIND = Path(__file__).parents[2].parent / "shared" / "tenants" / "northwind"

NO_METER = {"SkuMeter": None, "x_SkuDescription": None, "ConsumedQuantity": None}
ONE_TIME = {**NO_METER, "PricingCategory": None, "ChargeFrequency": "One-Time"}


def cost(billed: object, effective: object | None = None, **more: object) -> dict[str, str | None]:
    """A charge without tokens of a billed and an effective cost."""
    costs = {"BilledCost": billed, "EffectiveCost": billed if effective is None else effective}
    return charge(**{"ListCost": billed, "ContractedCost": billed} | costs | more)  # type: ignore[arg-type]


BILL = [
    cost("100.004"),
    cost("-10", ChargeClass="Correction"),
    cost("30", PublisherName="Cohere", x_PublisherCategory="Vendor"),
    cost("19", **ONE_TIME, ChargeCategory="Tax"),
    cost("-5", **ONE_TIME, ChargeCategory="Credit"),
    cost("-0.004", **ONE_TIME, ChargeCategory="Adjustment",
         ChargeDescription="Rounding adjustment"),
    cost("2", **ONE_TIME, ChargeCategory="Adjustment", ChargeDescription="Shortfall"),
    cost("365", "0", ChargeCategory="Purchase", CommitmentDiscountId=RESERVATION,
         ChargeFrequency="One-Time"),
    cost("7", ChargeCategory="Purchase", ChargeFrequency="Recurring"),
    cost("0", "20", CommitmentDiscountId=RESERVATION, CommitmentDiscountStatus="Used",
         PricingCategory="Committed"),
    cost("0", "11", CommitmentDiscountId=RESERVATION, CommitmentDiscountStatus="Unused",
         PricingCategory="Committed"),
]  # fmt: skip
"""Every kind of charge once: 508 billed, 174 effective."""


def walked(hub: Hub, month: str = "2026-01", **options: str) -> dict[str, Decimal | None]:
    """The amounts of a month in one currency by step."""
    return {str(row["Step"]): row["Amount"] for row in hub.bridge(month, **options).to_dicts()}  # type: ignore[misc]


def invoice_file(
    folder: Path, *rows: str, header: str = HEADER, name: str = "invoices.csv"
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A hub with BILL as its January."""
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(write_export(tmp_path / "exports", BILL))
    return hub


def test_every_kind_of_charge_has_its_step(hub: Hub) -> None:
    result = hub.bridge("2026-01")
    shown = [(row["Step"], row["Kind"], row["Amount"]) for row in result.to_dicts()]
    assert shown == [
        ("invoice", "total", None),
        ("difference of tax", "step", None),
        ("marketplace on no invoice", "step", None),
        ("other charges on no invoice", "step", None),
        ("difference to the invoice", "step", None),
        ("usage", "part", Decimal("90.004")),
        ("purchases of commitments", "part", Decimal(365)),
        ("other purchases", "part", Decimal(7)),
        ("other adjustments", "part", Decimal(2)),
        ("tax", "part", Decimal(19)),
        ("credits", "part", Decimal(-5)),
        ("round-ups", "part", Decimal("-0.004")),
        ("marketplace", "part", Decimal(30)),
        ("BilledCost", "total", Decimal(508)),
        ("purchases out", "step", Decimal(-365)),
        ("amortisation in", "step", Decimal(31)),
        ("other effective cost", "step", Decimal(0)),
        ("EffectiveCost", "total", Decimal(174)),
        ("residual", "step", Decimal(-174)),
        ("charged to teams", "total", Decimal(0)),
        ("AI cost without a team", "memo", Decimal(174)),
        ("prepaid balance", "memo", Decimal(334)),
    ]
    assert result.columns[:3] == ("Step", "Amount", "BillingCurrency")
    assert "starts at the bill" in result.notes[0]
    assert result.findings == ()


@pytest.mark.parametrize(
    ("header", "rows", "steps"),
    [
        pytest.param(HEADER, ["2026-01,USD,508"], (None, 0, 0, 0), id="all on one invoice"),
        pytest.param(HEADER, ["2026-01,usd,511.5"], (None, 0, 0, "-3.5"), id="invoiced more"),
        pytest.param(
            f"{HEADER},Tax", ["2026-01,USD,513,24"], ("-5", 0, 0, 0), id="tax that is not charged"
        ),
        pytest.param(
            f"{HEADER},InvoiceIssuerName",
            ["2026-01,USD,478,Microsoft Ireland Operations Limited"],
            (None, 30, 0, 0),
            id="marketplace invoiced by another",
        ),
        pytest.param(
            f"{HEADER},InvoiceIssuerName",
            ["2026-01,USD,478,Microsoft", "2026-01,USD,30,Cohere"],
            (None, 0, 0, 0),
            id="the other invoice given too",
        ),
        pytest.param(
            f"{HEADER},Scope",
            [f"2026-01,USD,508,{ACCOUNT.upper()}/", "2025-12,USD,9,", "2026-01,EUR,3,"],
            (None, 0, 0, 0),
            id="other months and currencies do not enter",
        ),
    ],
)  # fmt: skip
def test_what_the_bill_has_beyond_the_invoice_is_named(
    hub: Hub, tmp_path: Path, header: str, rows: list[str], steps: tuple[object, ...]
) -> None:
    hub.ingest(invoice_file(tmp_path / "in", *rows, header=header))
    rows_of_usd = [
        row for row in hub.bridge("2026-01").to_dicts() if row["BillingCurrency"] == "USD"
    ]
    amounts = {row["Step"]: row["Amount"] for row in rows_of_usd}
    expected = tuple(None if step is None else Decimal(str(step)) for step in steps)
    assert tuple(amounts[step] for step in INVOICE_STEPS) == expected
    known = [amounts["invoice"], *(amounts[step] for step in INVOICE_STEPS)]
    assert sum(each for each in known if each is not None) == amounts["BilledCost"] == 508  # type: ignore[misc]


def test_an_invoice_in_a_currency_without_charges_is_all_difference(
    hub: Hub, tmp_path: Path
) -> None:
    hub.ingest(invoice_file(tmp_path / "in", "2026-01,EUR,3.5"))
    result = hub.bridge("2026-01")
    euro = {row["Step"]: row["Amount"] for row in result.to_dicts()
            if row["BillingCurrency"] == "EUR"}  # fmt: skip
    assert (euro["invoice"], euro["difference to the invoice"]) == (Decimal("3.5"), Decimal("-3.5"))
    assert euro["BilledCost"] == euro["EffectiveCost"] == 0
    assert "EUR 2026-01: the bill is 3.5 less" in result.findings[0]


def test_charges_of_an_invoice_that_was_not_given_are_named(tmp_path: Path) -> None:
    marketplace = {"PublisherName": "Cohere", "x_PublisherCategory": "Vendor"}
    rows = [cost("10", InvoiceId="G1"), cost("20", InvoiceId="G2"), cost("1"),
            cost("3", InvoiceId="G2", **marketplace)]  # fmt: skip
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(write_export(tmp_path / "exports", rows, version="1.2"))
    hub.ingest(invoice_file(tmp_path / "in", "2026-01,USD,11,g1", header=f"{HEADER},InvoiceId"))
    amounts = walked(hub)
    assert [amounts[step] for step in INVOICE_STEPS] == [None, 3, 20, 0]


def test_a_file_that_is_handed_over_again_replaces_itself(hub: Hub, tmp_path: Path) -> None:
    path = invoice_file(tmp_path / "in", "2026-01,USD,500", "2026-02,USD,7")
    os.utime(path, (1_770_000_000, 1_770_000_000))
    hub.ingest(path)
    assert walked(hub)["invoice"] == 500
    again = invoice_file(tmp_path / "again", "2026-01,USD,508")
    os.utime(again, (1_770_000_100, 1_770_000_100))
    hub.ingest(again)
    assert walked(hub)["invoice"] == 508
    runs = [row for row in hub.runs().to_dicts() if row["Dataset"] == "Invoices"]
    assert sorted((row["Status"], row["Rows"]) for row in runs) == [
        ("reference", 1), ("superseded", 2)]  # fmt: skip
    hub.ingest(path)
    assert walked(hub)["invoice"] == 508


def test_an_invoice_that_two_files_state_counts_once(hub: Hub, tmp_path: Path) -> None:
    header = f"{HEADER},InvoiceId"
    for name, amount, moment in (("a.csv", 500, 100), ("b.csv", 508, 200), ("c.csv", 400, 50)):
        path = invoice_file(tmp_path, f"2026-01,USD,{amount},E1", header=header, name=name)
        os.utime(path, (1_770_000_000 + moment,) * 2)
        hub.ingest(path)
    assert walked(hub)["invoice"] == 508
    hub.ingest(invoice_file(tmp_path, "2026-01,USD,2,E2", header=header, name="d.csv"))
    assert walked(hub)["invoice"] == 510


def test_a_scope_has_a_walk_and_a_balance_of_its_own(tmp_path: Path) -> None:
    other = "/providers/microsoft.billing/billingaccounts/2"
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(
        write_export(tmp_path / "one", BILL),
        write_export(
            tmp_path / "two", [cost("4", BillingAccountId=other)], scope=other, name="two"
        ),
        invoice_file(tmp_path / "in", "2026-01,USD,508,1", "2026-01,USD,4,2", "2026-01,USD,9,",
                     "2026-01,USD,8,3", header=f"{HEADER},Scope"),
    )  # fmt: skip
    small = walked(hub, scope="2")
    assert (small["invoice"], small["BilledCost"], small["prepaid balance"]) == (4, 4, 0)
    assert walked(hub, scope=ACCOUNT.upper())["prepaid balance"] == 334
    whole = hub.bridge("2026-01")
    assert walked(hub)["invoice"] == 529
    assert any("scope 3, which has no charges" in each for each in whole.findings)
    assert {row["Scope"] for row in hub.bridge("2026-01", scope="1").to_dicts()} == {ACCOUNT}
    with pytest.raises(ConfigError, match="names no scope of 2026-01"):
        hub.bridge("2026-01", scope="9")


def test_a_month_without_charges_is_refused(hub: Hub) -> None:
    with pytest.raises(ConfigError, match="2026-01"):
        hub.bridge("2026-02")
    with pytest.raises(ConfigError, match="YYYY-MM"):
        hub.bridge("January")


def test_a_balance_whose_purchase_is_not_known_is_not_nought(tmp_path: Path) -> None:
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(write_export(tmp_path / "exports", BILL[-2:]))
    result = hub.bridge("2026-01")
    assert walked(hub)["prepaid balance"] is None
    assert any("purchase of 1 commitments is not in the hub" in each for each in result.notes)


def test_effective_cost_that_no_commitment_explains_is_a_finding(tmp_path: Path) -> None:
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(write_export(tmp_path / "exports", [cost("1", "3")]))
    assert walked(hub)["other effective cost"] == 2
    assert "2 of EffectiveCost" in hub.bridge("2026-01").findings[0]


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        (HEADER, "2026-13,USD,1", "row 2, column BillingMonth: '2026-13'"),
        (HEADER, "2026-01,US$,1", "row 2, column BillingCurrency: 'US$'"),
        (HEADER, '2026-01,USD,"1,000.50"', "row 2, column Amount: '1,000.50'"),
        (HEADER, "2026-01,USD,", "row 2, column Amount: ''"),
        (HEADER, "2026-01,USD,NaN", "row 2, column Amount: 'NaN'"),
        (HEADER, "2026-01,USD,1e3", "row 2, column Amount: '1e3'"),
        (HEADER, f"2026-01,USD,{'9' * 19}", "row 2, column Amount"),
        (HEADER, f"2026-01,USD,0.{'1' * 19}", "row 2, column Amount"),
        (HEADER, "2026-01,USD", "row 2 has 2 cells, the header 3"),
        (f"{HEADER},Tax", "2026-01,USD,1,x", "row 2, column Tax: 'x'"),
        (f"{HEADER},Isuer", "2026-01,USD,1,x", "column 'Isuer' is not known"),
        (f"{HEADER},amount", "2026-01,USD,1,2", "twice"),
        (HEADER, "", "holds no invoice"),
        (f"{HEADER},InvoiceId", "2026-01,USD,1,A\n2026-01,USD,2,A", "'A' stands twice"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_with_its_place(
    cli: Callable[..., object], tmp_path: Path, header: str, row: str, said: str
) -> None:
    path = invoice_file(tmp_path, row, header=header)
    with pytest.raises(SourceError) as refused:
        parse_invoices(path.read_text("utf-8"), path.name)
    assert said in str(refused.value)
    answer = cli("ingest", path)
    assert answer.code == 2  # type: ignore[attr-defined]
    assert said.partition(":")[0] in " ".join(answer.err.split())  # type: ignore[attr-defined]


def test_faults_are_told_together() -> None:
    with pytest.raises(SourceError, match=r"row 2, column Amount.*row 5.*and 2 more"):
        parse_invoices(f"{HEADER}\n2026-01,USD,x\n\ny,USD,1\n2026,USD,z\n2026-01,USD,q\n", "i.csv")


def test_a_header_is_known_in_any_case_and_order() -> None:
    text = (
        "\ufeffTAX, amount ,BILLINGCURRENCY,billingmonth,scope\r\n,-1.50,eur,2026-02,/A/B/\r\n\r\n"
    )
    assert parse_invoices(text, "i.csv") == [
        Invoice("2026-02", "EUR", Decimal("-1.50"), scope="/a/b")
    ]
    assert not is_invoice_header(["BillingCurrency", "BilledCost", "ChargePeriodStart"])


def test_the_command_ends_with_two_where_the_bill_and_the_invoice_differ(
    hub: Hub, tmp_path: Path, cli: Callable[..., object]
) -> None:
    plain = cli("bridge", "--month", "2026-01", hub=hub.path)
    assert (plain.code, len(plain.rows)) == (0, 22)  # type: ignore[attr-defined]
    assert "no invoice was given" in plain.err  # type: ignore[attr-defined]
    hub.ingest(invoice_file(tmp_path / "in", "2026-01,USD,508.004"))
    assert cli("bridge", "--month", "2026-01", hub=hub.path).code == 0  # type: ignore[attr-defined]
    hub.ingest(invoice_file(tmp_path / "in", "2026-01,USD,1", name="more.csv"))
    differs = cli("bridge", "--month", "2026-01", hub=hub.path)
    assert differs.code == 2  # type: ignore[attr-defined]
    assert "1.004 less than the invoice" in differs.err  # type: ignore[attr-defined]
    assert cli("bridge", "--month", "2026-07", hub=hub.path).code == 2  # type: ignore[attr-defined]
    assert cli("bridge", hub=hub.path).code == 2  # type: ignore[attr-defined]


costs = st.decimals(min_value=-(10**12), max_value=10**12, places=18)
any_charge = st.fixed_dictionaries(
    {
        "BillingCurrency": st.sampled_from(["USD", "EUR"]),
        "ChargeCategory": st.sampled_from(
            ["Usage", "Purchase", "Tax", "Credit", "Adjustment", None, "Other"]
        ),
        "ChargeDescription": st.sampled_from([None, "Rounding", "other"]),
        "CommitmentDiscountId": st.sampled_from([None, RESERVATION]),
        "PricingCategory": st.sampled_from([None, "Standard", "Committed"]),
        "InvoiceId": st.sampled_from([None, "G1", "G2"]),
        "InvoiceIssuerName": st.sampled_from([None, "Microsoft", "Partner"]),
        "ProviderName": st.sampled_from([None, "Microsoft"]),
        "PublisherName": st.sampled_from([None, "Microsoft", "Cohere"]),
        "x_PublisherCategory": st.sampled_from([None, "Vendor", "Cloud Provider"]),
        "BilledCost": costs,
        "EffectiveCost": costs,
    }
)
any_invoice = st.builds(
    Invoice,
    month=st.just("2026-01"),
    currency=st.just("USD"),
    amount=costs,
    invoice_id=st.sampled_from([None, "g1", "G3"]),
    issuer=st.sampled_from([None, "Microsoft Ltd", "Cohere"]),
    tax=st.none() | costs,
)


def groups_of(charges: Iterable[Mapping[str, object]]) -> list[ChargeGroup]:
    """Charges through bridge.sql."""
    import pyarrow as pa  # noqa: PLC0415

    listed = list(charges)
    names = listed[0]
    arrays = {
        name: pa.array(
            [each[name] for each in listed],
            pa.decimal128(38, 18) if name.endswith("Cost") else pa.string(),
        )
        for name in names
    }
    engine = local_engine(memory_limit="500MB", threads=1)
    engine.view_arrow("some_charges", pa.table(arrays))
    view_bridge_charges(engine, "some_charges")
    rows = engine.rows(sql_file("pertoken.pipeline", "bridge"))
    engine.close()
    return [ChargeGroup(*row) for row in rows]


@settings(max_examples=60, deadline=None)
@given(st.lists(any_charge, min_size=1, max_size=12), st.lists(any_invoice, max_size=3))
def test_the_steps_sum_to_both_costs_for_any_charges(
    charges: list[dict[str, object]], invoices: list[Invoice]
) -> None:
    groups = groups_of(charges)
    with localcontext(prec=76):
        for currency in ("USD", "EUR"):
            own = [each for each in groups if each.currency == currency]
            walk = bridge_steps(own, invoices, None, Charged(Decimal(7), Decimal(3)))
            amounts = {step: amount for step, _, amount in walk}
            billed, effective = (
                sum((each[name] for each in charges if each["BillingCurrency"] == currency),
                    Decimal(0))  # type: ignore[misc]
                for name in ("BilledCost", "EffectiveCost")
            )  # fmt: skip
            assert amounts["BilledCost"] == billed == sum(amounts[part] or 0 for part in PARTS)
            assert amounts["EffectiveCost"] == effective
            assert billed + sum(amounts[each] or 0 for each in MOVEMENTS) == effective
            assert effective + (amounts["residual"] or 0) == amounts["charged to teams"] == 7
            if invoices:
                steps = sum(amounts[each] or 0 for each in INVOICE_STEPS)
                assert (amounts["invoice"] or 0) + steps == billed
            else:
                assert {amounts[each] for each in ("invoice", *INVOICE_STEPS)} == {None}


def test_teams_have_what_attribution_gives_them(demo_hub: Path) -> None:
    hub = pertoken.open(demo_hub)
    attributed = hub.attribute(by=["Team"], start="2026-08", end="2026-09").to_dicts()
    for currency in ("EUR", "USD"):
        own = [row for row in attributed if row["BillingCurrency"] == currency]
        cost: dict[bool, Decimal] = dict.fromkeys((True, False), Decimal(0))
        for row in own:
            cost[row["Team"] != "Unattributed"] += row["EffectiveCost"] or 0
        steps = {
            row["Step"]: row["Amount"]
            for row in hub.bridge("2026-08").to_dicts()
            if row["BillingCurrency"] == currency
        }
        assert steps["charged to teams"] == cost[True] > 0
        assert steps["AI cost without a team"] == cost[False]
        assert steps["EffectiveCost"] + steps["residual"] == steps["charged to teams"]


@pytest.fixture(scope="module")
def northwind(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    if not NORTHWIND.is_dir():
        pytest.skip("the northwind tenant (../shared) is not beside the repository")
    hub = pertoken.open(tmp_path_factory.mktemp("northwind") / "hub")
    exports = NORTHWIND / "exports" / "costexports"
    hub.ingest(*sorted(exports.glob("focus-*")), *sorted(exports.glob("mca-*")))
    return hub


def truth(name: str) -> list[dict[str, str]]:
    with (NORTHWIND / "truth" / f"{name}.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_northwind_walks_to_its_true_costs_in_every_month_and_currency(northwind: Hub) -> None:
    kinds = {(row["month"], row["currency"], row["kind"]): row for row in truth("totals_by_kind")}
    bought = used = Decimal(0)
    for row in truth("totals"):
        month, currency = row["month"], row["currency"]
        steps = {
            each["Step"]: each["Amount"]
            for each in northwind.bridge(month).to_dicts()
            if each["BillingCurrency"] == currency
        }

        def billed(kind: str, place: tuple[str, str] = (month, currency)) -> Decimal:
            return Decimal(kinds.get((*place, kind), {"billed": "0"})["billed"])

        assert steps["BilledCost"] == Decimal(row["billed"]) == sum(steps[part] for part in PARTS)
        assert steps["EffectiveCost"] == Decimal(row["effective"])
        assert steps["tax"] == billed("tax")
        assert steps["credits"] == billed("credit")
        assert steps["round-ups"] == billed("rounding")
        assert steps["marketplace"] == billed("marketplace")
        assert steps["purchases of commitments"] == billed("reservation_purchase")
        assert steps["purchases out"] == -billed("reservation_purchase")
        assert steps["other effective cost"] == 0
        covered = [
            Decimal(kinds[month, currency, kind]["effective"])
            for kind in ("ptu_covered", "ptu_unused")
            if (month, currency, kind) in kinds
        ]
        assert steps["amortisation in"] == sum(covered)
        if currency == "USD":
            bought, used = bought + billed("reservation_purchase"), used + sum(covered)
            assert steps["prepaid balance"] == bought - used


def test_northwind_agrees_with_its_invoices_to_the_cent(northwind: Hub, tmp_path: Path) -> None:
    rows = []
    for row in truth("totals"):
        amount = Decimal(row["billed_cents"])
        if row["currency"] == "USD":  # marketplace of EA comes on an invoice of its own
            amount -= sum(
                Decimal(each["billed"])
                for each in truth("totals_by_kind")
                if (each["month"], each["currency"], each["kind"])
                == (row["month"], "USD", "marketplace")
            )
        issuer = "Microsoft" if row["currency"] == "USD" else ""
        rows.append(f"{row['month']},{row['currency']},{amount:.2f},{issuer}")
    northwind.ingest(invoice_file(tmp_path, *rows, header=f"{HEADER},InvoiceIssuerName"))
    for row in truth("totals"):
        result = northwind.bridge(row["month"])
        assert result.findings == ()
        for each in result.to_dicts():
            if each["Step"] == "difference to the invoice":
                assert abs(each["Amount"]) < Decimal("0.005")  # type: ignore[arg-type]
