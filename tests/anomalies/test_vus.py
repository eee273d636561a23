"""VUS-PR by hand, and what must hold of it whatever the scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

FOLDER = Path(__file__).parents[2] / "benchmarks" / "detection"


@pytest.fixture(scope="module")
def vus() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        yield __import__("vus")


LABELS = np.array([0, 0, 0, 1, 1, 0, 0, 0])
ROOT = float(np.sqrt(0.5))
"""The label of the day beside a range, with a buffer of two: the root of 1 - 1/2."""


def test_a_buffer_falls_by_the_root_of_what_is_left_of_it(vus: ModuleType) -> None:
    assert vus.buffered(LABELS > 0, 0).tolist() == LABELS.tolist()
    assert vus.buffered(LABELS > 0, 1).tolist() == LABELS.tolist()
    assert vus.buffered(LABELS > 0, 2) == pytest.approx([0, 0, ROOT, 1, 1, ROOT, 0, 0])
    wide = vus.buffered(LABELS > 0, 4)
    assert wide == pytest.approx([0, ROOT, 0.75**0.5, 1, 1, 0.75**0.5, ROOT, 0])


def test_ranges_whose_buffers_share_a_day_are_one(vus: ModuleType) -> None:
    core = np.array([1, 0, 0, 0, 1, 0, 0, 0], dtype=bool)
    assert vus.extended(core, 2) == [(0, 2), (3, 6)]
    assert vus.extended(core, 4) == [(0, 7)]


CASES = [
    # score, buffer, by hand
    ("the two days first", [0, 0, 0, 9, 8, 0, 0, 0], 0, 1.0),
    # recall 1/2 at precision 1/2, then 1 at 2/3
    ("a false day before them", [9, 0, 0, 8, 7, 0, 0, 0], 0, 0.5 * 0.5 + 0.5 * 2 / 3),
    # all eight days at once: recall 1 at a precision of 2/8
    ("one score for all", [1, 1, 1, 1, 1, 1, 1, 1], 0, 0.25),
    # the day before: held ROOT of 2 + ROOT/2; then 1 + ROOT; then 2 + ROOT, whose recall is 1
    (
        "a day too early, with a buffer",
        [0, 0, 9, 8, 7, 0, 0, 0], 2,
        ROOT / (2 + ROOT / 2) * ROOT
        + (1 + ROOT - ROOT) / (2 + ROOT / 2) * (1 + ROOT) / 2
        + (1 - (1 + ROOT) / (2 + ROOT / 2)) * (2 + ROOT) / 3,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("score", "buffer", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_one_buffer_by_hand(
    vus: ModuleType, score: list[float], buffer: int, expected: float
) -> None:
    assert vus.range_pr(np.array(score, float), LABELS, buffer) == pytest.approx(expected)


def test_recall_counts_by_the_share_of_ranges_that_have_an_alarm(vus: ModuleType) -> None:
    """Two ranges of a day: the first found at 1/2 recall times 1/2 of the ranges, then both."""
    labels = np.array([0, 1, 0, 0, 0, 1, 0, 0])
    assert vus.range_pr(np.array([0, 9.0, 0, 0, 0, 8.0, 0, 0]), labels, 0) == pytest.approx(1.0)
    one = vus.range_pr(np.array([0, 9.0, 0, 0, 0, -1.0, 0, 0]), labels, 0)
    assert one == pytest.approx(0.25 * 1 + (0.25 - 0.25) + 0.75 * 2 / 8)


def test_the_volume_is_the_mean_over_buffers(vus: ModuleType) -> None:
    score = np.array([0, 1, 5, 4, 3, 2, 0, 0.5])
    each = [vus.range_pr(score, LABELS, buffer) for buffer in range(4)]
    assert vus.vus_pr(score, LABELS, 3) == pytest.approx(np.mean(each))


def test_nothing_labelled_has_no_measure(vus: ModuleType) -> None:
    assert np.isnan(vus.vus_pr(np.arange(8.0), np.zeros(8)))


PLACES = st.lists(st.integers(0, 1), min_size=20, max_size=40).filter(any)


@given(PLACES, st.integers(0, 12), st.integers(0, 10_000))
def test_perfect_scores_have_1_and_no_score_has_more(
    vus: ModuleType, places: list[int], buffer: int, seed: int
) -> None:
    labels = np.array(places)
    random = np.random.default_rng(seed)
    any_score = random.integers(0, 6, len(labels)).astype(float)
    assert vus.vus_pr(labels.astype(float), labels, buffer) == pytest.approx(1.0)
    value = vus.vus_pr(any_score, labels, buffer)
    assert 0 < value <= 1 + 1e-12
    assert vus.vus_pr(3 * any_score - 7, labels, buffer) == pytest.approx(value)
    raised = any_score + 10 * labels
    assert vus.vus_pr(raised, labels, buffer) == pytest.approx(1.0)
