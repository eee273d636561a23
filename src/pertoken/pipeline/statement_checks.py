"""Whether statements are still what they were: the chain, the pins, and the figures made again.

A statement is made again from the commit that it pins, by the rules that it holds and the part of
the log that stood before its draft; every line and total must be the same. What came into the hub
since changes nothing in that.

Source: docs/statements.md, "Verify".
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pertoken.allocation import parse_rules
from pertoken.engine import local_engine
from pertoken.errors import PertokenError
from pertoken.pipeline.statement_figures import StatementFigures
from pertoken.pipeline.statement_log import found_statement, made_document
from pertoken.pipeline.statement_pins import pinned_snapshot, statement_events
from pertoken.reports import Column, Table
from pertoken.statements import check_chain, list_table, parse_rate_card, statements_of
from pertoken.statements.figures import total
from pertoken.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pertoken.engine import Engine
    from pertoken.hub import Hub, Snapshot
    from pertoken.statements import Event, Statement

CHECK_COLUMNS = {
    "Statement": "count", "Check": "text", "Result": "text", "Detail": "text",
}  # fmt: skip
OK, FAILED = "ok", "failed"


def verification_table(
    engine: Engine, hub: Hub, numbers: Sequence[int] = (), printed_hash: str | None = None
) -> Table:
    """One row per statement and check: chain, state, pins, rules, figures, and printed hash.

    Takes:   numbers, none for every statement; printed_hash, the hash on a copy of the statement.
    Gives:   CHECK_COLUMNS; Result is ok or failed, Detail says what differs.
    Raises:  ConfigError for a statement that there is not.
    """
    snapshot = hub.snapshot(engine)
    events = statement_events(engine, snapshot)
    problems = check_chain(events)
    chain = [_row(None, "chain", problems, f"{len(events)} events follow each other")]
    rows: list[tuple[object, ...]] = list(chain)
    if not problems:
        statements = statements_of(events)
        wanted = numbers or sorted(statements)
        rows += [_state_row(engine, snapshot, statements)]
        with ExitStack() as opened:
            commits = _Commits(hub, opened)
            for number in wanted:
                statement = found_statement(statements, number)
                rows += _checks(commits, statement, events, printed_hash)
    columns = tuple(Column(*each) for each in CHECK_COLUMNS.items())
    return Table("verification", columns, tuple(rows))


def _row(
    number: int | None, check: str, problems: Sequence[str], detail: str
) -> tuple[object, ...]:
    return (number, check, FAILED if problems else OK, "; ".join(problems) or detail)


def _state_row(
    engine: Engine, snapshot: Snapshot, statements: Mapping[int, Statement]
) -> tuple[object, ...]:
    """The table `statements` against the log that it is made from."""
    expected = list_table(statements.values())
    names = ", ".join(f'"{name}"' for name in expected.column_names)
    held: list[tuple[Any, ...]] = []
    if snapshot.view(engine, "statements"):
        held = engine.rows(f'SELECT {names} FROM statements ORDER BY "Statement"')
    differing = [
        f"statement {row[0]} is not as its events leave it"
        for row in expected.rows
        if row not in held
    ]
    if len(held) != len(expected.rows):
        differing.append(f"the table has {len(held)} statements, the log {len(expected.rows)}")
    return _row(None, "table statements", differing, f"{len(held)} statements as the log has them")


class _Commits:
    """The figures of pinned commits, each commit read once in an engine of its own."""

    def __init__(self, hub: Hub, opened: ExitStack) -> None:
        self._hub = hub
        self._opened = opened
        self._figures: dict[tuple[object, ...], StatementFigures] = {}

    def figures(self, pinned: dict[str, Any]) -> StatementFigures:
        """The figures of a commit by the rules and rate card that are pinned with it.

        Raises: HubError where the commit cannot be read.
        """
        card = pinned["RateCard"]
        text = pinned["Rules"]["Text"]
        key = (pinned["CommitId"], pinned["RunsVersion"], text, card and card["Text"])
        if key not in self._figures:
            engine = local_engine()
            self._opened.callback(engine.close)
            self._figures[key] = StatementFigures(
                engine,
                pinned_snapshot(engine, self._hub, pinned),
                parse_rules(text, "rules"),
                None if card is None else parse_rate_card(card["Text"], card["Name"]),
            )
        return self._figures[key]


def _checks(
    commits: _Commits, statement: Statement, events: Sequence[Event], printed_hash: str | None
) -> Iterator[tuple[object, ...]]:
    number, pinned = statement.number, statement.content["Pins"]
    if printed_hash is not None:
        differs = printed_hash.strip().casefold() != statement.hash
        wrong = [f"the log has {statement.hash}"] if differs else []
        yield _row(number, "printed hash", wrong, statement.hash)
    same = hashlib.sha256(pinned["Rules"]["Text"].encode()).hexdigest() == pinned["Rules"]["Digest"]
    yield _row(number, "rules", [] if same else ["their digest differs"], pinned["Rules"]["Digest"])
    try:
        again = _made_again(commits.figures(pinned), statement, events)
    except PertokenError as error:
        yield _row(number, "pins", [error.found], "")
        return
    yield _row(number, "pins", [], f"commit {pinned['CommitId']}")
    wrong = list(_differences(statement.content, again))
    if wrong and pinned["SoftwareVersion"] != __version__:
        wrong.append(f"made by pertoken {pinned['SoftwareVersion']}, checked by {__version__}")
    amount, currency = statement.content["Totals"]["Amount"], statement.subject.currency
    made = f"{len(statement.lines)} lines, {amount} {currency}, made again"
    yield _row(number, "figures", wrong, made)
    yield _row(number, "sums", _sum_problems(statement), "lines and rounding sum to the total")


def _made_again(
    figures: StatementFigures, statement: Statement, events: Sequence[Event]
) -> dict[str, Any]:
    drafted = statement.events[0]
    return made_document(
        statement.subject,
        statement.method,
        Decimal(statement.content["Method"]["Threshold"]),
        figures=figures,
        events=[each for each in events if each.sequence < drafted.sequence],
    )


def _differences(held: Mapping[str, Any], again: Mapping[str, Any]) -> Iterable[str]:
    for name, value in again.items():
        if name != "Lines" and held.get(name) != value:
            yield f"{name} is {held.get(name)}, made again {value}"
    lines, made = held["Lines"], again["Lines"]
    if len(lines) != len(made):
        yield f"{len(lines)} lines, made again {len(made)}"
    differing = [(one, other) for one, other in zip(lines, made, strict=False) if one != other]
    if differing:
        one, other = differing[0]
        words = [f"{key} {one[key]} / {other[key]}" for key in one if one[key] != other[key]]
        yield f"{len(differing)} lines differ, first line {one['line']}: {', '.join(words)}"


def _sum_problems(statement: Statement) -> list[str]:
    """Whether costs and amounts of the lines sum to the total that is printed."""
    amount = Decimal(statement.content["Totals"]["Amount"])
    costs = total(line.cost for line in statement.lines)
    amounts = total(line.amount for line in statement.lines)
    return [
        f"the {name} of the lines sum to {value}, the total is {amount}"
        for name, value in (("costs", costs), ("amounts", amounts))
        if value != amount
    ]
