"""A small hub with two months, three teams and telemetry for two of them, made once and copied.

January: 3,000,001 input and 700,003 output tokens of one deployment; telemetry counts `search` and
`support`, and one input token in three bypassed the gateway. February has half as much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builders import charge, write_export

from pertoken.api import Hub

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "Time,ResourceName,Deployment,Model,Team,Application,InputTokens,OutputTokens\n"
ORGANISATION = """
[[organisation]]
team = "search"
cost_center = "1100"
owner = "Kim"
entity = "NW-US"
ledger_account = "650100"
to = 2026-02-01
[[organisation]]
team = "search"
cost_center = "1200"
owner = "Lee"
entity = "NW-EU"
ledger_account = "650100"
from = 2026-02-01
[[organisation]]
team = "support"
cost_center = "not a number"
entity = "NW-US"
ledger_account = "650200"
"""


def month_rows(month: str, *, part: int = 1, more: int = 0) -> list[dict[str, str | None]]:
    """The charges of a month: an input and an output meter, tokens divided by `part`."""
    output = "gpt 4o 0513 Outp glbl Tokens"
    return [
        charge(month=month, tokens=3_000_001 // part + more),
        charge(month=month, tokens=700_003 // part, price="0.0075", SkuMeter=output,
               x_SkuMeterId="meter-out"),
    ]  # fmt: skip


def write_usage(path: Path, rows: list[tuple[str, str, str, int, int]]) -> Path:
    """A plain table of usage: (day, team, application, input tokens, output tokens)."""
    lines = [
        f"{day}T10:00:00Z,aoai,chat,gpt-4o,{team},{application},{into},{out}\n"
        for day, team, application, into, out in rows
    ]
    path.write_text(HEADER + "".join(lines), "utf-8")
    return path


def made(folder: Path) -> Path:
    """The hub as first ingested; gives its path."""
    exports = folder / "exports"
    write_export(exports, month_rows("2026-01"))
    write_export(
        exports, month_rows("2026-02", part=2), month="2026-02", submitted="2026-03-01T06:00:00Z"
    )
    usage = write_usage(
        folder / "usage.csv",
        [("2026-01-01", "search", "find", 1_000_000, 400_000),
         ("2026-01-01", "support", "chat", 1_000_001, 200_001),
         ("2026-02-01", "search", "find", 500_000, 200_000),
         ("2026-02-01", "support", "chat", 400_001, 100_001)],
    )  # fmt: skip
    hub = Hub(folder / "hub")
    hub.ingest(exports, usage)
    rules = folder / "rules.toml"
    rules.write_text(ORGANISATION, "utf-8")
    hub.save_rules(rules)
    hub.close()
    return hub.path


def issued(hub: Hub, month: str, **options: object) -> int:
    """Draft, approve and issue a statement; gives its number."""
    drafted = hub.statements.draft(month, by="Ana", **options)  # type: ignore[arg-type]
    number = int(str(drafted.to_dicts()[0]["Statement"]))
    hub.statements.approve(number, by="Ben")
    hub.statements.issue(number, by="Ben")
    return number
