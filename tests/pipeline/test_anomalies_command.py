"""Anomalies of a hub, as a person asks for them: in the right cell, muted by what is known."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from builders import SUBSCRIPTION, charge, csv_rows, run_pertoken, write_export
from northwind import NORTHWIND, needs_northwind

import pertoken
from pertoken.errors import ConfigError
from pertoken.periods import month_end, month_start

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.api import Hub

CHAT = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/aoai-chat"
PRICE_DAY = date(2026, 2, 20)
SPIKE = date(2026, 3, 10)
SLOW = {"A11": 30}
BOUNDED = {"A1", "A2", "A5", "A7", "A8", "A10"}


def _rows(month: str) -> list[dict[str, str | None]]:
    """40 M tokens a weekday, 20 at the weekend; dearer from 20 February, six times on 10 March."""
    start = month_start(month)
    rows = []
    for number in range((month_end(month) - start).days):
        day = start + timedelta(days=number)
        tokens = (40 if day.weekday() < 5 else 20) * (6 if day == SPIKE else 1)
        wobble = 1 + (day.toordinal() * 7 % 11 - 5) / 200
        price = "0.0025" if day < PRICE_DAY else "0.0030"
        for meter, share in (
            ("gpt 4o 0513 Inp glbl Tokens", 1),
            ("gpt 4o 0513 Outp glbl Tokens", 4),
        ):
            count = round(tokens * 1_000 * wobble) * 1000 // share
            rows.append(
                charge(
                    month=month,
                    day=day.day,
                    tokens=count,
                    price=price,
                    SkuMeter=meter,
                    ResourceId=CHAT,
                    ResourceName="aoai-chat",
                )
            )
    return rows


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bills")
    for month in ("2026-01", "2026-02", "2026-03"):
        made = month_end(month).isoformat() + "T06:00:00Z"
        write_export(folder / month, _rows(month), month=month, submitted=made)
    return folder


@pytest.fixture
def hub(bills: Path, tmp_path: Path) -> Hub:
    made = pertoken.open(tmp_path / "hub")
    made.ingest(bills)
    return made


def kinds(hub: Hub, **options: Any) -> list[tuple[object, object]]:  # noqa: ANN401 - of anomalies
    return [(row["Start"], row["Kind"]) for row in hub.anomalies(**options).to_dicts()]


def test_a_spike_and_a_price_change_are_found_with_their_cost(hub: Hub) -> None:
    found = {row["Kind"]: row for row in hub.anomalies().to_dicts()}
    assert set(found) == {"price change", "spike"}
    assert (found["spike"]["Start"], found["spike"]["End"]) == (SPIKE, SPIKE)
    assert found["spike"]["ResourceId"] == CHAT.lower()
    usual = Decimal(40) * Decimal("1.25") * 3
    assert abs(found["spike"]["ExtraCost"] / (5 * usual) - 1) < Decimal("0.1")  # type: ignore[operator]
    assert found["price change"]["Start"] == PRICE_DAY
    assert found["price change"]["PriceCost"] == found["price change"]["ExtraCost"]
    assert found["price change"]["VolumeCost"] is None


def test_days_and_money_narrow_what_is_told_and_change_none_of_it(hub: Hub) -> None:
    assert kinds(hub, start="2026-03-10", end="2026-03-11") == kinds(hub)
    assert kinds(hub, end="2026-03-01") == [(PRICE_DAY, "price change")]
    assert kinds(hub, minimum_cost="1000000") == []
    assert kinds(hub, currency="EUR") == []


def test_what_was_planned_stays_in_the_list_with_its_reason(hub: Hub, tmp_path: Path) -> None:
    plans = tmp_path / "plans.csv"
    plans.write_text(
        "Kind,Start,End,Factor,Reason,ModelId\n"
        "price change,2026-02-20,,1.2,new agreement,gpt-4o\n"
        "planned,2026-03-09,2026-03-11,,catalogue batch,gpt-4o\n"
    )
    said = {row["Kind"]: row["Muted"] for row in hub.anomalies(plans=plans).to_dicts()}
    assert said == {"price change": "new agreement", "spike": "catalogue batch"}
    assert kinds(hub, plans=plans, muted=False) == []


def test_what_people_say_of_a_finding_is_kept(hub: Hub) -> None:
    [spike] = [row for row in hub.anomalies().to_dicts() if row["Kind"] == "spike"]
    hub.mark_anomaly(str(spike["Id"]), "expected", by="ada", note="load test")
    said = {row["Kind"]: (row["Muted"], row["Mark"]) for row in hub.anomalies().to_dicts()}
    assert said["spike"] == ("expected by ada: load test", "expected")
    hub.mark_anomaly(str(spike["Id"]), "unexpected", by="bob")
    said = {row["Kind"]: (row["Muted"], row["Mark"]) for row in hub.anomalies().to_dicts()}
    assert said["spike"] == (None, "unexpected")
    assert said["price change"] == (None, None)


WRONG = [
    ("0000000000", "expected", {"by": "ada"}, "no finding"),
    ("spike", "fine", {"by": "ada"}, "is not a mark"),
    ("spike", "muted", {"by": "ada"}, "for ever"),
    ("spike", "muted", {"by": "ada", "until": "2026-03-01"}, "starts on"),
    ("spike", "expected", {"by": " "}, "no name"),
]


@pytest.mark.parametrize(("identity", "mark", "more", "word"), WRONG)
def test_wrong_marks_are_refused(
    identity: str, mark: str, more: dict[str, str], word: str, hub: Hub
) -> None:
    ids = {str(row["Kind"]): str(row["Id"]) for row in hub.anomalies().to_dicts()}
    with pytest.raises(ConfigError, match=word):
        hub.mark_anomaly(ids.get(identity, identity), mark, **more)


THIN = [
    ("one day", {date(2026, 1, 1): 10}),
    ("zeros", {date(2026, 1, 1) + timedelta(days=n): 0 for n in range(31)}),
    ("a gap of two weeks", {date(2026, 1, 1) + timedelta(days=n): 10
                            for n in range(31) if not 8 <= n < 22}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "tokens"), THIN)
def test_thin_input_alarms_nobody_about_cost(
    name: str, tokens: dict[date, int], tmp_path: Path
) -> None:
    """Days that are missing are told as such, once a day, and nothing else is."""
    rows = [
        charge(day=day.day, tokens=count * 1_000_000, price="0.0025" if count else "0")
        for day, count in tokens.items()
    ]
    write_export(tmp_path / "in", rows)
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "in")
    found = {row["Kind"] for row in hub.anomalies().to_dicts()}
    assert found <= ({"missing data"} if name == "a gap of two weeks" else set())


def test_a_period_of_no_day_is_refused(hub: Hub) -> None:
    with pytest.raises(ConfigError, match="holds no day"):
        hub.anomalies(start="2026-03-01", end="2026-03-01")


def test_telemetry_of_days_that_the_bill_lacks_alarms_provisionally(
    hub: Hub, tmp_path: Path
) -> None:
    """On 3 April, after the bill, ten times the tokens: priced at March's prices and labelled."""
    lines = ["Time,ResourceName,Deployment,Model,InputTokens,OutputTokens"]
    for number in range(94):
        day = date(2026, 1, 1) + timedelta(days=number)
        tokens = (40 if day.weekday() < 5 else 20) * 1_000_000
        tokens *= 10 if day == date(2026, 4, 3) else 6 if day == SPIKE else 1
        tokens = round(tokens * (1 + (day.toordinal() * 7 % 11 - 5) / 200))
        lines.append(f"{day}T00:00:00Z,aoai-chat,chat,gpt-4o,{tokens},{tokens // 4}")
    (tmp_path / "usage.csv").write_text("\n".join(lines))
    hub.ingest(tmp_path / "usage.csv")
    [found] = [row for row in hub.anomalies().to_dicts() if row["Basis"] == "telemetry"]
    assert (found["Start"], found["Deployment"]) == (date(2026, 4, 3), "chat")
    assert str(found["Explanation"]).startswith("Provisional, from telemetry at your own last")
    usual = Decimal(40) * Decimal("1.25") * 3
    assert abs(found["ExtraCost"] / (9 * usual) - 1) < Decimal("0.15")  # type: ignore[operator]
    billed = [row for row in hub.anomalies().to_dicts() if row["Kind"] == "spike"]
    assert billed[0]["Deployment"] == "chat"


