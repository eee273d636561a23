"""The data files: every row sourced and dated, no key twice, no model out of reach."""

import re
from collections import Counter

import pytest

from pertoken.meters import VOCABULARY_VERSION, MeterName, classify
from pertoken.meters.families import families, name_words
from pertoken.meters.models import resolved
from pertoken.meters.vocabulary import FILES, FOLDER, rows_of

KEYS = {
    "ai_products.csv": ("kind", "name"),
    "families.csv": ("family",),
    "modalities.csv": ("word",),
    "models.csv": ("family", "words"),
    "price_relations.csv": ("relation",),
    "products.csv": ("words",),
    "units.csv": ("word",),
    "versions.csv": ("developer", "month_day"),
    "vocabulary.csv": ("words", "class", "families"),
}


@pytest.mark.parametrize("file_name", sorted(KEYS))
def test_every_row_says_where_it_comes_from_and_when(file_name: str) -> None:
    rows = rows_of(file_name)
    assert rows
    assert [row for row in rows if not row["source"]] == []
    assert [row for row in rows if not re.fullmatch(r"20\d\d-\d\d-\d\d", row["date"])] == []


@pytest.mark.parametrize("file_name", sorted(KEYS))
def test_no_key_stands_twice(file_name: str) -> None:
    counted = Counter(tuple(row[key] for key in KEYS[file_name]) for row in rows_of(file_name))
    assert [key for key, count in counted.items() if count > 1] == []


def test_every_data_file_is_part_of_the_vocabulary_version() -> None:
    read = {path.name for path in FOLDER.glob("*.csv")}
    assert read == {*FILES, "price_relations.csv"}
    assert re.fullmatch(r"[0-9a-f]{12}", VOCABULARY_VERSION)


@pytest.mark.parametrize(
    "row", rows_of("models.csv"), ids=lambda row: f"{row['family']} {row['words']}"
)
def test_every_model_is_found_by_its_words(row: dict[str, str]) -> None:
    family = families()[row["family"]]
    words = (*sorted(family.words - {"o#"}, key=str.lower), *name_words(row["words"]))
    found = resolved(tuple(dict.fromkeys(words)), (family.key,), family.key)
    assert row["model_id"] in [resolution.model_id for resolution in found]


def test_two_words_of_one_role_and_two_of_another_never_share_a_spelling() -> None:
    fields = [row for row in rows_of("vocabulary.csv") if row["class"] not in ("model", "detail")]
    counted = Counter((row["words"], row["families"]) for row in fields)
    twice = {words for (words, _), count in counted.items() if count > 1}
    assert twice <= {"video"}


@pytest.mark.parametrize("row", rows_of("products.csv"), ids=lambda row: row["words"])
def test_a_product_sells_known_families(row: dict[str, str]) -> None:
    known = {*families(), "*"}
    assert set(row["families"].split()) <= known
    assert row["default_family"] in {*row["families"].split(), ""}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Deepseek model family", "Azure Deepseek Models"),
        ("Grok model family", "Azure Grok Models"),
        ("Phi", "Azure Phi Models"),
        ("Llama models", "Azure Llama Models"),
        ("Mistral Models", "Azure Mistral Models"),
        ("BFL Flux Models", "Azure BFL Flux Models"),
        ("Azure OpenAI Image Video", "Azure OpenAI Media"),
        ("Azure OpenAI PP GPT4s", "Azure OpenAI PP FT GPT4s"),
        ("Azure OpenAI OSS models", "Azure OpenAI OSS Models"),
    ],
)
def test_a_renamed_product_is_the_same_product(before: str, after: str) -> None:
    names = {
        "Deepseek": "R1 Inp glbl Tokens",
        "Grok": "4.3 Inp Glbl Tokens",
        "Phi": "4-Input Tokens",
        "Llama": "3.3 70b Inp FT DZ Tokens",
        "Mistral": "Large 3 Inp glbl Tokens",
        "Flux": "Kontext Pro glbl Images",
        "Image": "gpt-image-1-inp-img-glbl Tokens",
        "GPT4s": "4.1 pp inp Dz Tokens",
        "OSS": "gpt-oss-120B Inp glbl Tokens",
    }
    name = next(name for word, name in names.items() if word in before)
    meters = [classify(MeterName(name, product, "Foundry Models")) for product in (before, after)]
    assert meters[0] == meters[1]
    assert meters[0].status == "recognised"
