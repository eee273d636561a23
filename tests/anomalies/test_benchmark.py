"""The benchmark's data depends on its seed and on nothing else; its scores are what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks" / "detection"
PRINT = (
    "from faults import with_faults; from tenants import organisation;"
    "made = with_faults(organisation(3));"
    "print(made.fingerprint(), [(f['kind'], f['app'], f['start']) for f in made.faults])"
)


def made_under(hash_seed: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PRINT],
        cwd=FOLDER,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(FOLDER)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_organisations_and_faults_do_not_depend_on_the_hash_seed() -> None:
    assert made_under("1") == made_under("2")


def test_events_are_scored_by_their_window_and_alarms_merged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One spike, found on its day; two alarms a day apart far from it are one false alarm."""
    monkeypatch.syspath_prepend(str(FOLDER))
    scoring = __import__("scoring")
    tenants = __import__("tenants")
    made = tenants.organisation(3)
    made.faults = [{"kind": "spike", "app": "a", "start": 200, "end": 201}]
    score = scoring.scored(made, [scoring.Alarm(200, "a"), scoring.Alarm(300), scoring.Alarm(301)])
    assert (score.recall, score.precision, score.false, score.delays) == (1.0, 0.5, 1, [0])
    assert score.causes == [True]
