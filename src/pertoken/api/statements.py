"""Statements as Python asks for them: `hub.statements` and `hub.journal`."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.api.result import Result
from pertoken.deferred import deferred
from pertoken.errors import ConfigError, alternatives
from pertoken.periods import parse_day, parse_month

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

    from pertoken.engine import Engine
    from pertoken.hub import Hub as HubStore
    from pertoken.hub import Snapshot
    from pertoken.pipeline.journal_view import month_journal
    from pertoken.pipeline.statement_checks import verification_table
    from pertoken.pipeline.statement_log import draft
    from pertoken.pipeline.statement_pins import pinned_versions
    from pertoken.pipeline.statement_steps import approve, dispute, issue, post, resolve, void
    from pertoken.pipeline.statements_view import (
        document_bytes,
        held_statement,
        statement_table,
        statements_table,
    )
    from pertoken.statements import RateCard, Statement
else:
    _STEPS = "pertoken.pipeline.statement_steps"
    _VIEW = "pertoken.pipeline.statements_view"
    month_journal = deferred("pertoken.pipeline.journal_view", "month_journal")
    verification_table = deferred("pertoken.pipeline.statement_checks", "verification_table")
    draft = deferred("pertoken.pipeline.statement_log", "draft")
    pinned_versions = deferred("pertoken.pipeline.statement_pins", "pinned_versions")
    approve = deferred(_STEPS, "approve")
    dispute = deferred(_STEPS, "dispute")
    issue = deferred(_STEPS, "issue")
    post = deferred(_STEPS, "post")
    resolve = deferred(_STEPS, "resolve")
    void = deferred(_STEPS, "void")
    document_bytes = deferred(_VIEW, "document_bytes")
    held_statement = deferred(_VIEW, "held_statement")
    statement_table = deferred(_VIEW, "statement_table")
    statements_table = deferred(_VIEW, "statements_table")

BASES = {"Effective": "EffectiveCost", "Billed": "BilledCost"}
CLEARING_ACCOUNT, SUSPENSE_ACCOUNT = "CLEARING", "SUSPENSE"


class Statements:
    """The statements of a hub: drafted, approved, issued, posted or void, in one log.

    Every step takes `by`, the person who takes it, and gives the row of `list` after it.
    """

    def __init__(self, store: HubStore, engine: Engine, snapshot: Callable[[], Snapshot]) -> None:
        self._store = store
        self._engine = engine
        self._snapshot = snapshot

    def draft(
        self,
        month: str,
        *,
        by: str,
        team: str | None = None,
        every_team: bool = False,
        currency: str | None = None,
        cost: str = "Effective",
        evidence: str | None = None,
        idle: str = "spread",
        reservations: str = "billed",
        threshold: Decimal | str | None = None,
        rate_card: str | Path | None = None,
        issuer: str | None = None,
    ) -> Result:
        """Draft the statement of a month, for the whole house or for teams, one per currency.

        Takes:   team, one team, or every_team for each that has cost; cost, Effective or Billed;
                 evidence, idle and reservations as `attribute` has them; threshold, the cost
                 moved below which a correction is carried forward (one minor unit without it);
                 rate_card, a CSV; issuer, who stands in the letterhead.
        Gives:   the columns of `pertoken statement list`, one row per statement drafted.
        Raises:  ConfigError for a month, currency or team without cost; SourceError for a rate card
                 that cannot be read.
        """
        # The room of statements is loaded where one is drafted, not with the command line.
        from pertoken.allocation import EVIDENCE, IDLE_POLICIES, RESERVATION_RATES  # noqa: PLC0415
        from pertoken.pipeline.statement_log import Request  # noqa: PLC0415
        from pertoken.statements import Method  # noqa: PLC0415

        if team is not None and every_team:
            raise ConfigError(
                f"Team '{team}' and every team were asked for.",
                "Expected one team, every team, or neither for the whole house.",
                "Leave out --team or --every-team.",
            )
        method = Method(
            BASES[_one_of(cost, BASES, "cost")],
            None if evidence is None else _one_of(evidence, EVIDENCE, "evidence"),
            _one_of(idle, IDLE_POLICIES, "idle"),
            _one_of(reservations, RESERVATION_RATES, "reservations"),
        )
        request = Request(
            parse_month(month), team, None if currency is None else currency.upper(), every_team,
            method, _amount(threshold), None if rate_card is None else _rate_card(Path(rate_card)),
            issuer,
        )  # fmt: skip
        return self._rows(draft(self._engine, self._store, request, by))

    def approve(self, number: int, *, by: str) -> Result:
        """Approve a draft; raises ConfigError for who prepared it."""
        return self._rows([approve(self._engine, self._store, number, by).number])

    def issue(self, number: int, *, by: str) -> Result:
        """Issue an approved statement; raises ConfigError where its cost is booked already."""
        return self._rows([issue(self._engine, self._store, number, by).number])

    def post(self, number: int, *, by: str, reference: str) -> Result:
        """Record the reference under which an issued statement stands in the ledger."""
        return self._rows([post(self._engine, self._store, number, by, reference).number])

    def void(self, number: int, *, by: str, reason: str) -> Result:
        """Take a statement back; raises ConfigError where it is posted, or corrected by another."""
        return self._rows([void(self._engine, self._store, number, by, reason).number])

    def dispute(self, number: int, *, line: int, by: str, reason: str) -> Result:
        """Dispute a line."""
        return self._rows([dispute(self._engine, self._store, number, line, by, reason).number])

    def resolve(self, number: int, *, line: int, by: str, outcome: str, reason: str) -> Result:
        """Answer the open dispute of a line: accepted, rejected or withdrawn."""
        step = resolve(self._engine, self._store, number, line, by, outcome=outcome, reason=reason)
        return self._rows([step.number])

    def list(self) -> Result:
        """Every statement and where it stands."""
        return Result(statements_table(self._engine, self._snapshot()))

    def show(self, number: int, *, view: str = "lines", as_of: date | str | None = None) -> Result:
        """A statement: its lines, or another view; as booked, or with the organisation of a day.

        Raises: ConfigError for a statement or view that there is not.
        """
        day = parse_day(as_of) if isinstance(as_of, str) else as_of
        return Result(statement_table(self._engine, self._snapshot(), number, view, day))

    def statement(self, number: int) -> Statement:
        """A statement as a value; raises ConfigError where there is none."""
        return held_statement(self._engine, self._snapshot(), number)

    def write(self, number: int, file: str | Path, *, format: str) -> None:  # noqa: A002
        """Write a statement as xlsx or pdf; the same bytes for the same statement.

        Raises: ConfigError for another format, a path that cannot be written, or where the extra
        `reports`, which makes PDF, is not installed.
        """
        content = document_bytes(self._engine, self._snapshot(), number, format)
        try:
            Path(file).write_bytes(content)
        except OSError as error:
            raise ConfigError(
                f"{file} cannot be written: {error.strerror}.",
                "Expected a path in a folder that exists and may be written.",
                "Name another path.",
            ) from error

    def document(self, number: int, format: str) -> bytes:  # noqa: A002
        """A statement as the bytes of an xlsx or pdf file."""
        return document_bytes(self._engine, self._snapshot(), number, format)

    def verify(self, *numbers: int, printed_hash: str | None = None) -> Result:
        """Whether statements (all without numbers) are what they were; findings name what is not.

        Takes: printed_hash, the hash on a copy of the one statement that is named.
        """
        if printed_hash is not None and len(numbers) != 1:
            raise ConfigError(
                f"A hash was given for {len(numbers)} statements.",
                "Expected the one statement on which it is printed.",
                "Name one statement with --hash.",
            )
        self._snapshot()  # says so where there is no hub
        table = verification_table(self._engine, self._store, numbers, printed_hash)
        failed = tuple(
            f"{_whose(row['Statement'])}{row['Check']}: {row['Detail']}."
            for row in table.to_dicts()
            if row["Result"] != "ok"
        )
        return Result(table, failed)

    def pinned_versions(self) -> Mapping[str, frozenset[int]]:
        """The table versions that statements were made from, which must outlive any vacuum."""
        return pinned_versions(self._engine, self._snapshot())

    def journal(
        self,
        month: str,
        *,
        as_of: date | str | None = None,
        clearing_account: str = CLEARING_ACCOUNT,
        suspense_account: str = SUSPENSE_ACCOUNT,
    ) -> Result:
        """The journal of a month, balanced by entity and currency.

        Raises: ConfigError for a month without AI cost.
        """
        table = month_journal(
            self._engine,
            self._snapshot(),
            parse_month(month),
            clearing=clearing_account,
            suspense=suspense_account,
            as_of=parse_day(as_of) if isinstance(as_of, str) else as_of,
        )
        return Result(table)

    def _rows(self, numbers: Iterable[int]) -> Result:
        return Result(statements_table(self._engine, self._snapshot(), frozenset(numbers)))


def _whose(number: object) -> str:
    return "" if number is None else f"Statement {number}, "


def _amount(value: Decimal | str | None) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise ConfigError(
            f"'{value}' is no threshold.",
            "Expected an amount of the statement's currency, 0 or more, such as 25.00.",
            "Give it with --threshold.",
        )
    return amount


def _rate_card(path: Path) -> RateCard:
    from pertoken.statements import parse_rate_card  # noqa: PLC0415 - only where one is given

    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}.",
            "Expected a rate card, a CSV in UTF-8.",
            "Name another file with --rate-card.",
        ) from error
    return parse_rate_card(text, path.name)


def _one_of(value: str, valid: Iterable[str], option: str) -> str:
    folded = {each.casefold(): each for each in valid}
    if value.casefold() not in folded:
        raise ConfigError(
            f"'{value}' is not a value of {option}.",
            f"Expected one of {', '.join(folded.values())}.",
            f"Nearest: {alternatives(value, folded.values())}.",
        )
    return folded[value.casefold()]
