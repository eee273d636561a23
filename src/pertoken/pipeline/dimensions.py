"""The small tables beside the charges: what each meter means, which tags each charge carries.

Both are keyed by a hash that stands in every charge, so a reading can be made better, or a tag
rule changed, without a charge being written again.
Source: docs/decisions/0004-meters-and-tags-as-dimensions.md.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pertoken.engine import quoted
from pertoken.meters import COLUMNS, VOCABULARY_VERSION, MeterName, classify_all
from pertoken.normalize import METER_COLUMNS

TOKENS = "Tokens"

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from pertoken.engine import Engine
    from pertoken.hub import Snapshot


def new_meters(engine: Engine, snapshot: Snapshot, files: Sequence[str]) -> bool:
    """Name the table of all meters, old and new, `meters`; True when it must be written.

    Takes:   the data files of new charges.
    Gives:   one row per x_MeterKey: METER_COLUMNS as the bill has them, then the reading.
    """
    known = snapshot.view(engine, "meters")
    same_words = snapshot.vocabulary_version == VOCABULARY_VERSION
    columns = ("x_MeterKey", *METER_COLUMNS)
    held = engine.columns("meters") if known else {}
    stored = set(engine.rows(f"SELECT {_words(columns, held)} FROM meters")) if known else set()
    found = set(stored)
    if files:
        engine.view_parquet("new_charges", list(files))
        names = _words(columns, engine.columns("new_charges"))
        found |= set(engine.rows(f"SELECT DISTINCT {names} FROM new_charges"))
    if known and same_words and found == stored and set(columns) <= set(held):
        return False
    engine.view_arrow("meters", meters_table(sorted(found, key=lambda row: row[0])))
    return True


def _words(columns: Sequence[str], held: Mapping[str, str]) -> str:
    """SQL: the columns, NULL where a table of an older version has none."""
    return ", ".join(
        quoted(name) if name in held else f"CAST(NULL AS VARCHAR) AS {quoted(name)}"
        for name in columns
    )


def meters_table(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """The meters of (x_MeterKey, *METER_COLUMNS) rows, each read by the grammar."""
    import pyarrow as pa  # noqa: PLC0415 - only a writer needs Arrow

    words = [dict(zip(METER_COLUMNS, row[1:], strict=True)) for row in rows]
    readings = [
        reading._replace(unit=TOKENS) if reading.unit is None and counts_tokens(each) else reading
        for each, reading in zip(words, classify_all(map(meter_name, words)), strict=True)
    ]
    kinds = {"x_FineTuned": pa.bool_(), "TokensPerUnit": pa.int64()}
    arrays = [
        pa.array([row[place] for row in rows], pa.string())
        for place in range(len(METER_COLUMNS) + 1)
    ]
    arrays += [
        pa.array([reading[place] for reading in readings], kinds.get(name, pa.string()))
        for place, name in enumerate(COLUMNS)
    ]
    return pa.table(arrays, names=["x_MeterKey", *METER_COLUMNS, *COLUMNS])


def counts_tokens(words: dict[str, str | None]) -> bool:
    """Whether the bill itself says that a meter counts tokens, as FOCUS files of gateways do."""
    return (words["ConsumedUnit"] or "").casefold() == TOKENS.casefold()


def meter_name(words: dict[str, str | None]) -> MeterName:
    """What a charge says of its meter, as the grammar takes it."""
    return MeterName(
        meter_name=words["SkuMeter"] or "",
        product_name=words["x_SkuMeterSubcategory"],
        service_name=words["x_SkuMeterCategory"] or words["ServiceName"],
        unit_of_measure=words["x_PricingUnitDescription"] or words["PricingUnit"],
        meter_id=words["x_SkuMeterId"],
        publisher_name=words["PublisherName"],
        description=words["x_SkuPlanName"] or words["x_SkuDescription"],
        service_category=words["ServiceCategory"],
    )


def new_tags(engine: Engine, snapshot: Snapshot, files: Sequence[str]) -> bool:
    """Name the table of all tags, old and new, `tags`; True when it must be written.

    Gives: one row per x_TagsKey and TagKey: TagValue as text. Tags that are no JSON object have one
    row with an empty TagKey, so that they are counted and not lost.
    """
    import pyarrow as pa  # noqa: PLC0415 - only a writer needs Arrow

    known = snapshot.view(engine, "tags")
    stored = engine.rows("SELECT x_TagsKey, TagKey, TagValue FROM tags") if known else []
    keys = {row[0] for row in stored}
    found: list[tuple[str, str | None]] = []
    if files:
        engine.view_parquet("new_charges", list(files))
        found = [
            (row[0], row[1])
            for row in engine.rows(
                "SELECT DISTINCT x_TagsKey, Tags FROM new_charges WHERE x_TagsKey IS NOT NULL"
            )
            if row[0] not in keys
        ]
    rows = stored + [(key, *pair) for key, tags in found for pair in tag_pairs(tags or "")]
    if known and not found:
        return False
    names = ("x_TagsKey", "TagKey", "TagValue")
    arrays = [pa.array([row[place] for row in rows], pa.string()) for place in range(3)]
    engine.view_arrow("tags", pa.table(arrays, names=list(names)))
    return True


def tag_pairs(tags: str) -> list[tuple[str, str | None]]:
    """The key and value pairs of a Tags cell; [("", the text)] for text that is no JSON object.

    Braces that an export left out are put back.

    >>> tag_pairs('"env": "prod"')
    [('env', 'prod')]
    """
    for text in (tags, "{" + tags + "}"):
        try:
            content = json.loads(text)
        except ValueError:
            continue
        if isinstance(content, dict):
            return [(key, _tag_text(value)) for key, value in content.items()]
    return [("", tags)]


def _tag_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
