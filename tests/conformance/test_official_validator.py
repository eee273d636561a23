"""The 1.2 export against the official validator, where one is installed.

focus-validator 2.2.1 needs Python 3.12, so it lives in an environment of its own: the one that
PERTOKEN_FOCUS_VALIDATOR names, else one that is made here where a Python 3.12 is found and the
package can be installed. Where neither is, the tests are skipped and say which was missing.

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
from pythons import found_python

from pertoken.conformance import focus_select
from pertoken.engine import local_engine

KNOWN = re.compile(
    r"(InvoiceId-C-004-C|CapacityReservationStatus-C-00[024]-C"
    r"|CommitmentDiscountStatus-C-00[024]-C|CostAndUsage-D-00[02]-M)"
)
pytestmark = pytest.mark.slow
PACKAGES = ("focus-validator==2.2.1", "pyarrow<26")


@pytest.fixture(scope="session")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment with the validator."""
    if named := os.environ.get("PERTOKEN_FOCUS_VALIDATOR"):
        return Path(named)
    python = found_python("3.12")
    if python is None:
        pytest.skip("no Python 3.12 is here, which the official validator needs")
    made = tmp_path_factory.mktemp("validator") / "venv"
    subprocess.run([python, "-m", "venv", made], check=True)
    installed = subprocess.run(
        [made / "bin" / "python", "-m", "pip", "install", "--quiet", *PACKAGES],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        pytest.skip(f"the official validator cannot be installed: {installed.stderr[-200:]}")
    return made


def validate(venv: Path, path: Path, *options: str) -> tuple[tuple[int, ...], list[str]]:
    """The totals (rules, pass, fail, skipped) and the failures that are not known defects."""
    packages = next((venv / "lib").glob("python*/site-packages"))
    answer = subprocess.run(
        [
            venv / "bin" / "focus-validator", "--data-file", path, "--validate-version", "1.2",
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
    venv: Path, tmp_path: Path, options: tuple[str, ...], totals: tuple[int, ...]
) -> None:
    path = export(tmp_path / "focus.parquet")
    assert validate(venv, path, *options) == (totals, [])


def test_charges_not_yet_invoiced_fail_the_contradictory_invoice_rules_alone(
    venv: Path,
    tmp_path: Path,
) -> None:
    """InvoiceId-C-004 asks every row for null and InvoiceId-C-005 for a value: a file with charges
    of an open month keeps neither. FOCUS asks for null where there is no invoice yet.
    """
    open_month = (
        "SELECT * REPLACE (CASE WHEN \"ChargeCategory\" = 'Usage' THEN '' ELSE \"InvoiceId\" END"
        ' AS "InvoiceId") FROM clean'
    )
    totals, failed = validate(venv, export(tmp_path / "focus.parquet", open_month))
    assert totals == (578, 133, 4, 441)
    assert {re.split(r"[ :]", each)[1] for each in failed} == {
        "InvoiceId-C-000-O",
        "InvoiceId-C-003-C",
        "InvoiceId-C-005-C",
    }
