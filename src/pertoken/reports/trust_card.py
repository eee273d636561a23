"""The trust card: what an ingest did, and whether its totals can be trusted.

Every figure is measured by who made the card; here they are shown. A source total that is not
known is said to be unknown, never taken as equal.

Source: docs/how-it-works.md, on the end of an ingest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pertoken.reports.layout import (
    folded,
    padded,
    print_text,
    printable,
    right_aligned,
    width_of,
)
from pertoken.reports.numbers import EXACT, money_text, plain, quantity_text, share_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from rich.console import Console

SEVERITIES = ("error", "warning", "info")
_STYLES = {"error": "red", "warning": "yellow", "info": ""}
_MARKS = {"error": "!", "warning": "!", "info": " "}
_MOST_LINES = 18
_FEWEST_FINDINGS = 3
_INDENT = "  "
_COMMAND_GAP = 3
_UNDER_CURRENCY = " " * 5


class Finding(NamedTuple):
    """One thing to know, and the command that shows more; severity is one of SEVERITIES."""

    text: str
    command: str
    severity: str = "info"


class Total(NamedTuple):
    """Rows and costs of one currency in the hub, and the same costs summed at the source."""

    currency: str
    rows: int
    billed_cost: Decimal
    effective_cost: Decimal
    source_billed_cost: Decimal | None
    source_effective_cost: Decimal | None

    @property
    def agrees(self) -> bool | None:
        """Whether the costs are those of the source; None where the source's are not known."""
        if self.source_billed_cost is None or self.source_effective_cost is None:
            return None
        return (self.billed_cost, self.effective_cost) == (
            self.source_billed_cost,
            self.source_effective_cost,
        )


class AICost(NamedTuple):
    """The AI part of one currency, and what of it is read, has proven tokens, is tagged."""

    currency: str
    effective_cost: Decimal
    read_share: Decimal | None
    proven_share: Decimal | None
    tagged_share: Decimal | None


class SetAside(NamedTuple):
    """Rows that stand in every total with NULL tokens and a reason."""

    currency: str
    rows: int
    effective_cost: Decimal


