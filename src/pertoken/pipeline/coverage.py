"""What the hub does not have, or does not understand, as findings of `check`.

A FOCUS rule is about the cells of a charge; these are about what a bill should hold and does not:
days, runs, prices, tags, tokens. Each rule id begins with `coverage-` and never changes its
meaning. Every cost named here is in every total; nothing is taken out for it.

Source: docs/reference.md, "Coverage".
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple, cast

from pertoken.conformance import Finding
from pertoken.engine import sql_file
from pertoken.exports import holds_charges
from pertoken.exports.datasets import dataset_family
from pertoken.pipeline.commitments import commitments_table
from pertoken.pipeline.moves import move_findings, moves
from pertoken.pipeline.periods import closes_month
from pertoken.pipeline.standing import partition_of, standing_runs
from pertoken.pipeline.views import view_mart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pertoken.conformance.findings import Severity
    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun, Snapshot
    from pertoken.pipeline.standing import ScopeMonth, Standing

_LATE = timedelta(days=2)
"""Azure brings the usage of a day within 24 to 48 hours; a run after that lacks what is late."""

Day = tuple["ScopeMonth", str]


@dataclass(frozen=True, slots=True)
class _Days:
    """EffectiveCost of every day with charges, by (scope, month) and BillingCurrency."""

    costs: Mapping[Day, Mapping[date, Decimal]]

    def of(self, place: ScopeMonth) -> set[date]:
        return {day for (at, _), days in self.costs.items() if at == place for day in days}


class CoverageRule(NamedTuple):
    """One rule: the column it is about, its usual severity, and what to do."""

    column: str
    severity: Severity
    help: str


@cache
def coverage_rules() -> Mapping[str, CoverageRule]:
    """All rules by id, in the order in which findings are listed.

    >>> coverage_rules()["coverage-days"].severity
    'warning'
    """
    text = files("pertoken.pipeline").joinpath("coverage.csv").read_text(encoding="utf-8")
    return {
        row["rule"]: CoverageRule(row["column"], cast("Severity", row["severity"]), row["help"])
        for row in csv.DictReader(text.splitlines())
    }


def coverage_findings(engine: Engine, snapshot: Snapshot) -> list[Finding]:
    """What the hub lacks or does not understand.

    Gives:   findings in the order of `coverage_rules`. `rows` counts what the rule is about: days,
             runs, charges, commitments; `cost_at_stake` is EffectiveCost in BillingCurrency, None
             where no cost can be known.
    """
    snapshot.view(engine, "charges")
    standing = standing_runs(snapshot.runs)
    days = _charged_days(engine, standing)
    findings = [
        *_missing_days(standing, days),
        *_late_days(engine, snapshot, standing, days),
        *_refused_runs(snapshot.runs, standing),
        *_charge_gaps(engine, "coverage_prices"),
        *_subscriptions(engine, snapshot),
        *_commitments(engine, snapshot),
    ]
    if view_mart(engine, snapshot):
        findings += _charge_gaps(engine, "coverage_ai")
    order = list(coverage_rules())
    return sorted(findings, key=lambda each: order.index(each.rule))


def _finding(
    rule: str,
    rows: int,
    example: str,
    *,
    cost: Decimal | None = None,
    currency: str | None = None,
    severity: Severity | None = None,
) -> Finding:
    column, usual, words = coverage_rules()[rule]
    return Finding(rule, severity or usual, column, rows, cost, currency, example, words)


def _charged_days(engine: Engine, standing: Mapping[ScopeMonth, Standing]) -> _Days:
    keys = {partition_of(*place)["x_ScopeKey"]: place[0] for place in standing}
    costs: defaultdict[Day, dict[date, Decimal]] = defaultdict(dict)
    for key, month, currency, day, cost in engine.rows(sql_file(__package__, "coverage_days")):
        if key in keys:
            costs[(keys[key], month), currency][day] = cost
    return _Days(costs)


def _missing_days(standing: Mapping[ScopeMonth, Standing], days: _Days) -> Iterator[Finding]:
    """Days without charges among those that the runs of a scope and month cover.

    A month that is still open is covered to its last day with charges: the rest is yet to come.
    """
    for place, runs in sorted(standing.items()):
        charged = days.of(place)
        start, end = max(run.start for run in runs), min(run.end for run in runs)
        if charged and not all(closes_month(run) for run in runs):
            end = min(end, max(charged) + timedelta(days=1))
        missing = [day for day in _span(start, end) if day not in charged]
        if missing:
            yield _finding("coverage-days", len(missing), _days_of(place, missing))


def _late_days(
    engine: Engine, snapshot: Snapshot, standing: Mapping[ScopeMonth, Standing], days: _Days
) -> Iterator[Finding]:
    """Days that a run should have held, as it was made after them, and only a later one holds.

    And days to which a later complete run added charges, as `restatements` has them.
    """
    late: defaultdict[Day, dict[date, Decimal]] = defaultdict(dict)
    if snapshot.view(engine, "restatements"):
        for scope, month, currency, day, cost in engine.rows(
            sql_file(__package__, "coverage_late")
        ):
            late[(scope, month), currency][day] = cost
    for (place, currency), costs in days.costs.items():
        for day in _days_left_out(snapshot.runs, standing.get(place, ())):
            if day in costs:
                late[place, currency][day] = costs[day]
    for (place, currency), costs in sorted(late.items()):
        if place in standing:
            example = _days_of(place, sorted(costs))
            cost = sum(costs.values(), Decimal(0))
            yield _finding("coverage-late-days", len(costs), example, cost=cost, currency=currency)


def _days_left_out(runs: Iterable[LedgerRun], standing: Standing) -> set[date]:
    """Days that lie two days or more before an earlier run was made, and after the days it has."""
    left_out: set[date] = set()
    for now in standing:
        for run in runs:
            if (
                run.status == "superseded"
                and (run.scope, run.month) == (now.scope, now.month)
                and dataset_family(run.dataset) == dataset_family(now.dataset)
                and run.start <= now.start
                and run.submitted_time is not None
            ):
                until = min(now.end, run.submitted_time.date() - _LATE)
                left_out |= set(_span(run.end, until))
    return left_out


def _refused_runs(
    runs: Iterable[LedgerRun], standing: Mapping[ScopeMonth, Standing]
) -> Iterator[Finding]:
    """Runs that were refused, by reason; an error where nothing else stands for their charges."""
    refused: defaultdict[tuple[str, Severity], list[str]] = defaultdict(list)
    for run in runs:
        if run.status == "refused":
            alone = holds_charges(run.dataset) and (run.scope, run.month) not in standing
            severity: Severity = "error" if alone else "warning"
            refused[run.reason, severity].append(f"{run.export_name} {run.month}")
    for (reason, severity), names in sorted(refused.items()):
        example = f"{min(names)}: {reason}"
        yield _finding("coverage-run-refused", len(names), example, severity=severity)


def _charge_gaps(engine: Engine, query: str) -> Iterator[Finding]:
    """The rules about charges that one query counts, per BillingCurrency."""
    for rule, currency, rows, cost, example in engine.rows(sql_file(__package__, query)):
        yield _finding(rule, rows, example, cost=cost, currency=currency)


def _subscriptions(engine: Engine, snapshot: Snapshot) -> Iterator[Finding]:
    found = moves(engine, snapshot)
    severities: dict[str, Severity] = {"error": "error", "warning": "warning", "info": "note"}
    for move, said in zip(found, move_findings(found), strict=True):
        costs = move.same_costs or ((None, None),)
        for currency, cost in costs:
            yield _finding(
                "coverage-two-scopes",
                move.same_charges or move.missing_days,
                said.text,
                cost=cost,
                currency=currency,
                severity=severities[said.severity],
            )


def _commitments(engine: Engine, snapshot: Snapshot) -> Iterator[Finding]:
    """Commitments whose balance after their last month is below nought, or is not known."""
    last = {
        (row["CommitmentDiscountId"], row["BillingCurrency"]): row
        for row in commitments_table(engine, snapshot).to_dicts()
        if row["CommitmentDiscountId"] is not None
    }
    stakes: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    rules = {"ahead": "coverage-commitment", "purchase not known": "coverage-commitment-purchase"}
    for (name, currency), row in sorted(last.items(), key=str):
        rule = rules.get(str(row["Check"]))
        if rule is not None:
            place = (rule, str(currency))
            counts[place] += 1
            examples.setdefault(place, str(name))
            balance = row["BalanceCost"]
            stakes[place] -= balance if isinstance(balance, Decimal) else Decimal(0)
    for (rule, currency), count in counts.items():
        known = rule == "coverage-commitment"
        yield _finding(
            rule,
            count,
            examples[rule, currency],
            cost=stakes[rule, currency] if known else None,
            currency=currency,
        )


def _span(start: date, end: date) -> Iterator[date]:
    """The days from `start` to before `end`."""
    return (start + timedelta(days=n) for n in range((end - start).days))


def _days_of(place: ScopeMonth, days: list[date]) -> str:
    """Days of a scope as words: 2026-02-14 and 2 more days in a scope."""
    more = f" and {len(days) - 1} more" if len(days) > 1 else ""
    return f"{days[0]}{more} in {place[0]}"
