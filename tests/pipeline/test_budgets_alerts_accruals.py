"""Budgets stand as they do, alerts are told once per channel, accruals meet their true-up."""

from __future__ import annotations

import json
import threading
from datetime import date, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from builders import charge, run_pertoken, write_export

import pertoken
from pertoken.errors import ConfigError
from pertoken.periods import month_end

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pertoken.api import Hub

AS_OF = "2026-03-17T12:00:00Z"


def days_of(month: str, last: int, **more: object) -> list[dict[str, str | None]]:
    """25 USD a day, untagged: 10 M tokens at 2.5 per million."""
    return [
        charge(month=month, day=day, tokens=10_000_000, Tags="{}", **more)  # type: ignore[arg-type]
        for day in range(1, last + 1)
    ]


@pytest.fixture
def bills(tmp_path: Path) -> Path:
    """January and February whole; March to the 15th, made on the 17th."""
    for month in ("2026-01", "2026-02"):
        end = month_end(month)
        write_export(tmp_path / "in" / month, days_of(month, (end - timedelta(days=1)).day),
                     month=month, submitted=f"{end}T06:00:00Z")  # fmt: skip
    open_month = {"month": "2026-03", "start": "2026-03-01", "end": "2026-03-15"}
    rows = days_of("2026-03", 15)
    write_export(tmp_path / "in/march", rows, submitted="2026-03-17T06:00:00Z", **open_month)  # type: ignore[arg-type]
    return tmp_path / "in"


@pytest.fixture
def hub(bills: Path, tmp_path: Path) -> Hub:
    made = pertoken.open(tmp_path / "hub")
    made.ingest(bills)
    return made


BUDGETS = """
[[budget]]
budget = "all"
amount = 700
billing_currency = "USD"
from = "2026-01"
owner = "cfo"

[[budget]]
budget = "model"
amount = 1000
billing_currency = "usd"
from = "2026-03"
where = "x_ModelId=GPT-4o"

[[budget]]
budget = "later"
amount = 1
billing_currency = "USD"
from = "2026-04"

[[budget]]
budget = "nobody"
amount = 5
billing_currency = "USD"
from = "2026-03"
where = { x_ModelId = "none" }
"""


@pytest.fixture
def budgets(tmp_path: Path) -> Path:
    file = tmp_path / "budgets.toml"
    file.write_text(BUDGETS)
    return file


def test_a_budget_says_actual_forecast_breach_and_odds(hub: Hub, budgets: Path) -> None:
    """15 days of 25 are 375; the month ends at 775, over 700 on the 29th."""
    rows = {row["Budget"]: row for row in hub.budgets(budgets).to_dicts()}
    assert list(rows) == ["all", "model", "nobody"]
    told = rows["all"]
    assert (told["ActualCost"], told["Through"]) == (Decimal(375), date(2026, 3, 15))
    assert float(str(told["EffectiveCost"])) == pytest.approx(775, rel=0.01)
    assert (told["Status"], told["BreachDate"]) == ("breach expected", date(2026, 3, 29))
    assert told["BudgetProbability"] > Decimal("0.9")  # type: ignore[operator]
    assert (rows["model"]["Status"], rows["model"]["BreachDate"]) == ("within", None)
    assert (rows["nobody"]["Status"], rows["nobody"]["ActualCost"]) == ("unknown", None)
    assert rows["nobody"]["Reason"] == "no charge meets x_ModelId=none"


def test_a_month_that_is_over_is_known(hub: Hub, budgets: Path) -> None:
    [told] = hub.budgets(budgets, month="2026-01").to_dicts()
    assert (told["ActualCost"], told["EffectiveCost"]) == (Decimal(775), Decimal(775))
    assert (told["Status"], told["BreachDate"]) == ("over", date(2026, 1, 29))
    assert told["BudgetProbability"] == 1


def test_budgets_that_are_saved_count_until_others_are(hub: Hub, budgets: Path) -> None:
    with pytest.raises(ConfigError, match="no budgets"):
        hub.budgets()
    kept = hub.save_budgets(budgets)
    assert kept == hub.save_budgets(budgets)
    assert len(hub.budgets()) == 3


WRONG = [
    ('[[budget]]\nbudget="a"\namount=0\nbilling_currency="USD"\nfrom="2026-01"', "above 0"),
    ('[[budget]]\nbudget="a"\namount=1\nfrom="2026-01"', "no BillingCurrency"),
    ('[[budget]]\nbudget="a"\namount=1\nbilling_currency="USD"\nfrom="Q1"', "not YYYY-MM"),
    ('[[budget]]\nbudget="a"\namount=1\nbilling_currency="USD"\nfrom="2026-01"\nwhere="x"',
     "COLUMN=VALUE"),
    ('[[budget]]\nbudget="a"\namount=1\nbilling_currency="USD"\nfrom="2026-01"\n' * 2, "twice"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "word"), WRONG)
