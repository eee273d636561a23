"""The life of statements in a hub: steps, chain, pins, and figures that stay what they were."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from builders import charge, write_export
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statement_hubs import ORGANISATION, issued, month_rows, write_usage

from pertoken.errors import ConfigError, HubError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pertoken.api import Hub


def _lines(hub: Hub, number: int) -> list[dict[str, Any]]:
    return hub.statements.show(number).to_dicts()


def _bill(hub: Hub, month: str) -> Decimal:
    rows = hub.matrix(["BillingMonth"]).to_dicts()
    return next(row["EffectiveCost"] for row in rows if row["BillingMonth"] == month)


def _sum(rows: list[dict[str, Any]], column: str, *kinds: str) -> Decimal:
    return sum((row[column] for row in rows if row["Kind"] in kinds), Decimal(0))


def test_the_lines_of_the_house_are_the_bill_and_with_rounding_the_total(hub: Hub) -> None:
    number = issued(hub, "2026-01")
    rows = _lines(hub, number)
    total = hub.statements.list().to_dicts()[0]["Amount"]
    assert _sum(rows, "EffectiveCost", "cost") == _bill(hub, "2026-01")
    assert _sum(rows, "EffectiveCost", "cost", "rounding") == total
    assert _sum(rows, "Amount", "cost", "rounding") == total
    assert [row["Kind"] for row in rows].count("rounding") == 1


def test_the_statements_of_teams_sum_to_that_of_the_house(hub: Hub) -> None:
    teams = hub.statements.draft("2026-01", by="Ana", every_team=True).to_dicts()
    house = hub.statements.draft("2026-01", by="Ana").to_dicts()
    assert {row["Team"] for row in teams} == {"search", "support", "Unattributed"}
    assert sum(row["Amount"] for row in teams) == house[0]["Amount"]
    assert sum(row["Cost"] for row in teams) == house[0]["Cost"]


def test_nobody_approves_what_they_prepared(hub: Hub) -> None:
    hub.statements.draft("2026-01", by="Ana Ruiz")
    with pytest.raises(ConfigError, match="prepared statement 1"):
        hub.statements.approve(1, by="  ana  ruiz ")
    assert hub.statements.approve(1, by="Ben").to_dicts()[0]["State"] == "approved"


def test_a_team_without_cost_is_refused_with_the_nearest_names(hub: Hub) -> None:
    with pytest.raises(ConfigError, match=r"'serach' has no cost in 2026-01 in USD(?s:.*)'search'"):
        hub.statements.draft("2026-01", by="Ana", team="serach")
    with pytest.raises(ConfigError, match="no AI cost of 2025-01 in any currency"):
        hub.statements.draft("2025-01", by="Ana")


def test_a_cost_is_booked_once(hub: Hub) -> None:
    issued(hub, "2026-01", team="search")
    hub.statements.draft("2026-01", by="Ana", team="search")
    hub.statements.approve(2, by="Ben")
    with pytest.raises(ConfigError, match="books search, 2026-01, USD already"):
        hub.statements.issue(2, by="Ben")
    hub.statements.void(1, by="Ben", reason="drafted too early")
    assert hub.statements.issue(2, by="Ben").to_dicts()[0]["State"] == "issued"


def test_late_telemetry_is_a_correction_in_the_next_month(hub: Hub, tmp_path: Path) -> None:
    """January is booked, then 900,000 input tokens of search come to light."""
    first = issued(hub, "2026-01")
    before = _lines(hub, first)
    late = [("2026-01-01", "labs", "trial", 900_000, 0)]
    hub.ingest(write_usage(tmp_path / "late.csv", late))
    second = issued(hub, "2026-02")
    assert _lines(hub, first) == before
    corrections = [row for row in _lines(hub, second) if row["Kind"] == "correction"]
    assert {(row["CorrectsStatement"], row["CorrectsMonth"]) for row in corrections} == {
        (first, "2026-01")
    }
    assert _sum(corrections, "EffectiveCost", "correction") == 0
    assert {row["Team"] for row in corrections} == {"labs", "Unattributed"}
    by_team = {row["Team"]: row["Amount"] for row in corrections}
    assert by_team == {"labs": Decimal("2.25"), "Unattributed": Decimal("-2.25")}
    assert _sum(_lines(hub, second), "EffectiveCost", "cost") == _bill(hub, "2026-02")
    assert [row["Result"] for row in hub.statements.verify().to_dicts()].count("failed") == 0


def test_what_was_corrected_is_not_corrected_again(hub: Hub, tmp_path: Path) -> None:
    issued(hub, "2026-01")
    late = [("2026-01-01", "labs", "trial", 900_000, 0)]
    hub.ingest(write_usage(tmp_path / "late.csv", late))
    issued(hub, "2026-02")
    march = write_export(
        tmp_path / "march", month_rows("2026-03"), month="2026-03",
        submitted="2026-04-01T06:00:00Z",
    )  # fmt: skip
    hub.ingest(march)
    third = issued(hub, "2026-03")
    assert "correction" not in {row["Kind"] for row in _lines(hub, third)}


def test_below_the_threshold_a_correction_is_carried_forward(hub: Hub, tmp_path: Path) -> None:
    issued(hub, "2026-01")
    hub.ingest(write_usage(tmp_path / "late.csv", [("2026-01-01", "labs", "trial", 900_000, 0)]))
    second = issued(hub, "2026-02", threshold="2.26")
    assert "correction" not in {row["Kind"] for row in _lines(hub, second)}
    carried = hub.statements.show(second, view="corrections").to_dicts()
    assert [(row["CorrectsMonth"], row["MovedCost"], row["Booked"]) for row in carried] == [
        ("2026-01", Decimal("2.25"), False)
    ]
    pins = {row["Pin"]: row["Value"] for row in hub.statements.show(second, view="pins").to_dicts()}
    assert pins["Correction threshold"] == "2.26 USD"


def test_what_a_later_statement_corrects_is_not_taken_back(hub: Hub, tmp_path: Path) -> None:
    first = issued(hub, "2026-01")
    hub.ingest(write_usage(tmp_path / "late.csv", [("2026-01-01", "labs", "trial", 900_000, 0)]))
    second = issued(hub, "2026-02")
    with pytest.raises(ConfigError, match=f"Statement {second} corrects statement {first}"):
        hub.statements.void(first, by="Ben", reason="late")
    hub.statements.void(second, by="Ben", reason="late")
    hub.statements.void(first, by="Ben", reason="late")
    assert {row["State"] for row in hub.statements.list().to_dicts()} == {"void"}


def test_two_drafts_of_one_correction_are_not_both_issued(hub: Hub, tmp_path: Path) -> None:
    issued(hub, "2026-01")
    hub.ingest(write_usage(tmp_path / "late.csv", [("2026-01-01", "labs", "trial", 900_000, 0)]))
    hub.ingest(
        write_export(tmp_path / "march", month_rows("2026-03"), month="2026-03",
                     submitted="2026-04-01T06:00:00Z")
    )  # fmt: skip
    for month in ("2026-02", "2026-03"):
        hub.statements.draft(month, by="Ana")
    for number in (2, 3):
        hub.statements.approve(number, by="Ben")
    hub.statements.issue(2, by="Ben")
    with pytest.raises(ConfigError, match="was drafted"):
        hub.statements.issue(3, by="Ben")


def test_a_dispute_and_its_answer_stand_in_the_chain(hub: Hub) -> None:
    number = issued(hub, "2026-01", team="search")
    row = hub.statements.dispute(number, line=1, by="Sam", reason="not our app").to_dicts()[0]
    assert row["OpenDisputes"] == 1
    with pytest.raises(ConfigError, match="disputed already"):
        hub.statements.dispute(number, line=1, by="Sam", reason="again")
    with pytest.raises(ConfigError, match="no line 99"):
        hub.statements.dispute(number, line=99, by="Sam", reason="which")
    with pytest.raises(ConfigError, match="Sam disputes line 1"):
        hub.statements.resolve(number, line=1, by="sam", outcome="accepted", reason="yes")
    hub.statements.resolve(number, line=1, by="Ben", outcome="rejected", reason="tags say so")
    answered = hub.statements.show(number, view="disputes").to_dicts()
    assert [(each["State"], each["Resolution"]) for each in answered] == [
        ("rejected", "tags say so")
    ]
    events = hub.statements.show(number, view="events").to_dicts()
    assert [each["Event"] for each in events] == [
        "Drafted", "Approved", "Issued", "Disputed", "Resolved",
    ]  # fmt: skip
    assert hub.statements.verify().findings == ()


def test_a_changed_event_is_found_and_nothing_is_added_to_its_log(hub: Hub) -> None:
    issued(hub, "2026-01")
    log = hub.path / "statement_events"
    for path in log.glob("*.parquet"):
        held = pq.read_table(path)
        rows = held.to_pylist()
        if rows[0]["Event"] == "Approved":
            rows[0]["By"] = "Cara"
            pq.write_table(held.from_pylist(rows, schema=held.schema), path)
    findings = hub.statements.verify().findings
    assert len(findings) == 1
    assert "event 2 (Approved of statement 1) was changed" in findings[0]
    with pytest.raises(HubError, match="was changed"):
        hub.statements.draft("2026-02", by="Ana")


def test_a_printed_hash_is_held_against_the_log(hub: Hub) -> None:
    number = issued(hub, "2026-01")
    printed = str(hub.statements.list().to_dicts()[0]["Hash"])
    assert hub.statements.verify(number, printed_hash=printed.upper()).findings == ()
    assert "printed hash" in hub.statements.verify(number, printed_hash="0" * 64).findings[0]


def test_billed_cost_can_be_the_basis(hub: Hub, tmp_path: Path) -> None:
    free = charge(month="2026-03", tokens=1_000_000, BilledCost="1.5")
    hub.ingest(
        write_export(tmp_path / "march", [free], month="2026-03", submitted="2026-04-01T06:00:00Z")
    )
    rows = hub.statements.draft("2026-03", by="Ana", cost="billed").to_dicts()
    assert (rows[0]["Basis"], rows[0]["Amount"]) == ("BilledCost", Decimal("1.5"))
    assert "BilledCost" in hub.statements.show(1).columns


def test_a_reorganisation_shows_as_booked_and_as_of_today(hub: Hub) -> None:
    number = issued(hub, "2026-01", team="search")
    booked = {row["CostCenter"] for row in _lines(hub, number)}
    today = hub.statements.show(number, as_of="2026-02-10").to_dicts()
    assert booked == {"1100"}
    assert {(row["CostCenter"], row["Owner"], row["Entity"]) for row in today} == {
        ("1200", "Lee", "NW-EU")
    }


def test_statements_pin_the_versions_that_a_vacuum_must_keep(hub: Hub, tmp_path: Path) -> None:
    issued(hub, "2026-01")
    at_draft = hub.statements.pinned_versions()
    hub.ingest(write_usage(tmp_path / "late.csv", [("2026-01-01", "labs", "trial", 900_000, 0)]))
    issued(hub, "2026-02")
    pinned = hub.statements.pinned_versions()
    assert {"runs", "charges", "token_costs", "meters", "tags", "usage"} <= set(pinned)
    assert all(at_draft[table] <= pinned[table] for table in at_draft)
    assert len(pinned["usage"]) == 2


def test_a_statement_verifies_after_a_vacuum_and_dropped_months(hub: Hub, tmp_path: Path) -> None:
    first = issued(hub, "2026-01")
    hub.ingest(write_usage(tmp_path / "late.csv", [("2026-01-01", "labs", "trial", 900_000, 0)]))
    hub.compact()
    hub.retain(1)
    removed = hub.vacuum(keep_hours=0).to_dicts()
    assert sum(row["RemovedFiles"] for row in removed)
    assert hub.statements.verify(first).findings == ()
    second = issued(hub, "2026-02")
    assert "correction" not in {row["Kind"] for row in _lines(hub, second)}


CHANGES = ("telemetry", "restated", "new month", "rules", "tags")


def test_a_statement_verifies_after_every_kind_of_later_change(hub: Hub) -> None:
    _verify_after(hub, list(CHANGES), 3)


@pytest.mark.slow
@settings(
    max_examples=12, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(changes=st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4), amount=st.integers(1, 9))
def test_a_statement_verifies_after_any_later_changes(
    fresh_hub: Callable[[], Hub], changes: list[str], amount: int
) -> None:
    _verify_after(fresh_hub(), changes, amount)


def _verify_after(hub: Hub, changes: list[str], amount: int) -> None:
    """And the next statement brings what is booked to what the figures are then."""
    first = issued(hub, "2026-01")
    before = _lines(hub, first)
    for number, change in enumerate(changes):
        _change(hub, change, number, amount)
    assert hub.statements.verify(first).findings == ()
    assert _lines(hub, first) == before
    second = issued(hub, "2026-02", threshold="0")
    assert hub.statements.verify().findings == ()
    booked = _sum(before, "EffectiveCost", "cost") + _sum(
        _lines(hub, second), "EffectiveCost", "correction"
    )
    assert booked == _bill(hub, "2026-01")


def _change(hub: Hub, change: str, number: int, amount: int) -> None:
    folder = hub.path.parent / f"{hub.path.name}-{number}"
    folder.mkdir()
    if change == "telemetry":
        rows = [("2026-01-01", f"team-{number}", "late", 111_111 * amount, 7)]
        hub.ingest(write_usage(folder / "usage.csv", rows))
    elif change == "restated":
        rows = month_rows("2026-01", more=1000 * amount)
        hub.ingest(write_export(folder, rows, submitted=f"2026-02-0{number + 2}T06:00:00Z"))
    elif change == "new month":
        rows = month_rows("2026-03", part=amount)
        hub.ingest(
            write_export(
                folder, rows, month="2026-03", submitted=f"2026-04-0{number + 1}T00:00:00Z"
            )
        )
    else:
        rule = f"""
[[rule]]
dimension = "{"Team" if change == "rules" else "Application"}"
value = "by-rule-{amount}"
when = {{ x_ResourceGroupName = "rg" }}
"""
        (folder / "rules.toml").write_text(ORGANISATION + rule, "utf-8")
        hub.save_rules(folder / "rules.toml")
