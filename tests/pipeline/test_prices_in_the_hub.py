"""Prices and rates in a hub: kept, put into charges, put in anew when they change."""

from __future__ import annotations

import itertools
import json
import os
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from builders import ACCOUNT, charge, parts_of, restate_sizes, write_export
from price_sources import OFFER, ea_price, retail_item, write_price_sheet, write_retail_list

import pertoken
from pertoken.engine import local_engine
from pertoken.hub import PARTITIONS
from pertoken.hub import Hub as HubStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pertoken.api import Hub

MISSING = {"ListUnitPrice": None, "ListCost": None}
BY = ["BillingMonth", "x_PriceSource", "x_PriceGap"]


def unpriced(**overrides: Any) -> dict[str, str | None]:  # noqa: ANN401 - columns of a charge
    """A million tokens at a contracted price of 0.002 per 1K, without a list price."""
    return charge(price="0.002", **(OFFER | MISSING | overrides))


def stored(hub: Hub, table: str) -> list[tuple[object, ...]]:
    """The rows of a table of the hub, in an order of their own."""
    engine = local_engine(memory_limit="500MB", threads=1)
    files = HubStore(hub.path).snapshot(engine).files(table)
    partitions = PARTITIONS if table in ("charges", "token_costs", "prices") else None
    engine.view_parquet("stored", files, partitions=partitions)
    names = ", ".join(f'"{name}"' for name in sorted(engine.columns("stored")))
    rows = sorted(engine.rows(f"SELECT {names} FROM stored"), key=repr)
    engine.close()
    return rows


def list_costs(hub: Hub) -> dict[str, Decimal | None]:
    return {str(row["BillingMonth"]): row["ListCost"] for row in hub.periods().to_dicts()}  # type: ignore[misc]


def test_a_sheet_fills_the_charges_of_its_month_and_no_other(tmp_path: Path) -> None:
    for month in ("2026-01", "2026-02"):
        write_export(tmp_path / "exports", [unpriced(month=month)], month=month)
    sheet = write_price_sheet(tmp_path / "exports", [ea_price()])
    hub = pertoken.open(tmp_path / "hub")
    runs = {row["ExportName"]: row for row in hub.ingest(tmp_path / "exports").to_dicts()}
    assert (runs["prices"]["Status"], runs["prices"]["Rows"]) == ("reference", 1)
    rows = {row["BillingMonth"]: row for row in hub.matrix(BY, cost="List").to_dicts()}
    assert rows["2026-01"]["ListCost"] == Decimal("2.5")
    assert rows["2026-01"]["x_PriceSource"] == f"price sheet {sheet.name}"
    assert (rows["2026-02"]["ListCost"], rows["2026-02"]["x_PriceGap"]) == (None, "no price")
    assert rows["2026-02"]["x_UnitCost"] is None


def test_the_order_of_prices_and_costs_does_not_matter(tmp_path: Path) -> None:
    costs = write_export(tmp_path / "costs", [unpriced(), unpriced(day=20, tokens=3)])
    first = write_price_sheet(tmp_path / "first", [ea_price(MarketPrice="0.009")])
    late = write_price_sheet(tmp_path / "late", [ea_price()], submitted="2026-02-03T04:00:00Z")
    hubs = []
    for number, order in enumerate(itertools.permutations((costs, first, late))):
        hub = pertoken.open(tmp_path / f"hub{number}")
        for source in order:
            hub.ingest(source)
        hubs.append([stored(hub, table) for table in ("charges", "token_costs", "periods")])
        statuses = {row["Path"]: row["Status"] for row in hub.runs().to_dicts()}
        assert (statuses[str(first)], statuses[str(late)]) == ("superseded", "reference")
    assert all(tables == hubs[0] for tables in hubs)


