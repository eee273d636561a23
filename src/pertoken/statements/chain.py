"""The log of statements: events that only follow each other, each holding the hash of the last.

A hash is the SHA-256 of the canonical JSON of everything else in its event: keys sorted, no blanks,
UTF-8, money as plain digits in text. Whoever changes an event, takes one out or puts one in breaks
every hash after it. A log cut short at its end is found by a hash that was printed or kept.

Source: RFC 8785 (the idea of canonical JSON); docs/statements.md, "The chain".
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pertoken.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GENESIS = "0" * 64
"""What the first event holds in the place of a hash."""

EVENT_COLUMNS = ("Sequence", "Statement", "Event", "At", "By", "Body", "PreviousHash", "Hash")


@dataclass(frozen=True, slots=True)
class Event:
    """One step in the life of a statement: what happened, when, by whom, and what belongs to it.

    `body` is canonical JSON: of a draft the whole document, else a reason or a reference. `at` is
    ISO 8601 in UTC with Z.
    """

    sequence: int
    statement: int
    event: str
    at: str
    by: str
    body: str
    previous_hash: str
    hash: str

    @property
    def content(self) -> dict[str, Any]:
        """The body, read."""
        return json.loads(self.body)  # type: ignore[no-any-return]

    def to_row(self) -> tuple[object, ...]:
        """The values of EVENT_COLUMNS."""
        return (self.sequence, self.statement, self.event, self.at, self.by, self.body,
                self.previous_hash, self.hash)  # fmt: skip

    def computed_hash(self) -> str:
        """The hash that the event must have."""
        return _hash(self.to_row()[:-1])


def canonical_json(value: object) -> str:
    """The one text of a value: sorted keys, no blanks; a float is refused.

    >>> canonical_json({"b": "1.50", "a": None})
    '{"a":null,"b":"1.50"}'
    """
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: object) -> str:
    """The SHA-256 of the canonical JSON of a value."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def next_event(
    events: Sequence[Event],
    statement: int,
    event: str,
    *,
    by: str,
    body: Mapping[str, Any],
    at: datetime,
) -> Event:
    """The event that follows a log."""
    moment = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    fields = (
        len(events) + 1, statement, event, moment, by, canonical_json(body),
        events[-1].hash if events else GENESIS,
    )  # fmt: skip
    return Event(*fields, hash=_hash(fields))


def check_chain(events: Sequence[Event]) -> list[str]:
    """What is wrong with a log, each in words; nothing where every event follows the last."""
    problems = []
    before = GENESIS
    for place, event in enumerate(events, start=1):
        where = f"event {event.sequence} ({event.event} of statement {event.statement})"
        if event.sequence != place:
            problems.append(f"{where} stands where event {place} must: one was taken out or put in")
        if event.previous_hash != before:
            problems.append(f"{where} does not hold the hash of the event before it")
        if event.hash != event.computed_hash():
            problems.append(f"{where} was changed: its content has another hash")
        before = event.hash
    return problems


def require_chain(events: Sequence[Event]) -> None:
    """Raise HubError where the log is not as it was written: nothing may be added to it."""
    problems = check_chain(events)
    if problems:
        raise HubError(
            f"The log of statements was changed: {problems[0]}.",
            "Expected every event to hold the hash of the one before it.",
            "Restore the hub from a backup; `pertoken statement verify` names every such event.",
        )


def _hash(fields: Sequence[object]) -> str:
    return digest(dict(zip(EVENT_COLUMNS[:-1], fields, strict=True)))


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError(f"a float has no canonical text: {value!r}")
    if isinstance(value, dict):
        for each in value.values():
            _refuse_floats(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _refuse_floats(each)
