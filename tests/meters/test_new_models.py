"""Models and families that the model table does not hold."""

import pytest

from pertoken.meters import MeterName, classify
from pertoken.meters.families import families
from pertoken.meters.naming import formed_name
from pertoken.meters.newnames import is_new_name


@pytest.mark.parametrize(
    ("product", "name", "model_id"),
    [
        ("Azure OpenAI GPT5", "5.9 mini pp cd inp Dz 1M Tokens", "gpt-5.9-mini"),
        ("Azure OpenAI GPT6", "6.2 vega LongCo Cd Wr Std DZ 1M Tokens", "gpt-6.2-vega"),
        ("Azure OpenAI Media", "gpt rt 3 aud opt Gl 1M Tokens", "gpt-realtime-3"),
        ("Azure OpenAI Reasoning", "o6-mini Inp glbl Tokens", "o6-mini"),
        ("Azure Deepseek Models", "V5 Pro cached glbl Tokens", "DeepSeek-V5-pro"),
        ("Azure Grok Models", "5.1 Outp DZ L Tokens", "grok-5.1"),
        ("Azure Kimi", "K4 Inp glbl Tokens", "Kimi-K4"),
        ("Azure Fireworks Models", "FW GLM 7 Fast Inp DZ Tokens", "GLM-7-fast"),
        ("Azure Fireworks Models", "FW MiniMax 5 Inp DZ Tokens", "MiniMax-M5"),
        ("Azure BFL Flux Models", "Flux 3 Max Megapixel", "FLUX.3-max"),
        ("MAI Models", "Image 4 Flash Image Output glbl Tokens", "MAI-image-4-flash"),
        ("Qwen models", "Qwen 4 Max Inp glbl Tokens", "Qwen4-max"),
    ],
)
def test_a_new_model_of_a_known_pattern_is_read_and_says_so(
    product: str, name: str, model_id: str
) -> None:
    meter = classify(MeterName(name, product, "Foundry Models"))
    assert ("recognised", model_id) == (meter.status, meter.model_id)
    assert "formed by the" in meter.reason


@pytest.mark.parametrize(
    ("product", "name"),
    [
        ("Azure OpenAI", "gpt 4.1 vega Inp glbl Tokens"),
        ("Azure OpenAI GPT5", "5.9 inptt ShortCo Std Gl 1M Tokens"),
        ("Azure OpenAI GPT5", "5.9 vega orion ShortCo Inp Std Gl 1M Tokens"),
        ("Azure OpenAI GPT5", "mini inp Gl 1M Tokens"),
        ("Azure OpenAI GPT5", "5.9 5.8 inp Gl 1M Tokens"),
        ("Azure OpenAI GPT5", "5.9 aud inp Gl 1M Tokens"),
        ("Azure Kimi", "K4 Thinking Inp glbl Tokens"),
        ("Azure Mistral Models", "Orion Inp glbl Tokens"),
    ],
)
def test_what_no_rule_covers_is_not_read(product: str, name: str) -> None:
    meter = classify(MeterName(name, product, "Foundry Models"))
    assert (meter.status, meter.model_id) == ("unrecognised", None)


def test_a_model_that_is_not_known_leaves_the_other_fields() -> None:
    meter = classify(MeterName("K4 Thinking cached DZ Tokens", "Azure Kimi", None, "1K"))
    assert (
        meter.token_direction,
        meter.token_cache_action,
        meter.deployment_scope,
        meter.service_tier,
    ) == ("Input", "Read", "DataZone", "Standard")


def test_without_a_product_a_name_of_two_families_is_ambiguous() -> None:
    meter = classify(MeterName("Image 2 txt inp Gl 1M Tokens"))
    assert meter.status == "ambiguous"
    assert "MAI-Image-2" in meter.reason
    assert "gpt-image-2" in meter.reason


def test_a_version_of_an_unknown_year_is_no_version() -> None:
    meter = classify(MeterName("gpt 5.9 mini 0999 inp Gl Tokens", "Azure OpenAI GPT5"))
    assert meter.model_id is None
    meter = classify(MeterName("gpt 5.9 mini 0930 inp Gl Tokens", "Azure OpenAI GPT5"))
    assert (meter.model_id, meter.model_version) == ("gpt-5.9-mini", None)
    assert "0930 of an unknown year" in meter.reason


@pytest.mark.parametrize(
    ("spelt", "version"),
    [("0806", "2024-08-06"), ("08062024", "2024-08-06"), ("2024-08-06", "2024-08-06")],
)
def test_a_version_is_spelt_in_three_ways(spelt: str, version: str) -> None:
    meter = classify(MeterName(f"gpt 4o {spelt} Inp glbl Tokens", "Azure OpenAI"))
    assert (meter.model_id, meter.model_version) == ("gpt-4o", version)


def test_the_words_of_a_family_alone_form_no_id() -> None:
    assert formed_name(("glm",), families()["glm"]) is None


def test_a_new_name_needs_a_version_that_has_names() -> None:
    assert [is_new_name("vega", version, 5.6) for version in ("57", "4.1", "0806x")] == [
        True,
        False,
        False,
    ]