def test_a_sheet_that_comes_late_rewrites_only_the_months_it_touches(tmp_path: Path) -> None:
    hub = pertoken.open(tmp_path / "hub")
    for month in ("2026-01", "2026-02", "2026-03"):
        meter = {"x_SkuMeterId": "another"} if month == "2026-03" else {}
        write_export(tmp_path / "exports", [unpriced(month=month, **meter)], month=month)
    hub.ingest(tmp_path / "exports")
    assert list_costs(hub) == dict.fromkeys(("2026-01", "2026-02", "2026-03"))
    for month in ("2026-02", "2026-03"):
        write_price_sheet(tmp_path / "prices", [ea_price()], month=month)
    report = hub.ingest(tmp_path / "prices").report
    assert [(each.month, each.before == each.after) for each in report.repriced] == [
        ("2026-02", True),
    ]  # fmt: skip
    assert report.written == []
    assert list_costs(hub) == {"2026-01": None, "2026-02": Decimal("2.5"), "2026-03": None}
    assert hub.ingest(tmp_path / "prices").report.repriced == []


def test_a_sheet_that_is_restated_to_nothing_takes_its_prices_out(tmp_path: Path) -> None:
    write_export(tmp_path / "exports", [unpriced()])
    write_price_sheet(tmp_path / "exports", [ea_price()])
    before = pertoken.open(tmp_path / "before")
    before.ingest(tmp_path / "exports" / "focus")
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "exports")
    assert list_costs(hub) == {"2026-01": Decimal("2.5")}
    write_export(
        tmp_path / "empty", [], version="2023-05-01", name="prices", dataset="PriceSheet",
        submitted="2026-03-01T00:00:00Z", scope=ACCOUNT,
    )  # fmt: skip
    hub.ingest(tmp_path / "empty")
    assert list_costs(hub) == {"2026-01": None}
    for table in ("charges", "token_costs", "periods"):
        assert stored(hub, table) == stored(before, table)


def test_filling_leaves_what_was_billed(tmp_path: Path, cli: Callable[..., Any]) -> None:
    rows = [unpriced(day=day, tokens=day * 7) for day in range(1, 20)]
    write_export(tmp_path / "exports", rows)
    write_price_sheet(tmp_path / "exports", [ea_price()])
    [plain, priced] = [tmp_path / "plain", tmp_path / "priced"]
    cli("ingest", tmp_path / "exports" / "focus", hub=plain)
    cli("ingest", tmp_path / "exports", hub=priced)
    by = ("matrix", "--by", "ChargeDate,ResourceId")
    assert cli(*by, hub=plain).rows == cli(*by, hub=priced).rows


