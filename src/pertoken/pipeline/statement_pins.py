"""What statements pin: the commit, runs, rules, organisation, telemetry and software behind them.

A pinned commit can be read for as long as the table versions that it names are kept;
`pinned_versions` says which those are, for whoever removes old versions.

Source: docs/statements.md, "Pins".
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pertoken.allocation import Rules, parse_rules
from pertoken.errors import HubError
from pertoken.pipeline.allocation_rules import saved_rules
from pertoken.pipeline.standing import standing_runs
from pertoken.statements import EVENT_COLUMNS, Event, digest
from pertoken.version import __version__

if TYPE_CHECKING:
    from pertoken.engine import Engine
    from pertoken.hub import Hub, Snapshot
    from pertoken.statements import RateCard
    from pertoken.stores import Folder

EVENTS = "statement_events"


def statement_events(engine: Engine, snapshot: Snapshot) -> list[Event]:
    """The log of statements, in its order."""
    if not snapshot.view(engine, EVENTS):
        return []
    names = ", ".join(f'"{name}"' for name in EVENT_COLUMNS)
    rows = engine.rows(f'SELECT {names} FROM {EVENTS} ORDER BY "Sequence", "Hash"')
    return [Event(*row) for row in rows]


def pinned_versions(engine: Engine, snapshot: Snapshot) -> dict[str, frozenset[int]]:
    """The versions of every table, `runs` among them, that statements were made from.

    They must outlive any vacuum, or `statement verify` cannot read what a statement pins. Drafts
    and void statements count too: the log holds them for good.
    """
    versions: dict[str, set[int]] = {}
    for event in statement_events(engine, snapshot):
        pins = event.content.get("Pins")
        if pins:
            versions.setdefault("runs", set()).add(pins["RunsVersion"])
            for table, version in pins["TableVersions"].items():
                versions.setdefault(table, set()).add(version)
    return {table: frozenset(found) for table, found in sorted(versions.items())}


def rules_text(root: Folder) -> str:
    """The rules that count in a hub, as text; those that it has by default where none are saved."""
    saved = saved_rules(root)
    if saved:
        return saved[-1].read_text("utf-8")
    return files("pertoken.allocation").joinpath("default_rules.toml").read_text("utf-8")


def pins(
    engine: Engine, snapshot: Snapshot, text: str, month: str, card: RateCard | None
) -> dict[str, Any]:
    """What a statement of a month is made from, as JSON.

    Takes:  text, the rules; month, the last one whose runs the figures read.
    """
    rules = parse_rules(text, "rules")
    runs = [
        {
            "RunId": run.run_id,
            "Dataset": run.dataset,
            "DatasetVersion": run.dataset_version,
            "Scope": run.scope,
            "BillingMonth": run.month,
            "Fingerprint": run.fingerprint,
        }
        for standing in standing_runs(snapshot.runs).values()
        for run in standing
        if run.month <= month
    ]
    usage_files: list[str] = []
    if snapshot.view(engine, "usage_files"):
        found = engine.rows("SELECT FileDigest FROM usage_files ORDER BY FileDigest")
        usage_files = [str(row[0]) for row in found]
    return {
        "CommitId": snapshot.commit_id,
        "RunsVersion": snapshot.runs_version,
        "TableVersions": {
            table: version
            for table, version in snapshot.versions.items()
            if table not in (EVENTS, "statements")
        },
        "Runs": sorted(runs, key=lambda run: (run["BillingMonth"], run["Scope"], run["RunId"])),
        "Rules": {"Digest": hashlib.sha256(text.encode()).hexdigest(), "Text": text},
        "Organisation": {"Digest": organisation_digest(rules), "Rows": len(rules.organisation)},
        "Telemetry": {"Files": len(usage_files), "Digest": digest(usage_files)},
        "RateCard": None
        if card is None
        else {"Name": card.name, "Digest": card.digest, "Text": card.text},
        "VocabularyVersion": snapshot.vocabulary_version,
        "SoftwareVersion": __version__,
    }


def organisation_digest(rules: Rules) -> str:
    """The SHA-256 of the dated organisation in a file of rules."""
    return digest([
        [each.team, dict(each.facts), str(each.since), str(each.until)]
        for each in rules.organisation
    ])  # fmt: skip


def pinned_snapshot(engine: Engine, hub: Hub, pinned: dict[str, Any]) -> Snapshot:
    """The hub as of the commit that a statement pins.

    Raises: HubError where its tables are gone, or are not those of that commit.
    """
    snapshot = hub.snapshot(engine, pinned["RunsVersion"])
    named = {table: snapshot.versions.get(table) for table in pinned["TableVersions"]}
    if snapshot.commit_id != pinned["CommitId"] or named != pinned["TableVersions"]:
        raise HubError(
            f"Version {pinned['RunsVersion']} of the table runs is not commit "
            f"{pinned['CommitId']} ({hub.root}).",
            "Expected the commit that the statement was made from.",
            "Restore the hub from a backup.",
        )
    return snapshot
