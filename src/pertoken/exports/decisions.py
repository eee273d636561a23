"""One decision per run, as a function of the set of runs known.

Neither the order in which runs arrive nor earlier decisions enter: a run that arrives late can
revise what was decided before it. Three steps, each total:

1. A run with a fault is refused. A run without rows that covers fewer days than its month changes
   nothing.
2. Of the rest of a dataset, scope and month one is chosen: the most days, then the latest, then
   the newer version. Runs of equal bytes stand as one, with the standing of their last, and the
   earliest of those with the most days represents them; so a return to earlier content counts.
3. A chosen run whose scope lies inside a wider scope with charges for that month is overlapping.

Source: DESIGN, "Decisions about runs".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from pertoken.exports.datasets import REFERENCE, dataset_family, version_rank
from pertoken.exports.scopes import enclosing_paths, subscription_of
from pertoken.periods import month_end, month_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pertoken.exports.run import RunKey

STATUSES = (
    "applied",
    "superseded",
    "duplicate",
    "refused",
    "overlapping",
    "reconciliation",
    "reference",
    "empty",
)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KnownRun:
    """What a decision needs to know of a run, from its manifest and, once read, from its rows.

    `start` is inclusive and `end` exclusive; `rows` is None where not known; `fingerprint` is of
    the parts' bytes, empty where they cannot be read; `fault` is why the run cannot be used;
    `sub_account_ids` are those of its charges in lower case, None while it is not read.
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

    @property
    def key(self) -> RunKey:
        """What makes the run one: RunId, dataset, scope, month."""
        return self.run_id, self.dataset, self.scope, self.month


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a run, one of `STATUSES`, and why (empty where it goes without saying)."""

    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Contender:
    """Runs of equal bytes: the one that represents them, and the one that stands highest."""

    kept: KnownRun
    highest: KnownRun


def decide(runs: Iterable[KnownRun]) -> dict[RunKey, Decision]:
    """The decision on every run known.

    Takes:   runs, all that are known, in any order; of several with one key the usable one counts.
    Gives:   one decision per key (RunId, dataset, scope, month); at most one run is applied per
             dataset, scope and month.
    Source:  DESIGN, "Decisions about runs".
    """
    known: dict[RunKey, KnownRun] = {}
    for run in runs:
        known[run.key] = max(known.get(run.key, run), run, key=_knowledge)
    groups: defaultdict[tuple[str, str, str], list[KnownRun]] = defaultdict(list)
    for run in known.values():
        groups[dataset_family(run.dataset), _scope(run), run.month].append(run)
    decisions: dict[RunKey, Decision] = {}
    applied = []
    for group in groups.values():
        decisions |= _decisions_of_group(group)
        applied += [
            _with_all_sub_accounts(run, group)
            for run in group
            if decisions[run.key].status == "applied"
        ]
    return decisions | _overlaps(applied)


def _scope(run: KnownRun) -> str:
    return run.scope.lower().rstrip("/")


def _with_all_sub_accounts(run: KnownRun, group: Sequence[KnownRun]) -> KnownRun:
    """The run with what is known of its charges from a copy of them that was read."""
    known = [
        each.sub_account_ids
        for each in group
        if each.fingerprint == run.fingerprint and each.sub_account_ids is not None
    ]
    return replace(run, sub_account_ids=frozenset().union(*known)) if known else run


def _knowledge(run: KnownRun) -> tuple[object, ...]:
    """The order of what is known of one run: usable, submitted last, read, then any fixed order."""
    return (
        run.fault is None,
        run.submitted_time or _NEVER,
        run.rows is not None,
        run.sub_account_ids is not None,
        (run.fingerprint, run.start, run.end, run.rows or 0, run.fault or "", run.path),
    )


def _days(run: KnownRun) -> int:
    return (run.end - run.start).days


def _standing(run: KnownRun) -> tuple[int, datetime, int, str]:
    """The order in which runs of one group replace each other; the highest is applied."""
    rank = version_rank(run.dataset, run.dataset_version)
    return _days(run), run.submitted_time or _NEVER, rank, run.run_id


def _is_idle(run: KnownRun) -> bool:
    """Without rows, and for fewer days than the month."""
    whole = run.start <= month_start(run.month) and run.end >= month_end(run.month)
    return run.rows == 0 and not whole


def _decisions_of_group(group: Sequence[KnownRun]) -> dict[RunKey, Decision]:
    decisions: dict[RunKey, Decision] = {}
    usable = []
    for run in group:
        if run.fault is not None:
            decisions[run.key] = Decision("refused", run.fault)
        elif _is_idle(run):
            decisions[run.key] = Decision(
                "empty", f"no rows for {_span(run)}, less than the month: changes nothing"
            )
        else:
            usable.append(run)
    contenders = []
    for copies in _by_content(usable):
        contender = _contender(copies)
        contenders.append(contender)
        for run in copies:
            reason = f"its bytes equal those of run {contender.kept.run_id}"
            decisions[run.key] = Decision("duplicate", reason)
    return decisions | _choice(contenders)


def _by_content(runs: Sequence[KnownRun]) -> list[list[KnownRun]]:
    """Runs of equal bytes together; one without rows or of unknown bytes stands alone."""
    by_content: defaultdict[object, list[KnownRun]] = defaultdict(list)
    for run in runs:
        comparable = bool(run.fingerprint) and run.rows != 0
        by_content[run.fingerprint if comparable else run.key].append(run)
    return list(by_content.values())


def _contender(copies: Sequence[KnownRun]) -> _Contender:
    most = max(_days(run) for run in copies)
    fullest = [run for run in copies if _days(run) == most]
    kept = min(fullest, key=lambda run: (run.submitted_time or _NEVER, run.run_id))
    return _Contender(kept, max(copies, key=_standing))


def _choice(contenders: Sequence[_Contender]) -> dict[RunKey, Decision]:
    ordered = sorted(contenders, key=lambda each: _standing(each.highest), reverse=True)
    decisions = {
        loser.kept.key: Decision("superseded", _why_superseded(loser, ordered[0]))
        for loser in ordered[1:]
    }
    for winner in ordered[:1]:
        decisions[winner.kept.key] = _chosen(winner, ordered[1:])
    return decisions


def _chosen(winner: _Contender, losers: Sequence[_Contender]) -> Decision:
    run, moment = winner.kept, winner.highest.submitted_time or _NEVER
    before = [each for each in losers if (each.highest.submitted_time or _NEVER) < moment]
    replaces = f": replaces run {before[0].kept.run_id}" if before else ""
    if run.rows == 0:
        return Decision("empty", f"no rows, restates the month to no charges{replaces}")
    if run.dataset in REFERENCE:
        return Decision("reference", f"restates the month{replaces}" if before else "")
    return Decision("applied", f"restates the month{replaces}" if before else "")


def _why_superseded(loser: _Contender, winner: _Contender) -> str:
    run, other = loser.kept, winner.kept
    by = f"run {other.run_id}"
    if _days(run) < _days(other):
        return (
            f"covers fewer days ({_span(run)}) than {by} ({_span(other)}){_uncovered(run, other)}"
        )
    before, after = loser.highest, winner.highest
    if (before.submitted_time or _NEVER) < (after.submitted_time or _NEVER):
        again = "" if after is other else f" (again as run {after.run_id})"
        return f"{by}{again} is later ({_moment(after)}){_uncovered(run, other)}"
    if _standing(before)[:3] < _standing(after)[:3]:
        versions = f"{after.dataset_version}, not {before.dataset_version}"
        return f"{by} of the same time has the newer version ({versions})"
    return f"{by} of the same days, time and version comes first by its run id"


def _uncovered(run: KnownRun, other: KnownRun) -> str:
    """The days that only the superseded run holds, for a person to export again."""
    if other.start <= run.start and run.end <= other.end:
        return ""
    return f"; some of its days ({_span(run)}) are not in that run: export the whole month again"


def _span(run: KnownRun) -> str:
    return f"{run.start} to {run.end - timedelta(days=1)}"


def _moment(run: KnownRun) -> str:
    moment = (run.submitted_time or _NEVER).astimezone(UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _overlaps(applied: Sequence[KnownRun]) -> dict[RunKey, Decision]:
    months: defaultdict[tuple[str, str], list[KnownRun]] = defaultdict(list)
    for run in applied:
        months[dataset_family(run.dataset), run.month].append(run)
    decisions = {}
    for month in months.values():
        wider_runs = _wider_runs(month)
        for run in month:
            if wider_runs[run.key]:
                wide = _outermost(run, wider_runs)
                reason = f"lies inside {_scope(wide)}, which run {wide.run_id} covers"
                decisions[run.key] = Decision("overlapping", reason)
    return decisions


def _wider_runs(month: Sequence[KnownRun]) -> dict[RunKey, list[KnownRun]]:
    """For each applied run of a month the applied runs whose scope holds its scope."""
    by_scope = {_scope(run): run for run in month}
    payers: defaultdict[str, list[KnownRun]] = defaultdict(list)
    for run in sorted(month, key=_scope):
        if subscription_of(_scope(run)) is None:
            for sub_account_id in run.sub_account_ids or ():
                payers[sub_account_id.lower()].append(run)
    wider_runs = {}
    for run in month:
        above = [by_scope[path] for path in enclosing_paths(_scope(run)) if path in by_scope]
        subscription = subscription_of(_scope(run))
        wider_runs[run.key] = above + (payers[subscription] if subscription else [])
    return wider_runs


def _outermost(run: KnownRun, wider_runs: Mapping[RunKey, Sequence[KnownRun]]) -> KnownRun:
    """The applied run at the end of the chain: every step leads to a wider scope, so it ends."""
    while wider_runs[run.key]:
        run = wider_runs[run.key][0]
    return run
