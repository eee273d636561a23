"""Platform cost: charges that are no AI charges, and that a person names to be spread.

Only what the conditions of a spread of platform charges hold for enters, once, and it is answered
apart: no view of AI cost ever holds it. Its key is taken from the parts of the AI bill.

Source: docs/allocation.md, "Platform cost"; docs/decisions/0032-platform-cost-apart.md.
"""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from pertoken.allocation.canonical import condition, tag_columns_select
from pertoken.allocation.split import BILL_COLUMNS
from pertoken.allocation.spreads import PLATFORM
from pertoken.engine import quoted, sql_file, value_text

if TYPE_CHECKING:
    from pertoken.allocation.rules import Rules
    from pertoken.engine import Engine

TAGGED_PLATFORM = "tagged_platform"


def view_platform(engine: Engine, rules: Rules, *, inherits: bool = False) -> None:
    """Name the chosen charges that are no AI charges, with their canonical tags.

    Takes:   an engine in which `charges`, `meters`, `bill`, `parts` and canonical tags are named;
             inherits, as `tag_columns_select`.
    Gives:   TAGGED_PLATFORM in the columns of the tagged parts of the AI bill, without idle units;
             no row where no spread of platform charges holds.
    Keeps:   the cost of the charges that a condition holds for.
    """
    kinds = engine.columns("charges")
    texts = {
        quoted(name): value_text(f"charges.{quoted(name)}", kinds[name])
        for name in sorted(set(engine.columns("bill")).difference(BILL_COLUMNS))
    }
    select = Template(sql_file("pertoken.allocation", "platform")).substitute(
        more="".join(f"\n    {text} AS {name}," for name, text in texts.items()),
        more_keys="".join(f", {text}" for text in texts.values()),
    )
    engine.view("platform_charges", select)
    held = engine.columns("platform_charges")
    missing = "".join(
        f", CAST(NULL AS {kind}) AS {quoted(name)}"
        for name, kind in engine.columns("parts").items()
        if name not in held and name != "IdleUnits"
    )
    engine.view("platform_parts", f"SELECT *{missing} FROM platform_charges")
    engine.view(
        "tagged_platform_parts", tag_columns_select(rules, "platform_parts", inherits=inherits)
    )
    parts = engine.columns("tagged_platform_parts")
    columns = (*parts, *engine.columns("meters"))
    chosen = " OR ".join(
        f"({condition(spread.when, spread.since, spread.until, columns)})"
        for spread in rules.spreads
        if spread.charges == PLATFORM
    )
    shown = ", ".join(quoted(name) for name in parts)
    engine.view_arrow(
        f"{TAGGED_PLATFORM}_rows",
        engine.arrow(
            f"SELECT {shown} FROM (SELECT parts.*, meters.* EXCLUDE (x_MeterKey) "
            "FROM tagged_platform_parts AS parts "
            "INNER JOIN meters ON meters.x_MeterKey = parts.x_MeterKey) AS known "
            f"WHERE {chosen or 'false'}"
        ),
    )
    engine.view(TAGGED_PLATFORM, f"SELECT * FROM {TAGGED_PLATFORM}_rows")
