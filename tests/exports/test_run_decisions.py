"""Decisions on runs: a table of cases, and what holds for every set of runs."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pertoken.exports import STATUSES, KnownRun, decide

CASES = Path(__file__).parent / "cases"
YEAR, MONTH = 2026, 9
FOUND = settings(max_examples=60, deadline=None)


def case_run(row: dict[str, str]) -> KnownRun:
    """A run of the table: days of September 2026, submitted as MM-DD, `-` for a run not read."""
    first, last = (int(day) for day in row["days"].split("-"))
    submitted = row["submitted"] and datetime.fromisoformat(f"{YEAR}-{row['submitted']}T06:27:00Z")
    billed, effective = row.get("billed"), row.get("effective")
    ids = frozenset("" if text == "_empty_" else text for text in row["sub_accounts"].split())
    return KnownRun(
        run_id=row["run_id"],
        export_name="export",
        dataset=row["dataset"],
        dataset_version=row["version"],
        scope=row["scope"],
        month="2026-09",
        start=date(YEAR, MONTH, first),
        end=date(YEAR, MONTH, last) + timedelta(days=1),
        submitted_time=submitted or None,
        rows=int(row["rows"]),
        fingerprint=row["bytes"],
        fault=row["fault"] or None,
        sub_account_ids=None if row["sub_accounts"] == "-" else ids,
        path=f"/exports/{row['run_id']}",
        totals=(("USD", 9, billed, effective),) if billed and effective else (),
    )


def case_rows() -> dict[str, list[dict[str, str]]]:
    cases: dict[str, list[dict[str, str]]] = {}
    for name in ("decisions.csv", "native_decisions.csv"):
        with (CASES / name).open(encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table):
                cases.setdefault(row["case"], []).append(row)
    return cases


@pytest.mark.parametrize(("case", "rows"), case_rows().items(), ids=case_rows())
def test_each_case_is_decided_as_the_table_says(case: str, rows: list[dict[str, str]]) -> None:
    decisions = {key[0]: decision for key, decision in decide(map(case_run, rows)).items()}
    expected = {row["run_id"]: row["status"] for row in rows}
    assert expected == {run_id: each.status for run_id, each in decisions.items()}, case
    for row in rows:
        reason = decisions[row["run_id"]].reason
        assert row["reason"] in reason
        assert reason or row["status"] == "applied", "only an applied run may go without a reason"


def test_equal_bytes_in_another_month_are_no_duplicate() -> None:
    """A month without change of prices and use can equal the month before."""
    run = case_run(case_rows()["a run alone is applied"][0])
    later = replace(
        run, run_id="b", month="2026-10", start=date(2026, 10, 1), end=date(2026, 11, 1)
    )
    assert {"applied"} == {each.status for each in decide([run, later]).values()}


def test_a_file_of_several_accounts_and_months_has_one_decision_for_each() -> None:
    """One RunId, the digest of the file, in two scopes."""
    run = replace(case_run(case_rows()["a run alone is applied"][0]), dataset="FocusFile")
    other = replace(run, scope="/b/2")
    assert {run.key: "applied", other.key: "applied"} == {
        key: each.status for key, each in decide([run, other]).items()
    }


def test_a_run_known_twice_is_decided_by_its_usable_copy() -> None:
    """A partial upload that was completed later."""
    run = case_run(case_rows()["a run alone is applied"][0])
    broken = replace(run, fault="a part is missing", fingerprint="")
    for order in ([run, broken], [broken, run]):
        assert [each.status for each in decide(order).values()] == ["applied"]


def test_no_run_gives_no_decision() -> None:
    assert decide([]) == {}


SCOPES = (
    "/b/1", "/b/1/profiles/2", "/b/1/profiles/2/sections/3", "/subscriptions/s1",
    "/subscriptions/s1/resourcegroups/rg", "/subscriptions/s2", "123",
)  # fmt: skip
TOTAL_WITH_PURCHASE = (("USD", 5, "110", "10"),)


@st.composite
def known_runs(draw: st.DrawFn) -> list[KnownRun]:
    """Up to eight runs of few scopes, days, times and contents, so that they meet often."""
    count = draw(st.integers(1, 8))
    return [
        KnownRun(
            run_id=f"r{number:02d}",
            export_name="export",
            dataset=draw(
                st.sampled_from(["FocusCost", "FocusFile", "ActualCost", "AmortizedCost"])
            ),
            dataset_version=draw(st.sampled_from(["1.0", "1.2-preview", "1.2", "other"])),
            scope=draw(st.sampled_from(SCOPES)),
            month="2026-09",
            start=date(YEAR, MONTH, draw(st.sampled_from([1, 1, 1, 16]))),
            end=draw(st.sampled_from([date(2026, 9, 20), date(2026, 10, 1)])),
            submitted_time=draw(st.none() | st.integers(1, 4).map(on_day)),
            rows=draw(st.sampled_from([0, 5, 5, None])),
            fingerprint=draw(st.sampled_from(["", "f1", "f2", "f3", "f4"])),
            fault=draw(st.sampled_from([None, None, None, "broken"])),
            sub_account_ids=draw(
                st.none() | st.frozensets(st.sampled_from(["", "/subscriptions/s1"]))
            ),
            path="/exports",
            totals=draw(st.sampled_from([(), (), (("USD", 5, "10", "10"),), TOTAL_WITH_PURCHASE])),
        )
        for number in range(count)
    ]


def on_day(day: int) -> datetime:
    return datetime(2026, 10, day, tzinfo=UTC)


@FOUND
@given(known_runs(), st.randoms(use_true_random=False))
def test_the_order_in_which_runs_arrive_does_not_matter(
    runs: list[KnownRun], chance: object
) -> None:
    shuffled = list(runs)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide(runs) == decide(shuffled)


@FOUND
@given(known_runs())
def test_every_run_has_one_decision_and_knowing_it_twice_changes_nothing(
    runs: list[KnownRun],
) -> None:
    decisions = decide(runs)
    assert {run.key for run in runs} == set(decisions)
    assert {each.status for each in decisions.values()} <= set(STATUSES)
    assert decisions == decide(runs + runs)


@FOUND
@given(known_runs())
def test_at_most_one_run_is_chosen_per_dataset_scope_and_month(runs: list[KnownRun]) -> None:
    decisions = decide(runs)
    chosen = Counter(
        (run.dataset.replace("File", "Cost"), run.scope, run.month)
        for run in runs
        if decisions[run.key].status in ("applied", "overlapping")
    )
    assert all(count == 1 for count in chosen.values())


@FOUND
@given(known_runs(), st.integers(0, 7))
def test_an_older_or_shorter_run_never_changes_what_is_applied(
    runs: list[KnownRun], place: int
) -> None:
    """Neither a run submitted before for the same days, nor one for fewer days."""
    decisions = decide(runs)
    run = runs[place % len(runs)]
    if decisions[run.key].status != "applied":
        return
    older = replace(run, run_id="new", fingerprint="new", rows=7, submitted_time=on_day(1))
    if run.submitted_time is not None and run.submitted_time > on_day(1):
        assert decisions[run.key].status == decide([*runs, older])[run.key].status
    shorter = replace(older, start=run.end - timedelta(days=1), submitted_time=on_day(9))
    assert decisions[run.key].status == decide([*runs, shorter])[run.key].status


@FOUND
@given(known_runs(), st.integers(0, 7))
def test_an_older_copy_never_changes_which_bytes_are_applied(
    runs: list[KnownRun], place: int
) -> None:
    run = runs[place % len(runs)]
    if run.fault or run.rows == 0 or not run.fingerprint or run.submitted_time is None:
        return
    copy = replace(run, run_id="new", submitted_time=on_day(1) - timedelta(days=9))
    assert applied_bytes(runs) == applied_bytes([*runs, copy])


def applied_bytes(runs: list[KnownRun]) -> set[tuple[str, str]]:
    decisions = decide(runs)
    return {(run.scope, run.fingerprint) for run in runs if decisions[run.key].status == "applied"}


@FOUND
@given(known_runs())
def test_a_refused_run_changes_no_other_decision(runs: list[KnownRun]) -> None:
    decisions = decide(runs)
    usable = [run for run in runs if run.fault is None]
    assert decide(usable) == {run.key: decisions[run.key] for run in usable}


@FOUND
@given(known_runs())
def test_an_overlapping_run_lies_in_a_scope_whose_run_is_applied(runs: list[KnownRun]) -> None:
    """No charge is hidden by a run that is hidden itself."""
    decisions = decide(runs)
    applied = {run.run_id for run in runs if decisions[run.key].status == "applied"}
    for decision in decisions.values():
        if decision.status == "overlapping":
            assert decision.reason.split("which run ")[1].split()[0] in applied


@FOUND
@given(known_runs())
def test_charges_of_a_scope_and_month_are_applied_once(runs: list[KnownRun]) -> None:
    """One FOCUS run, or native runs; two native runs cover the same days and agree on their costs.

    The cost outside commitments is EffectiveCost of the actual and BilledCost of the amortised run.
    """
    decisions = decide(runs)
    applied: dict[str, list[KnownRun]] = {}
    for run in runs:
        if decisions[run.key].status == "applied":
            applied.setdefault(run.scope, []).append(run)
    for together in applied.values():
        datasets = sorted(run.dataset for run in together)
        assert len(together) == 1 or datasets == ["ActualCost", "AmortizedCost"]
        if len(together) > 1:
            actual, amortized = sorted(together, key=lambda run: run.dataset)
            assert (actual.start, actual.end) == (amortized.start, amortized.end)
            assert cost_of(actual, 3) == cost_of(amortized, 2)


def cost_of(run: KnownRun, place: int) -> Decimal:
    return sum((Decimal(str(total[place])) for total in run.totals), Decimal(0))
