"""Tags are inherited by date only, the charge's own tag wins, and no total changes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from builders import SUBSCRIPTION, charge, write_export
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pertoken
from pertoken.allocation import default_rules, tag_columns_select, view_canonical_snapshots
from pertoken.allocation.canonical import view_canonical_tags
from pertoken.engine import local_engine
from pertoken.errors import SourceError
from pertoken.exports import is_tag_header, is_tag_json, parse_tag_export

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pertoken.api import Hub

GROUP = f"{SUBSCRIPTION}/resourceGroups/RG"
RESOURCE = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/AOAI"
TYPES = {
    SUBSCRIPTION: "microsoft.resources/subscriptions",
    GROUP: "microsoft.resources/subscriptions/resourcegroups",
    RESOURCE: "microsoft.cognitiveservices/accounts",
}
PLACED = [
    (SUBSCRIPTION, "subscription", SUBSCRIPTION.rpartition("/")[2]),
    (GROUP, "resource group", f"{SUBSCRIPTION.rpartition('/')[2]}/rg"),
    (RESOURCE, "resource", RESOURCE.lower()),
]


def exported(path: Path, day: str, tags: dict[str, dict[str, str] | None]) -> Path:
    """An export of Azure Resource Graph as its command line prints it."""
    rows = [{"id": place, "type": TYPES[place], "tags": held} for place, held in tags.items()]
    path.write_text(json.dumps({"count": len(rows), "snapshotDate": day, "data": rows}), "utf-8")
    return path


def billed(*days: int, **more: object) -> list[dict[str, str | None]]:
    """One charge of 1 USD on each day of January."""
    costs = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), "1")
    more = {"Tags": None, "SubAccountId": SUBSCRIPTION, "x_ResourceGroupName": "rg"} | more
    return [charge(day=day, tokens=400, price="2.5", **costs | more) for day in days]


def teams(hub: Hub, **options: Any) -> dict[str, Decimal]:  # noqa: ANN401 - any option
    rows = hub.attribute(["Team"], evidence="tags", **options).to_dicts()
    return {str(row["Team"]): Decimal(str(row["EffectiveCost"])) for row in rows}


@pytest.fixture
def hub_of(tmp_path: Path) -> Callable[..., Hub]:
    """A hub of charges and, in one folder beside them, exports of tags."""

    def made(
        charges: list[dict[str, str | None]],
        *snapshots: tuple[str, dict[str, dict[str, str] | None]],
    ) -> Hub:
        write_export(tmp_path / "in" / "focus", charges)
        for number, (day, tags) in enumerate(snapshots):
            (tmp_path / "in" / "tags").mkdir(exist_ok=True)
            exported(tmp_path / "in" / "tags" / f"{number}.json", day, tags)
        hub = pertoken.open(tmp_path / "hub")
        assert not hub.ingest(tmp_path / "in").report.problems
        return hub

    return made


def test_a_tag_of_the_group_counts_from_the_day_of_its_snapshot(hub_of: Callable[..., Hub]) -> None:
    hub = hub_of(billed(1, 2, 3), ("2026-01-02", {GROUP: {"team": "search"}}))
    assert teams(hub) == {"search": 2, "Unattributed": 1}
    assert sum(teams(hub).values()) == 3


@pytest.mark.parametrize(
    ("own", "tags", "expected", "source"),
    [
        ('{"team":"own"}', {RESOURCE: {"team": "r"}}, "own", "charge"),
        (None, {RESOURCE: {"team": "r"}, GROUP: {"team": "g"}}, "r", "resource"),
        (None, {GROUP: {"Team": "g"}, SUBSCRIPTION: {"team": "s"}}, "g", "resource group"),
        (None, {GROUP: {"note": "x"}, SUBSCRIPTION: {"TEAM": "s"}}, "s", "subscription"),
        ('{"env":"prod"}', {SUBSCRIPTION: {"team": "s"}}, "s", "subscription"),
        ('{"team":" "}', {SUBSCRIPTION: {"team": "s"}}, "s", "subscription"),
        (None, {SUBSCRIPTION: None}, "Unattributed", None),
    ],
)
def test_the_nearest_tag_wins_and_says_where_it_stands(
    hub_of: Callable[..., Hub],
    own: str | None,
    tags: dict[str, dict[str, str] | None],
    expected: str,
    source: str | None,
) -> None:
    hub = hub_of(billed(5, Tags=own), ("2026-01-01", tags))
    assert teams(hub) == {expected: 1}
    sources = [
        (row["Value"], row["TagSource"], row["EffectiveCost"])
        for row in hub.tags(sources=True).to_dicts()
        if row["TagKey"] == "Team"
    ]
    assert sources == ([(expected, source, 1)] if source else [])
    team = next(row for row in hub.tags().to_dicts() if row["TagKey"] == "Team")
    assert team["TaggedCost"] == (1 if source else 0)
    assert team["InheritedCost"] == (0 if source in (None, "charge") else 1)


def test_a_later_snapshot_ends_what_it_lists_no_more(hub_of: Callable[..., Hub]) -> None:
    hub = hub_of(
        billed(1, 2, 3, 4),
        ("2026-01-01", {GROUP: {"team": "a"}}),
        ("2026-01-02", {GROUP: {"team": "b"}}),
        ("2026-01-04", {SUBSCRIPTION: {"note": "x"}}),
    )
    assert teams(hub) == {"a": 1, "b": 2, "Unattributed": 1}
    drift = [row for row in hub.tags(drift=True).to_dicts() if row["TagKey"] == "Team"]
    assert [(r["Value"], str(r["FirstDay"]), str(r["LastDay"])) for r in drift] == [
        ("a", "2026-01-01", "2026-01-01"), ("b", "2026-01-02", "2026-01-03"),
        (None, "2026-01-04", "2026-01-04"),
    ]  # fmt: skip


def test_repair_offers_what_a_later_snapshot_states_and_changes_nothing(
    hub_of: Callable[..., Hub],
) -> None:
    hub = hub_of(billed(1, 2), ("2026-02-01", {RESOURCE: {"team": "late"}, GROUP: {"team": "g"}}))
    assert teams(hub) == {"Unattributed": 2}
    repair = [row for row in hub.tags(repair=True).to_dicts() if row["TagKey"] == "Team"]
    assert [(r["Value"], r["TagSource"], r["EffectiveCost"]) for r in repair] == [
        ("late", "resource", 2)
    ]


def test_of_two_exports_of_a_day_the_one_written_last_speaks(
    hub_of: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = hub_of(billed(1), ("2026-01-01", {GROUP: {"team": "early"}}))
    later = exported(tmp_path / "later.json", "2026-01-01", {GROUP: {"team": "late"}})
    hub.ingest(later)
    assert teams(hub) == {"late": 1}
    before = hub.runs().to_dicts()
    hub.ingest(later)
    assert hub.runs().to_dicts() == before
    assert [r["Status"] for r in before if r["Dataset"] == "TagSnapshot"] == ["reference"] * 2


def test_a_csv_of_the_portal_is_known_by_its_columns(tmp_path: Path) -> None:
    write_export(tmp_path / "in" / "focus", billed(5))
    path = tmp_path / "in" / "AzureResourceGraphResults 2026-01-03.csv"
    text = f'ID,NAME,TYPE,TAGS\n{GROUP},rg,{TYPES[GROUP]},"{{""team"":""csv""}}"\n'
    path.write_text(text, "utf-8-sig")
    hub = pertoken.open(tmp_path / "hub")
    assert not hub.ingest(tmp_path / "in").report.problems
    assert teams(hub) == {"csv": 1}


@pytest.mark.parametrize(("place", "level", "name"), PLACED)
def test_a_place_is_named_by_its_id(place: str, level: str, name: str) -> None:
    text = json.dumps([{"id": place, "type": "x", "tags": {"a": "b"}, "Date": "2026-01-01"}])
    (found,) = parse_tag_export(text, "t.json")
    assert (found.level, found.place, found.tags) == (level, name, (("a", "b"),))


BAD = {
    "no day": ('[{"id": "/subscriptions/s", "type": "t", "tags": {}}]', "no day is stated"),
    "a day that is none": (
        '[{"id": "/subscriptions/s", "tags": {}, "date": "soon"}]', "'soon' is no day"
    ),
    "no id": ('[{"id": "x", "tags": {}, "date": "2026-01-01"}]', "row 1: id 'x' is no id of Azure"),
    "tags that are no object": (
        '[{"id": "/subscriptions/s", "tags": "[1]", "date": "2026-01-01"}]', "are no JSON object"
    ),
    "no JSON": ('[{"id": ', "is no JSON"),
    "nothing": ("[]", "holds no resource"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_an_export_that_cannot_be_read_is_refused(case: str) -> None:
    text, words = BAD[case]
    with pytest.raises(SourceError, match="SnapshotDate") as raised:
        parse_tag_export(text, "tags.json")
    assert words in str(raised.value)


def test_the_name_may_state_the_day_but_only_one() -> None:
    text = '[{"id": "/subscriptions/s", "type": "t", "tags": {"a": "b"}}]'
    (found,) = parse_tag_export(text, "tags_2026-03-01.json")
    assert str(found.day) == "2026-03-01"
    with pytest.raises(SourceError, match="no day"):
        parse_tag_export(text, "2026-03-01_2026-03-02.json")


def test_management_groups_carry_no_tags() -> None:
    rows = [
        {"id": "/providers/Microsoft.Management/managementGroups/m", "tags": None},
        {"id": "/subscriptions/s", "tags": "", "Date": "2026-01-01"},
    ]
    assert [each.place for each in parse_tag_export(json.dumps(rows), "t.json")] == ["s"]


@pytest.mark.parametrize(
    "header", [["Tags", "BilledCost", "id", "type"], ["id", "name"], ["ResourceId", "Tags"]]
)
def test_other_columns_are_no_tags(header: list[str]) -> None:
    assert not is_tag_header(header)
    assert not is_tag_json(json.dumps(dict.fromkeys(header, "")))


SNAPSHOT = st.tuples(
    st.integers(1, 6),
    st.sampled_from([("resource", "r"), ("resource group", "s/g"), ("subscription", "s")]),
    st.none() | st.sampled_from(["team", "Squad", "TEAM"]),
    st.sampled_from(["a", "b", ""]),
    st.integers(0, 2),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SNAPSHOT, min_size=1, max_size=12))
def test_no_snapshot_multiplies_or_loses_a_charge(rows: list[Any]) -> None:
    engine = local_engine(threads=1)
    values = ", ".join(
        f"(DATE '2026-01-0{day}', '{level}', '{place}', 's', "
        f"{'NULL' if key is None else repr(key)}, {'NULL' if key is None else repr(value)}, "
        f"TIMESTAMPTZ '2026-01-01 00:00:0{run}+00', '{run}')"
        for day, (level, place), key, value, run in rows
    )
    engine.view(
        "tag_snapshots",
        f"SELECT * FROM (VALUES {values}) AS given(SnapshotDate, Level, Place, SubAccountId, "
        "TagKey, TagValue, WrittenAt, RunId)",
    )
    days = pa.table({"Number": list(range(8))})
    engine.view_arrow("numbers", days)
    engine.view(
        "parts",
        "SELECT Number, DATE '2026-01-01' + CAST(Number AS INTEGER) AS ChargeDate, 'R' AS "
        "ResourceId, '/subscriptions/S' AS SubAccountId, 'G' AS x_ResourceGroupName, NULL AS "
        "x_TagsKey FROM numbers",
    )
    engine.view("tags", "SELECT '' AS x_TagsKey, '' AS TagKey, '' AS TagValue WHERE false")
    view_canonical_tags(engine, default_rules())
    view_canonical_snapshots(engine, default_rules())
    engine.view("tagged", tag_columns_select(default_rules(), "parts", inherits=True))
    found = engine.rows("SELECT Number, tag_Team, tagsource_Team FROM tagged ORDER BY Number")
    assert [row[0] for row in found] == list(range(8))
    first = min(row[0] for row in rows)
    assert all(value is None for number, value, _ in found if number + 1 < first)
    assert all((value is None) == (source is None) for _, value, source in found)
    engine.close()
