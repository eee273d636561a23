"""Runs of one dataset, scope and month: what is known of each, and which of them stands.

A run with a fault is refused, one without rows for a part of the month changes nothing. Of the rest
one is chosen: the most days, then the latest, then the newer version. Runs of equal bytes are one
contender, with the standing of their last; the earliest of those with the most days represents
them, so a return to earlier content counts.

Source: docs/decisions/0007-which-run-stands.md.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from pertoken.exports.datasets import REFERENCE, version_rank
from pertoken.periods import month_end, month_start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.exports.run import RunKey

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KnownRun:
    """What a decision needs to know of a run, from its manifest and, once read, from its rows.

    `start` is inclusive and `end` exclusive; `rows` is None where not known; `fingerprint` is of
    the parts' bytes, empty where they cannot be read; `fault` is why the run cannot be used;
    `sub_account_ids` are those of its charges in lower case, None while it is not read; `totals`
    are (BillingCurrency, rows, BilledCost, EffectiveCost) of its charges, none while it is not
    read, costs as exact text.
    """

    run_id: str
    export_name: str
    dataset: str
    dataset_version: str
    scope: str
    month: str
    start: date
    end: date
    submitted_time: datetime | None
    rows: int | None
    fingerprint: str
    fault: str | None
    sub_account_ids: frozenset[str] | None
    path: str
    totals: tuple[tuple[str, int, str, str], ...] = ()

    @property
    def key(self) -> RunKey:
        """What makes the run one: RunId, dataset, scope, month."""
        return self.run_id, self.dataset, self.scope, self.month

    @property
    def days(self) -> int:
        """How many days the run covers."""
        return (self.end - self.start).days

    @property
    def span(self) -> str:
        """The first and the last day, as words."""
        return f"{self.start} to {self.end - timedelta(days=1)}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a run, one of `STATUSES`, and why (empty where it goes without saying)."""

    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class Contender:
    """Runs of equal bytes: the one that represents them, and the one that stands highest."""

    kept: KnownRun
    highest: KnownRun

    @property
    def standing(self) -> tuple[int, datetime, int, str]:
        """The order in which contenders of one dataset replace each other; the highest stands."""
        return _standing(self.highest)


def contenders_of(runs: Sequence[KnownRun]) -> tuple[dict[RunKey, Decision], list[Contender]]:
    """The runs that can stand for the month, and the decisions on those that cannot.

    Takes:   runs of one dataset, scope and month.
    Gives:   decisions on refused, idle and duplicate runs; the contenders, the highest first.
    """
    decisions: dict[RunKey, Decision] = {}
    usable = []
    for run in runs:
        if run.fault is not None:
            decisions[run.key] = Decision("refused", run.fault)
        elif _is_idle(run):
            decisions[run.key] = Decision(
                "empty", f"no rows for {run.span}, less than the month: changes nothing"
            )
        else:
            usable.append(run)
    contenders = []
    for copies in _by_content(usable):
        contender = _contender(copies)
        contenders.append(contender)
        for run in copies:
            if run is not contender.kept:
                reason = f"its bytes equal those of run {contender.kept.run_id}"
                decisions[run.key] = Decision("duplicate", reason)
    return decisions, sorted(contenders, key=lambda each: each.standing, reverse=True)


def choice(contenders: Sequence[Contender]) -> dict[RunKey, Decision]:
    """The decisions on the contenders of one dataset, the highest first: the first stands."""
    decisions = {
        loser.kept.key: Decision("superseded", why_superseded(loser, contenders[0]))
        for loser in contenders[1:]
    }
    for winner in contenders[:1]:
        decisions[winner.kept.key] = chosen(winner, contenders[1:])
    return decisions


def chosen(winner: Contender, losers: Sequence[Contender]) -> Decision:
    """The decision on the contender that stands for its month."""
    moment = winner.highest.submitted_time or NEVER
    before = [each for each in losers if (each.highest.submitted_time or NEVER) < moment]
    replaces = f": replaces run {before[0].kept.run_id}" if before else ""
    if winner.kept.rows == 0:
        return Decision("empty", f"no rows, restates the month to no charges{replaces}")
    status = "reference" if winner.kept.dataset in REFERENCE else "applied"
    return Decision(status, f"restates the month{replaces}" if before else "")


def why_superseded(loser: Contender, winner: Contender) -> str:
    """Why one contender of a month stands behind another, in words."""
    run, other = loser.kept, winner.kept
    by = f"run {other.run_id}"
    if run.days < other.days:
        return f"covers fewer days ({run.span}) than {by} ({other.span}){_uncovered(run, other)}"
    before, after = loser.highest, winner.highest
    if (before.submitted_time or NEVER) < (after.submitted_time or NEVER):
        again = "" if after is other else f" (again as run {after.run_id})"
        return f"{by}{again} is later ({_moment(after)}){_uncovered(run, other)}"
    if _standing(before)[:3] < _standing(after)[:3]:
        versions = f"{after.dataset_version}, not {before.dataset_version}"
        return f"{by} of the same time has the newer version ({versions})"
    return f"{by} of the same days, time and version comes first by its run id"


def _standing(run: KnownRun) -> tuple[int, datetime, int, str]:
    rank = version_rank(run.dataset, run.dataset_version)
    return run.days, run.submitted_time or NEVER, rank, run.run_id


def _is_idle(run: KnownRun) -> bool:
    """Without rows, and for fewer days than the month."""
    whole = run.start <= month_start(run.month) and run.end >= month_end(run.month)
    return run.rows == 0 and not whole


def _by_content(runs: Sequence[KnownRun]) -> list[list[KnownRun]]:
    """Runs of equal bytes together; one without rows or of unknown bytes stands alone."""
    by_content: defaultdict[object, list[KnownRun]] = defaultdict(list)
    for run in runs:
        comparable = bool(run.fingerprint) and run.rows != 0
        by_content[run.fingerprint if comparable else run.key].append(run)
    return list(by_content.values())


def _contender(copies: Sequence[KnownRun]) -> Contender:
    most = max(run.days for run in copies)
    fullest = [run for run in copies if run.days == most]
    kept = min(fullest, key=lambda run: (run.submitted_time or NEVER, run.run_id))
    return Contender(kept, max(copies, key=_standing))


def _uncovered(run: KnownRun, other: KnownRun) -> str:
    """The days that only the superseded run holds, for a person to export again."""
    if other.start <= run.start and run.end <= other.end:
        return ""
    return f"; some of its days ({run.span}) are not in that run: export the whole month again"


def _moment(run: KnownRun) -> str:
    moment = (run.submitted_time or NEVER).astimezone(UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
