"""The life of a statement, read from the log: draft, approved, issued, posted, or void.

Every step is an event. What may follow what, and who may do it, is decided here: nobody approves
what they prepared, a cost is booked once, and what a later statement corrects is not taken back.

Source: docs/statements.md, "The life of a statement".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError
from pertoken.statements.document import CORRECTION, Booked, Line, Method, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pertoken.statements.chain import Event

DRAFT, APPROVED, ISSUED, POSTED, VOID = "draft", "approved", "issued", "posted", "void"
BOOKED_STATES = (ISSUED, POSTED)
DRAFTED = "Drafted"
STATES = {"Approved": APPROVED, "Issued": ISSUED, "Posted": POSTED, "Voided": VOID}
"""The events that change the state of a statement, and the state that follows."""

DISPUTED, RESOLVED = "Disputed", "Resolved"
OUTCOMES = ("accepted", "rejected", "withdrawn")


@dataclass(frozen=True, slots=True)
class Dispute:
    """A line that somebody disputes, and what came of it."""

    line: int
    by: str
    at: str
    reason: str
    outcome: str | None = None
    resolved_by: str | None = None
    resolution: str | None = None


@dataclass(frozen=True)
class Statement:
    """A statement as its events tell it; `events` begin with its draft."""

    number: int
    events: tuple[Event, ...]
    content: dict[str, Any] = field(repr=False)

    @property
    def subject(self) -> Subject:
        """Whose month it is about."""
        content = self.content
        return Subject(content["BillingMonth"], content["Team"], content["BillingCurrency"])

    @property
    def method(self) -> Method:
        """How it was divided."""
        method = self.content["Method"]
        return Method(
            self.content["Basis"], method["Evidence"], method["Idle"],
            method.get("Reservations", "billed"),
        )  # fmt: skip

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Its lines."""
        return tuple(Line.from_json(each) for each in self.content["Lines"])

    @property
    def state(self) -> str:
        """Where it stands."""
        return next((STATES[e.event] for e in reversed(self.events) if e.event in STATES), DRAFT)

    @property
    def hash(self) -> str:
        """The hash of its draft: that of the document."""
        return self.events[0].hash

    def event(self, name: str) -> Event | None:
        """Its event of a name; None where it had none."""
        return next((each for each in self.events if each.event == name), None)

    def by(self, name: str) -> str | None:
        """Who did a step; None where it was not done."""
        event = self.event(name)
        return event.by if event else None

    @property
    def disputes(self) -> tuple[Dispute, ...]:
        """Its disputes, open and resolved, in their order."""
        disputes: list[Dispute] = []
        for each in self.events:
            content = each.content
            if each.event == DISPUTED:
                disputes.append(Dispute(content["Line"], each.by, each.at, content["Reason"]))
            if each.event == RESOLVED:
                open_at = [
                    at
                    for at, dispute in enumerate(disputes)
                    if dispute.line == content["Line"] and dispute.outcome is None
                ]
                dispute = disputes[open_at[-1]]
                disputes[open_at[-1]] = Dispute(
                    dispute.line, dispute.by, dispute.at, dispute.reason,
                    content["Outcome"], each.by, content["Reason"],
                )  # fmt: skip
        return tuple(disputes)

    @property
    def booked(self) -> Booked:
        """What corrections need of it."""
        return Booked(self.number, self.subject, self.method, self.lines)


def statements_of(events: Iterable[Event]) -> dict[int, Statement]:
    """Every statement of a log, by number."""
    by_number: dict[int, list[Event]] = {}
    for event in events:
        by_number.setdefault(event.statement, []).append(event)
    return {
        number: Statement(number, tuple(found), found[0].content)
        for number, found in by_number.items()
    }


def booked_statements(statements: Iterable[Statement]) -> list[Booked]:
    """The statements that are issued or posted, in the order of their numbers."""
    found = [each for each in statements if each.state in BOOKED_STATES]
    return [each.booked for each in sorted(found, key=lambda one: one.number)]


def person(name: str) -> str:
    """A name as it is recorded; raises ConfigError for none."""
    trimmed = " ".join(name.split())
    if not trimmed:
        raise ConfigError(
            "The name of a person is empty.",
            "Expected who takes the step: it is recorded in the log.",
            "Say who it is.",
        )
    return trimmed


def words(text: str, what: str) -> str:
    """A reason as it is recorded; raises ConfigError for none."""
    if not text.strip():
        raise ConfigError(
            f"The {what} is empty.",
            "Expected words that somebody can read in a year: they are recorded in the log.",
            f"Write the {what}.",
        )
    return text.strip()


def check_approval(statement: Statement, by: str) -> None:
    """Raise ConfigError where a statement may not be approved by somebody."""
    _require_state(statement, (DRAFT,), "approved")
    if _same(by, statement.events[0].by):
        raise ConfigError(
            f"{by} prepared statement {statement.number}.",
            "Expected somebody else to approve it: four eyes see a statement before it is issued.",
            "Have it approved by another person.",
        )


