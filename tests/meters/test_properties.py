"""What holds for every name: no text raises, spelling does not matter, noise is not misread."""

import csv
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pertoken.meters import Meter, MeterName, classify, is_ai

CASES = Path(__file__).parent / "cases" / "meters.csv"
STATUSES = {"recognised", "ambiguous", "unrecognised", "not AI"}
WORDS = ["gpt", "4.1", "mini", "5.6", "sol", "img", "aud", "txt", "in", "opt", "cd", "wr", "pp"]
WORDS += ["Gl", "DZ", "flex", "ft", "Trng", "Tokens", "1M", "0806", "rt", "v3", "70b", "Unit", "-"]
NOT_LETTERS = st.text(st.characters(codec="utf-8"), max_size=60)


def read_names() -> list[MeterName]:
    with CASES.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["x_MeterStatus"] == "recognised"]
    return [
        MeterName(
            row["meter_name"],
            row["product_name"] or None,
            row["service_name"] or None,
            row["unit_of_measure"] or None,
        )
        for row in rows
        if "paygo" not in row["meter_name"] and " - " not in row["meter_name"] + row["product_name"]
    ]


NAMES = [name for name in read_names() if name.meter_name != "Azure OpenAI"]


def meaning(meter: Meter) -> Meter:
    """A meter without the words that say how it was read."""
    return meter._replace(reason="")


@given(
    NOT_LETTERS,
    st.none() | NOT_LETTERS,
    st.none() | NOT_LETTERS,
    st.none() | NOT_LETTERS,
    st.sampled_from([None, "Microsoft", "Anthropic", "Cohere"]),
    st.sampled_from([None, "AI and Machine Learning", "Compute"]),
)
def test_no_text_raises(
    name: str,
    product: str | None,
    unit: str | None,
    description: str | None,
    publisher: str | None,
    category: str | None,
) -> None:
    meter_name = MeterName(name, product, None, unit, None, publisher, description, category)
    meter = classify(meter_name)
    assert meter.status in STATUSES
    assert is_ai(meter_name) is (meter.status != "not AI")


@given(st.lists(st.sampled_from(WORDS), max_size=14), st.sampled_from(["Azure OpenAI", None]))
def test_any_words_of_the_vocabulary_give_a_status_and_a_reason(
    words: list[str], product: str | None
) -> None:
    meter = classify(MeterName(" ".join(words), product, "Foundry Models", "1K"))
    assert meter.status in STATUSES
    assert meter.reason
    assert (meter.status == "recognised") is (meter.model_id is not None)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\x00\x1b[31m",
        "x" * 10_000,
        "gpt-4.1 " * 2_000,
        "=HYPERLINK(1)",
        "\uff14.\uff11 \uff29",
        "عربي",
    ],
)
def test_hostile_names_are_not_read(name: str) -> None:
    meter = classify(MeterName(name, "Azure OpenAI", "Foundry Models", "1K"))
    assert meter.status == "unrecognised"
    assert len(meter.reason) < 1000


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.meter_name)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_case_and_separators_do_not_matter(name: MeterName, seed: int) -> None:
    spelt = "".join(
        (" -_"[seed % 3] if letter in " -" else letter.upper() if seed >> at % 16 & 1 else letter)
        for at, letter in enumerate(name.meter_name.lower())
    )
    assert meaning(classify(name)) == meaning(classify(name._replace(meter_name=spelt)))


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.meter_name)
def test_the_same_name_is_read_the_same_twice(name: MeterName) -> None:
    assert classify(name) == classify(MeterName(*name))


@given(
    st.sampled_from(NAMES),
    st.text(string.ascii_lowercase, min_size=6, max_size=9).map(lambda text: "q" + text + "q"),
    st.booleans(),
)
def test_an_unknown_word_is_never_read_over(name: MeterName, noise: str, before: bool) -> None:  # noqa: FBT001
    spelt = f"{noise} {name.meter_name}" if before else f"{name.meter_name} {noise}"
    meter = classify(name._replace(meter_name=spelt))
    assert meter.status in ("unrecognised", "ambiguous")
    assert meter.model_id is None
    assert noise in meter.reason or meter.status == "ambiguous"


@settings(max_examples=300)
@given(st.sampled_from(NAMES), st.integers(0, 99_999))
def test_a_number_before_or_behind_a_name_is_never_read_over(name: MeterName, number: int) -> None:
    for spelt in (f"{name.meter_name} {number}", f"{number} {name.meter_name}"):
        meter = classify(name._replace(meter_name=spelt))
        assert meter.model_id in (None, classify(name).model_id)


@pytest.mark.parametrize(
    ("parted", "glued"),
    [
        (
            "gpt 4o mini realtime aud 1217 Inp glbl Tokens",
            "gpt4omini-realtimeAud1217 Inp glbl Tokens",
        ),
        ("gpt 4.1 mini Batch Outp glbl Tokens", "gpt 4.1 mini BatchOutp glbl Tokens"),
        ("5.6 sol ShortCo Inp Std Gl 1M Tokens", "56sol ShCo Inp Std Gl 1M Tokens"),
        ("gpt 35 turbo 16K 0125 Inp glbl Tokens", "gpt35turbo16K-0125Inp-glbl Tokens"),
        ("gpt 4.1 Inp Data Zone Tokens", "gpt 4.1 Inp DataZone Tokens"),
    ],
)
def test_glued_words_are_read_as_parted(parted: str, glued: str) -> None:
    meters = [classify(MeterName(name, "Azure OpenAI GPT5")) for name in (parted, glued)]
    assert meaning(meters[0]) == meaning(meters[1])
    assert meters[0].status == "recognised"


def test_a_meter_id_changes_no_reading() -> None:
    name = MeterName("gpt 4.1 Inp glbl Tokens", "Azure OpenAI", "Foundry Models", "1K")
    assert classify(name) == classify(
        name._replace(meter_id="3f64128c-b41e-5cd8-a34d-4238a5a7d607")
    )
