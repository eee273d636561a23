"""Whatever text the cells hold, a check answers: it never raises on data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pertoken import focus
from pertoken.conformance import check, recognise, repaired_select
from pertoken.engine import quoted, quoted_text

if TYPE_CHECKING:
    from pertoken.engine import Engine

COLUMNS = (*focus.columns("1.2"), "x_ModelId", 'Odd, "one"; -- {Tags}')
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
CELLS = st.one_of(
    st.none(),
    st.text(alphabet=LETTERS, max_size=12),
    st.sampled_from(
        [
            "1e400", "-1e38", "9" * 14, "9" * 15, "9" * 40, "1e-40", "nan", "-inf", "infinity",
            "2026-01-01T00:00:00Z", "0001-01-01", "294247-01-10T00:00:00Z", "epoch", "Usage",
            "Correction", '{"a":{"b":[1]}}', '{"a":1,"a":2}', "{", "[]", "null", '"x"', "{}",
            '{"prompt_tokens":1e99,"cached_tokens":-1}', "=1+1", "Tokens", "1000 Tokens", "USD",
            "'; DROP TABLE charges; --", "{Tags}", "\\", "%", "_",
        ]
    ),
)  # fmt: skip
ROWS = st.lists(
    st.dictionaries(st.sampled_from(COLUMNS), CELLS, min_size=1, max_size=len(COLUMNS)),
    min_size=1,
    max_size=4,
)
QUICK = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def view_rows(engine: Engine, rows: list[dict[str, str | None]]) -> dict[str, str]:
    names = [name for name in COLUMNS if any(name in row for row in rows)]
    selects = [
        ", ".join(
            f"CAST({'NULL' if row.get(name) is None else quoted_text(str(row[name]))} AS VARCHAR)"
            f" AS {quoted(name)}"
            for name in names
        )
        for row in rows
    ]
    engine.view("charges", " UNION ALL ".join(f"SELECT {each}" for each in selects))
    return engine.columns("charges")


@QUICK
@given(rows=ROWS, version=st.sampled_from((*focus.VERSIONS, focus.DRAFT)))
def test_a_check_never_raises(
    engine: Engine, rows: list[dict[str, str | None]], version: str
) -> None:
    findings = check(engine, "charges", version, columns=view_rows(engine, rows))
    assert all(each.rows <= len(rows) and each.help for each in findings)
    assert all(each.example.isprintable() or "\n" not in each.example for each in findings)


@QUICK
@given(rows=ROWS)
def test_a_repair_never_raises_and_keeps_the_rows(
    engine: Engine, rows: list[dict[str, str | None]]
) -> None:
    columns = view_rows(engine, rows)
    recognise(engine, "charges", columns)
    answer = engine.rows(f"SELECT COUNT(*) FROM ({repaired_select(columns, 'charges')})")
    assert answer == [(len(rows),)]
