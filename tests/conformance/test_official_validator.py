"""The 1.2 export against the official validator, where one is installed.

focus-validator 2.2.1 needs Python 3.12, so it lives in an environment of its own:

    python3.12 -m venv VENV && VENV/bin/pip install 'focus-validator==2.2.1' 'pyarrow<26'
    PERTOKEN_FOCUS_VALIDATOR=VENV make test

It ends with 0 even when rules fail, so its output is read. The rules named below fail on any
input: defects of the tool or of its rule set (focus_validator #142; FOCUS_Spec #2394, #2369).
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from charges_files import CASES

from pertoken.conformance import focus_select
from pertoken.engine import local_engine

VENV = os.environ.get("PERTOKEN_FOCUS_VALIDATOR", "")
VALIDATOR = Path(VENV) / "bin" / "focus-validator"
KNOWN = re.compile(
    r"(InvoiceId-C-004-C|CapacityReservationStatus-C-00[024]-C"
    r"|CommitmentDiscountStatus-C-00[024]-C|CostAndUsage-D-00[02]-M)"
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (VENV and VALIDATOR.exists()),
        reason="no official validator: set PERTOKEN_FOCUS_VALIDATOR to an environment with it",
    ),
]


def validate(path: Path, *options: str) -> tuple[tuple[int, ...], list[str]]:
    """The totals (rules, pass, fail, skipped) and the failures that are not known defects."""
    packages = next((Path(VENV) / "lib").glob("python*/site-packages"))
    answer = subprocess.run(
        [
            VALIDATOR, "--data-file", path, "--validate-version", "1.2",
            "--focus-dataset", "CostAndUsage", "--block-download", *options,
        ],
        cwd=packages,  # it opens a file of its own relative to this folder
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    totals = re.search(
        r"^Total: (\d+) \| Pass: (\d+) \| Fail: (\d+) \| Skipped: (\d+)", answer, re.MULTILINE
    )
    assert totals is not None, answer
    failed = [line for line in answer.splitlines() if line.startswith("❌")]
    return tuple(map(int, totals.groups())), [each for each in failed if not KNOWN.search(each)]


def export(path: Path, charges: str = "SELECT * FROM clean") -> Path:
    engine = local_engine(threads=1)
    engine.view_csv("clean", [str(CASES / "clean.csv")])
    engine.view("charges", charges)
    engine.write_parquet(focus_select(engine.columns("charges"), "1.2", "charges"), path)
    engine.close()
    return path


@pytest.mark.parametrize(
    ("options", "totals"),
    [
        ((), (578, 136, 1, 441)),
        (("--applicability-criteria", "ALL"), (578, 359, 9, 210)),
    ],
    ids=["default", "all conditional columns"],
)
def test_the_1_2_export_passes_the_official_validator(
    tmp_path: Path, options: tuple[str, ...], totals: tuple[int, ...]
) -> None:
    path = export(tmp_path / "focus.parquet")
    assert validate(path, *options) == (totals, [])


def test_charges_not_yet_invoiced_fail_the_contradictory_invoice_rules_alone(
    tmp_path: Path,
) -> None:
    """InvoiceId-C-004 asks every row for null and InvoiceId-C-005 for a value: a file with charges
    of an open month keeps neither. FOCUS asks for null where there is no invoice yet.
    """
    open_month = (
        "SELECT * REPLACE (CASE WHEN \"ChargeCategory\" = 'Usage' THEN '' ELSE \"InvoiceId\" END"
        ' AS "InvoiceId") FROM clean'
    )
    totals, failed = validate(export(tmp_path / "focus.parquet", open_month))
    assert totals == (578, 133, 4, 441)
    assert {re.split(r"[ :]", each)[1] for each in failed} == {
        "InvoiceId-C-000-O",
        "InvoiceId-C-003-C",
        "InvoiceId-C-005-C",
    }
