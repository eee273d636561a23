"""A statement as a page to sign: PDF by typst, the same bytes for the same statement.

Every word and number of the page is made here, as text; the template places them. Only the fonts
inside typst are used and the date is that of the draft, so no machine and no clock changes a byte.

Source: statement.typ; docs/statements.md, "Files".
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError
from pertoken.reports.numbers import (
    EXACT,
    UNKNOWN,
    money_text,
    price_text,
    quantity_text,
    share_text,
)
from pertoken.statements.document import CORRECTION, COST
from pertoken.statements.figures import ZERO, total
from pertoken.statements.life import APPROVED, DRAFT, VOID
from pertoken.statements.views import evidence_shares, unit_cost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pertoken.statements.document import Line
    from pertoken.statements.life import Statement

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_MARKS = {DRAFT: "DRAFT", APPROVED: "NOT ISSUED", VOID: "VOID"}
_BASIS = {
    "EffectiveCost": "EffectiveCost: cost after amortising commitments",
    "BilledCost": "BilledCost: cost as invoiced",
}
_MEANINGS = {
    "Measured": "tokens of this kind were counted",
    "Estimated": "spread by counted prompt tokens",
    "Assumed": "by a tag, a rule or idle capacity",
    "Residual": "no evidence names a team",
}
_CREDIT_WIDTH = 1000
_SHORT = 16


def page_bytes(statement: Statement) -> bytes:
    """The PDF of a statement.

    Raises: ConfigError where typst is not installed.
    """
    try:
        import typst  # noqa: PLC0415 - an extra, and lazy on purpose
    except ImportError as error:
        raise ConfigError(
            "typst, which makes PDF, is not installed.",
            "Expected the extra `reports`.",
            "Run `pip install 'pertoken[reports]'`, or take --format xlsx.",
        ) from error
    template = files("pertoken.statements").joinpath("statement.typ").read_bytes()
    content = json.dumps(page_content(statement), ensure_ascii=False, sort_keys=True)
    drafted = datetime.fromisoformat(statement.events[0].at)
    compiled: bytes = typst.compile(
        template,
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"statement": content},
        timestamp=int(drafted.timestamp()),
    )
    return compiled


def page_content(statement: Statement) -> dict[str, Any]:
    """What stands on the page, all of it text but the widths of the evidence."""
    subject, content = statement.subject, statement.content
    currency, totals = subject.currency, content["Totals"]
    drafted = datetime.fromisoformat(statement.events[0].at)
    number = f"{statement.number:06d}"
    return {
        "title": f"Statement {number}",
        "number": number,
        "issuer": content["Issuer"] or "AI cost statement",
        "heading": subject.team or "The whole house",
        "period": f"{'' if content['Issuer'] is None else 'AI cost statement, '}"
        f"{_month(subject.month)}",
        "drafted": {name: getattr(drafted, name)
                    for name in ("year", "month", "day", "hour", "minute", "second")},
        "mark": _MARKS.get(statement.state),
        "facts": list(_facts(statement)),
        "total": money_text(Decimal(totals["Amount"]), currency),
        "currency": currency,
        "total_notes": list(_notes(statement)),
        "groups": _groups(statement),
        "corrections": [
            _row(line, currency)
            | {"corrects": f"{_month(str(line.corrects_month))}, No. {line.corrects_statement}"}
            for line in statement.lines
            if line.kind == CORRECTION
        ],
        "sums": list(_sums(statement)),
        "carried": [
            f"Carried forward, below the threshold of {content['Method']['Threshold']} {currency}: "
            f"{money_text(Decimal(each['Moved']), currency)} moved in "
            f"{_month(each['BillingMonth'])} since statement {each['Statement']}."
            for each in content["Carried"]
        ],
        "evidence": _evidence(statement),
        "pins": list(_pins(statement)),
        "verify": f"pertoken statement verify {statement.number} --hash {statement.hash} makes "
        "this statement again from these versions and checks the chain.",
        "signatures": [
            _signature(statement, "Drafted", "Prepared by"),
            _signature(statement, "Approved", "Approved by"),
            _signature(statement, "Issued", "Issued by"),
            {"role": f"Received for {subject.team or 'the house'}", "name": "", "at": ""},
        ],
        "short_hash": statement.hash[:_SHORT],
    }  # fmt: skip


def _month(month: str) -> str:
    """A month in words.

    >>> _month("2026-08")
    'August 2026'
    """
    return f"{_MONTHS[int(month[5:]) - 1]} {month[:4]}"


def _facts(statement: Statement) -> Iterator[tuple[str, str]]:
    content, lines = statement.content, statement.lines
    yield "Currency", statement.subject.currency
    yield "Basis", _BASIS[content["Basis"]]
    for label, values in (
        ("Cost centre", {line.cost_center for line in lines if line.kind == COST}),
        ("Entity", {line.entity for line in lines if line.kind == COST}),
        ("Account", {line.ledger_account for line in lines if line.kind == COST}),
        ("Owner", set(content["Owners"].values())),
    ):
        known = sorted(value for value in values if value)
        if known and statement.subject.team is not None:
            yield label, ", ".join(known)
    yield "State", statement.state


def _notes(statement: Statement) -> Iterator[str]:
    totals, currency = statement.content["Totals"], statement.subject.currency
    if totals["Difference"] is not None:
        cost, previous = Decimal(totals["Cost"]), Decimal(totals["PreviousCost"])
        change = EXACT.subtract(cost, previous)
        share = EXACT.divide(change, previous) if previous else None
        sign = "+" if change > 0 else ""
        words = f"{sign}{money_text(change, currency)} against the month before"
        yield words if share is None else f"{words} ({sign}{share_text(share)})"
    tokens = Decimal(totals["Tokens"])
    each = unit_cost(Decimal(totals["TokenCost"]), tokens)
    if each is not None:
        yield f"{quantity_text(_whole(tokens))} tokens at {price_text(each)} per million"
    if totals["RateCardCost"] is not None:
        card, basis = Decimal(totals["RateCardCost"]), Decimal(totals["RateCardBasis"])
        difference = EXACT.subtract(card, basis)
        yield (
            f"Rate card: {money_text(card, currency)}, {money_text(abs(difference), currency)} "
            f"{'over' if difference >= 0 else 'under'}-recovered"
        )


def _groups(statement: Statement) -> list[dict[str, Any]]:
    """The lines of the month: of the house by team, of a team by cost centre if it had several."""
    currency = statement.subject.currency
    own = [line for line in statement.lines if line.kind == COST]
    is_house = statement.subject.team is None
    several = len({line.cost_center for line in own if line.cost}) > 1
    groups: dict[str | None, list[Line]] = {}
    for line in own:
        centre = f"Cost centre {line.cost_center or UNKNOWN}" if several else None
        groups.setdefault(line.team if is_house else centre, []).append(line)
    return [
        {
            "name": name,
            "amount": money_text(total(line.amount for line in lines), currency),
            "rows": [_row(line, currency) for line in lines],
        }
        for name, lines in groups.items()
    ]


def _row(line: Line, currency: str) -> dict[str, str]:
    """A line as the page shows it."""
    each = unit_cost(line.token_cost, line.tokens) if line.kind == COST else None
    return {
        "line": str(line.line),
        "application": line.application or (_spaced(line.reason) if line.reason else UNKNOWN),
        "model": "any model" if line.model == "*" else line.model or UNKNOWN,
        "kind": kind_words(line),
        "tokens": UNKNOWN if line.tokens is None else quantity_text(_whole(line.tokens)),
        "unit_cost": UNKNOWN if each is None else price_text(each),
        "previous": UNKNOWN if line.previous is None else money_text(line.previous, currency),
        "amount": money_text(line.amount, currency),
    }


def _whole(tokens: Decimal) -> Decimal:
    """Tokens for the eye: a share of a token is not shown."""
    return tokens.quantize(Decimal(1), context=EXACT)


def kind_words(line: Line) -> str:
    """The kind of token or use of a line, for people."""
    if line.direction is None:
        return line.meter_use or UNKNOWN
    action = {"Read": ", cache read", "Write": ", cache write", "Other": ", other"}
    use = "" if line.meter_use in (None, "Inference") else f" ({line.meter_use})"
    return f"{line.direction}{action.get(line.cache_action or '', '')}{use}"


def _spaced(reason: str) -> str:
    """A reason as words.

    >>> _spaced("NoCallEvidence")
    'no call evidence'
    """
    return "".join(f" {each.casefold()}" if each.isupper() else each for each in reason).strip()


def _sums(statement: Statement) -> Iterator[tuple[str, str]]:
    currency, totals = statement.subject.currency, statement.content["Totals"]
    own = total(line.amount for line in statement.lines if line.kind == COST)
    yield f"Cost of {_month(statement.subject.month)}", money_text(own, currency)
    if any(line.kind == CORRECTION for line in statement.lines):
        amount = Decimal(totals["CorrectionsAmount"])
        yield "Corrections of earlier months", money_text(amount, currency)
    rounding = Decimal(totals["Rounding"])
    yield "of which rounding, all lines together", f"{rounding:.6f}"


def _evidence(statement: Statement) -> dict[str, Any]:
    currency = statement.subject.currency
    shares = evidence_shares(statement)
    widths = [share for _, share in shares.values() if share is not None]
    return {
        "bar": bool(widths) and all(share >= 0 for share in widths),
        "rows": [
            {
                "name": name,
                "share": share_text(share),
                "cost": f"{money_text(cost, currency)} {currency}",
                "width": int(max(share or ZERO, ZERO) * _CREDIT_WIDTH),
                "meaning": _MEANINGS[name],
            }
            for name, (cost, share) in shares.items()
        ],
    }


def _pins(statement: Statement) -> Iterator[tuple[str, str]]:
    pins, method = statement.content["Pins"], statement.content["Method"]
    month = statement.subject.month
    runs = [run["RunId"] for run in pins["Runs"] if run["BillingMonth"] == month]
    tables = pins["TableVersions"]
    yield "Document", statement.hash
    yield "Hub commit", f"{pins['CommitId']}, version {pins['RunsVersion']}"
    yield "Tables", ", ".join(f"{name} {version}" for name, version in sorted(tables.items()))
    yield f"Runs of {month}", ", ".join(runs) or UNKNOWN
    yield "Rules", pins["Rules"]["Digest"]
    yield "Organisation", f"{pins['Organisation']['Digest']}, {pins['Organisation']['Rows']} rows"
    yield "Telemetry", f"{pins['Telemetry']['Digest']}, {pins['Telemetry']['Files']} files"
    if pins["RateCard"] is not None:
        yield "Rate card", f"{pins['RateCard']['Name']} {pins['RateCard']['Digest']}"
    yield (
        "Method",
        (
            f"evidence {method['Evidence'] or 'telemetry, then rules'}; idle {method['Idle']}; "
            f"reservations {statement.method.reservations}; "
            f"threshold {method['Threshold']} {statement.subject.currency}"
        ),
    )
    yield (
        "Software",
        (f"pertoken {pins['SoftwareVersion']}, vocabulary {pins['VocabularyVersion']}"),
    )


def _signature(statement: Statement, event: str, role: str) -> dict[str, str]:
    step = statement.event(event)
    return {
        "role": role,
        "name": "" if step is None else step.by,
        "at": "" if step is None else step.at.partition("T")[0],
    }