@dataclass(frozen=True, slots=True)
class TrustCard:
    """What an ingest did; runs holds pairs of status and count."""

    months: tuple[str, ...]
    scopes: tuple[str, ...]
    through_day: date | None
    runs: tuple[tuple[str, int], ...]
    totals: tuple[Total, ...] = ()
    ai_cost: tuple[AICost, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The card for JSON: costs and shares are exact text, so that no encoder rounds them."""
        return {
            "Months": list(self.months),
            "Scopes": list(self.scopes),
            "ThroughDay": self.through_day and self.through_day.isoformat(),
            "Runs": dict(self.runs),
            "Totals": [_json(_TOTAL_KEYS, total) for total in self.totals],
            "AICost": [_json(_AI_KEYS, ai_cost) for ai_cost in self.ai_cost],
            "SetAside": [_json(_SET_ASIDE_KEYS, aside) for aside in self.set_aside],
            "Findings": [_json(_FINDING_KEYS, finding) for finding in self.findings],
        }


_TOTAL_KEYS = (
    "BillingCurrency",
    "Rows",
    "BilledCost",
    "EffectiveCost",
    "SourceBilledCost",
    "SourceEffectiveCost",
)
_AI_KEYS = ("BillingCurrency", "EffectiveCost", "ReadShare", "ProvenShare", "TaggedShare")
_SET_ASIDE_KEYS = ("BillingCurrency", "Rows", "EffectiveCost")
_FINDING_KEYS = ("Text", "Command", "Severity")


def card_text(card: TrustCard, console: Console) -> None:
    """Print the card: at most about 18 lines, the findings that matter most first."""
    print_text(console, _runs_line(card.runs), "bold")
    print_text(console, _period_line(card))
    lines = _currency_lines(card, console.width)
    for line, style in lines:
        print_text(console, line, style)
    _print_findings(card.findings, console, _MOST_LINES - 3 - len(lines))


def _json(keys: Sequence[str], values: Sequence[object]) -> dict[str, object]:
    exact = [
        value if value is None or isinstance(value, str | int) else plain(value)  # type: ignore[arg-type]
        for value in values
    ]
    return dict(zip(keys, exact, strict=True))


def _runs_line(runs: Sequence[tuple[str, int]]) -> str:
    count = sum(each for _, each in runs)
    parts = ", ".join(f"{each:,} {status}" for status, each in runs if each)
    return f"Ingested {_counted(count, 'run')}{': ' if parts else ''}{parts}"


def _period_line(card: TrustCard) -> str:
    if not card.months:
        return "No month of charges"
    first, last = min(card.months), max(card.months)
    months = first if first == last else f"{first} to {last}"
    scopes = _counted(len(card.scopes), "scope")
    through = f", data through {card.through_day}" if card.through_day else ""
    return f"{months}, {scopes}{through}"


def _currency_lines(card: TrustCard, width: int) -> list[tuple[str, str]]:
    ai_costs = {each.currency: each for each in card.ai_cost}
    asides = {each.currency: each for each in card.set_aside}
    rows = right_aligned([f"{total.rows:,}" for total in card.totals])
    billed = right_aligned([money_text(each.billed_cost, each.currency) for each in card.totals])
    effective = right_aligned(
        [money_text(each.effective_cost, each.currency) for each in card.totals]
    )
    lines: list[tuple[str, str]] = []
    for total, *cells in zip(card.totals, rows, billed, effective, strict=True):
        verdict, style = _verdict(total)
        figures = f"{total.currency:<4} {cells[0]} {'row' if total.rows == 1 else 'rows'}"
        parts = [figures, f"billed {cells[1]}", f"effective {cells[2]}", verdict]
        lines += [(line, style) for line in folded(parts, width, indent=_UNDER_CURRENCY)]
        if ai_cost := ai_costs.get(total.currency):
            parts = _ai_parts(ai_cost, total)
            parts[0] = _UNDER_CURRENCY + parts[0]
            lines += [(line, "") for line in folded(parts, width, indent=_UNDER_CURRENCY)]
        if (aside := asides.get(total.currency)) and aside.rows:
            lines.append((_UNDER_CURRENCY + _aside_line(aside), ""))
    return lines


def _verdict(total: Total) -> tuple[str, str]:
    if total.agrees is None:
        return "source total unknown", "yellow"
    return ("equals source", "") if total.agrees else (_difference(total), "red")


def _difference(total: Total) -> str:
    """The exact gaps, because a gap below a cent is a gap."""
    pairs = (
        ("billed", total.billed_cost, total.source_billed_cost),
        ("effective", total.effective_cost, total.source_effective_cost),
    )
    gaps = [
        f"{name} by {plain(EXACT.subtract(here, source))}"
        for name, here, source in pairs
        if source is not None and here != source
    ]
    return "differs from source: " + ", ".join(gaps)


def _ai_parts(ai_cost: AICost, total: Total) -> list[str]:
    amount = f"AI {money_text(ai_cost.effective_cost, ai_cost.currency)}"
    if total.effective_cost:
        share = EXACT.divide(ai_cost.effective_cost, total.effective_cost)
        amount += f" ({share_text(share)})"
    return [
        amount,
        f"read {share_text(ai_cost.read_share)}",
        f"tokens proven {share_text(ai_cost.proven_share)}",
        f"tagged {share_text(ai_cost.tagged_share)}",
    ]


def _aside_line(aside: SetAside) -> str:
    cost = money_text(aside.effective_cost, aside.currency)
    return f"set aside {_counted(aside.rows, 'row')}, {cost}: in every total, tokens unknown"


def _print_findings(findings: Sequence[Finding], console: Console, room: int) -> None:
    if not findings:
        print_text(console, "No findings")
        return
    print_text(console, "Findings", "bold")
    ordered = sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
    most = max(_FEWEST_FINDINGS, room)
    shown = ordered if len(ordered) <= most else ordered[: most - 1]
    texts = [f"{_MARKS[each.severity]} {printable(each.text)}" for each in shown]
    commands = [printable(each.command) for each in shown]
    text_room = console.width - width_of(commands) - _COMMAND_GAP
    width = width_of([text for text in texts if width_of([text]) <= text_room])
    for finding, text, command in zip(shown, texts, commands, strict=True):
        parts = [padded(text, width, right=False), command]
        for line in folded(parts, console.width, gap=_COMMAND_GAP, indent=_INDENT * 2):
            print_text(console, line.rstrip(), _STYLES[finding.severity])
    if len(shown) < len(ordered):
        rest = quantity_text(len(ordered) - len(shown))
        print_text(console, f"{_INDENT}and {rest} more", "dim")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
