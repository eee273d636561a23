"""The price sheets and retail lists that count for each scope and month of an ingest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pertoken.exports import PRICES
from pertoken.pipeline.work import Ingest, decide_ledger, found_again, key_of, same_content

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pertoken.hub import LedgerRun
    from pertoken.pipeline.standing import ScopeMonth


def references(runs: Iterable[LedgerRun]) -> dict[ScopeMonth, LedgerRun]:
    """The price sheet or retail list that counts for each scope and month."""
    return {
        (run.scope, run.month): run
        for run in runs
        if run.status == "reference" and run.dataset in PRICES
    }


def found_references(ingest: Ingest) -> dict[ScopeMonth, LedgerRun]:
    """The same after this ingest; a run that must be read and whose files are gone is refused."""
    before = {key_of(run): run for run in ingest.snapshot.runs if run.status == "reference"}
    while True:
        gone = [
            run
            for run in ingest.ledger.values()
            if run.status == "reference"
            and not (key_of(run) in before and same_content(before[key_of(run)], run))
            and key_of(run) not in ingest.read
            and not found_again(ingest, run)
        ]
        if not gone:
            return references(ingest.ledger.values())
        for run in gone:
            fault = f"counts again, but its files are gone or changed ({run.path})"
            ingest.ledger[key_of(run)] = replace(run, fault=f"{fault}: hand the run over again")
        decide_ledger(ingest)
