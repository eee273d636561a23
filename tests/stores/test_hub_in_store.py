"""A hub in a store keeps the commit protocol: one writer, kills at commits, readers meanwhile."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
import pytest
from builders import charge, run_pertoken, write_export
from servers import sas

from pertoken.api import Hub
from pertoken.errors import ConfigError, HubError
from pertoken.hub import Hub as HubStore
from pertoken.hub import HubLock
from pertoken.stores import StorePath, files_below

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers import Server

KILLING = Path(__file__).parents[1] / "hub" / "killing.py"
RULES = Path(__file__).parents[1] / "allocation" / "northwind.toml"

CALLS_OF_SLOW_RUNS = [pytest.param(call, marks=pytest.mark.slow) for call in (1, 2, 3, 5, 6)]


def write_first(folder: Path) -> Path:
    """Two months of one account."""
    for month, submitted in (("2026-01", "2026-02-02"), ("2026-02", "2026-03-02")):
        write_export(folder, [charge(month=month)], month=month, submitted=f"{submitted}T06:00:00Z")
    return folder


def write_second(folder: Path) -> Path:
    """One of them restated, with a new meter."""
    rows = [charge(tokens=7000, SkuMeter="gpt 4o 0513 Outp glbl Tokens")]
    write_export(folder, rows, submitted="2026-02-20T06:00:00Z")
    return folder


def state(hub: str) -> str:
    """What a reader sees, without the paths of runs; empty where there is no hub."""
    if not HubStore(hub).exists():
        return ""
    read = Hub(hub)
    answers = (read.periods(), read.matrix(["BillingMonth", "SkuMeter"]), read.runs())
    rows = [row for answer in answers for row in answer.to_dicts()]
    read.close()
    return "\n".join(str({name: row[name] for name in row if name != "Path"}) for row in rows)


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What a reader sees of a local hub before and after the second ingest."""
    folder = tmp_path_factory.mktemp("states")
    Hub(folder / "hub").ingest(write_first(folder / "exports"))
    before = state(str(folder / "hub"))
    Hub(folder / "hub").ingest(write_second(folder / "exports"))
    return before, state(str(folder / "hub"))


