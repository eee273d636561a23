"""VUS-PR: the mean area under range-based precision and recall, over lengths of a buffer.

A labelled range is extended on both sides by half a buffer, in which the label falls from 1 by the
root of what is left of the buffer: an alarm a day beside an event is nearly right. A buffer adds to
what recall can reach only as far as it is alarmed, by a half, and recall counts by the share of
ranges that have an alarm. No threshold is chosen: every score is one.

Source: Paparrizos, Boniol, Palpanas, Tsay, Elmore and Franklin, "Volume Under the Surface: A New
Accuracy Evaluation Measure for Time-Series Anomaly Detection", VLDB 15 (2022); the positives of
buffers as in its extension, Boniol and others, "VUS", VLDB Journal 34 (2025), and in TSB-AD.
"""

from __future__ import annotations

import numpy as np

LONGEST = 14
"""The longest buffer: two weeks, twice the season of daily cost."""
Ranges = list[tuple[int, int]]


def vus_pr(score: np.ndarray, labels: np.ndarray, longest: int = LONGEST) -> float:
    """The mean of `range_pr` over buffers of 0 to `longest` days.

    Takes:   score, higher where an anomaly is likelier, never NaN; labels, 1 in an anomaly, else 0.
    Gives:   0 to 1, NaN where nothing is labelled.
    """
    return float(np.mean([range_pr(score, labels, buffer) for buffer in range(longest + 1)]))


def range_pr(score: np.ndarray, labels: np.ndarray, buffer: int) -> float:
    """The average precision of ranges with one buffer: each gain of recall at its precision."""
    if not labels.any():
        return float("nan")
    core = labels > 0
    soft = buffered(core, buffer)
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    held = np.cumsum(soft[order])[last]
    positives = core.sum() + np.cumsum(np.where(core, 0.0, soft)[order])[last] / 2
    highest = [score[first:end].max() for first, end in extended(core, buffer)]
    found = (np.array(highest)[None, :] >= score[order][last, None]).mean(axis=1)
    recall = np.minimum(held / positives, 1.0) * found
    return float((np.diff(recall, prepend=0.0) * held / (last + 1)).sum())


def buffered(core: np.ndarray, buffer: int) -> np.ndarray:
    """The labels, with buffers beside each range; where two meet they add, to 1 at most."""
    soft = core.astype(float)
    for first, end in ranges(core):
        for away in range(1, buffer // 2 + 1):
            for place in (first - away, end - 1 + away):
                if 0 <= place < len(soft):
                    soft[place] += np.sqrt(1 - away / buffer)
    return np.minimum(soft, 1.0)


def extended(core: np.ndarray, buffer: int) -> Ranges:
    """The ranges with their buffers; ranges whose buffers share a day are one."""
    result: Ranges = []
    for first, end in ranges(core):
        start = max(0, first - buffer // 2)
        if result and start < result[-1][1]:
            start = result.pop()[0]
        result.append((start, min(len(core), end + buffer // 2)))
    return result


def ranges(core: np.ndarray) -> Ranges:
    """First place and end (exclusive) of each run of labels."""
    edges = np.diff(np.concatenate([[0], core, [0]]).astype(int))
    firsts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return list(zip(firsts.tolist(), ends.tolist(), strict=True))
