"""Statements over the API: what there is, one as a document, the journal, and what is done to them.

The same pipeline functions as the command line's; a team sees issued statements of its own teams
and may dispute a line of one.
Source: docs/page.md, "Acts"; docs/statements.md.
"""

# FastAPI reads the annotations of the functions made below, so they are no strings here.
from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from pertoken.engine import Engine, local_engine
from pertoken.errors import ConfigError
from pertoken.hub import Hub
from pertoken.periods import parse_month
from pertoken.pipeline import statement_log, statement_steps
from pertoken.pipeline.audience import SeenRelations
from pertoken.pipeline.journal_view import month_journal
from pertoken.pipeline.statement_checks import verification_table
from pertoken.pipeline.statements_view import (
    document_of,
    seen_statement,
    seen_statements,
    statements_table,
)
from pertoken.reports import Table
from pertoken.statements import Method, list_table, parse_rate_card, view_table
from pertoken.web.acts import Acting, Asked, name_of, seen_by
from pertoken.web.answers import FILE_TYPES, finished, json_body, table_content, table_file
from pertoken.web.desk import Desk
from pertoken.web.errors import Forbidden
from pertoken.web.models import DOCUMENTED_ERRORS, FILE_RESPONSES, TableAnswer
from pertoken.web.parameters import Page
from pertoken.web.people import Person
from pertoken.web.store import Body
from pertoken.web.table_route import add_table

View = Literal[
    "lines", "models", "applications", "kinds", "evidence", "corrections", "disputes", "events",
    "pins", "verification",
]  # fmt: skip
Extension = Literal["pdf", "xlsx", "csv", "json", "parquet"]
_MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
_PDF = "application/pdf"
_DOCUMENT_RESPONSES = {
    **FILE_RESPONSES,
    200: {
        "description": "The statement as a file.",
        "content": {kind.split(";")[0]: {} for kind in (_PDF, *FILE_TYPES.values())},
    },
}


class JournalParameters(Page):
    """Which month is booked, and to which accounts."""

    month: str = Field(pattern=_MONTH, description="The billing month: YYYY-MM.")
    clearing_account: str = Field(
        default="CLEARING", max_length=100, description="Credited: where the invoice was booked."
    )
    suspense_account: str = Field(
        default="SUSPENSE", max_length=100, description="Debited for what has no valid place."
    )


class Numbered(Asked):
    """Which statement."""

    number: int = Field(ge=1, description="The number of the statement.")


class Reasoned(Numbered):
    """Which statement, and why."""

    reason: str = Field(min_length=1, max_length=2000, description="Why; recorded in the log.")


class Posted(Numbered):
    """Which statement, and where the ledger has it."""

    reference: str = Field(min_length=1, max_length=200, description="The voucher of the ledger.")


class Disputed(Reasoned):
    """Which line, and why."""

    line: int = Field(ge=1, description="The number of the line.")


class Resolved(Disputed):
    """Which dispute, and what came of it."""

    outcome: Literal["accepted", "rejected", "withdrawn"]


class Drafted(Asked):
    """What is drafted: the options of `pertoken statement draft`."""

    month: str = Field(pattern=_MONTH, description="The billing month: YYYY-MM.")
    team: str | None = Field(default=None, max_length=200, description="Else the whole house.")
    every_team: bool = Field(default=False, description="One for each team that has cost.")
    currency: str | None = Field(default=None, max_length=10)
    cost: Literal["Effective", "Billed"] = "Effective"
    evidence: Literal["tags", "telemetry", "rules"] | None = None
    idle: Literal["spread", "show", "owner"] = "spread"
    reservations: Literal["billed", "pooled"] = "billed"
    threshold: Decimal | None = Field(default=None, ge=0, allow_inf_nan=False)
    rate_card: str | None = Field(
        default=None, max_length=1_000_000, description="The text of a rate card, a CSV."
    )
    issuer: str | None = Field(default=None, max_length=200)


def add_statement_tables(router: APIRouter, desk: Desk) -> None:
    """The routes of the list of statements and of the journal."""
    add_table(
        router, desk, "statements", Page, _list,
        "Every statement and where it stands: `pertoken statement list`.",
    )  # fmt: skip
    add_table(
        router, desk, "journal", JournalParameters, _journal,
        "The journal of a month, balanced: `pertoken journal`. Not for a team.",
    )  # fmt: skip


def statement_documents(desk: Desk) -> APIRouter:
    """The routes of one statement: its views as tables, and the whole as a file."""
    router = APIRouter(prefix="/api", tags=["statements"], dependencies=[Depends(desk.known)])

    @router.get(
        "/statements/{number}.{extension}", response_class=Response, responses=_DOCUMENT_RESPONSES,
        summary="A statement as a document (pdf, xlsx) or its lines (csv, json, parquet).",
        operation_id="statement_file",
    )  # fmt: skip
    async def document(request: Request, number: int, extension: Extension) -> Response:
        person = desk.identify(request)

        def question(engine: Engine, relations: SeenRelations) -> Body:
            statement = seen_statement(engine, relations, number)
            if extension in ("csv", "json", "parquet"):
                provenance = {"Commit": relations.snapshot.commit_id, "Hash": statement.hash}
                table = view_table(statement, "lines", lambda _: None)
                return table_file(table, extension, provenance)
            if extension == "xlsx":
                _check_whole(person, "The workbook, which holds what the statement was made from,")
            kind = _PDF if extension == "pdf" else FILE_TYPES[extension]
            return finished(document_of(statement, extension), kind)

        kept_as = f"pertoken-statement-{number}.{extension}"
        headers = {"Content-Disposition": f'attachment; filename="{kept_as}"'}
        return await desk.answer(request, person, question, headers)

    @router.get(
        "/statements/{number}/{view}", response_model=TableAnswer, responses=DOCUMENTED_ERRORS,
        summary="A view of a statement, or its verification: `pertoken statement show|verify`.",
        operation_id="statement_view",
    )  # fmt: skip
    async def view_of(request: Request, number: int, view: View) -> Response:
        person = desk.identify(request)

        def question(engine: Engine, relations: SeenRelations) -> Body:
            statement = seen_statement(engine, relations, number)
            if view == "pins":
                _check_whole(person, "What a statement was made from")
            if view == "verification":
                table = _fresh(lambda own: verification_table(own, desk.reader.hub, [number]))
            else:
                table = view_table(statement, view, lambda _: None)
            commit = {"commit": relations.snapshot.commit_id}
            return json_body({**commit, **table_content(table, limit=len(table.rows) or 1)})

        return await desk.answer(request, person, question)

    return router


