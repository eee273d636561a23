"""What people see of statements: the list, and of one statement its views, as tables.

Every view of a statement is made of its lines, as they were booked; `facts` of another day put the
organisation of that day in their place.

Source: docs/statements.md; docs/reference.md.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.errors import ConfigError, alternatives
from pertoken.reports import Column, Table
from pertoken.reports.numbers import EXACT, money_text, share_text
from pertoken.statements.document import CORRECTION, COST
from pertoken.statements.figures import ZERO, total
from pertoken.statements.life import open_disputes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pertoken.statements.chain import Event
    from pertoken.statements.document import Line
    from pertoken.statements.life import Statement

VIEWS = ("lines", "models", "applications", "kinds", "evidence", "corrections", "disputes",
         "events", "pins")  # fmt: skip
LIST_COLUMNS = {
    "Statement": "count", "BillingMonth": "date", "Team": "text", "BillingCurrency": "text",
    "State": "text", "Basis": "text", "Amount": "money", "Cost": "money", "Corrections": "money",
    "Lines": "count", "OpenDisputes": "count", "PreparedBy": "text", "ApprovedBy": "text",
    "IssuedBy": "text", "PostedBy": "text", "VoidedBy": "text", "SoftwareVersion": "text",
    "Hash": "text",
}  # fmt: skip
_UNIT = Decimal(1_000_000)
UNIT_COST_UNIT = "1000000 Tokens"
_UNIT_COST_STEP = Decimal("1e-12")
WHOLE_HOUSE = "All"
"""What Team reads in a list where a statement is of the whole house."""


def line_columns(basis: str) -> dict[str, str]:
    """The columns of the lines of a statement, and their kinds; the cost is named by its basis."""
    return {
        "Line": "count", "Kind": "text", "Team": "text", "Application": "text",
        "x_ModelId": "text", "x_MeterUse": "text", "x_TokenDirection": "text",
        "x_TokenCacheAction": "text", "BillingCurrency": "text", basis: "money",
        "Amount": "money", "x_TokenCost": "money", "x_TokenQuantity": "quantity",
        "x_UnitCost": "price", "x_UnitCostUnit": "text", "MeasuredCost": "money",
        "EstimatedCost": "money", "AssumedCost": "money", "ResidualCost": "money",
        "ResidualReason": "text", "PreviousCost": "money", "Difference": "money",
        "CostCenter": "text", "Owner": "text", "Entity": "text", "LedgerAccount": "text",
        "CorrectsStatement": "count", "CorrectsMonth": "date", "RateCardCost": "money",
        "OverRecovery": "money", "UnderRecovery": "money",
    }  # fmt: skip


def unit_cost(token_cost: Decimal | None, tokens: Decimal | None) -> Decimal | None:
    """Cost per million tokens; None without tokens."""
    if not tokens or token_cost is None:
        return None
    return EXACT.divide(EXACT.multiply(token_cost, _UNIT), tokens).quantize(
        _UNIT_COST_STEP, context=EXACT
    )


def recovery(line: Line) -> tuple[Decimal | None, Decimal | None]:
    """(over, under) recovery of a line by the rate card; None where the card has no price."""
    if line.card is None:
        return None, None
    difference = EXACT.subtract(line.card, line.cost)
    return max(difference, ZERO), max(difference.copy_negate(), ZERO)


def lines_table(
    statement: Statement, facts: Callable[[str | None], Mapping[str, str | None] | None]
) -> Table:
    """The lines of a statement.

    Takes:   facts, what the organisation says of a team: Owner always comes from there; where it
             gives None, cost centre, entity and account are those booked.
    """
    columns = line_columns(statement.content["Basis"])
    rows = tuple(_line_row(statement, line, facts(line.team)) for line in statement.lines)
    return Table("Lines", tuple(Column(*each) for each in columns.items()), rows)


def _line_row(
    statement: Statement, line: Line, facts: Mapping[str, str | None] | None
) -> tuple[object, ...]:
    difference = None if line.previous is None else EXACT.subtract(line.cost, line.previous)
    cost = unit_cost(line.token_cost, line.tokens) if line.kind == COST else None
    booked = {"CostCenter": line.cost_center, "Owner": (statement.content["Owners"] or {}).get(
        line.team or ""), "Entity": line.entity, "LedgerAccount": line.ledger_account}  # fmt: skip
    shown = booked if facts is None else {name: facts.get(name) for name in booked}
    return (
        line.line, line.kind, line.team, line.application, line.model, line.meter_use,
        line.direction, line.cache_action, statement.subject.currency, line.cost, line.amount,
        line.token_cost, line.tokens, cost, None if cost is None else UNIT_COST_UNIT,
        line.measured, line.estimated, line.assumed, line.residual, line.reason, line.previous,
        difference, shown["CostCenter"], shown["Owner"], shown["Entity"], shown["LedgerAccount"],
        line.corrects_statement, line.corrects_month, line.card, *recovery(line),
    )  # fmt: skip


def list_table(statements: Iterable[Statement]) -> Table:
    """One row per statement, in the order of their numbers."""
    rows = tuple(_list_row(each) for each in sorted(statements, key=lambda one: one.number))
    return Table("statements", tuple(Column(*each) for each in LIST_COLUMNS.items()), rows)


def _list_row(statement: Statement) -> tuple[object, ...]:
    subject, totals = statement.subject, statement.content["Totals"]
    return (
        statement.number, subject.month, subject.team or WHOLE_HOUSE, subject.currency,
        statement.state, statement.content["Basis"], Decimal(totals["Amount"]),
        Decimal(totals["Cost"]), Decimal(totals["Corrections"]), len(statement.lines),
        open_disputes(statement), statement.events[0].by, statement.by("Approved"),
        statement.by("Issued"), statement.by("Posted"), statement.by("Voided"),
        statement.content["Pins"]["SoftwareVersion"], statement.hash,
    )  # fmt: skip


def view_table(
    statement: Statement,
    view: str,
    facts: Callable[[str | None], Mapping[str, str | None] | None],
) -> Table:
    """One of VIEWS of a statement; raises ConfigError for another name."""
    if view == "lines":
        return lines_table(statement, facts)
    tables: dict[str, Callable[[Statement], Table]] = {
        "models": lambda each: _summary(each, "Models", {"x_ModelId": lambda line: line.model}),
        "applications": lambda each: _summary(
            each, "Applications",
            {"Team": lambda line: line.team, "Application": lambda line: line.application},
        ),
        "kinds": lambda each: _summary(
            each, "Token kinds",
            {"x_MeterUse": lambda line: line.meter_use,
             "x_TokenDirection": lambda line: line.direction,
             "x_TokenCacheAction": lambda line: line.cache_action},
        ),
        "evidence": evidence_table,
        "corrections": corrections_table,
        "disputes": disputes_table,
        "events": lambda each: events_table(each.events),
        "pins": pins_table,
    }  # fmt: skip
    if view not in tables:
        raise ConfigError(
            f"'{view}' is no view of a statement.",
            f"Expected one of {', '.join(VIEWS)}.",
            f"Nearest: {alternatives(view, VIEWS)}.",
        )
    return tables[view](statement)


def _summary(
    statement: Statement, name: str, by: Mapping[str, Callable[[Line], str | None]]
) -> Table:
    """The lines of the month summed by some of their words, the dearest first."""
    basis = statement.content["Basis"]
    groups: dict[tuple[str | None, ...], list[Line]] = {}
    for line in statement.lines:
        if line.kind == COST:
            groups.setdefault(tuple(word(line) for word in by.values()), []).append(line)
    rows = [(*words, statement.subject.currency, *_sums(lines)) for words, lines in groups.items()]
    at = len(by) + 1
    rows.sort(key=lambda row: (-row[at], tuple(str(each or "") for each in row[:at])))  # type: ignore[operator]
    columns = dict.fromkeys(by, "text") | {
        "BillingCurrency": "text", basis: "money", "Amount": "money", "x_TokenCost": "money",
        "x_TokenQuantity": "quantity", "x_UnitCost": "price", "x_UnitCostUnit": "text",
        "PreviousCost": "money", "Difference": "money",
    }  # fmt: skip
    return Table(name, tuple(Column(*each) for each in columns.items()), tuple(rows))


def _sums(lines: Sequence[Line]) -> tuple[object, ...]:
    cost = total(line.cost for line in lines)
    tokens = total(line.tokens or ZERO for line in lines)
    token_cost = total(line.token_cost or ZERO for line in lines)
    known = [line.previous for line in lines if line.previous is not None]
    previous = total(known) if known else None
    each = unit_cost(token_cost, tokens)
    return (
        cost, total(line.amount for line in lines), token_cost if tokens or token_cost else None,
        tokens or None, each, None if each is None else UNIT_COST_UNIT, previous,
        None if previous is None else EXACT.subtract(cost, previous),
    )  # fmt: skip


def evidence_shares(statement: Statement) -> dict[str, tuple[Decimal, Decimal | None]]:
    """Cost and share of each kind of evidence of the month; shares are None where it cost 0."""
    totals = statement.content["Totals"]
    whole = Decimal(totals["Cost"])
    costs = {
        name: Decimal(totals[f"{name}Cost"])
        for name in ("Measured", "Estimated", "Assumed", "Residual")
    }
    return {
        name: (cost, EXACT.divide(cost, whole).quantize(_UNIT_COST_STEP) if whole else None)
        for name, cost in costs.items()
    }


def evidence_table(statement: Statement) -> Table:
    """Which part of the cost of the month is measured, estimated, assumed, or explained by none."""
    columns = {"Evidence": "text", "BillingCurrency": "text",
               statement.content["Basis"]: "money", "Share": "share"}  # fmt: skip
    rows = tuple(
        (name.casefold(), statement.subject.currency, cost, share)
        for name, (cost, share) in evidence_shares(statement).items()
    )
    return Table("Evidence", tuple(Column(*each) for each in columns.items()), rows)


def corrections_table(statement: Statement) -> Table:
    """Corrections by the statement they correct, booked or carried forward."""
    columns = {"CorrectsStatement": "count", "CorrectsMonth": "date", "BillingCurrency": "text",
               "Lines": "count", "Amount": "money", "MovedCost": "money",
               "Booked": "flag"}  # fmt: skip
    currency = statement.subject.currency
    groups: dict[tuple[int | None, str | None], list[Line]] = {}
    for line in statement.lines:
        if line.kind == CORRECTION:
            groups.setdefault((line.corrects_statement, line.corrects_month), []).append(line)
    rows: list[tuple[object, ...]] = [
        (*place, currency, len(lines), total(line.amount for line in lines),
         total(line.cost for line in lines if line.cost > 0), True)
        for place, lines in groups.items()
    ]  # fmt: skip
    rows += [
        (each["Statement"], each["BillingMonth"], currency, 0, Decimal(each["Amount"]),
         Decimal(each["Moved"]), False)
        for each in statement.content["Carried"]
    ]  # fmt: skip
    return Table("Corrections", tuple(Column(*each) for each in columns.items()), tuple(rows))


def disputes_table(statement: Statement) -> Table:
    """Every dispute of the statement and what came of it."""
    columns = {"Line": "count", "State": "text", "DisputedBy": "text", "DisputedAt": "text",
               "Reason": "text", "ResolvedBy": "text", "Resolution": "text"}  # fmt: skip
    rows = tuple(
        (each.line, each.outcome or "open", each.by, each.at, each.reason, each.resolved_by,
         each.resolution)
        for each in statement.disputes
    )  # fmt: skip
    return Table("Disputes", tuple(Column(*each) for each in columns.items()), rows)


def events_table(events: Iterable[Event]) -> Table:
    """The steps of a statement, each with its hash; the body of a draft is the document itself."""
    columns = {"Sequence": "count", "Statement": "count", "Event": "text", "At": "text",
               "By": "text", "Details": "json", "PreviousHash": "text", "Hash": "text"}  # fmt: skip
    rows = tuple(
        (each.sequence, each.statement, each.event, each.at, each.by,
         None if "Lines" in each.content else each.body, each.previous_hash, each.hash)
        for each in events
    )  # fmt: skip
    return Table("Events", tuple(Column(*each) for each in columns.items()), rows)


def pins_table(statement: Statement) -> Table:
    """What the statement was made from."""
    rows = tuple(pin_rows(statement))
    return Table("Pins", (Column("Pin", "text"), Column("Value", "text")), rows)


def pin_rows(statement: Statement) -> Iterable[tuple[str, str | None]]:
    """The pins as words, runs one by one."""
    pins, method = statement.content["Pins"], statement.content["Method"]
    yield "Document hash", statement.hash
    yield "Software", f"pertoken {pins['SoftwareVersion']}"
    yield "Vocabulary", pins["VocabularyVersion"]
    yield "Hub commit", pins["CommitId"]
    yield "Hub commit version", str(pins["RunsVersion"])
    for table, version in sorted(pins["TableVersions"].items()):
        yield f"Table {table}", f"version {version}"
    yield "Rules", pins["Rules"]["Digest"]
    yield "Organisation", pins["Organisation"]["Digest"]
    yield "Telemetry", f"{pins['Telemetry']['Files']} files, {pins['Telemetry']['Digest']}"
    card = pins["RateCard"]
    yield "Rate card", None if card is None else f"{card['Name']} {card['Digest']}"
    yield "Evidence", method["Evidence"] or "telemetry, then rules"
    yield "Idle capacity", method["Idle"]
    yield "Reservations", statement.method.reservations
    yield "Correction threshold", f"{method['Threshold']} {statement.subject.currency}"
    for run in pins["Runs"]:
        yield f"Run {run['BillingMonth']} {run['Scope']}", f"{run['RunId']} ({run['Dataset']})"


def headline(statement: Statement) -> list[str]:
    """A statement in a few lines of text: total, basis, evidence, corrections, state, hash."""
    subject, content = statement.subject, statement.content
    totals, currency = content["Totals"], subject.currency
    shares = ", ".join(
        f"{name.casefold()} {share_text(share)}"
        for name, (cost, share) in evidence_shares(statement).items()
        if cost
    )
    amount = money_text(Decimal(totals["Amount"]), currency)
    words = f"Statement {statement.number}: {subject.words}, {statement.state}"
    lines = [
        f"{words}; total {amount} {currency} on {content['Basis']}.",
        f"Evidence: {shares or 'none'}.",
    ]
    if totals["Difference"] is not None:
        change = money_text(Decimal(totals["Difference"]), currency)
        lines.append(f"Against the month before: {change} {currency}.")
    if Decimal(totals["Corrections"]) or any(each.kind == CORRECTION for each in statement.lines):
        amount = money_text(Decimal(totals["CorrectionsAmount"]), currency)
        lines.append(f"Corrections of earlier months in it: {amount} {currency}.")
    lines += [
        f"Carried forward: {money_text(Decimal(each['Moved']), currency)} {currency} moved in "
        f"{each['BillingMonth']} since statement {each['Statement']}, below the threshold."
        for each in content["Carried"]
    ]
    if totals["RateCardCost"] is not None:
        card, basis = Decimal(totals["RateCardCost"]), Decimal(totals["RateCardBasis"])
        difference = EXACT.subtract(card, basis)
        lines.append(
            f"By the rate card {money_text(card, currency)} {currency}: "
            f"{money_text(abs(difference), currency)} "
            f"{'over' if difference >= 0 else 'under'}-recovered of "
            f"{money_text(basis, currency)} that it prices."
        )
    return [*lines, f"Hash {statement.hash}."]
