"""Run the steps: under the hub's lock, or as a plan that touches nothing.

Months are ingested newest first. Those of few bytes go together under one commit; a long backfill
commits whenever its months held BATCH_BYTES, so that a killed one keeps what it has.

Source: docs/decisions/0042-backfill.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.pipeline.batches import BATCH_BYTES, batches
from pertoken.pipeline.steps import FIND_STEPS, MONTH_STEPS, PLAN_STEPS
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
    batch_bytes: int = BATCH_BYTES,
) -> RunReport:
    """Bring the runs in `sources` into the hub, or say what would be done.

    Takes:   folders of exports, manifests, plain FOCUS files; batch_bytes, how many bytes of
             exports at least go under one commit, where there are several months.
    Gives:   the report: the decision on every run found, the months written.
    Keeps:   the hub as of the last batch of months, when anything fails; every total of every
             month.
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
            for step in FIND_STEPS:
                step(work)
            for batch in batches(work, batch_bytes):
                for step in MONTH_STEPS:
                    step(batch)
            return work.report