def statement_acts(desk: Desk) -> APIRouter:
    """The routes of what is done to statements."""
    router = APIRouter(prefix="/api", tags=["acts"], dependencies=[Depends(desk.known)])
    add = Acting(desk).add
    add(router, "/statements/draft", Drafted, _draft, "Draft the statement of a month.",
        "admin", "finance")  # fmt: skip
    add(router, "/statements/approve", Numbered, _approve,
        "Approve a draft; not by who prepared it.", "admin", "approver")  # fmt: skip
    add(router, "/statements/issue", Numbered, _issue,
        "Issue an approved statement: from then on it books its month.",
        "admin", "approver")  # fmt: skip
    add(router, "/statements/post", Posted, _post,
        "Record that an issued statement stands in the ledger.", "admin", "approver")  # fmt: skip
    add(router, "/statements/void", Reasoned, _void, "Take a statement back.",
        "admin", "approver")  # fmt: skip
    add(router, "/statements/dispute", Disputed, _dispute,
        "Dispute a line of a statement that one sees.")  # fmt: skip
    add(router, "/statements/resolve", Resolved, _resolve,
        "Answer the open dispute of a line; who raised it may withdraw it.")  # fmt: skip
    return router


def _list(engine: Engine, relations: SeenRelations, _asked: Page, _person: Person) -> Table:
    return list_table(seen_statements(engine, relations).values())


def _journal(
    _engine: Engine, relations: SeenRelations, asked: JournalParameters, person: Person
) -> Table:
    _check_whole(person, "The journal")
    return _fresh(
        lambda own: month_journal(
            own, relations.snapshot, parse_month(asked.month),
            clearing=asked.clearing_account, suspense=asked.suspense_account,
        )
    )  # fmt: skip


def _draft(engine: Engine, hub: Hub, asked: Drafted, person: Person) -> Table:
    if asked.team is not None and asked.every_team:
        raise ConfigError(
            f"Team '{asked.team}' and every team were asked for.",
            "Expected one team, every team, or neither for the whole house.",
            "Leave out team or every_team.",
        )
    card = None if asked.rate_card is None else parse_rate_card(asked.rate_card, "rate_card")
    request = statement_log.Request(
        parse_month(asked.month), asked.team,
        None if asked.currency is None else asked.currency.upper(), asked.every_team,
        Method(f"{asked.cost}Cost", asked.evidence, asked.idle, asked.reservations),
        asked.threshold, card, asked.issuer,
    )  # fmt: skip
    numbers = statement_log.draft(engine, hub, request, name_of(person))
    return statements_table(engine, hub.snapshot(engine), frozenset(numbers))


def _approve(engine: Engine, hub: Hub, asked: Numbered, person: Person) -> Table:
    return list_table([statement_steps.approve(engine, hub, asked.number, name_of(person))])


def _issue(engine: Engine, hub: Hub, asked: Numbered, person: Person) -> Table:
    return list_table([statement_steps.issue(engine, hub, asked.number, name_of(person))])


def _post(engine: Engine, hub: Hub, asked: Posted, person: Person) -> Table:
    by, reference = name_of(person), asked.reference
    return list_table([statement_steps.post(engine, hub, asked.number, by, reference)])


def _void(engine: Engine, hub: Hub, asked: Reasoned, person: Person) -> Table:
    return list_table([statement_steps.void(engine, hub, asked.number, name_of(person),
                                            asked.reason)])  # fmt: skip


def _dispute(engine: Engine, hub: Hub, asked: Disputed, person: Person) -> Table:
    seen_statement(engine, seen_by(engine, hub, person), asked.number)
    by, reason = name_of(person), asked.reason
    return list_table([statement_steps.dispute(engine, hub, asked.number, asked.line, by, reason)])


def _resolve(engine: Engine, hub: Hub, asked: Resolved, person: Person) -> Table:
    seen_statement(engine, seen_by(engine, hub, person), asked.number)
    if asked.outcome != "withdrawn":
        _check_whole(person, "An answer to a dispute")
    step = statement_steps.resolve(
        engine, hub, asked.number, asked.line, name_of(person),
        outcome=asked.outcome, reason=asked.reason,
    )  # fmt: skip
    return list_table([step])


def _check_whole(person: Person, what: str) -> None:
    if not person.audience.sees_all:
        raise Forbidden(
            f"{what} is not for a team.",
            "Expected the role approver, finance or admin.",
            "A team sees the lines, summaries and PDF of its own issued statements.",
        )


def _fresh(answer: Callable[[Engine], Table]) -> Table:
    """What is computed in an engine of its own, because it names relations that others use."""
    engine = local_engine(threads=1)
    try:
        return answer(engine)
    finally:
        engine.close()