def test_a_retail_list_fills_list_prices_and_a_sheet_comes_before_it(tmp_path: Path) -> None:
    for month in ("2026-01", "2026-02"):
        write_export(tmp_path / "exports", [unpriced(month=month)], month=month)
    prices = write_retail_list(tmp_path / "retail.json", [retail_item(retailPrice=0.003)])
    hub = pertoken.open(tmp_path / "hub")
    runs = hub.ingest(tmp_path / "exports", prices).to_dicts()
    assert [(row["Dataset"], row["Rows"]) for row in runs if row["Status"] == "reference"] == [
        ("RetailPrices", 1),
    ]  # fmt: skip
    assert list_costs(hub) == dict.fromkeys(("2026-01", "2026-02"), Decimal(3))
    write_price_sheet(tmp_path / "exports", [ea_price()])
    hub.ingest(tmp_path / "exports")
    assert list_costs(hub) == {"2026-01": Decimal("2.5"), "2026-02": Decimal(3)}
    pages = write_retail_list(tmp_path / "page2.json", [retail_item(meterId="another")])
    assert hub.ingest(pages).report.repriced == []
    assert len(stored(hub, "prices")) == 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.replace("0.0025", "free"), "MarketPrice 'free' cannot be read"),
        (lambda text: text.replace("MeterID", "Meter"), "column MeterId missing"),
        (lambda text: text + text.splitlines()[1] + "\n", "has 2 rows, the manifest says 1"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_refused_and_prices_nothing(
    tmp_path: Path, change: Callable[[str], str], reason: str
) -> None:
    write_export(tmp_path / "exports", [unpriced()])
    run = write_price_sheet(tmp_path / "exports", [ea_price()])
    part = parts_of(run)[0]
    part.write_text(change(part.read_text("utf-8")), "utf-8")
    restate_sizes(run)
    hub = pertoken.open(tmp_path / "hub")
    result = hub.ingest(tmp_path / "exports")
    [refused] = [row for row in result.to_dicts() if row["Status"] == "refused"]
    assert refused["ExportName"] == "prices"
    assert reason in str(refused["Reason"])
    assert list_costs(hub) == {"2026-01": None}


def test_a_retail_list_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    write_export(tmp_path / "exports", [unpriced()])
    broken = tmp_path / "retail.json"
    broken.write_text(json.dumps({"Items": [{"meterId": "m"}]}), "utf-8")
    result = pertoken.open(tmp_path / "hub").ingest(tmp_path / "exports", broken)
    assert "states no unitOfMeasure" in str(result.report.problems[0])


RATES = "date,from,to,rate,kind\n2026-01-31,USD,EUR,0.5,average\n2026-01-31,USD,EUR,0.6,closing\n"


def test_costs_are_converted_by_the_rate_of_their_month(
    tmp_path: Path, cli: Callable[..., Any]
) -> None:
    for month in ("2026-01", "2026-02"):
        write_export(tmp_path / "exports", [charge(month=month)], month=month)
    (tmp_path / "rates.csv").write_text(RATES, "utf-8")
    assert cli("ingest", tmp_path / "exports", tmp_path / "rates.csv").code == 0
    by_month = cli("matrix", "--by", "BillingMonth", "--reporting-currency", "eur")
    assert by_month.code == 2
    assert "No average rate from USD to EUR for 2026-02" in by_month.err
    january, february = sorted(by_month.rows, key=lambda row: row["BillingMonth"])
    assert january["BillingCurrency"] == "USD"
    names = ("ReportingCurrency", "x_ReportingEffectiveCost", "x_ReportingUnitCost")
    assert [january[name] for name in names] == ["EUR", "1.25", "1.25"]
    labels = ("x_ExchangeRate", "x_RateKind", "x_RateSource")
    assert [january[name] for name in labels] == ["0.5", "average", "rates.csv"]
    assert [february[name] for name in names] == ["EUR", "", ""]
    whole = cli("matrix", "--by", "SkuMeter", "--reporting-currency", "EUR").rows[0]
    assert (whole["EffectiveCost"], whole["x_ReportingEffectiveCost"]) == ("5", "")
    closing = cli("matrix", "--to", "2026-02", "--reporting-currency", "EUR", "--rate", "closing")
    assert (closing.code, closing.rows[0]["x_ReportingBilledCost"]) == (0, "1.5")
    same = cli("periods", "--reporting-currency", "USD")
    assert (same.code, {row["x_ReportingListCost"] for row in same.rows}) == (0, {"2.5"})
    assert cli("matrix", "--reporting-currency", "euro").code == 2


def test_a_rate_table_replaces_an_earlier_one_of_its_name(
    tmp_path: Path, cli: Callable[..., Any]
) -> None:
    write_export(tmp_path / "exports", [charge()])
    rates = tmp_path / "rates.csv"
    rates.write_text(RATES, "utf-8")
    cli("ingest", tmp_path / "exports", rates)
    rates.write_text(RATES.replace("0.5", "0.75"), "utf-8")
    os.utime(rates, (2_000_000_000, 2_000_000_000))
    cli("ingest", rates)
    found = cli("matrix", "--reporting-currency", "EUR").rows[0]
    assert (found["x_ExchangeRate"], found["x_ReportingEffectiveCost"]) == ("0.75", "1.875")
    statuses = [row["Status"] for row in cli("runs").rows if row["Dataset"] == "ExchangeRates"]
    assert sorted(statuses) == ["reference", "superseded"]


def test_the_trust_card_counts_what_no_sheet_states(
    tmp_path: Path, cli: Callable[..., Any]
) -> None:
    write_export(tmp_path / "exports", [unpriced(), charge(day=2)])
    card = cli("ingest", tmp_path / "exports").err
    assert "1 have no list cost: no price sheet states it" in card
    assert "pertoken matrix --all-charges --by x_PriceGap,SkuMeter" in card
