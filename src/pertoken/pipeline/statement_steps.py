"""What may be done to a statement after its draft, each by who may do it.

Source: docs/statements.md, "The life of a statement".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.pipeline.statement_log import take_step
from pertoken.statements.life import (
    check_approval,
    check_dispute,
    check_issue,
    check_post,
    check_resolution,
    check_void,
    words,
)

if TYPE_CHECKING:
    from pertoken.engine import Engine
    from pertoken.hub import Hub
    from pertoken.statements import Statement


def approve(engine: Engine, hub: Hub, number: int, by: str) -> Statement:
    """Approve a draft; raises ConfigError for who prepared it."""
    return take_step(
        engine, hub, number, "Approved", by=by, body={},
        check=lambda statement, _, name: check_approval(statement, name),
    )  # fmt: skip


def issue(engine: Engine, hub: Hub, number: int, by: str) -> Statement:
    """Issue an approved statement: from then on it books its month."""
    return take_step(
        engine, hub, number, "Issued", by=by, body={},
        check=lambda statement, every, _: check_issue(statement, every),
    )  # fmt: skip


def post(engine: Engine, hub: Hub, number: int, by: str, reference: str) -> Statement:
    """Record that an issued statement stands in the ledger, under a reference."""
    return take_step(
        engine, hub, number, "Posted", by=by, body={"Reference": words(reference, "reference")},
        check=lambda statement, _every, _name: check_post(statement),
    )  # fmt: skip


def void(engine: Engine, hub: Hub, number: int, by: str, reason: str) -> Statement:
    """Take a statement back, with the reason; one that was posted is corrected instead."""
    return take_step(
        engine, hub, number, "Voided", by=by, body={"Reason": words(reason, "reason")},
        check=lambda statement, every, _: check_void(statement, every),
    )  # fmt: skip


def dispute(engine: Engine, hub: Hub, number: int, line: int, by: str, reason: str) -> Statement:
    """Dispute a line of a statement."""
    return take_step(
        engine, hub, number, "Disputed", by=by,
        body={"Line": line, "Reason": words(reason, "reason")},
        check=lambda statement, _every, _name: check_dispute(statement, line),
    )  # fmt: skip


def resolve(
    engine: Engine, hub: Hub, number: int, line: int, by: str, *, outcome: str, reason: str
) -> Statement:
    """Answer the open dispute of a line: accepted, rejected, or withdrawn by who raised it."""
    answer = outcome.strip().casefold()
    return take_step(
        engine, hub, number, "Resolved", by=by,
        body={"Line": line, "Outcome": answer, "Reason": words(reason, "reason")},
        check=lambda statement, _, name: check_resolution(statement, line, name, answer),
    )  # fmt: skip
