"""Gateway files: recognised, repaired from their own data, nothing invented."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from charges_files import CASES, clean_rows, read_rows, write_rows

from pertoken.conformance import focus_select, recognise, repaired_select

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.engine import Engine

GATEWAY = CASES / "gateway_rows.csv"
# The export of LiteLLM: one request a row, four equal costs, the day as billing period.
LITELLM = {
    "BilledCost": "0.5", "EffectiveCost": "0.5", "ListCost": "0.5", "ContractedCost": "0.5",
    "BillingCurrency": "USD", "BillingPeriodStart": "2026-08-03T00:00:00Z",
    "BillingPeriodEnd": "2026-08-04T00:00:00Z", "ChargeCategory": "Usage",
    "ConsumedQuantity": "1", "ConsumedUnit": "Requests",
    "ServiceCategory": "AI and Machine Learning", "ServiceName": "openai",
    "Tags": '{"model":"gpt-4o"}',
}  # fmt: skip


def test_each_row_is_repaired_from_its_own_data_or_left(engine: Engine) -> None:
    engine.view_csv("gateway", [str(GATEWAY)])
    repaired = repaired_select(engine.columns("gateway"), "gateway")
    answer = engine.rows(f'SELECT "case", "x_TokenQuantity", "x_QuantityBasis" FROM ({repaired})')
    expected = {
        row["case"]: (Decimal(row["tokens"]) if row["tokens"] else None, row["basis"] or None)
        for row in read_rows(GATEWAY)
    }
    assert {case: (tokens, basis) for case, tokens, basis in answer} == expected


def test_a_repair_changes_no_other_cell(engine: Engine) -> None:
    engine.view_csv("gateway", [str(GATEWAY)])
    engine.view("repaired", repaired_select(engine.columns("gateway"), "gateway"))
    kept = ", ".join(f'"{name}"' for name in engine.columns("gateway") if name != "x_TokenQuantity")
    rows = {relation: engine.rows(f"SELECT {kept} FROM {relation} ORDER BY ALL")
            for relation in ("gateway", "repaired")}  # fmt: skip
    assert rows["gateway"] == rows["repaired"]


def test_the_export_of_a_gateway_is_recognised(engine: Engine, tmp_path: Path) -> None:
    engine.view_csv("litellm", [write_rows([LITELLM] * 3, tmp_path / "litellm.csv")])
    found = recognise(engine, "litellm", engine.columns("litellm"))
    assert [(each.pattern, each.rows, each.repaired) for each in found] == [
        ("billing-period-day", 3, 0),
        ("tokens-as-requests", 3, 0),
    ]
    assert {each.cost_at_stake for each in found} == {Decimal("1.5")}
    assert {each.billing_currency for each in found} == {"USD"}


def test_tokens_in_tags_are_recognised_and_counted(engine: Engine, tmp_path: Path) -> None:
    tags = '{"prompt_tokens":"90","completion_tokens":"10"}'
    rows = [{**LITELLM, "Tags": tags, "ConsumedQuantity": "", "ConsumedUnit": ""}, LITELLM]
    engine.view_csv("tagged", [write_rows(rows, tmp_path / "tagged.csv")])
    found = recognise(engine, "tagged", engine.columns("tagged"))
    assert {each.pattern: (each.rows, each.repaired) for each in found} == {
        "billing-period-day": (2, 0),
        "tokens-as-requests": (1, 0),
        "tokens-aside": (1, 1),
    }


def test_the_file_of_a_provider_shows_no_pattern(engine: Engine, tmp_path: Path) -> None:
    engine.view_csv("clean", [write_rows(clean_rows(), tmp_path / "clean.csv")])
    assert recognise(engine, "clean", engine.columns("clean")) == []


def test_a_repaired_file_is_exported_in_tokens(engine: Engine, tmp_path: Path) -> None:
    tags = '{"prompt_tokens":"90","completion_tokens":"10"}'
    rows = [{**LITELLM, "Tags": tags}]
    engine.view_csv("litellm", [write_rows(rows, tmp_path / "litellm.csv")])
    engine.view("repaired", repaired_select(engine.columns("litellm"), "litellm"))
    select = focus_select(engine.columns("repaired"), "1.2", "repaired")
    answer = engine.rows(
        f'SELECT "ConsumedQuantity", "ConsumedUnit", "x_QuantityBasis" FROM ({select})'
    )
    assert answer == [(Decimal(100), "Tokens", "tags")]


def test_tags_stored_as_a_map_are_repaired(engine: Engine) -> None:
    engine.view(
        "mapped",
        "SELECT 'Usage' AS \"ChargeCategory\", MAP {'input_tokens': '3', 'output_tokens': '4'}"
        ' AS "Tags"',
    )
    repaired = repaired_select(engine.columns("mapped"), "mapped")
    assert engine.rows(f'SELECT "x_TokenQuantity" FROM ({repaired})') == [(Decimal(7),)]
