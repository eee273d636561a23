"""The claim of a hub for its provider, from the audit: CSV and page, the same bytes each time.

Source: docs/reconciliation.md, "The claim".
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pertoken.claims import CLAIM_COLUMNS, Claim, SourceFile, not_claimed_reason
from pertoken.claims.claim import charge_of
from pertoken.errors import HubError
from pertoken.pipeline.reconciliation_view import audited_rows
from pertoken.pipeline.unfinished import new_folder
from pertoken.reconciliation import (
    CHARGE_COLUMNS,
    EXCEPTIONS,
    GAP_COLUMNS,
    claim_charges,
    joined_charges,
)

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal
    from pathlib import Path

    from pertoken.engine import Engine, Row
    from pertoken.pipeline.audience import Relations
    from pertoken.reconciliation import Charges

CLAIM_FILES = ("claim.csv", "claim.pdf", "not-claimed.csv")
_NO_PRICES = (
    "SELECT CAST(NULL AS VARCHAR) AS MeterId, CAST(NULL AS VARCHAR) AS UnitOfMeasure, "
    "CAST(NULL AS VARCHAR) AS CurrencyCode, CAST(NULL AS DATE) AS EffectiveStart, "
    "CAST(NULL AS DATE) AS EffectiveEnd, CAST(NULL AS DECIMAL(38,18)) AS ContractedUnitPrice, "
    "CAST(NULL AS VARCHAR) AS PriceType, CAST(NULL AS DECIMAL(38,18)) AS TierMinimumUnits, "
    "CAST(NULL AS VARCHAR) AS RunId WHERE false"
)


def claim_files(claim: Claim) -> dict[str, bytes]:
    """The files of a claim by name: CLAIM_FILES.

    Raises: ConfigError where typst is not installed.
    """
    from pertoken.claims.page import page_bytes  # noqa: PLC0415 - lazy on purpose

    content = (claim.csv_bytes(), page_bytes(claim), claim.others_bytes())
    return dict(zip(CLAIM_FILES, content, strict=True))


def write_claim(claim: Claim, folder: Path) -> dict[str, int]:
    """Write the files of a claim into a new or empty folder; gives the bytes of each.

    Raises: ConfigError for a folder that is not empty or cannot be written.
    """
    files = claim_files(claim)
    with new_folder(folder) as place:
        for name, content in files.items():
            (place / name).write_bytes(content)
    return {name: len(content) for name, content in files.items()}


def hub_claim(
    engine: Engine,
    relations: Relations,
    *,
    start: date | None = None,
    end: date | None = None,
    claimant: str | None = None,
) -> Claim:
    """The claim for the charges of a period; claimant, who claims, as the page names them.

    Keeps:   the sums of `reconcile --exceptions`: each exception is a line, or is not claimed.
    Raises:  HubError for a hub without telemetry, or when nothing can be claimed.
    """
    exceptions = [
        (dict(zip(GAP_COLUMNS, row, strict=True)), row, prices)
        for row, prices in audited_rows(engine, relations, start=start, end=end)
        if row[-1] in EXCEPTIONS
    ]
    twice = frozenset(
        charge_of(gap)
        for gap, _, _ in exceptions
        if gap["ReasonCode"] == "CachedMeteredTwice"
        and not_claimed_reason(gap, frozenset()) is None
    )
    reasons = [not_claimed_reason(gap, twice) for gap, _, _ in exceptions]
    claimed = [each for each, reason in zip(exceptions, reasons, strict=True) if reason is None]
    if not claimed:
        raise HubError(
            f"Nothing can be claimed: none of {len(exceptions)} exceptions shows over-billing "
            f"({relations.root}).",
            "Expected cached tokens metered twice, or a price above the price sheet.",
            "Look at the exceptions of the audit, or take another period.",
        )
    _view_claimed(engine, relations, [gap for gap, _, _ in claimed])
    charges, usage = claim_charges(engine), _usage_files(engine)
    lines: list[Row] = []
    providers: set[str | None] = set()
    for gap, row, prices in claimed:
        behind = _behind(charges.get(charge_of(gap), []), prices)
        providers.add(behind.texts["provider"])
        digests = usage.get((gap["ChargeDate"], _name(gap["ResourceId"])), {})
        lines.append((*row, *_evidence(behind), _digests(gap, digests)))
    others = tuple(
        (*row, reason)
        for (_, row, _), reason in zip(exceptions, reasons, strict=True)
        if reason is not None
    )
    return Claim(
        claimant=claimant,
        provider="; ".join(sorted(each for each in providers if each)) or None,
        lines=tuple(lines),
        others=others,
        sources=_sources(engine, relations, lines),
        corrections=_corrections(engine),
        asked=(start, end),
    )


def _view_claimed(engine: Engine, relations: Relations, gaps: list[dict[str, Any]]) -> None:
    """Name `claimed_charges`, those of the days and resources of some gaps, and `claimed_prices`.

    Other names than the hub's own, which the next question to the same engine finds as they were.
    """
    import pyarrow as pa  # noqa: PLC0415 - lazy on purpose

    relations.view(engine, "charges")
    has_prices = relations.view(engine, "prices")
    engine.view("claimed_prices", "SELECT * FROM prices" if has_prices else _NO_PRICES)
    places = sorted({(gap["ChargeDate"], gap["ResourceId"]) for gap in gaps})
    engine.view_arrow("claimed_places", pa.table({
        "ChargeDate": pa.array([day for day, _ in places], pa.date32()),
        "Resource": pa.array([resource for _, resource in places], pa.string()),
    }))  # fmt: skip
    held = engine.columns("charges")
    lacking = "".join(
        f", CAST(NULL AS {kind}) AS {name}"
        for name, kind in CHARGE_COLUMNS.items()
        if name not in held
    )
    engine.view(
        "claimed_charges",
        f"SELECT charges.*{lacking} FROM charges INNER JOIN claimed_places "
        "ON claimed_places.ChargeDate = CAST(charges.ChargePeriodStart AS DATE) "
        "AND claimed_places.Resource = lower(charges.ResourceId)",
    )


def _behind(parts: list[Charges], prices: tuple[Decimal, Decimal] | None) -> Charges:
    """The charges of a gap; of a price drift only those at its prices."""
    return joined_charges(
        part for part in parts if prices in (None, (part.billed_price, part.sheet_price))
    )


def _evidence(behind: Charges) -> Row:
    """The cells of CLAIM_COLUMNS after those of the gap, without the files of usage."""
    texts = behind.texts
    return (
        behind.billed_price, behind.sheet_price, texts["pricing_unit"], texts["sku_meter"],
        texts["sku_meter_id"], texts["sku_price_id"], texts["billing_account_id"],
        texts["sub_account_id"], texts["invoice_id"], texts["billing_month"], behind.rows,
        behind.tokens, behind.cost, texts["run_id"], _file_names(texts["source_file"]),
        texts["sheet_run_id"],
    )  # fmt: skip


def _file_names(paths: str | None) -> str | None:
    """The names of files, without the folders of this machine."""
    return paths and "; ".join(sorted({path.rpartition("/")[2] for path in paths.split("; ")}))


def _usage_files(engine: Engine) -> dict[tuple[Any, ...], dict[str, set[str]]]:
    """The digests of the files of telemetry, by (day, resource name) and deployment."""
    found: dict[tuple[Any, ...], dict[str, set[str]]] = {}
    rows = engine.rows(
        'SELECT DISTINCT CAST(usage."Hour" AS DATE), lower(usage.ResourceName), Deployment, '
        'FileDigest FROM usage WHERE CAST(usage."Hour" AS DATE) IN '
        "(SELECT ChargeDate FROM claimed_places)"
    )
    for day, resource, deployment, digest in rows:
        found.setdefault((day, resource), {}).setdefault(deployment, set()).add(digest)
    return found


def _digests(gap: dict[str, Any], digests: dict[str, set[str]]) -> str | None:
    """The files that counted the deployments of a gap; a price drift rests on none."""
    if gap["Deployment"] is None:
        return None
    named = gap["Deployment"].split(", ")
    held = {digest for name in named for digest in digests.get(name, ())}
    return "; ".join(sorted(held)) or None


def _name(resource: str) -> str:
    return resource.rpartition("/")[2].lower()


def _sources(engine: Engine, relations: Relations, lines: list[Row]) -> tuple[SourceFile, ...]:
    """The runs, price sheets and files of telemetry that lines name, with their SHA-256."""
    rows = [dict(zip(CLAIM_COLUMNS, line, strict=True)) for line in lines]

    def named(column: str) -> set[str]:
        return {word for row in rows if row[column] for word in row[column].split("; ")}

    runs, sheets, digests = named("RunId"), named("PriceSheetRunId"), named("UsageFileDigest")
    sources = {
        SourceFile(
            "Bill" if run.run_id in runs else "Price sheet",
            f"{run.export_name} {run.month}, run {run.run_id}, {run.dataset} {run.dataset_version}",
            run.manifest_digest,
        )
        for run in relations.runs
        if run.run_id in runs | sheets and run.status != "duplicate"
    }
    if digests and relations.view(engine, "usage_files"):
        sources |= {
            SourceFile("Telemetry", f"{PurePosixPath(str(path)).name}, {source}", str(digest))
            for digest, path, source in engine.rows(
                "SELECT FileDigest, min(Path), min(Source) FROM usage_files GROUP BY FileDigest"
            )
            if digest in digests
        }
    return tuple(sorted(sources, key=lambda each: (each.kind, each.name, each.digest)))


def _corrections(engine: Engine) -> dict[str, Decimal]:
    """What corrections of the claimed resources hold, on any day, by currency."""
    rows = engine.rows(
        "SELECT BillingCurrency, sum(EffectiveCost) FROM charges WHERE ChargeClass = 'Correction' "
        "AND lower(ResourceId) IN (SELECT Resource FROM claimed_places) "
        "GROUP BY BillingCurrency ORDER BY BillingCurrency"
    )
    return {str(currency): cost for currency, cost in rows}
