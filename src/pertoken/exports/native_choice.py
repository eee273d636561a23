"""Which native runs stand for a scope and month: ActualCost and AmortizedCost, or one of them.

The two hold the same charges. Outside commitments their costs are equal; purchases are in the one,
their use is in the other. Two runs make a pair when they cover the same days and agree on the cost
outside commitments; then BilledCost is the one's and EffectiveCost the other's, to the last
decimal. Runs of two states of the month do not agree, and are never put together.

Beside a FOCUS run that covers at least their days native runs are compared with it and not added.

Source: docs/decisions/0007-which-run-stands.md; FinOps toolkit, convert cost data to FOCUS.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.exports.contenders import Contender, Decision, choice, chosen, why_superseded
from pertoken.exports.datasets import ACTUAL_COST, AMORTIZED_COST, NATIVE_COST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pertoken.exports.contenders import KnownRun
    from pertoken.exports.run import RunKey

_OTHER = {ACTUAL_COST: AMORTIZED_COST, AMORTIZED_COST: ACTUAL_COST}
_OWN_COST = {ACTUAL_COST: "BilledCost", AMORTIZED_COST: "EffectiveCost"}
_LACKS = {
    ACTUAL_COST: "EffectiveCost lacks the amortised cost of commitments",
    AMORTIZED_COST: "BilledCost lacks purchases and refunds of commitments",
}
DIFFERS = "differs"
"""Stands in the reason of a reconciliation whose costs are not equal, and in no other."""


def native_choice(natives: Mapping[str, Sequence[Contender]]) -> dict[RunKey, Decision]:
    """The decisions on the native contenders of a scope and month without a FOCUS source.

    Takes:   the contenders of each of NATIVE_COST, the highest first.
    Gives:   a pair or one run applied: the most days, then a pair before one run, then the latest.
    """
    standing = _best(natives)
    decisions: dict[RunKey, Decision] = {}
    for dataset, contenders in natives.items():
        winner = standing.get(dataset)
        for loser in contenders:
            if loser is not winner:
                decisions[loser.kept.key] = _passed_over(loser, standing)
        if winner is not None:
            losers = [each for each in contenders if each is not winner]
            decisions[winner.kept.key] = _applied(winner, losers, standing)
    return decisions


def reconciliation_choice(
    natives: Mapping[str, Sequence[Contender]], focus: Contender
) -> dict[RunKey, Decision]:
    """The decisions on native contenders beside the FOCUS run that is the source of the month."""
    decisions: dict[RunKey, Decision] = {}
    for dataset, contenders in natives.items():
        decisions |= choice(contenders)
        for winner in contenders[:1]:
            found = compared(winner.kept, focus.kept, _OWN_COST[dataset])
            decisions[winner.kept.key] = Decision("reconciliation", found)
    return decisions


def compared(native: KnownRun, focus: KnownRun, cost: str) -> str:
    """How a cost of a native run stands to that of the FOCUS run of the same month, in words."""
    place = {"BilledCost": 2, "EffectiveCost": 3}[cost]
    off = _differences(_costs(native, place), _costs(focus, place))
    by = f"FOCUS run {focus.run_id}"
    if native.start != focus.start or native.end != focus.end:
        days = f"covers {native.span}, {by} {focus.span}"
        return f"{days}: {cost} {DIFFERS} by {off}" if off else f"{days}: {cost} is equal"
    return f"{cost} {DIFFERS} from that of {by} by {off}" if off else f"{cost} equals that of {by}"


def _best(natives: Mapping[str, Sequence[Contender]]) -> dict[str, Contender]:
    """The pair or the one run that stands, by dataset."""
    actual, amortized = (natives.get(dataset, ()) for dataset in NATIVE_COST)
    pairs = [{ACTUAL_COST: a, AMORTIZED_COST: m} for a in actual for m in amortized if _agree(a, m)]
    alone = [{dataset: each} for dataset, group in natives.items() for each in group]

    def rank(candidate: Mapping[str, Contender]) -> tuple[object, ...]:
        standings = sorted(each.standing for each in candidate.values())
        return standings[0][0], len(candidate), standings, AMORTIZED_COST in candidate

    return max((*pairs, *alone), key=rank, default={})


def _agree(actual: Contender, amortized: Contender) -> bool:
    """Whether two runs cover the same days and have the same cost outside commitments."""
    a, m = actual.kept, amortized.kept
    return (a.start, a.end) == (m.start, m.end) and not _outside_commitments(a, m)


def _outside_commitments(actual: KnownRun, amortized: KnownRun) -> str:
    """By how much the costs outside commitments differ: those stand in both costs of both runs."""
    return _differences(_costs(actual, 3), _costs(amortized, 2))


def _costs(run: KnownRun, place: int) -> dict[str, Decimal]:
    return {str(total[0]): Decimal(str(total[place])) for total in run.totals}


def _differences(costs: Mapping[str, Decimal], others: Mapping[str, Decimal]) -> str:
    """`USD +0.10, EUR -3`: the first less the second, empty where they are equal."""
    off = []
    for currency in sorted({*costs, *others}):
        difference = costs.get(currency, Decimal(0)) - others.get(currency, Decimal(0))
        if difference:
            text = format(difference, "+f")
            off.append(f"{currency} {text.rstrip('0').rstrip('.') if '.' in text else text}")
    return ", ".join(off)


def _applied(
    winner: Contender, losers: Sequence[Contender], standing: Mapping[str, Contender]
) -> Decision:
    decision = chosen(winner, losers)
    dataset = winner.kept.dataset
    partner = standing.get(_OTHER[dataset])
    if partner is None:
        words = f"no {_OTHER[dataset]} run of these days: {_LACKS[dataset]}"
    else:
        other = f"{_OWN_COST[partner.kept.dataset]} from run {partner.kept.run_id}"
        words = f"{_OWN_COST[dataset]} of the month, {other}"
    return Decision(decision.status, "; ".join(filter(None, (words, decision.reason))))


def _passed_over(loser: Contender, standing: Mapping[str, Contender]) -> Decision:
    """The decision on a contender that does not stand."""
    run = loser.kept
    same, other = standing.get(run.dataset), standing.get(_OTHER[run.dataset])
    if same is not None and loser.standing < same.standing:
        return Decision("superseded", why_superseded(loser, same))
    if other is None or run.days < other.kept.days:
        stands = same or other
        return Decision("superseded", why_superseded(loser, stands) if stands else "")
    if (run.start, run.end) != (other.kept.start, other.kept.end):
        found = f"covers {run.span} and not {other.kept.span}"
    else:
        pair = (run, other.kept) if run.dataset == ACTUAL_COST else (other.kept, run)
        found = f"its cost outside commitments is another (by {_outside_commitments(*pair)})"
    return Decision(
        "refused",
        f"{found} as {other.kept.dataset} run {other.kept.run_id}, which stands: "
        f"export {_OTHER[run.dataset]} again in this state",
    )