def test_budgets_that_cannot_be_read_refuse_the_file(
    text: str, word: str, hub: Hub, tmp_path: Path
) -> None:
    (tmp_path / "b.toml").write_text(text)
    with pytest.raises(ConfigError, match=word):
        hub.budgets(tmp_path / "b.toml")


def told(hub: Hub, **more: Any) -> dict[object, dict[str, object]]:  # noqa: ANN401 - of alerts
    return {row["Rule"]: row for row in hub.alerts(**{"as_of": AS_OF} | more).to_dicts()}


def test_alerts_are_on_by_default(hub: Hub, budgets: Path) -> None:
    """Nothing is tagged, the month will be over its budget, the export is fresh."""
    found = told(hub, budgets=budgets)
    assert set(found) == {"unattributed cost", "forecast breach"}
    assert (found["forecast breach"]["Owner"], found["forecast breach"]["SentTo"]) == ("cfo", None)
    assert found["unattributed cost"]["Owner"] == "finops"
    assert found["unattributed cost"]["Cost"] == Decimal(375)


def test_an_export_is_missing_after_36_hours(hub: Hub) -> None:
    assert "missing export" not in told(hub, as_of="2026-03-18T17:59:00Z")
    late = told(hub, as_of="2026-03-18T18:01:00Z")["missing export"]
    assert "for 36 hours" in str(late["Title"])


def test_a_closed_month_that_was_restated_and_meters_unread_are_told(
    bills: Path, tmp_path: Path
) -> None:
    rows = days_of("2026-02", 28, SkuMeter="quantum wibble Tokens")
    write_export(bills / "again", rows, month="2026-02", submitted="2026-03-09T06:00:00Z")
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(bills)
    found = told(hub)
    assert found["closed month restated"]["Command"] == "pertoken periods --diff 2026-02"
    assert found["unread cost"]["BillingCurrency"] == "USD"


@pytest.mark.parametrize(
    ("as_of", "limit"), [("2026-11-01", None), ("2026-11-05", "60"), ("2026-12-20", "30")]
)
def test_a_reservation_is_told_60_and_30_days_before_it_ends(
    as_of: str, limit: str | None, bills: Path, tmp_path: Path
) -> None:
    """Bought on 2 January 2026 for 12 months: it ends on 2 January 2027."""
    bought = charge(
        day=2, ChargeCategory="Purchase", CommitmentDiscountId="/providers/x/reservations/r1",
        CommitmentDiscountName="PTU one year", CommitmentDiscountType="Reservation",
        x_SkuTerm="12", BilledCost="1000", EffectiveCost="0",
    )  # fmt: skip
    write_export(bills / "2026-01", [*days_of("2026-01", 31), bought], month="2026-01",
                 submitted="2026-02-02T06:00:00Z", name="more")  # fmt: skip
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(bills)
    found = told(hub, as_of=as_of).get("reservation expiring")
    assert (found is None) == (limit is None)
    if found is not None:
        assert str(found["Key"]).endswith(f"2027-01-02|{limit}")
        assert "PTU one year" in str(found["Title"])


