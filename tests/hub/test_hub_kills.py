"""Kill -9 at every step of an ingest: the hub stays at the last good state and is completed next.

Before the n-th commit of a table the disk holds what n - 1 commits left and one more data file, so
every n, and the moment after the last, are all states that a kill between commits can leave. The
slow test kills at any moment.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from builders import ACCOUNT, charge, run_pertoken, write_export

from pertoken.api import Hub
from pertoken.hub import Hub as HubStore

States = tuple[str, str]
KILLING = Path(__file__).parent / "killing.py"
OTHER = "/providers/microsoft.billing/billingaccounts/2"
OTHER_ID = "/providers/Microsoft.Billing/billingAccounts/2"
MOST_CALLS = 16
"""At least as many commits of tables as an ingest here makes; checked below."""


def write_first(folder: Path) -> Path:
    """Two scopes and two months."""
    for scope, account in ((ACCOUNT, ACCOUNT), (OTHER, OTHER_ID)):
        for month, submitted in (("2026-01", "2026-02-02"), ("2026-02", "2026-03-02")):
            write_export(
                folder, [charge(month=month, BillingAccountId=account)], scope=scope, month=month,
                submitted=f"{submitted}T06:00:00Z",
            )  # fmt: skip
    return folder


def write_second(folder: Path) -> Path:
    """Two of the four restated, one to nothing and one with a new meter and tag; one month more."""
    write_export(folder, [], submitted="2026-02-20T06:00:00Z")
    meter = {"SkuMeter": "gpt 4o 0513 Outp glbl Tokens", "Tags": '{"team": "chat"}'}
    rows = [charge(month="2026-02", tokens=7000, BillingAccountId=OTHER_ID, **meter)]
    write_export(folder, rows, scope=OTHER, month="2026-02", submitted="2026-03-20T06:00:00Z")
    return folder


def state(hub: Path) -> str:
    """What a reader sees, as text: periods, matrix of all charges and of the mart, runs.

    Empty where there is no hub; without the paths of runs, in which the folder of the test stands.
    """
    read = Hub(hub)
    if not HubStore(hub).exists():
        return ""
    answers = (
        read.periods(),
        read.matrix(["BillingMonth", "SkuMeter", "Tags.team"]),
        read.matrix(["BillingMonth", "BillingAccountId"], all_charges=True),
        read.runs(),
    )
    rows = [row for answer in answers for row in answer.to_dicts()]
    read.close()
    return "\n".join(str({name: row[name] for name in row if name != "Path"}) for row in rows)


def run_killing(call: int, moment: str, hub: Path, source: Path) -> subprocess.CompletedProcess:
    """An ingest that kills itself."""
    return subprocess.run(
        [sys.executable, str(KILLING), str(call), moment, "ingest", str(source), "--hub", str(hub)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("call", range(1, MOST_CALLS + 1))
def test_a_first_ingest_killed_before_any_commit_leaves_no_hub_and_is_completed(
    tmp_path: Path, states: States, call: int
) -> None:
    hub, source = tmp_path / "hub", write_first(tmp_path / "exports")
    killed = run_killing(call, "before", hub, source)
    if killed.returncode != -signal.SIGKILL:
        pytest.skip("the ingest makes fewer commits")
    assert state(hub) == ""
    Hub(hub).ingest(source, wait_seconds=5)
    assert state(hub) == states[0]


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> States:
    """What a reader sees before and after the second ingest."""
    folder = tmp_path_factory.mktemp("states")
    Hub(folder / "hub").ingest(write_first(folder / "exports"))
    before = state(folder / "hub")
    Hub(folder / "hub").ingest(write_second(folder / "exports"))
    return before, state(folder / "hub")


@pytest.mark.parametrize("call", range(1, MOST_CALLS + 1))
def test_an_ingest_killed_before_any_commit_leaves_the_last_good_state_and_is_completed(
    tmp_path: Path, states: States, call: int
) -> None:
    hub, source = tmp_path / "hub", write_first(tmp_path / "exports")
    Hub(hub).ingest(source)
    killed = run_killing(call, "before", hub, write_second(source))
    if killed.returncode != -signal.SIGKILL:
        pytest.skip("the ingest makes fewer commits")
    assert state(hub) == states[0]
    Hub(hub).ingest(source, wait_seconds=5)
    assert state(hub) == states[1]


def test_an_ingest_killed_right_after_its_last_commit_is_complete(
    tmp_path: Path, states: States
) -> None:
    counted = tmp_path / "counted"
    source = write_first(tmp_path / "exports")
    for expected in states:
        hub = tmp_path / "hub"
        calls = int(run_killing(0, "never", counted, source).stderr.splitlines()[-1])
        assert 5 < calls < MOST_CALLS
        killed = run_killing(calls, "after", hub, source)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert state(hub) == expected
        Hub(hub).ingest(source, wait_seconds=5)
        assert state(hub) == expected
        write_second(source)


def test_a_writer_killed_while_it_restores_is_followed_by_one_that_completes(
    tmp_path: Path, states: States
) -> None:
    hub, source = tmp_path / "hub", write_first(tmp_path / "exports")
    Hub(hub).ingest(source)
    write_second(source)
    killed = run_killing(7, "before", hub, source)
    for call in (1, 2, 3):
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert state(hub) == states[0]
        killed = run_killing(call, "after", hub, source)
    Hub(hub).ingest(source, wait_seconds=5)
    assert state(hub) == states[1]


def test_two_ingests_at_once_both_end_and_nothing_is_lost(tmp_path: Path) -> None:
    sources = []
    for number in (1, 2):
        account = f"/providers/microsoft.billing/billingaccounts/{number}"
        rows = [charge(tokens=number * 1_000_000, BillingAccountId=account)]
        write_export(tmp_path / f"exports-{number}", rows, scope=account)
        sources.append(tmp_path / f"exports-{number}")
    command = [sys.executable, "-m", "pertoken", "ingest", "--hub", str(tmp_path / "hub")]
    both = [
        subprocess.Popen(
            [*command, str(source)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for source in sources
    ]
    ends = [each.communicate(timeout=60) for each in both]
    assert [each.returncode for each in both] == [0, 0], ends
    periods = Hub(tmp_path / "hub").periods().to_dicts()
    assert sorted(str(row["EffectiveCost"]) for row in periods) == [
        "2.500000000000000000",
        "5.000000000000000000",
    ]
    again = run_pertoken("ingest", *sources, hub=tmp_path / "hub")
    assert again.returncode == 0
    assert len(Hub(tmp_path / "hub").runs()) == 2


@pytest.mark.slow
def test_two_hundred_kills_at_any_moment_never_show_half_an_ingest(tmp_path: Path) -> None:
    """One hub, restated again and again; every kill leaves the state before or the state after."""
    seed = time.time_ns()
    moments = random.Random(seed)  # noqa: S311 - times, no secrets
    hub, source = tmp_path / "hub", write_first(tmp_path / "exports")
    begun = time.monotonic()
    assert run_pertoken("ingest", source, hub=hub).returncode == 0
    usual = time.monotonic() - begun
    seen = state(hub)
    for number in range(1, 201):
        rows = [charge(tokens=number * 1000), charge(day=2, tokens=500)]
        write_export(source, rows, submitted=f"2026-03-01T{number // 60:02}:{number % 60:02}:00Z")
        ingest = subprocess.Popen(
            [sys.executable, "-m", "pertoken", "ingest", str(source), "--hub", str(hub)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            ingest.wait(timeout=moments.uniform(0.3, 1.2) * usual)
        except subprocess.TimeoutExpired:
            ingest.kill()
            ingest.wait(timeout=10)
        found = state(hub)
        if found != seen:
            run_pertoken("ingest", source, hub=hub)
            assert found == state(hub), f"seed {seed}, kill {number}"
            seen = found
    assert run_pertoken("ingest", source, hub=hub).returncode == 0
    costs = {str(row["EffectiveCost"]) for row in Hub(hub).periods().to_dicts()}
    assert "0.501250000000000000" in costs