def killed_ingest(call: int, moment: str, hub: str, source: Path) -> subprocess.CompletedProcess:
    """An ingest that kills itself at a commit of a table."""
    return subprocess.run(
        [sys.executable, str(KILLING), str(call), moment, "ingest", str(source), "--hub", hub],
        capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip


def hub_url(store: Server, bucket: str) -> str:
    return f"{store.scheme}://{bucket}/teams/hub"


def test_a_hub_in_a_store_says_what_a_local_one_says_to_a_reader_without_a_copy(
    store: Server, bucket: str, tmp_path: Path, states: tuple[str, str]
) -> None:
    """A second ingest commits nothing; the second reader of one machine downloads nothing."""
    hub, source = hub_url(store, bucket), write_first(tmp_path / "exports")
    Hub(hub).ingest(source)
    assert state(hub) == states[0]
    marks = HubStore(hub).mark()
    Hub(hub).ingest(source)
    assert HubStore(hub).mark() == marks != ""
    shutil.rmtree(tmp_path / "cache")
    assert state(hub) == states[0]
    before = len(data_reads(store, bucket))
    assert before > 0
    done = run_pertoken("periods", "--format", "csv", hub=hub)
    assert done.returncode == 0, done.stderr
    assert len(data_reads(store, bucket)) == before
    Hub(hub).ingest(write_second(source))
    assert state(hub) == states[1]


def data_reads(store: Server, bucket: str) -> list[str]:
    """The data files of a bucket's hub that were downloaded until now."""
    return [
        each.path
        for each in store.requests()
        if each.method == "GET" and f"/{bucket}/" in each.path and each.path.endswith(".parquet")
    ]


@pytest.mark.parametrize("call", [4, *CALLS_OF_SLOW_RUNS])
def test_an_ingest_killed_before_a_commit_is_seen_by_nobody_and_completed(
    store: Server, bucket: str, tmp_path: Path, states: tuple[str, str], call: int
) -> None:
    hub, source = hub_url(store, bucket), write_first(tmp_path / "exports")
    killed = killed_ingest(call, "before", hub, source)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert state(hub) == ""
    Hub(hub).ingest(source, wait_seconds=5)
    assert state(hub) == states[0]
    killed = killed_ingest(call, "before", hub, write_second(source))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert state(hub) == states[0]
    Hub(hub).ingest(source, wait_seconds=5)
    assert state(hub) == states[1]


def test_two_ingests_at_once_both_end_and_nothing_is_lost(
    store: Server, bucket: str, tmp_path: Path
) -> None:
    """A reader meanwhile sees no hub, one of them, or both; never half of one."""
    sources = []
    for number in (1, 2):
        account = f"/providers/microsoft.billing/billingaccounts/{number}"
        rows = [charge(tokens=number * 1_000_000, BillingAccountId=account)]
        sources.append(tmp_path / f"exports-{number}")
        write_export(sources[-1], rows, scope=account)
    hub = hub_url(store, bucket)
    command = [sys.executable, "-m", "pertoken", "ingest", "--hub", hub]
    both = [
        subprocess.Popen(
            [*command, str(source)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for source in sources
    ]
    seen = set()
    while any(each.poll() is None for each in both):
        if HubStore(hub).exists():
            costs = [str(row["EffectiveCost"]) for row in Hub(hub).periods().to_dicts()]
            assert len(costs) == len(Hub(hub).runs()) or len(costs) == 1
            seen.add(tuple(sorted(costs)))
        time.sleep(0.2)
    ends = [each.communicate(timeout=60) for each in both]
    assert [each.returncode for each in both] == [0, 0], ends
    whole = ("2.500000000000000000", "5.000000000000000000")
    assert seen <= {(whole[0],), (whole[1],), whole}
    assert sorted(str(row["EffectiveCost"]) for row in Hub(hub).periods().to_dicts()) == [*whole]


def test_a_lock_in_a_store_has_one_holder_and_is_taken_over_when_stale(
    store: Server, bucket: str
) -> None:
    place = StorePath.of(f"{store.scheme}://{bucket}/_lock.json")
    with HubLock(place) as lock:
        lock.check()
        assert HubLock(place).is_held()
        with pytest.raises(HubError, match="being written by process"):
            HubLock(place, wait_seconds=0).__enter__()
    assert not HubLock(place).is_held()
    with HubLock(place, wait_seconds=0):
        pass
    holder = {"owner": "x", "host": "elsewhere", "process": 1, "expires": time.time() + 60}
    obstore.put(store.client(bucket), "_lock.json", json.dumps(holder).encode())
    with pytest.raises(HubError, match="process 1 on elsewhere"):
        HubLock(place, wait_seconds=0).__enter__()
    obstore.put(store.client(bucket), "_lock.json", json.dumps(holder | {"expires": 1}).encode())
    with HubLock(place, wait_seconds=5) as lock:
        obstore.put(store.client(bucket), "_lock.json", json.dumps(holder).encode())
        with pytest.raises(HubError, match="lost to process 1 on elsewhere"):
            lock.check()
    assert HubLock(place).is_held()


def test_rules_and_upkeep_work_on_a_hub_in_a_store(
    store: Server, bucket: str, tmp_path: Path, states: tuple[str, str]
) -> None:
    """Compacting changes no figure; a vacuum leaves the files that the last commit needs."""
    hub, source = hub_url(store, bucket), write_first(tmp_path / "exports")
    Hub(hub).ingest(source)
    Hub(hub).ingest(write_second(source))
    kept = Hub(hub).save_rules(RULES)
    assert str(kept).startswith(f"{hub}/rules/000001-")
    assert Hub(hub).save_rules(RULES) == kept
    assert Hub(hub).attribute(["Team"]).to_dicts()
    done = run_pertoken("hub", "compact", hub=hub)
    assert done.returncode == 0, done.stderr
    assert state(hub) == states[1]
    before = len(files_below(StorePath.of(hub)))
    done = run_pertoken("hub", "vacuum", "--keep-hours", "0", hub=hub)
    assert done.returncode == 0, done.stderr
    assert len(files_below(StorePath.of(hub))) < before
    shutil.rmtree(tmp_path / "cache")
    assert state(hub) == states[1]
    Hub(hub).ingest(source)
    assert state(hub) == states[1]


def test_a_hub_is_reached_by_a_sas_that_is_shown_nowhere(
    azure: Server, tmp_path: Path, environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.make_bucket("signedhub")
    source = write_export(tmp_path / "exports", [charge()]).parent
    monkeypatch.delenv("PERTOKEN_AZURE_ACCOUNT_KEY")
    token = sas("rwdlc")
    environment(PERTOKEN_AZURE_SAS_TOKEN=token, AZURE_STORAGE_USE_EMULATOR="true")
    done = run_pertoken("ingest", source, hub="az://signedhub/hub")
    assert done.returncode == 0, done.stderr
    environment(PERTOKEN_AZURE_SAS_TOKEN=token.replace("sp=rwdlc", "sp=rwl"))
    refused = run_pertoken("periods", hub="az://signedhub/hub")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 3)
    signature = token.partition("sig=")[2].partition("&")[0]
    for text in (done.stdout, done.stderr, refused.stdout, refused.stderr):
        assert signature not in text


@pytest.mark.parametrize("url", ["az://bills", "s3://bills/a b", "az://bills/50%"])
def test_a_place_where_no_hub_can_lie_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="No hub can lie at"):
        HubStore(url)
