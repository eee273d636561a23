"""The log of statements: whatever is changed, taken out or put in breaks the chain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pertoken.errors import ConfigError
from pertoken.statements import Event, canonical_json, check_chain, next_event, statements_of
from pertoken.statements.chain import GENESIS
from pertoken.statements.life import (
    Statement,
    check_approval,
    check_issue,
    check_post,
    check_void,
)

AT = datetime(2026, 9, 1, 8, tzinfo=UTC)
DOCUMENT = {
    "BillingMonth": "2026-08", "Team": "search", "BillingCurrency": "USD", "Lines": [],
    "Basis": "EffectiveCost", "Method": {"Evidence": None, "Idle": "spread", "Threshold": "0.01"},
}  # fmt: skip


def log(*names: str) -> list[Event]:
    """A draft of statement 1 and the steps after it."""
    events: list[Event] = []
    for name in ("Drafted", *names):
        body = DOCUMENT if name == "Drafted" else {"Reason": name}
        events.append(next_event(events, 1, name, by="Ana", body=body, at=AT))
    return events


def test_a_log_as_written_has_no_problems() -> None:
    events = log("Approved", "Issued")
    assert check_chain(events) == []
    assert events[0].previous_hash == GENESIS
    assert events[1].previous_hash == events[0].hash


@given(
    at=st.integers(0, 3),
    field=st.sampled_from(["sequence", "statement", "event", "at", "by", "body"]),
)
def test_every_changed_field_is_found(at: int, field: str) -> None:
    events = log("Approved", "Issued", "Posted")
    held = getattr(events[at], field)
    changed = held + 1 if isinstance(held, int) else f"{held} "
    events[at] = replace(events[at], **{field: changed})
    assert check_chain(events)


@given(at=st.integers(0, 2))
def test_an_event_taken_out_or_forged_anew_is_found(at: int) -> None:
    """Also where the forger computes the hash of what was changed."""
    events = log("Approved", "Issued", "Posted")
    assert check_chain(events[:at] + events[at + 1 :])
    forged = replace(events[at], by="Eve")
    events[at] = replace(forged, hash=forged.computed_hash())
    assert check_chain(events)


def test_canonical_json_has_one_text_for_a_value_and_none_for_a_float() -> None:
    assert canonical_json({"b": [1, "ä"], "a": None}) == '{"a":null,"b":[1,"ä"]}'
    with pytest.raises(TypeError, match="float"):
        canonical_json({"a": [{"b": 0.1}]})


@pytest.mark.parametrize(
    ("steps", "state", "allowed"),
    [([], "draft", {"approve", "void"}), (["Approved"], "approved", {"issue", "void"}),
     (["Approved", "Issued"], "issued", {"post", "void"}),
     (["Approved", "Issued", "Posted"], "posted", set()), (["Voided"], "void", set())],
)  # fmt: skip
def test_every_step_is_allowed_in_its_states_only(
    steps: list[str], state: str, allowed: set[str]
) -> None:
    statement = statements_of(log(*steps))[1]
    assert statement.state == state
    assert {step for step in ("approve", "issue", "post", "void") if _may(statement, step)} == (
        allowed
    )


def _may(statement: Statement, step: str) -> bool:
    try:
        if step == "approve":
            check_approval(statement, "Ben")
        elif step == "issue":
            check_issue(statement, [statement])
        elif step == "post":
            check_post(statement)
        else:
            check_void(statement, [statement])
    except ConfigError as error:
        return f"Statement 1 is {statement.state}" not in str(error)
    return True
