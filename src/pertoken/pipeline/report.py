"""The report of a run of the pipeline: what went in, what came out, what was set aside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from pertoken.errors import PertokenError
    from pertoken.hub import LedgerRun
    from pertoken.telemetry import TelemetryFile, UsageFinding


@dataclass(slots=True)
class MonthReport:
    """One scope and month that was written: rows and costs per BillingCurrency, before and after.

    `before` are sums over the source's own columns, `after` over the charges as written; both hold
    (rows, BilledCost, EffectiveCost) by BillingCurrency and are equal, or nothing is committed.
    """

    scope: str
    month: str
    run_id: str
    before: dict[str, tuple[int, Decimal, Decimal]]
    after: dict[str, tuple[int, Decimal, Decimal]]


@dataclass(slots=True)
class RunReport:
    """What an ingest did.

    `runs` are those that the sources hold, decided; `problems` are manifests and files that are no
    run at all; `written` and `emptied` are the (scope, month) pairs that changed; `repriced` those
    whose missing prices were filled anew because prices changed. `usage_findings` say which
    readings of telemetry do not count; `usage_files` and `usage_rows` are what came of it, and
    `usage_known` the files of it that the hub has already. `telemetry` are the files of it that
    were found, `refused_telemetry` says by digest why one could not be read.
    """

    runs: tuple[LedgerRun, ...] = ()
    problems: tuple[PertokenError, ...] = ()
    written: list[MonthReport] = field(default_factory=list)
    repriced: list[MonthReport] = field(default_factory=list)
    emptied: list[tuple[str, str]] = field(default_factory=list)
    usage_findings: list[UsageFinding] = field(default_factory=list)
    usage_files: int = 0
    usage_known: int = 0
    telemetry: list[TelemetryFile] = field(default_factory=list)
    refused_telemetry: dict[str, str] = field(default_factory=dict)
    usage_rows: int = 0
    commit_id: str = ""

    @property
    def found_problems(self) -> bool:
        """Whether a person should look: a run refused, or something that is no run."""
        return bool(self.problems) or any(run.status == "refused" for run in self.runs)
