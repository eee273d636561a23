"""Feedback over the API: what somebody says of a finding, kept in the hub as the command keeps it.

Source: docs/page.md, "Acts"; docs/forecast-and-anomalies.md, "Feedback".
"""

# FastAPI reads the annotations of the body below, so they are no strings here.
from datetime import date
from typing import Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from pertoken.engine import Engine
from pertoken.hub import Hub
from pertoken.pipeline.anomaly_marks import Mark, keep_mark
from pertoken.pipeline.anomaly_view import AnomalyQuery, Found, anomalies_table, found_anomalies
from pertoken.reports import Table
from pertoken.web.acts import Acting, Asked, name_of
from pertoken.web.desk import Desk
from pertoken.web.people import Person


class Marked(Asked):
    """Which finding, what is said of it, and why."""

    id: str = Field(min_length=1, max_length=64, description="The Id of the finding.")
    mark: Literal["expected", "unexpected", "muted"]
    until: date | None = Field(default=None, description="The last day that the mark holds.")
    reason: str = Field(min_length=1, max_length=2000, description="Why; recorded with the mark.")


def anomaly_acts(desk: Desk) -> APIRouter:
    """The route of what is said of a finding."""
    router = APIRouter(prefix="/api", tags=["acts"], dependencies=[Depends(desk.known)])
    Acting(desk).add(
        router, "/anomalies/mark", Marked, _mark,
        "Say of a finding that it was expected, was not, or is muted until a day: "
        "`pertoken anomalies mark`.",
        "admin", "finance",
    )  # fmt: skip
    return router


def _mark(engine: Engine, hub: Hub, asked: Marked, person: Person) -> Table:
    """Keep the mark; the finding as it is told from then on."""
    said = Mark(asked.mark, name_of(person), asked.until, asked.reason)
    findings = [each.finding for each in _found(engine, hub)]
    keep_mark(engine, hub, findings, asked.id, said)
    return anomalies_table([each for each in _found(engine, hub) if each.identity == asked.id])


def _found(engine: Engine, hub: Hub) -> tuple[Found, ...]:
    snapshot = hub.snapshot(engine)
    return found_anomalies(engine, snapshot, snapshot.runs, AnomalyQuery(notices=True))
