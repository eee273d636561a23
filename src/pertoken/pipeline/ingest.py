"""Run the steps: under the hub's lock, or as a plan that touches nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.pipeline.steps import PLAN_STEPS, STEPS
from pertoken.pipeline.work import Ingest
from pertoken.reports.progress import progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pertoken.engine import Engine
    from pertoken.hub import Hub
    from pertoken.pipeline.report import RunReport


def ingest(
    engine: Engine,
    hub: Hub,
    sources: Sequence[str | Path],
    *,
    plan: bool = False,
    wait_seconds: float = 60.0,
) -> RunReport:
    """Bring the runs in `sources` into the hub, or say what would be done.

    Takes:   folders of exports, manifests, plain FOCUS files.
    Gives:   the report: the decision on every run found, the months written.
    Keeps:   the hub as it was, when anything fails; every total of every month.
    Raises:  HubError when the hub cannot be written; TotalsDiffer when a month's totals change.
    """
    with progress(None, "Reading exports") as watch:
        if plan:
            work = Ingest(engine, sources, hub.snapshot(engine), watch)
            for step in PLAN_STEPS:
                step(work)
            return work.report
        with hub.writer(engine, wait_seconds=wait_seconds) as writer:
            work = Ingest(engine, sources, writer.snapshot, watch, writer)
            for step in STEPS:
                step(work)
            return work.report
