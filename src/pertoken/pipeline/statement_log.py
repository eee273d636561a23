"""Steps in the life of statements, each one commit of the hub: what may happen, then the event.

The log `statement_events` only grows; the table `statements` has one row per statement as its
events leave it, for those who read the hub with other tools. A step reads the log under the hub's
lock, so that numbers are given once.

Source: docs/statements.md.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pertoken.allocation import parse_rules
from pertoken.errors import ConfigError, HubError, alternatives
from pertoken.periods import month_end
from pertoken.pipeline.statement_figures import StatementFigures, team_facts
from pertoken.pipeline.statement_pins import EVENTS, pins, rules_text, statement_events
from pertoken.statements import (
    EVENT_COLUMNS,
    Event,
    Method,
    Statement,
    Subject,
    booked_statements,
    document,
    list_table,
    next_event,
    require_chain,
    statements_of,
)
from pertoken.statements.life import person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from decimal import Decimal

    import pyarrow as pa

    from pertoken.engine import Engine
    from pertoken.hub import Hub, Snapshot, Writer
    from pertoken.statements import RateCard


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be drafted: subjects, method, threshold, rate card, and who issues it."""

    month: str
    team: str | None = None
    currency: str | None = None
    every_team: bool = False
    method: Method = field(default_factory=Method)
    threshold: Decimal | None = None
    card: RateCard | None = None
    issuer: str | None = None


def draft(engine: Engine, hub: Hub, request: Request, by: str) -> list[int]:
    """Draft the statements that are asked for; gives their numbers.

    Raises: ConfigError for a month, team or currency without cost; HubError for a changed log.
    """
    name = person(by)
    with _steps(engine, hub) as (writer, events):
        snapshot = writer.snapshot
        text = rules_text(snapshot.root)
        rules = parse_rules(text, "rules")
        figures = StatementFigures(engine, snapshot, rules, request.card)
        pinned = pins(engine, snapshot, text, request.month, request.card)
        before = list(events)
        numbers = []
        for subject in _subjects(request, figures(request.method)):
            content = made_document(
                subject, request.method, request.threshold, figures=figures, events=before
            )
            content |= {"Pins": pinned, "Issuer": request.issuer}
            number = max((each.statement for each in events), default=0) + 1
            events.append(
                next_event(events, number, "Drafted", by=name, body=content, at=datetime.now(UTC))
            )
            numbers.append(number)
        return numbers


def made_document(
    subject: Subject,
    method: Method,
    threshold: Decimal | None,
    *,
    figures: StatementFigures,
    events: Sequence[Event],
) -> dict[str, Any]:
    """The document of a subject, with the owners of its teams, and no pins.

    Takes: threshold, None for one minor unit of the currency; events, the log before the draft.
    Months that the hub dropped are corrected no more: what they were is not known any longer.
    """
    booked = [
        each
        for each in booked_statements(statements_of(events).values())
        if each.subject.month >= figures.first_month
    ]
    content = document(subject, method, threshold, figures_of=figures, booked=booked)
    day = month_end(subject.month) - timedelta(days=1)
    teams = {line["team"] for line in content["Lines"] if line["team"]}
    owners = {team: team_facts(figures.rules, team, day)["Owner"] for team in sorted(teams)}
    return content | {"Owners": owners}


def take_step(
    engine: Engine,
    hub: Hub,
    number: int,
    event: str,
    *,
    by: str,
    body: Mapping[str, Any],
    check: Callable[[Statement, Sequence[Statement], str], None],
) -> Statement:
    """Add an event to a statement where `check` lets it; gives the statement after it.

    Raises: ConfigError where it may not happen; HubError for a changed log.
    """
    name = person(by)
    with _steps(engine, hub) as (_, events):
        statements = statements_of(events)
        check(found_statement(statements, number), tuple(statements.values()), name)
        events.append(next_event(events, number, event, by=name, body=body, at=datetime.now(UTC)))
        return statements_of(events)[number]


def found_statement(statements: Mapping[int, Statement], number: int) -> Statement:
    """A statement by its number; raises ConfigError where there is none."""
    if number not in statements:
        raise ConfigError(
            f"There is no statement {number}.",
            f"Expected a number from 1 to {max(statements)}." if statements
            else "Expected a statement that was drafted.",
            "Look at the list of statements.",
        )  # fmt: skip
    return statements[number]


@contextmanager
def _steps(engine: Engine, hub: Hub) -> Iterator[tuple[Writer, list[Event]]]:
    """The log under the hub's lock; events added to it are committed at the end."""
    if not hub.exists():
        raise HubError(
            f"There is no hub at {hub.root}.",
            "Expected a folder that `pertoken ingest` has made.",
            "Run `pertoken ingest FOLDER`, or name the hub with --hub or PERTOKEN_HUB.",
        )
    with hub.writer(engine) as writer:
        events = statement_events(engine, writer.snapshot)
        require_chain(events)
        known = len(events)
        yield writer, events
        if len(events) > known:
            _write(engine, writer, events, known)


def _write(engine: Engine, writer: Writer, events: Sequence[Event], known: int) -> None:
    snapshot: Snapshot = writer.snapshot
    engine.view_arrow("new_events", _events_arrow(events[known:]))
    writer.append(EVENTS, 'SELECT * FROM new_events ORDER BY "Sequence"')
    table = list_table(statements_of(events).values())
    engine.view_arrow("new_statements", table.to_arrow())
    writer.overwrite("statements", 'SELECT * FROM new_statements ORDER BY "Statement"')
    writer.commit(snapshot.runs, vocabulary_version=snapshot.vocabulary_version)


def _events_arrow(events: Sequence[Event]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - only a writer needs Arrow

    kinds = {"Sequence": pa.int64(), "Statement": pa.int64()}
    rows = [event.to_row() for event in events]
    arrays = [
        pa.array([row[place] for row in rows], kinds.get(name, pa.string()))
        for place, name in enumerate(EVENT_COLUMNS)
    ]
    return pa.table(arrays, names=list(EVENT_COLUMNS))


def _subjects(request: Request, months: Mapping[tuple[str, str], Any]) -> list[Subject]:
    """The subjects of a request: one per currency, and per team where each has its own."""
    currencies = sorted(
        currency
        for month, currency in months
        if month == request.month and request.currency in (None, currency)
    )
    subjects = []
    for currency in currencies:
        teams = sorted({key.team for key in months[request.month, currency]})
        if request.every_team:
            subjects += [Subject(request.month, team, currency) for team in teams]
        elif request.team is None or request.team in teams:
            subjects.append(Subject(request.month, request.team, currency))
    if subjects:
        return subjects
    if currencies and request.team is not None:
        every = {key.team for each in currencies for key in months[request.month, each]}
        raise ConfigError(
            f"Team '{request.team}' has no cost in {request.month} in {' or '.join(currencies)}.",
            "Expected a team to which cost is attributed, or Unattributed.",
            f"Nearest names: {alternatives(request.team, every)}.",
        )
    # The document says which months and currencies there are.
    currency = request.currency or "any currency"
    return [Subject(request.month, request.team, currency)]
