"""Saved rules: who saved which and when, and never over what somebody else saved meanwhile."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from builders import charge, write_export

from pertoken.api import Hub
from pertoken.engine import local_engine
from pertoken.errors import ChangedMeanwhile, ConfigError, HubError
from pertoken.hub import Hub as HubStore
from pertoken.pipeline.allocation_rules import hub_rules
from pertoken.pipeline.saved_rules import save_rules

if TYPE_CHECKING:
    from pathlib import Path

RULES = """
[tags.Team]
keys = ["{key}"]
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved-rules")
    write_export(folder / "exports", [charge()])
    Hub(folder / "hub").ingest(folder / "exports")
    return folder / "hub"


def save(hub: Path, key: str, by: str, counting: str | None = None) -> str:
    engine = local_engine(threads=1)
    content = RULES.format(key=key).encode()
    try:
        return save_rules(engine, HubStore(hub), content, by, counting=counting).name
    finally:
        engine.close()


def test_every_file_is_kept_beside_who_saved_it(hub: Path, tmp_path: Path) -> None:
    """As it was written, to the byte; saving what counts already saves nothing."""
    first = save(hub, "Team", "ana", "default_rules.toml")
    second = save(hub, "Squad", " ben ", first)
    assert save(hub, "Squad", "eve", second) == second
    file = tmp_path / "own.toml"
    file.write_text(RULES.format(key="Crew"), "utf-8")
    third = Hub(hub).save_rules(file, "kim").name
    rows = Hub(hub).saved_rules().to_dicts()
    assert [(row["Rules"], row["SavedBy"], row["Counts"]) for row in rows] == [
        (third, "kim", True), (second, "ben", False), (first, "ana", False),
    ]  # fmt: skip
    times = [row["SavedTime"] for row in rows]
    assert times == sorted(times, reverse=True)
    held = (hub / "rules" / third).read_bytes()
    assert held == file.read_bytes()
    assert third == f"000003-{hashlib.sha256(held).hexdigest()[:12]}.toml"
    engine = local_engine(threads=1)
    assert hub_rules(HubStore(hub).snapshot(engine)).digest == hashlib.sha256(held).hexdigest()
    engine.close()


def test_rules_that_changed_meanwhile_are_not_saved_over(hub: Path) -> None:
    before = Hub(hub).saved_rules().to_dicts()
    with pytest.raises(ChangedMeanwhile, match=str(before[0]["Rules"])):
        save(hub, "Owner", "ana", "default_rules.toml")
    assert Hub(hub).saved_rules().to_dicts() == before


def test_what_cannot_be_used_or_is_nobody_s_is_not_saved(hub: Path, tmp_path: Path) -> None:
    before = Hub(hub).saved_rules().to_dicts()
    with pytest.raises(ConfigError, match="by nobody"):
        save(hub, "Owner", "  ")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[[rule]]\nvalue = 1", "utf-8")
    with pytest.raises(ConfigError, match="cannot be used"):
        Hub(hub).save_rules(wrong, "ana")
    with pytest.raises(ConfigError, match="cannot be read"):
        Hub(hub).save_rules(tmp_path / "absent.toml", "ana")
    assert Hub(hub).saved_rules().to_dicts() == before


def test_of_a_file_without_a_record_nobody_knows_who_saved_it(hub: Path) -> None:
    last = Hub(hub).saved_rules().to_dicts()[0]
    record = (hub / "rules" / str(last["Rules"])).with_suffix(".json")
    kept = record.read_text("utf-8")
    record.unlink()
    assert Hub(hub).saved_rules().to_dicts()[0] == last | {"SavedBy": None, "SavedTime": None}
    record.write_text("{}", "utf-8")
    with pytest.raises(HubError, match="cannot be read"):
        Hub(hub).saved_rules()
    record.write_text(kept, "utf-8")