def check_issue(statement: Statement, statements: Iterable[Statement]) -> None:
    """Raise ConfigError where a statement may not be issued."""
    _require_state(statement, (APPROVED,), "issued")
    for other in statements:
        if other.number == statement.number:
            continue
        if other.subject == statement.subject and other.state in BOOKED_STATES:
            raise ConfigError(
                f"Statement {other.number} books {other.subject.words} already.",
                "Expected a cost to be booked once; what changes is corrected in a later month.",
                f"Void statement {other.number} first, or this one.",
            )
        if _moved_under(statement, other):
            raise ConfigError(
                f"Statement {other.number} ({other.subject.words}) became {other.state} after "
                f"statement {statement.number}, which corrects the same month, was drafted.",
                "Expected a correction of what is booked now, so that nothing is corrected twice.",
                f"Void statement {statement.number} and draft it anew.",
            )


def check_post(statement: Statement) -> None:
    """Raise ConfigError where a statement may not be posted."""
    _require_state(statement, (ISSUED,), "posted")


def check_void(statement: Statement, statements: Iterable[Statement]) -> None:
    """Raise ConfigError where a statement may not be made void."""
    _require_state(statement, (DRAFT, APPROVED, ISSUED), "voided")
    for other in statements:
        if other.state in BOOKED_STATES and any(
            line.kind == CORRECTION and line.corrects_statement == statement.number
            for line in other.lines
        ):
            raise ConfigError(
                f"Statement {other.number} corrects statement {statement.number}.",
                "Expected a statement that no issued one builds on.",
                f"Void statement {other.number} first.",
            )


def check_dispute(statement: Statement, line: int) -> None:
    """Raise ConfigError where a line may not be disputed."""
    if statement.state == VOID:
        _require_state(statement, (DRAFT, APPROVED, ISSUED, POSTED), "disputed")
    _require_line(statement, line)
    if any(each.line == line and each.outcome is None for each in statement.disputes):
        raise ConfigError(
            f"Line {line} of statement {statement.number} is disputed already.",
            "Expected one open dispute of a line at a time.",
            "Resolve it first: pertoken statement resolve.",
        )


def check_resolution(statement: Statement, line: int, by: str, outcome: str) -> None:
    """Raise ConfigError where a dispute may not be resolved so."""
    if outcome not in OUTCOMES:
        raise ConfigError(
            f"'{outcome}' is no outcome of a dispute.",
            f"Expected one of {', '.join(OUTCOMES)}.",
            "Take one of them.",
        )
    disputed = [each for each in statement.disputes if each.line == line and each.outcome is None]
    if not disputed:
        lines = [str(each.line) for each in statement.disputes if each.outcome is None]
        raise ConfigError(
            f"Line {line} of statement {statement.number} is not disputed.",
            "Expected the line of an open dispute.",
            f"Open disputes: {', '.join(lines) or 'none'}.",
        )
    is_own = _same(by, disputed[0].by)
    if is_own != (outcome == "withdrawn"):
        raise ConfigError(
            f"{disputed[0].by} disputes line {line} of statement {statement.number}.",
            "Expected a dispute to be withdrawn by who raised it, and accepted or rejected by "
            "somebody else.",
            "Take another outcome, or have another person answer.",
        )


def _require_state(statement: Statement, states: Sequence[str], done: str) -> None:
    if statement.state not in states:
        last = [event for event in statement.events if event.event in STATES]
        since = f" (by {last[-1].by}, {last[-1].at})" if last else ""
        raise ConfigError(
            f"Statement {statement.number} is {statement.state}{since}.",
            f"Expected a statement that is {' or '.join(states)} to be {done}.",
            "Look at the steps that it has taken.",
        )


def _require_line(statement: Statement, line: int) -> None:
    if line not in {each.line for each in statement.lines}:
        raise ConfigError(
            f"Statement {statement.number} has no line {line}.",
            f"Expected a line from 1 to {len(statement.lines)}.",
            "Look at the lines of the statement.",
        )


def _same(first: str, second: str) -> bool:
    return person(first).casefold() == person(second).casefold()


def _moved_under(statement: Statement, other: Statement) -> bool:
    """Whether what a draft corrects was booked or voided by another statement since."""
    series = (statement.subject.team, statement.subject.currency)
    drafted = statement.events[0].sequence
    since = [
        event
        for event in other.events
        if event.event in ("Issued", "Voided") and event.sequence > drafted
    ]
    if not since or other.event("Issued") is None:
        return False
    corrected = {line.corrects_month for line in statement.lines if line.kind == CORRECTION}
    books = {other.subject.month, *(line.corrects_month for line in other.lines)}
    is_same = series == (other.subject.team, other.subject.currency)
    return is_same and bool(corrected & (books - {None}))


def open_disputes(statement: Statement) -> int:
    """Disputes that wait for an answer."""
    return sum(1 for each in statement.disputes if each.outcome is None)
