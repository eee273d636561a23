"""The months of an ingest, newest first, in batches that are committed one after the other.

Decisions about runs are made within a month, so months can be committed apart. Prices, rates and
invoices come with the first batch, as every month is filled from them; telemetry with the last.

Source: docs/decisions/0042-backfill.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pertoken.exports import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pertoken.exports import ExportRun
    from pertoken.pipeline.work import Ingest, Key

BATCH_BYTES = 256_000_000
"""A batch is closed when its exports hold so many bytes: about ten seconds of work each."""


def batches(ingest: Ingest, batch_bytes: int) -> Iterator[Ingest]:
    """An Ingest for each batch; each builds on the commit of the one before.

    Takes:   an Ingest whose runs are found; batch_bytes, after which a batch is closed.
    Gives:   at least one batch, also where nothing was found.
    """
    references = {k: run for k, run in ingest.found.items() if run.dataset in REFERENCE}
    months: dict[str, dict[Key, ExportRun]] = {}
    for key in sorted(ingest.found.keys() - references.keys(), key=lambda each: each[3]):
        run = ingest.found[key]
        months.setdefault(run.month, {})[key] = run
    newest_first = sorted(months, reverse=True)
    groups: list[dict[Key, ExportRun]] = [references]
    held = 0
    for month in newest_first:
        if held >= batch_bytes:
            groups.append({})
            held = 0
        groups[-1] |= months[month]
        held += sum(run.byte_count or 0 for run in months[month].values())
    for number, group in enumerate(groups):
        yield replace(
            ingest,
            snapshot=ingest.writer.snapshot if ingest.writer else ingest.snapshot,
            found=group,
            reported=ingest.report.runs,
            months=tuple(newest_first),
            telemetry=ingest.telemetry if number == len(groups) - 1 else (),
            read=set(),
            ledger={},
            changed={},
            prices=None,
        )