def test_provisioned_units_that_lie_idle_for_seven_days_are_told(hub: Hub, tmp_path: Path) -> None:
    lines = ["Time,ResourceName,Deployment,Model,InputTokens,OutputTokens,Utilisation"]
    lines += [f"2026-03-{day:02d}T00:00:00Z,aoai,ptu-1,gpt-4o,1000,100,{30 if day > 3 else 80}"
              for day in range(1, 11)]  # fmt: skip
    (tmp_path / "usage.csv").write_text("\n".join(lines))
    hub.ingest(tmp_path / "usage.csv")
    assert "used 30 %" in str(told(hub)["PTU underused"]["Title"])


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict[str, Any]], list[int]]]:
    """A webhook on this machine: its address, what it got, and the codes it answers."""
    got: list[dict[str, Any]] = []
    codes = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(codes[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/secret", got, codes
    server.shutdown()
    server.server_close()


def test_each_owner_gets_one_digest_and_nothing_twice(
    hub: Hub,
    budgets: Path,
    tmp_path: Path,
    receiver: tuple[str, list[dict[str, Any]], list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, got, codes = receiver
    monkeypatch.setenv("HOOK", address)
    channels = tmp_path / "channels.toml"
    channels.write_text('[[channel]]\nname = "all"\nkind = "webhook"\nurl_variable = "HOOK"\n')
    codes[0] = 404
    refused = hub.alerts(channels, send=True, as_of=AS_OF, budgets=budgets)
    assert len(refused.findings) == 2
    assert "secret" not in str(refused.findings)
    codes[0] = 200
    got.clear()
    sent = hub.alerts(channels, send=True, as_of=AS_OF, budgets=budgets)
    assert sorted((each["Owner"], len(each["Alerts"])) for each in got) == [
        ("cfo", 1),
        ("finops", 1),
    ]
    assert {row["SentTo"] for row in sent.to_dicts()} == {"all"}
    again = hub.alerts(channels, send=True, as_of=AS_OF, budgets=budgets)
    assert (len(got), again.notes) == (2, ("Sent: 0 alerts in 0 digests.",))


def test_the_command_ends_with_1_where_a_channel_took_nothing(
    hub: Hub, tmp_path: Path, receiver: tuple[str, list[dict[str, Any]], list[int]]
) -> None:
    address, _, codes = receiver
    codes[0] = 403
    channels = tmp_path / "channels.toml"
    channels.write_text('[[channel]]\nname = "all"\nkind = "webhook"\nurl_variable = "HOOK"\n')
    done = run_pertoken(
        "alerts", "--send", "--channels", str(channels), "--as-of", AS_OF, "--hub", str(hub.path),
        "-f", "csv", HOOK=address,
    )  # fmt: skip
    assert (done.returncode, "refused the digest: HTTP 403" in done.stderr) == (1, True)
    assert "secret" not in done.stderr


CHANNELS = [
    ('[[channel]]\nname="a"\nkind="pager"', "none of webhook"),
    ('[[channel]]\nname="a"\nkind="slack"', "no url_variable"),
    ('[[channel]]\nname="a"\nkind="slack"\nurl="https://x"', "has 'url'"),
    ('[rules]\noff=["weather"]', "off names 'weather'"),
    ("[rules]\nmissing_export_hours=0", "no whole number"),
    ("[rules]\nunread_share='much'", "no number"),
]


@pytest.mark.parametrize(("text", "word"), CHANNELS)
def test_channels_that_cannot_be_read_refuse_the_file(
    text: str, word: str, hub: Hub, tmp_path: Path
) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(ConfigError, match=word):
        hub.alerts(tmp_path / "c.toml", as_of=AS_OF)


def test_thresholds_and_rules_that_are_off_count(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[rules]\nunattributed_share = 1\nmissing_export_hours = 5\n")
    assert set(told(hub, channels=tmp_path / "c.toml")) == {"missing export"}
    (tmp_path / "c.toml").write_text('[rules]\noff = ["unattributed cost"]\n')
    assert told(hub, channels=tmp_path / "c.toml") == {}


def test_sending_needs_a_channel(hub: Hub) -> None:
    with pytest.raises(ConfigError, match="no channel"):
        hub.alerts(send=True, as_of=AS_OF)


def test_an_accrual_is_actual_and_late_and_meets_its_true_up(hub: Hub, bills: Path) -> None:
    """375 booked to 15 March, 16 days of 25 to come: 775; the month ends at 750."""
    [row] = hub.accrual("2026-03", keep=True).to_dicts()
    assert (row["ActualCost"], row["MissingDays"], row["State"]) == (Decimal(375), 16, "open")
    assert row["AccruedCost"] == row["ActualCost"] + row["LateCost"]  # type: ignore[operator]
    assert float(str(row["AccruedCost"])) == pytest.approx(775, rel=0.01)
    assert row["Low95"] <= row["Low80"] <= row["AccruedCost"] <= row["High80"]  # type: ignore[operator]
    write_export(bills / "final", days_of("2026-03", 30), month="2026-03",
                 submitted="2026-04-02T06:00:00Z")  # fmt: skip
    hub.ingest(bills)
    [after] = hub.accrual("2026-03").to_dicts()
    assert (after["State"], after["FinalCost"]) == ("closed", Decimal(750))
    assert after["AccruedCost"] == row["AccruedCost"]
    assert after["TrueUpCost"] == Decimal(750) - row["AccruedCost"]  # type: ignore[operator]
    with pytest.raises(ConfigError, match="is closed"):
        hub.accrual("2026-03", keep=True)


def test_late_days_are_completed_by_what_earlier_deliveries_lacked(
    bills: Path, tmp_path: Path
) -> None:
    """The run of 10 March held a fifth of the 9th, that of the 20th a fifth of the 19th.

    One delivery weighs as much as the guess that days are whole: the 19th is 5 / 0.6.
    """
    for last, made in ((9, "2026-03-10"), (19, "2026-03-20")):
        rows = [*days_of("2026-03", last - 1),
                charge(month="2026-03", day=last, tokens=2_000_000, Tags="{}")]  # fmt: skip
        write_export(bills / made, rows, month="2026-03", start="2026-03-01",
                     end=f"2026-03-{last:02d}", submitted=f"{made}T00:30:00Z")  # fmt: skip
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(bills)
    [row] = hub.accrual("2026-03").to_dicts()
    assert row["ActualCost"] == Decimal(18 * 25 + 5)
    assert float(str(row["AccruedCost"])) == pytest.approx(450 + 5 / 0.6 + 12 * 25, rel=0.001)


def test_a_month_without_a_day_has_no_accrual(hub: Hub) -> None:
    with pytest.raises(ConfigError, match="no charges of 2026-05"):
        hub.accrual("2026-05")
