"""The alerts of a hub: facts that somebody should act on, each with a key that names it once.

Every rule reads what another command shows, and the alert says which. Thresholds are on by default
and stand in `AlertSettings`; the clock enters in one rule only, that of a missing export, as a time
that the caller gives.

Source: docs/alerts.md.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pertoken.allocation import AttributionQuery, view_used_days
from pertoken.engine import sql_file
from pertoken.periods import month_of, month_start
from pertoken.pipeline.anomaly_view import AnomalyQuery, found_anomalies
from pertoken.pipeline.attribution_view import attribution_table
from pertoken.pipeline.budgets import AT_RISK, OVER, BudgetQuery, budgets_table
from pertoken.pipeline.periods import closes_month, month_states
from pertoken.pipeline.standing import standing_runs
from pertoken.pipeline.views import meters_table, read_shares

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.hub import Snapshot
    from pertoken.pipeline.budgets import Budget
    from pertoken.pipeline.plans import Plan

ANOMALY_DAYS = 14
"""Findings first seen in the last two weeks of the data are alerts; older ones are known."""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Thresholds; `off` names rules that are not asked."""

    missing_export_hours: int = 36
    unread_share: Decimal = Decimal("0.005")
    unattributed_share: Decimal = Decimal("0.05")
    ptu_utilisation: Decimal = Decimal(50)
    ptu_days: int = 7
    reservation_days: tuple[int, ...] = (60, 30)
    minimum_cost: Decimal = Decimal(0)
    off: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Alert:
    """One fact; `key` is the same as long as the fact is, `command` shows more."""

    rule: str
    key: str
    severity: str
    title: str
    detail: str
    command: str
    owner: str | None = None
    currency: str | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What every rule reads."""

    engine: Engine
    snapshot: Snapshot
    rules: Rules
    as_of: datetime
    settings: AlertSettings
    budgets: tuple[Budget, ...] = ()
    plans: tuple[Plan, ...] = ()


def alerts(asked: Asked) -> tuple[Alert, ...]:
    """Every alert of the hub as of a time, in the order of RULES."""
    return tuple(
        alert
        for name, rule in RULES.items()
        if name not in asked.settings.off
        for alert in rule(asked)
    )


def _missing_export(asked: Asked) -> Iterator[Alert]:
    """A scope whose newest run was made longer ago than it should be."""
    newest: dict[str, tuple[datetime, str]] = {}
    for (scope, _), standing in standing_runs(asked.snapshot.runs).items():
        for run in standing:
            made = run.submitted_time or datetime.combine(run.end, time(), UTC)
            newest[scope] = max(newest.get(scope, (made, run.run_id)), (made, run.run_id))
    limit = timedelta(hours=asked.settings.missing_export_hours)
    for scope, (made, run_id) in sorted(newest.items()):
        age = asked.as_of - made
        if age > limit:
            yield Alert(
                "missing export", f"missing export|{scope}|{run_id}", "error",
                f"No export of {_short(scope)} for {int(age.total_seconds() // 3600)} hours",
                f"The newest run was made at {made:%Y-%m-%d %H:%M} UTC, over "
                f"{asked.settings.missing_export_hours} hours before {asked.as_of:%Y-%m-%d %H:%M}.",
                "pertoken runs",
            )  # fmt: skip


def _restated(asked: Asked) -> Iterator[Alert]:
    """A closed month that a later run changed."""
    states = month_states(asked.snapshot.runs)
    for (scope, month), standing in sorted(standing_runs(asked.snapshot.runs).items()):
        if states[scope, month].state == "restated":
            for run in standing:
                if closes_month(run):
                    yield Alert(
                        "closed month restated", f"restated|{scope}|{month}|{run.run_id}",
                        "warning", f"{month} of {_short(scope)} was restated",
                        f"The run {run.run_id} replaced the one that had closed the month.",
                        f"pertoken periods --diff {month}",
                    )  # fmt: skip


def _unread(asked: Asked) -> Iterator[Alert]:
    """AI cost on meters that are not recognised."""
    if not asked.snapshot.files("token_costs"):
        return
    shares = read_shares(meters_table(asked.engine, asked.snapshot))
    for currency, share in sorted(shares.items()):
        unread = 1 - share
        if unread > asked.settings.unread_share:
            yield Alert(
                "unread cost", f"unread|{currency}|{unread:.3f}", "warning",
                f"{unread:.1%} of AI cost in {currency} is on meters that are not read",
                f"Expected at most {asked.settings.unread_share:.1%}. It is in every total, "
                "without tokens.", "pertoken meters --unread", currency=currency,
            )  # fmt: skip


def _unattributed(asked: Asked) -> Iterator[Alert]:
    """Cost of the newest month that nobody is known to have caused."""
    if not asked.snapshot.files("token_costs"):
        return
    evidence = None if asked.snapshot.view(asked.engine, "usage") else "tags"
    query = AttributionQuery(by=("Team",), evidence=evidence)
    table = attribution_table(asked.engine, asked.snapshot, query, asked.rules).to_dicts()
    newest = max((str(row["BillingMonth"]) for row in table), default="")
    whole: dict[str, Decimal] = defaultdict(Decimal)
    rest: dict[str, Decimal] = defaultdict(Decimal)
    for row in table:
        if row["BillingMonth"] == newest and isinstance(row["EffectiveCost"], Decimal):
            whole[str(row["BillingCurrency"])] += row["EffectiveCost"]
            if row["ResidualReason"] is not None:
                rest[str(row["BillingCurrency"])] += row["EffectiveCost"]
    for currency, cost in sorted(whole.items()):
        if cost > 0 and rest[currency] / cost > asked.settings.unattributed_share:
            yield Alert(
                "unattributed cost", f"unattributed|{currency}|{newest}", "warning",
                f"{rest[currency] / cost:.1%} of {currency} cost in {newest} is unattributed",
                f"Expected at most {asked.settings.unattributed_share:.1%} without a team.",
                f"pertoken attribute --by Team --from {newest}", currency=currency,
                cost=rest[currency],
            )  # fmt: skip


def _budget_breach(asked: Asked) -> Iterator[Alert]:
    """A budget whose month is over it, or expected to end above it."""
    query = BudgetQuery(asked.budgets, None, asked.plans)
    table = budgets_table(
        asked.engine, asked.snapshot, asked.snapshot.runs, query, asked.rules
    ) if asked.budgets else None  # fmt: skip
    for row in table.to_dicts() if table else ():
        if row["Status"] not in (OVER, AT_RISK):
            continue
        over = row["Status"] == OVER
        expected, amount = _money(row["EffectiveCost"]), _money(row["BudgetCost"])
        yield Alert(
            "forecast breach",
            f"budget|{row['Budget']}|{row['BillingMonth']}|{row['Status']}",
            "error" if over else "warning",
            f"The budget {row['Budget']} is {'over' if over else 'expected to be over'} in "
            f"{row['BillingMonth']}",
            f"{expected:,.2f} of {amount:,.2f} {row['BillingCurrency']} expected; above it from "
            f"{row['BreachDate']}.",
            "pertoken budgets", owner=None if row["Owner"] is None else str(row["Owner"]),
            currency=str(row["BillingCurrency"]), cost=expected - amount,
        )  # fmt: skip


def _low_ptu(asked: Asked) -> Iterator[Alert]:
    """A provisioned deployment that was used little on each of the last days of its telemetry."""
    if not asked.snapshot.view(asked.engine, "usage"):
        return
    view_used_days(asked.engine)
    used: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(dict)
    for resource, deployment, day, share in asked.engine.rows(
        "SELECT ResourceName, Deployment, ChargeDate, Utilisation FROM deployment_days "
        "WHERE Utilisation IS NOT NULL"
    ):
        used[resource, deployment][day] = share
    newest = max((max(days) for days in used.values()), default=None)
    for (resource, deployment), days in sorted(used.items()):
        last = sorted(days)[-asked.settings.ptu_days :]
        gone = newest is None or max(days) < newest - timedelta(days=asked.settings.ptu_days)
        if gone or len(last) < asked.settings.ptu_days:
            continue
        if all(days[day] < asked.settings.ptu_utilisation for day in last):
            mean = sum(days[day] for day in last) / len(last)
            yield Alert(
                "PTU underused", f"ptu|{resource}|{deployment}|{month_of(last[-1])}", "warning",
                f"{deployment} of {resource} used {mean:.0f} % of its provisioned units",
                f"Each of the {len(last)} days to {last[-1]} was under "
                f"{asked.settings.ptu_utilisation} %.",
                "pertoken attribute --by Deployment --idle show",
            )  # fmt: skip


def _expiring(asked: Asked) -> Iterator[Alert]:
    """A commitment that ends within 60 or 30 days of the time asked."""
    if not asked.snapshot.view(asked.engine, "charges"):
        return
    held = asked.engine.columns("charges")
    if not {"CommitmentDiscountId", "x_SkuTerm"} <= set(held):
        return
    for identity, name, currency, bought, term in asked.engine.rows(
        sql_file("pertoken.pipeline", "commitment_terms")
    ):
        ends = _later(bought, term)
        left = (ends - asked.as_of.date()).days
        limits = [days for days in sorted(asked.settings.reservation_days) if 0 <= left <= days]
        if limits:
            yield Alert(
                "reservation expiring", f"expiring|{identity}|{ends}|{limits[0]}",
                "error" if limits[0] == min(asked.settings.reservation_days) else "warning",
                f"{name or _short(identity)} ends in {left} days, on {ends}",
                f"Bought on {bought} for {term} months; without it, use costs its own price.",
                "pertoken bridge", currency=currency,
            )  # fmt: skip


def _anomalies(asked: Asked) -> Iterator[Alert]:
    """Findings of the last two weeks of data that nobody expected."""
    if not asked.snapshot.files("token_costs"):
        return
    query = AnomalyQuery(minimum_cost=asked.settings.minimum_cost, muted=False, plans=asked.plans)
    found = found_anomalies(asked.engine, asked.snapshot, asked.snapshot.runs, query)
    newest = max((each.finding.found for each in found if each.basis != "runs"), default=None)
    days = asked.engine.rows("SELECT max(ChargeDate) FROM token_costs")
    newest = max((day for day in (newest, days[0][0]) if day), default=None)
    for each in found:
        finding = each.finding
        recent = newest is not None and finding.found > newest - timedelta(days=ANOMALY_DAYS)
        if each.basis == "runs" or not recent or (each.mark and each.mark.mark == "expected"):
            continue
        team = finding.cell.get("Team")
        yield Alert(
            "anomaly", f"anomaly|{each.identity}", "warning",
            f"{finding.kind} from {finding.start}: {finding.extra_cost:+,.2f} {finding.currency}",
            finding.explanation, f"pertoken anomalies --from {finding.start}",
            owner=None if team is None else str(team), currency=finding.currency,
            cost=Decimal(repr(round(finding.extra_cost, 9))),
        )  # fmt: skip


RULES: Mapping[str, Callable[[Asked], Iterable[Alert]]] = {
    "missing export": _missing_export,
    "closed month restated": _restated,
    "unread cost": _unread,
    "unattributed cost": _unattributed,
    "forecast breach": _budget_breach,
    "PTU underused": _low_ptu,
    "reservation expiring": _expiring,
    "anomaly": _anomalies,
}


def _later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    first = day.replace(day=1)
    place = first.month - 1 + months
    start = date(first.year + place // 12, place % 12 + 1, 1)
    last = (month_start(month_of(start + timedelta(days=31))) - timedelta(days=1)).day
    return start.replace(day=min(day.day, last))


def _short(name: str) -> str:
    return name.rstrip("/").rsplit("/", 1)[-1]


def _money(value: Any) -> Decimal:  # noqa: ANN401 - a cell of a table
    return value if isinstance(value, Decimal) else Decimal(0)
