"""Statements as people see them, from the hub as of its last commit.

Source: docs/reference.md; docs/statements.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.errors import ConfigError
from pertoken.pipeline.allocation_rules import hub_rules
from pertoken.pipeline.statement_figures import team_facts
from pertoken.pipeline.statement_log import found_statement
from pertoken.pipeline.statement_pins import statement_events
from pertoken.statements import BOOKED_STATES, list_table, statements_of, view_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from pertoken.engine import Engine
    from pertoken.hub import Snapshot
    from pertoken.pipeline.audience import SeenRelations
    from pertoken.reports import Table
    from pertoken.statements import Statement

DOCUMENTS = ("xlsx", "pdf")


def statements_table(
    engine: Engine, snapshot: Snapshot, numbers: frozenset[int] | None = None
) -> Table:
    """Every statement, or those of some numbers, in the columns of `pertoken statement list`."""
    statements = statements_of(statement_events(engine, snapshot)).values()
    return list_table(each for each in statements if numbers is None or each.number in numbers)


def seen_statements(engine: Engine, relations: SeenRelations) -> dict[int, Statement]:
    """The statements that an audience sees, by number.

    Gives:   every statement to who sees all; to a team those of its own that are issued or posted,
             so that a draft is nobody's claim and what others are charged stays behind.
    """
    every = statements_of(statement_events(engine, relations.snapshot))
    if relations.audience.sees_all:
        return every
    own = {name.casefold() for name in relations.audience.teams}
    return {
        number: each
        for number, each in every.items()
        if each.state in BOOKED_STATES and (each.subject.team or "").casefold() in own
    }


def seen_statement(engine: Engine, relations: SeenRelations, number: int) -> Statement:
    """A statement that an audience sees; raises ConfigError where it sees none of that number."""
    return found_statement(seen_statements(engine, relations), number)


def held_statement(engine: Engine, snapshot: Snapshot, number: int) -> Statement:
    """A statement of the hub; raises ConfigError where there is none."""
    return found_statement(statements_of(statement_events(engine, snapshot)), number)


def statement_table(
    engine: Engine, snapshot: Snapshot, number: int, view: str, as_of: date | None
) -> Table:
    """A view of a statement, as booked or with the organisation of a day."""
    statement = held_statement(engine, snapshot, number)
    return view_table(statement, view, _facts(snapshot, as_of))


def document_bytes(engine: Engine, snapshot: Snapshot, number: int, format: str) -> bytes:  # noqa: A002
    """A statement as a workbook or a page; raises ConfigError for another format."""
    return document_of(held_statement(engine, snapshot, number), format)


def document_of(statement: Statement, format: str) -> bytes:  # noqa: A002
    """A statement as a workbook or a page; raises ConfigError for another format."""
    if format == "xlsx":
        from pertoken.statements.workbook import workbook_bytes  # noqa: PLC0415 - lazy on purpose

        return workbook_bytes(statement)
    if format == "pdf":
        from pertoken.statements.page import page_bytes  # noqa: PLC0415 - lazy on purpose

        return page_bytes(statement)
    raise ConfigError(
        f"'{format}' is no document.",
        f"Expected {' or '.join(DOCUMENTS)}.",
        "Give it with --format; csv, json and parquet are tables.",
    )


def _facts(
    snapshot: Snapshot, as_of: date | None
) -> Callable[[str | None], Mapping[str, str | None] | None]:
    if as_of is None:
        return lambda _: None
    rules = hub_rules(snapshot)
    return lambda team: team_facts(rules, team or "", as_of)