@pytest.fixture(scope="module")
def northwind(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """What the command prints of the simulated tenant, bill and telemetry."""
    folder = tmp_path_factory.mktemp("northwind") / "hub"
    pertoken.open(folder).ingest(NORTHWIND)
    done = run_pertoken("anomalies", "--hub", str(folder), "-f", "csv")
    assert done.returncode == 0, done.stderr
    return csv_rows(done.stdout)


def is_of(row: dict[str, str], fact: dict[str, Any]) -> bool:
    """Within a day of the start (A11: 30) and in the cell, telemetry's names too where given."""
    cell = fact["cell"]
    near = abs(date.fromisoformat(row["Start"]) - date.fromisoformat(fact["start"]))
    scope = row["x_DeploymentScope"].lower().replace("datazone", "data_zone")
    return near <= timedelta(days=SLOW.get(fact["id"], 1)) and all((
        "resource" not in cell or row["ResourceId"].endswith("/" + cell["resource"]),
        "model" not in cell or row["x_ModelId"] == cell["model"],
        "deployment_scope" not in cell or scope == cell["deployment_scope"],
        "direction" not in cell or row["x_TokenDirection"] == "Input",
        "scope" not in cell or row["Kind"] == "missing data",
        "export" not in cell or row["Kind"] == "duplicate delivery",
    ))  # fmt: skip


@pytest.mark.slow
@needs_northwind
def test_the_command_finds_the_facts_of_northwind(northwind: list[dict[str, str]]) -> None:
    """At least nine of eleven, at most three of nothing, costs of bounded events within 15 %."""
    facts = json.loads((NORTHWIND / "truth" / "truth.json").read_text("utf-8"))["anomalies"]
    known = {fact["id"] for fact in facts if any(is_of(row, fact) for row in northwind)}
    false = [row for row in northwind if not any(is_of(row, fact) for fact in facts)]
    assert len(known) >= 9, sorted(known)
    assert len(false) <= 3, false
    for fact in facts:
        if fact["id"] in BOUNDED:
            extra = Decimal(fact["extra_cost"])
            off = [abs(Decimal(row["ExtraCost"]) / extra - 1) for row in northwind
                   if is_of(row, fact)]  # fmt: skip
            assert min(off) <= Decimal("0.15"), fact["id"]


@pytest.mark.slow
@needs_northwind
def test_telemetry_names_the_deployment_and_application_of_a_fact(
    northwind: list[dict[str, str]],
) -> None:
    """Of the facts that are found; how many must be is held above."""
    facts = json.loads((NORTHWIND / "truth" / "truth.json").read_text("utf-8"))["anomalies"]
    for fact in facts:
        if "app" in fact["cell"] and "from_deployment" not in fact["cell"]:
            named = {
                (row["Deployment"], row["Application"])
                for row in northwind
                if is_of(row, fact) and row["Kind"] != "price change"
            }
            assert named <= {(fact["cell"]["deployment"], fact["cell"]["app"])}, fact["id"]
