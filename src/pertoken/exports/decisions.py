"""One decision per run, as a function of the set of runs known.

Neither the order in which runs arrive nor earlier decisions enter: a run that arrives late can
revise what was decided before it. Three steps, each total:

1. Of the runs of a dataset, scope and month those that can stand for it are ordered (contenders).
2. Of the datasets of a scope and month that hold the same charges one is the source: FOCUS, else
   the native costs (native_choice), else whichever covers more days.
3. A chosen run whose scope lies inside a wider scope with charges for that month is overlapping.

Source: docs/decisions/0007-which-run-stands.md.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from pertoken.exports.contenders import (
    NEVER,
    Contender,
    Decision,
    KnownRun,
    choice,
    contenders_of,
    why_superseded,
)
from pertoken.exports.datasets import FOCUS_COST, NATIVE_COST, dataset_family, holds_charges
from pertoken.exports.native_choice import native_choice, reconciliation_choice
from pertoken.exports.scopes import enclosing_paths, subscription_of

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
    "dropped",
)


def decide(runs: Iterable[KnownRun]) -> dict[RunKey, Decision]:
    """The decision on every run known.

    Takes:   runs, all that are known, in any order; of several with one key the usable one counts.
    Gives:   one decision per key (RunId, dataset, scope, month); of a scope and month one run is
             applied, or one ActualCost and one AmortizedCost run that make a pair.
    Source:  docs/decisions/0007-which-run-stands.md.
    """
    known: dict[RunKey, KnownRun] = {}
    for run in runs:
        known[run.key] = max(known.get(run.key, run), run, key=_knowledge)
    places: defaultdict[tuple[str, str], list[KnownRun]] = defaultdict(list)
    for run in known.values():
        places[_scope(run), run.month].append(run)
    decisions: dict[RunKey, Decision] = {}
    applied = []
    for runs_of_place in places.values():
        decisions |= _decisions_of_place(runs_of_place)
        applied += [
            _with_all_sub_accounts(run, runs_of_place)
            for run in runs_of_place
            if decisions[run.key].status == "applied"
        ]
    return decisions | _overlaps(applied)


def _decisions_of_place(runs: Sequence[KnownRun]) -> dict[RunKey, Decision]:
    """The decisions on the runs of one scope and month."""
    groups: defaultdict[str, list[KnownRun]] = defaultdict(list)
    for run in runs:
        groups[dataset_family(run.dataset)].append(run)
    decisions: dict[RunKey, Decision] = {}
    contenders: dict[str, list[Contender]] = {}
    for family, group in groups.items():
        settled, contenders[family] = contenders_of(group)
        decisions |= settled
    natives = {family: contenders.pop(family, []) for family in NATIVE_COST}
    for of_family in contenders.values():
        decisions |= choice(of_family)
    return decisions | _native_decisions(natives, contenders.get(FOCUS_COST, []))


def _native_decisions(
    natives: Mapping[str, Sequence[Contender]], focus: Sequence[Contender]
) -> dict[RunKey, Decision]:
    """The decisions on native runs, and on a FOCUS run that covers fewer days than they do."""
    fullest = max(
        (each for of_dataset in natives.values() for each in of_dataset[:1]),
        key=lambda each: (each.kept.days, each.standing),
        default=None,
    )
    if fullest is None:
        return {}
    if not focus:
        return native_choice(natives)
    if focus[0].kept.days >= fullest.kept.days:
        return reconciliation_choice(natives, focus[0])
    behind = Decision("superseded", why_superseded(focus[0], fullest))
    return native_choice(natives) | {focus[0].kept.key: behind}


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
        run.submitted_time or NEVER,
        run.rows is not None,
        run.sub_account_ids is not None,
        (run.fingerprint, run.start, run.end, run.rows or 0, run.fault or "", run.path),
    )


def _overlaps(applied: Sequence[KnownRun]) -> dict[RunKey, Decision]:
    months: defaultdict[tuple[str, str], list[KnownRun]] = defaultdict(list)
    for run in sorted(applied, key=lambda each: each.key):
        kind = "charges" if holds_charges(run.dataset) else run.dataset
        months[kind, run.month].append(run)
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
