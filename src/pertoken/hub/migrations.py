"""What each format of a hub changed, and the steps that bring an older hub to this one.

A hub says its format in the commit. Readers read older hubs as they are; the next writer brings
them up, one format after the other, in a commit of its own: killed before it, the hub is as it was.
A step writes what the format after it states, with names of its own, so that it stays true when the
software moves on.

Format 1: the first.
Format 2: `meters` holds every word that a meter is read from (ConsumedUnit, x_SkuPlanName); a
          commit names the first billing month that is kept (DroppedBefore).

Source: docs/decisions/0002-hub-commit.md, docs/decisions/0041-upkeep.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.hub.writer import HUB_FORMAT

if TYPE_CHECKING:
    from collections.abc import Callable

    from pertoken.engine import Engine
    from pertoken.hub.writer import Writer


def meters_hold_every_word(engine: Engine, writer: Writer) -> None:
    """`meters` gets the columns ConsumedUnit and x_SkuPlanName, NULL where the hub has none."""
    if not writer.snapshot.view(engine, "meters"):
        return
    held = engine.columns("meters")
    lacking = [name for name in ("ConsumedUnit", "x_SkuPlanName") if name not in held]
    if lacking:
        nulls = ", ".join(f"CAST(NULL AS VARCHAR) AS {name}" for name in lacking)
        writer.overwrite("meters", f"SELECT meters.*, {nulls} FROM meters")


MIGRATIONS: dict[int, tuple[Callable[[Engine, Writer], None], ...]] = {
    1: (meters_hold_every_word,),
}
"""Format -> the steps that make the next one of it."""


def migrate(engine: Engine, writer: Writer) -> None:
    """Bring the hub of a writer to this software's format and commit it; nothing where it is."""
    snapshot = writer.snapshot
    if snapshot.hub_format == HUB_FORMAT:
        return
    for older in range(snapshot.hub_format, HUB_FORMAT):
        for step in MIGRATIONS[older]:
            step(engine, writer)
    writer.commit(snapshot.runs, vocabulary_version=snapshot.vocabulary_version)
