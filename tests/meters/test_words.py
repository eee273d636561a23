"""Names into words, dates into versions, and what is remembered of them."""

import importlib

import pytest

from pertoken.meters import MeterName, classify
from pertoken.meters.dates import dates_apart, is_date, version_of
from pertoken.meters.newnames import is_new_name
from pertoken.meters.words import phrased, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("BatchOutp", ["batch", "outp"]),
        ("gpt4omini-rt-aud1217", ["gpt", "4o", "mini", "realtime", "aud", "1217"]),
        ("56sol ShCo", ["56", "sol", "shortco"]),
        ("57mars", ["57", "mars"]),
        ("turbo16K", ["turbo", "16k"]),
        ("K2.5 V 3.1", ["k2.5", "v3.1"]),
        ("Sora 1-5s 1080p", ["sora", "5s", "1080p"]),
        ("Data Zone data-zone DATAZONE", ["dz", "dz", "dz"]),
        ("Cd Wr", ["wr"]),
        ("Flux.2 ... v3.1. .5", ["flux", "2", "v3.1", "5"]),
        ("A100_80GB", ["a100", "80gb"]),
        ("w000x", ["w000x"]),
        ("k25a 9k9", ["k25a", "9k9"]),
        ("z" * 50, ["z" * 50]),
        ("Batch" * 9, ["batch" * 9]),
        ("", []),
    ],
)
def test_a_name_is_parted_into_words(text: str, words: list[str]) -> None:
    assert phrased(words_of(text)) == words


@pytest.mark.parametrize(
    ("word", "date"),
    [
        ("0806", True),
        ("05052026", True),
        ("20260505", True),
        ("1345", False),
        ("99999999", False),
        ("05051926", False),
        ("o806", False),
    ],
)
def test_a_version_date_is_told_from_other_numbers(word: str, date: bool) -> None:  # noqa: FBT001
    assert is_date(word) is date


def test_words_without_a_date_stay_whole() -> None:
    assert dates_apart(("4o", "2024", "99", "06")) == (("4o", "2024", "99", "06"), None)
    assert version_of("OpenAI", None) == (None, "")


@pytest.mark.parametrize(
    ("word", "version", "new"),
    [
        ("vega", "6", True),
        ("vega", "61", True),
        ("vega", "5.5", False),
        ("vega", "k2", False),
        ("ve", "6", False),
        ("véga", "6", False),
        ("terr", "6", False),
        ("tera", "6", False),
        ("terar", "6", False),
        ("xterra", "6", False),
        ("lnua", "6", False),
    ],
)
def test_a_new_name_is_no_misspelling(word: str, version: str, new: bool) -> None:  # noqa: FBT001
    assert is_new_name(word, version, 5.6) is new


def test_a_family_without_names_has_no_new_name() -> None:
    assert not is_new_name("vega", "6", None)


def test_versions_may_be_parted_by_blanks() -> None:
    meter = classify(MeterName("gpt 4 1 mini Inp glbl Tokens", "Azure OpenAI"))
    assert meter.model_id == "gpt-4.1-mini"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("gpt 4.1 mini nano pro max chat codex turbo instruct Inp Tokens", "unrecognised"),
        ("gpt 4.1 Provisioned Managed Global Unit", "recognised"),
        ("5.1 Provisioned Managed Global Unit", "unrecognised"),
        ("gpt HD 7 Inp Tokens", "unrecognised"),
        ("img aud txt img aud txt img aud txt gpt Inp Tokens", "unrecognised"),
    ],
)
def test_odd_sentences_have_a_status(name: str, status: str) -> None:
    assert classify(MeterName(name, "Azure OpenAI GPT5")).status == status


def test_a_plan_with_unknown_words_is_not_read() -> None:
    for meter_name in ("paygo-inference-zzzz-tokens", "paygo-input-output-tokens"):
        name = MeterName(meter_name, "claude-sonnet-4-5", "SaaS", "1K", None, "Anthropic")
        assert classify(name).model_id is None


def test_what_is_remembered_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("pertoken.meters.words", "pertoken.meters.classify"):
        monkeypatch.setattr(importlib.import_module(module), "_MANY", 3)
    for version in range(1, 9):
        name = MeterName(f"gpt 5.{version} mini inp Gl Tokens", "Azure OpenAI GPT5")
        assert classify(name).model_id == f"gpt-5.{version}-mini"
    assert len(importlib.import_module("pertoken.meters.words")._words_of_chunk) <= 4
